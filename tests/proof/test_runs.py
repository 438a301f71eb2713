"""What a run is worth when it is cut short, repeated, waived, pinned or only smoked."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from lineman.report.run import State, Verdict
from lineman.report.run_folder import write_run_files
from lineman.sandbox import FAULTS, SandboxOptions, credentials
from lineman.suite.pins import find_drift, read_pins, write_pins
from lineman.suite.run_state import RunOptions
from lineman.target import Waiver

from .harness import Judged, judge

SMOKE_MOST = 30
PAGING_FAULTS = (
    "hundred-gives-ninety-nine",
    "page-skips-record",
    "offset-hundred-empty",
    "default-ten",
    "one-record-more",
)


def asked(judged: Judged) -> list[tuple[str, str | None]]:
    """Every request in its order, as method and body."""
    return [(e.method, e.request_body) for e in judged.run.exchanges]


def states(judged: Judged) -> dict[str, State]:
    return {clause.id: clause.state for clause in judged.run.clauses}


def test_the_same_seed_asks_the_same_in_the_same_order() -> None:
    """When a run is repeated with its seed, then it is the same request by request; with another seed it is not."""
    first, second, other = (judge(SandboxOptions(), RunOptions(seed=seed)) for seed in (7, 7, 8))
    assert asked(first) == asked(second)
    assert asked(first) != asked(other)


def test_a_small_budget_is_no_verdict() -> None:
    """When ten requests are allowed, then what they showed is kept, and the run says what was cut off."""
    judged = judge(SandboxOptions(), max_requests=10)
    assert judged.run.verdict is Verdict.NO_VERDICT
    assert judged.run.exit_code == 3
    assert judged.run.requests <= 10
    assert "budget" in judged.run.explanation
    assert "limit.zero" in judged.run.health.cut_off
    assert State.VIOLATED not in states(judged).values()


def test_a_smoke_run_is_short_and_still_sees_most() -> None:
    """When the profile is smoke, then at most 30 requests are sent, and bad credentials and requests seen refused."""
    judged = judge(SandboxOptions(), RunOptions(profile="smoke"))
    assert judged.run.requests <= SMOKE_MOST
    assert judged.run.verdict is Verdict.PASS
    held = [id_ for id_, state in states(judged).items() if state is State.HELD]
    assert len(held) > 20


def test_selecting_clauses_judges_them_and_the_vital_signs() -> None:
    """When one clause is selected, then the others are not verified, and the run is short."""
    judged = judge(SandboxOptions(faults=("page-skips-record",)), RunOptions(only=("offset.*",)))
    assert judged.run.verdict is Verdict.FAIL
    assert "offset.pages" in judged.broken
    assert states(judged)["filter.case"] is State.NOT_VERIFIED
    assert judged.run.requests < 250


def test_a_violations_replay_finds_it_and_then_says_that_it_is_gone() -> None:
    """When the replayed clause is asked alone, then the fault shows; and without the fault the clause holds."""
    fault = "hundred-gives-ninety-nine"
    violation = judge(SandboxOptions(faults=(fault,))).run.violations[0]
    words = violation.replay.split()
    only = tuple(words[i + 1] for i, word in enumerate(words) if word == "--only")
    again = judge(SandboxOptions(faults=(fault,)), RunOptions(only=only))
    assert violation.fingerprint in {v.fingerprint for v in again.run.violations}
    mended = judge(SandboxOptions(), RunOptions(only=only))
    assert mended.run.verdict is Verdict.PASS
    assert states(mended)[violation.clause] is State.HELD


def waiver(match: str, days: int) -> Waiver:
    return Waiver(match=match, reason="known, ticket 7", until=(datetime.now(UTC) + timedelta(days=days)).date())


def test_a_waiver_accepts_its_own_violation_until_its_date() -> None:
    """When the broken clause is waived, then the run passes and says so; an unused waiver is told as well."""
    options = SandboxOptions(faults=("hundred-gives-ninety-nine",))
    broken = judge(options).broken
    judged = judge(options, waivers=(*(waiver(id_, 2) for id_ in broken), waiver("limit.zero", 2)))
    assert judged.run.verdict is Verdict.PASS
    assert states(judged)["limit.maximum"] is State.WAIVED
    assert {w.match: w.state for w in judged.run.waivers}["limit.zero"] == "unused"


def test_a_waiver_masks_nothing_else_and_nothing_after_its_date() -> None:
    """When the waiver names another clause, or has expired, then the violation counts."""
    options = SandboxOptions(faults=("hundred-gives-ninety-nine",))
    judged = judge(options, waivers=(waiver("limit.zero", 2), waiver("limit.maximum", -2)))
    assert judged.run.verdict is Verdict.FAIL
    assert {w.match: w.state for w in judged.run.waivers} == {"limit.zero": "unused", "limit.maximum": "expired"}


def test_a_changed_answer_is_drift(tmp_path: Path) -> None:
    """When answers are pinned and the target then answers otherwise, then clause, old and new answer are named."""
    pins = tmp_path / "lineman-pins.toml"
    before = judge(SandboxOptions(), RunOptions(pins=pins))
    write_pins(pins, "sandbox", before.run.observations)
    assert find_drift(read_pins(pins).of("sandbox"), before.run.observations) == []
    after = judge(SandboxOptions(dialects={"filter.case": "insensitive"}), RunOptions(pins=pins))
    assert after.run.verdict is Verdict.FAIL
    (drift,) = [d for d in after.run.drift if d.clause == "filter.case"]
    assert "minds" in drift.pinned
    assert "does not mind" in drift.observed
    warned = judge(SandboxOptions(dialects={"filter.case": "insensitive"}), RunOptions(pins=pins, drift="warn"))
    assert warned.run.verdict is Verdict.PASS
    assert warned.run.drift


def test_no_secret_is_written(tmp_path: Path) -> None:
    """When a faulty target gives tokens back, then no file of the run has them, nor the secrets."""
    options = SandboxOptions(faults=("token-in-refusal",) if "token-in-refusal" in FAULTS else ())
    judged = judge(options, report_dir=tmp_path)
    write_run_files(judged.run, tmp_path)
    secrets = [c.app_secret for c in credentials(options)]
    files = [file for file in tmp_path.rglob("*") if file.is_file()]
    assert {"run.json", "index.html", "pytest.html", "junit.xml", "exchanges.har"} <= {file.name for file in files}
    leaking = [file.name for file in files for secret in secrets if secret.encode() in file.read_bytes()]
    assert leaking == []
    assert b"Bearer $LINEMAN_TOKEN" in (tmp_path / "run.json").read_bytes()


@pytest.mark.parametrize("fault", PAGING_FAULTS)
def test_paging_faults_are_found_on_a_list_that_changes(fault: str) -> None:
    """When the list changes twice a second, then a broken page is still told from a changed list."""
    judged = judge(SandboxOptions(variants=("moving",), faults=(fault,)))
    assert judged.run.verdict is Verdict.FAIL
    assert FAULTS[fault].clause in judged.broken
