"""What can go wrong while a run is made visible."""

from __future__ import annotations

import errno
from pathlib import Path

_ADVICE = {
    errno.ENOSPC: "the disk is full: free some space",
    errno.EDQUOT: "the disk quota is used up: free some space",
    errno.EACCES: "permission denied: give a folder that you may write to",
    errno.EPERM: "permission denied: give a folder that you may write to",
    errno.EROFS: "the file system is read-only: give another folder",
    errno.ENOTDIR: "a part of this path is a file, not a folder: give another folder",
    errno.ENOENT: "there is no such file or folder: check the path",
    errno.EISDIR: "this is a folder where a file is needed: check the path",
    errno.EEXIST: "a file stands where a folder is needed: give another folder",
    errno.ENAMETOOLONG: "the name is too long: give a shorter one",
}


class ReportError(Exception):
    """A report cannot be read, compared or written; the message is one line, made for people."""

    @classmethod
    def of(cls, error: OSError, path: Path, doing: str) -> ReportError:
        """Put an operating-system error into words: what was being done, where, and what to do about it."""
        advice = _ADVICE.get(error.errno or 0, f"{error.strerror or error}: try again, or give another folder")
        return cls(f"cannot {doing} {path}: {advice}")
