"""Files are written whole, for the right readers, and nowhere else."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from lineman.files import PRIVATE, PUBLIC, write_atomically


@pytest.fixture(params=[0o022, 0o077, 0o002])
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def test_what_holds_records_is_for_owner_and_group_at_most(tmp_path: Path, umask: int) -> None:
    write_atomically(tmp_path / "run.json", b"{}")
    assert (tmp_path / "run.json").stat().st_mode & 0o777 == PRIVATE & ~umask


def test_what_others_collect_can_be_read_by_them(tmp_path: Path, umask: int) -> None:
    write_atomically(tmp_path / "lineman.prom", b"", mode=PUBLIC)
    assert (tmp_path / "lineman.prom").stat().st_mode & 0o777 == PUBLIC


def test_a_symbolic_link_is_replaced_and_what_it_names_stays(tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("stays")
    (tmp_path / "report").symlink_to(tmp_path / "precious")
    write_atomically(tmp_path / "report", b"new")
    assert not (tmp_path / "report").is_symlink()
    assert ((tmp_path / "precious").read_text(), (tmp_path / "report").read_text()) == ("stays", "new")


def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_atomically(tmp_path / "run.json", b"old")

    def refuse(self: Path, target: Path) -> Path:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(OSError, match="No space left"):
        write_atomically(tmp_path / "run.json", b"new")
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("run.json", "old")]
