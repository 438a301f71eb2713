"""The file of pins."""

from pathlib import Path

import pytest

from lineman.suite.pins import PinsError, find_drift, read_pins, write_pins


def test_pins_survive_writing_and_reading(tmp_path: Path) -> None:
    """Quotes, other scripts and clauses that a later run did not observe are kept."""
    path = tmp_path / "lineman-pins.toml"
    write_pins(path, "staging", {"filter.case": 'says "no"', "error.form": "400: 中文"})
    write_pins(path, "staging", {"filter.case": "minds"})
    assert read_pins(path).of("staging") == {"error.form": "400: 中文", "filter.case": "minds"}


def test_pins_belong_to_a_target(tmp_path: Path) -> None:
    """When one target is pinned, then another one has no pins, whatever its name looks like."""
    path = tmp_path / "lineman-pins.toml"
    write_pins(path, "staging", {"filter.case": "minds"})
    write_pins(path, "10.0.0.1:8443", {"filter.case": "does not mind"})
    pins = read_pins(path)
    assert pins.of("staging") == {"filter.case": "minds"}
    assert pins.of("10.0.0.1:8443") == {"filter.case": "does not mind"}
    assert pins.of("sandbox", default=True) == {}


OLD = '[pins]\n"filter.case" = "minds"\n'


def test_the_old_form_is_the_default_target_s(tmp_path: Path) -> None:
    """When a file has no targets, then its pins are the default target's, with a note, and nobody else's."""
    path = tmp_path / "lineman-pins.toml"
    path.write_text(OLD)
    pins = read_pins(path)
    assert pins.of("staging", default=True) == {"filter.case": "minds"}
    assert "taken for staging's" in pins.note("staging", default=True)
    assert pins.of("sandbox") == {}
    assert "not used" in pins.note("sandbox")


def test_the_old_form_moves_into_the_default_target_s_table(tmp_path: Path) -> None:
    """When the default target is pinned, then old pins become its own; another target's pins leave them alone."""
    path = tmp_path / "lineman-pins.toml"
    path.write_text(OLD)
    write_pins(path, "prod", {"error.form": "html"})
    assert read_pins(path).old == {"filter.case": "minds"}
    write_pins(path, "staging", {"error.form": "json"}, default=True)
    pins = read_pins(path)
    assert pins.old == {}
    assert pins.of("staging") == {"filter.case": "minds", "error.form": "json"}
    assert pins.of("prod") == {"error.form": "html"}
    assert pins.note("staging", default=True) == ""


def test_a_byte_order_mark_is_read(tmp_path: Path) -> None:
    """When an editor put a byte-order mark before the text, then it is read all the same."""
    path = tmp_path / "lineman-pins.toml"
    path.write_text(OLD, encoding="utf-8-sig")
    assert read_pins(path).old == {"filter.case": "minds"}


def test_no_file_is_no_pins(tmp_path: Path) -> None:
    assert read_pins(tmp_path / "none.toml").of("staging", default=True) == {}


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("[pins", "pins"),
        ('[pins]\n"filter.cas" = "x"', "filter.cas"),
        ('[pins]\n"filter.case" = 1', "text"),
        ('[targets.staging]\n"filter.cas" = "x"', "targets.staging. 'filter.cas'"),
        ("[target.staging]\n", "did you mean 'targets'"),
        ("targets = 5\n", "must be a table"),
    ],
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
