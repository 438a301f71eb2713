"""The one error of the sandbox's options, below everything that refuses one."""


class SandboxOptionError(ValueError):
    """An option that the sandbox does not know or cannot honour; the message is meant for people."""
