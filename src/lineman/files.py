"""Writing files: as a whole or not at all, and readable for no more people than they are for."""

from __future__ import annotations

import contextlib
import os
import secrets
from pathlib import Path

PRIVATE = 0o640
"""For what holds a tenant's records: its owner and its group. The process's umask takes away more."""
PUBLIC = 0o644
"""For what other accounts of the machine collect, such as metrics: whatever the umask, or they could not read it."""


def write_atomically(path: Path, data: bytes, *, mode: int = PRIVATE) -> None:
    """Write a file so that a reader sees the old one or the new one, never a part.

    A symbolic link at ``path`` is replaced, not followed. The umask takes away from ``mode``, but not from PUBLIC.

    Raises:
        OSError: it cannot be written; nothing is left behind, and what was there stays.
    """
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            if mode == PUBLIC:
                os.fchmod(file.fileno(), mode)
        temporary.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise
