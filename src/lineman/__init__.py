"""Contract tests and monitoring for the documented operation ``queryAccessCodeList``."""

from __future__ import annotations


def __getattr__(name: str) -> str:
    """``__version__``, read when it is first asked for: finding it takes time, and a probe is short."""
    if name != "__version__":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib.metadata import PackageNotFoundError, version  # noqa: PLC0415 - see above

    try:
        found = version("lineman")
    except PackageNotFoundError:  # a source tree that was never installed
        found = "0+unknown"
    globals()[name] = found
    return found
