"""Contract tests and monitoring for the documented operation ``queryAccessCodeList``."""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("lineman")
except PackageNotFoundError:  # a source tree that was never installed
    __version__ = "0+unknown"
