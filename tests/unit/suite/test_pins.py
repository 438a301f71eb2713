"""The file of pins."""

from pathlib import Path

import pytest

from lineman.suite.pins import PinsError, find_drift, read_pins, write_pins


def test_pins_survive_writing_and_reading(tmp_path: Path) -> None:
    """Quotes, other scripts and clauses that a later run did not observe are kept."""
    path = tmp_path / "lineman-pins.toml"
    write_pins(path, {"filter.case": 'says "no"', "error.form": "400: 中文"})
    write_pins(path, {"filter.case": "minds"})
    assert read_pins(path) == {"error.form": "400: 中文", "filter.case": "minds"}


def test_no_file_is_no_pins(tmp_path: Path) -> None:
    assert read_pins(tmp_path / "none.toml") == {}


@pytest.mark.parametrize(
    ("text", "word"),
    [("[pins", "pins"), ('[pins]\n"filter.cas" = "x"', "filter.cas"), ('[pins]\n"filter.case" = 1', "text")],
)
def test_a_broken_file_is_told(tmp_path: Path, text: str, word: str) -> None:
    """When the file cannot be used, then path and reason are told."""
    path = tmp_path / "pins.toml"
    path.write_text(text)
    with pytest.raises(PinsError, match=word) as raised:
        read_pins(path)
    assert str(path) in str(raised.value)


@pytest.mark.parametrize(
    ("observed", "drifts"),
    [
        ("400: JSON; 401: HTML; 404: no body", False),
        ("400: JSON", False),
        ("400: HTML", True),
        ("400: JSON; 500: JSON", True),
        ("400: JSON; 400: HTML", True),
    ],
)
def test_a_part_that_was_not_asked_this_time_is_no_drift(observed: str, drifts: bool) -> None:
    """When a smaller profile sees fewer kinds of errors, then only what no pin says is told."""
    pins = {"error.form": "400: JSON; 401: HTML; 404: no body"}
    assert bool(find_drift(pins, {"error.form": observed})) is drifts


def test_only_a_changed_answer_is_drift() -> None:
    """A clause that was not observed this time is not drift."""
    pins = {"filter.case": "minds", "error.form": "html", "limit.negative": "refused"}
    (drift,) = find_drift(pins, {"filter.case": "does not mind", "limit.negative": "refused"})
    assert (drift.clause, drift.pinned, drift.observed) == ("filter.case", "minds", "does not mind")
