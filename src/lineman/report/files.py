"""Reading a run and writing files, so that a reader never meets half a file, and what goes wrong in one line."""

from __future__ import annotations

import errno
import json
from pathlib import Path

from lineman.files import write_atomically
from lineman.report.journal import JOURNAL_FILE, read_journal
from lineman.report.run import Run, read_run
from lineman.text import plain

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


def run_text(run: Run) -> str:
    """``run.json``: the record that everything else is rendered from."""
    return json.dumps(plain(run.model_dump(mode="python", warnings=False)), default=str, ensure_ascii=False, indent=1)


def load_run(path: Path) -> Run:
    """Read a run from ``run.json`` or from the folder that holds it; from its journal where it was killed before.

    Raises:
        ReportError: it cannot be read, or it is not a run.
    """
    try:
        if path.is_dir() and not (path / "run.json").exists() and (path / JOURNAL_FILE).exists():
            return read_journal(path)
        return read_run(path)
    except OSError as error:
        raise ReportError.of(error, path, "read the run") from error
    except ValueError as error:
        problem = str(error).splitlines()
        where = problem[1] if len(problem) > 2 else ""
        what = problem[2].strip() if len(problem) > 2 else problem[0]
        raise ReportError(
            f"{path} is not a run of lineman: {where} {what[:200]}: give a run.json or its folder"
        ) from error


def make_folder(folder: Path) -> None:
    """Create a folder with its parents.

    Raises:
        ReportError: it cannot be created.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ReportError.of(error, folder, "create the report folder") from error


def write(path: Path, data: bytes) -> Path:
    """Write a file under a temporary name beside its place, then rename it.

    Raises:
        ReportError: it cannot be written; nothing is left behind.
    """
    try:
        write_atomically(path, data)
    except OSError as error:
        raise ReportError.of(error, path, "write") from error
    return path
