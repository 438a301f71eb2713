"""What is exported, held against Prometheus's own checks, and against what a reader of the numbers relies on."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder
from prometheus_client.openmetrics.parser import text_string_to_metric_families
from tests.monitor.prometheus.exported import NOW, Exporter, full, hotline, result, seen, values
from tests.monitor.servers import send, vendor

from lineman.monitor.clock import DAY, MINUTE
from lineman.monitor.config.models import MonitorSettings
from lineman.monitor.formats.families import Seen, canary_families
from lineman.monitor.formats.openmetrics import openmetrics, probe_seen
from lineman.monitor.incidents.machine import IncidentState, Kind
from lineman.monitor.incidents.state import StateChange
from lineman.monitor.probe import probe_once
from lineman.monitor.result import ProbeVerdict
from lineman.monitor.slots import SlotEntry, SlotOutcome

OPENMETRICS = "application/openmetrics-text; version=1.0.0"
TARGET_LABELS = {
    "instance", "job", "region", "zone", "cluster", "service", "env", "environment", "stage", "owner", "customer",
    "team", "host", "type", "namespace", "pod", "container", "endpoint", "node",
}  # fmt: skip
PARSE: Any = text_string_to_metric_families


def scraped(exporter: Exporter, accept: str = "") -> str:
    registry = CollectorRegistry()
    registry.register(exporter.collector)
    encode, _ = choose_encoder(accept)
    return encode(registry).decode()


def checked(promtool: str, text: str) -> tuple[int, str]:
    """What ``promtool check metrics`` says."""
    ran = subprocess.run([promtool, "check", "metrics"], input=text, capture_output=True, text=True, check=False)
    return ran.returncode, ran.stdout + ran.stderr


def test_promtool_has_no_complaint_about_the_monitor(promtool: str) -> None:
    assert checked(promtool, scraped(full())) == (0, "")


@pytest.mark.parametrize("verdict", [ProbeVerdict.OK, ProbeVerdict.FAILED, ProbeVerdict.UNKNOWN])
def test_promtool_has_no_complaint_about_a_probe_s_file(promtool: str, verdict: ProbeVerdict) -> None:
    assert checked(promtool, openmetrics(seen(verdict=verdict))) == (0, "")


def test_promtool_would_complain(promtool: str) -> None:
    code, said = checked(promtool, "# TYPE probe_time_milliseconds counter\nprobe_time_milliseconds 1\n")
    assert code != 0
    assert "counter metrics should have" in said


def test_both_outputs_have_the_same_families_with_the_same_labels() -> None:
    exporter = full()
    scrape = {f.name: f for f in PARSE(scraped(exporter, OPENMETRICS)) if f.name.startswith("probe_") and f.samples}
    written = {f.name: f for f in PARSE(openmetrics(seen(verdict=ProbeVerdict.FAILED)))}
    assert written.keys() == scrape.keys()
    for name, family in written.items():
        labels = {tuple(sorted(sample.labels)) for sample in family.samples}
        assert labels == {tuple(sorted(sample.labels)) for sample in scrape[name].samples}, name
        assert family.documentation == scrape[name].documentation


def test_the_verdict_is_a_state_set_with_exactly_one_state() -> None:
    exporter = full()
    family = next(f for f in PARSE(scraped(exporter, OPENMETRICS)) if f.name == "probe_verdict")
    assert family.type == "stateset"
    assert {sample.labels["probe_verdict"]: sample.value for sample in family.samples} == {
        "ok": 0, "degraded": 0, "failed": 1, "unknown": 0,
    }  # fmt: skip
    assert "# TYPE probe_verdict gauge" in scraped(exporter)
    assert 'probe_verdict{canary="hotline",location="berlin",probe_verdict="failed"} 1.0' in scraped(exporter)


def test_no_label_clashes_with_those_of_targets_or_is_without_bound() -> None:
    for family in full().collector.collect():
        for sample in family.samples:
            assert not TARGET_LABELS & sample.labels.keys(), family.name
            assert sample.labels.keys() <= {
                "canary", "location", "kind", "phase", "verdict", "probe_verdict", "outcome", "clause", "le", "version",
            }, family.name  # fmt: skip


def test_counts_begin_at_zero_for_all_that_is_known() -> None:
    exporter = Exporter()
    assert set(exporter.values("lineman_slots_total")) == {(("outcome", outcome.value),) for outcome in SlotOutcome}
    assert set(exporter.values("lineman_incidents_total")) == {(("kind", kind.value),) for kind in Kind}
    clauses = exporter.values("lineman_contract_violations_total")
    assert (("clause", "answer.schema"),) in clauses
    assert not any(clause.startswith("auth.") for ((_, clause),) in clauses)
    for name in ("slots", "incidents", "contract_violations", "probes", "probe_failures", "probes_ok_after_retry"):
        assert set(exporter.values(f"lineman_{name}_total").values()) == {0}, name
    assert exporter.values("probe_last_success_timestamp_seconds") == {(): 0}


def test_counts_follow_what_happens() -> None:
    exporter = full()
    exporter.slot(ProbeVerdict.UNKNOWN, NOW + MINUTE)
    exporter.live.slot_finished(SlotEntry("hotline", NOW, NOW + MINUTE, MINUTE, SlotOutcome.MISSED, "asleep"), None)
    assert exporter.values("lineman_probes_total") == {(): 2}
    assert exporter.values("lineman_probe_failures_total") == {(): 1}
    assert exporter.values("lineman_probes_unmeasured_total") == {(): 1}
    assert exporter.values("lineman_token_requests_total") == {(): 2}
    assert exporter.values("lineman_slots_total")[("outcome", "missed"),] == 2
    assert exporter.values("lineman_contract_violations_total")[("clause", "answer.schema"),] == 1
    assert exporter.values("lineman_incidents_total")[("kind", "failed"),] == 1
    assert exporter.values("lineman_incident_open")[("kind", "failed"),] == 1
    assert exporter.values("lineman_incident_opened_timestamp_seconds") == {(("kind", "failed"),): NOW / 1_000}
    assert exporter.values("lineman_slot_start_delay_seconds_count") == {(): 2}


def test_an_incident_is_counted_once_however_often_it_changes() -> None:
    exporter = full()
    opened = exporter.state.tracks["hotline", Kind.FAILED].incident
    assert opened is not None
    later = SlotEntry("hotline", NOW + MINUTE, NOW + MINUTE, MINUTE, SlotOutcome.RUN)
    for changed in (replace(opened, last_bad=NOW + MINUTE), replace(opened, ended=NOW + MINUTE)):
        exporter.live.committed_up_to([StateChange(entry=later, incidents={"i": changed})], NOW)
    assert exporter.values("lineman_incidents_total")[("kind", "failed"),] == 1


def test_the_histogram_of_delays_only_grows() -> None:
    exporter = Exporter()
    for delay in (0, 5, 6, 999, 60_000):
        exporter.live.probe_started(SlotEntry("hotline", NOW, NOW, MINUTE, SlotOutcome.RUN), delay)
    counts = {dict(labels)["le"]: n for labels, n in exporter.values("lineman_slot_start_delay_seconds_bucket").items()}
    assert (counts["0.005"], counts["0.01"], counts["1.0"], counts["5.0"], counts["+Inf"]) == (2, 3, 4, 4, 5)
    assert exporter.values("lineman_slot_start_delay_seconds_sum") == {(): 61.01}


def test_a_stale_result_is_shown_no_more_but_its_canary_is() -> None:
    exporter = full()
    exporter.clock.now = NOW + DAY
    shown = {name for name, family in exporter.families().items() if family.samples and name.startswith("probe_")}
    assert not shown & {"probe_success", "probe_verdict", "probe_duration_seconds", "probe_consecutive"}
    assert {"probe_interval_seconds", "probe_slo_objective_ratio", "probe_last_failure_timestamp_seconds"} <= shown
    assert exporter.values("lineman_canary_stale") == {(): 1}


def test_rows_outlive_a_restart_because_they_come_from_the_incidents_tracks() -> None:
    exporter = Exporter()
    exporter.state.set_track(("hotline", Kind.FAILED), IncidentState(bad=2))
    assert exporter.values("probe_consecutive")[("kind", "failed"),] == 2
    assert exporter.values("probe_success") == {}


def test_settings_are_exported_in_base_units() -> None:
    families = list(canary_families([seen(hotline(interval="5m", timeout="2s"))]))
    assert values(families, "probe_interval_seconds") == {(): 300}
    assert values(families, "probe_timeout_seconds") == {(): 2}
    assert values(families, "probe_slo_objective_ratio") == {(): 0.995}
    assert values(families, "probe_slo_period_seconds") == {(): 30 * 86_400}
    assert values(families, "probe_latency_limit_seconds") == {
        (("verdict", "degraded"),): 1,
        (("verdict", "failed"),): 5,
    }
    assert values(families, "probe_certificate_limit_seconds")[("verdict", "degraded"),] == 21 * 86_400
    assert values(families, "probe_consecutive_limit")[("kind", "failed"),] == 3
    assert values(families, "probe_token_expires_timestamp_seconds") == {(): NOW / 1_000 + 600}


def test_the_quorum_is_exported_where_locations_decide_together() -> None:
    alone = list(canary_families([Seen(hotline(), "berlin", result())]))
    assert values(alone, "probe_quorum_ratio") == values(alone, "probe_quorum_locations") == {}
    assert Exporter().values("lineman_joint_leader") == {}
    settings = MonitorSettings(joint=True, location="berlin")
    joint = list(canary_families([Seen(hotline(quorum=0.75), "berlin", result(), joint=settings)]))
    assert values(joint, "probe_quorum_ratio") == {(): 0.75}
    assert values(joint, "probe_quorum_locations") == {(): 2}
    assert full().values("lineman_joint_leader") == {(): 1}


def test_maintenance_is_a_gauge_and_its_failures_are_no_failures() -> None:
    window = {"zone": "UTC", "at": "00:00", "lasts": "24h"}
    exporter = Exporter(hotline(maintenance=[window]))
    exporter.slot(ProbeVerdict.FAILED)
    assert exporter.values("probe_maintenance") == {(): 1}
    assert exporter.values("probe_last_failure_timestamp_seconds") == {(): 0}


def test_a_probe_s_file_carries_the_past_on(tmp_path: Path) -> None:
    file, subject = tmp_path / "lineman.prom", hotline()
    verdicts = [ProbeVerdict.OK, ProbeVerdict.FAILED, ProbeVerdict.UNKNOWN, ProbeVerdict.FAILED]
    for number, verdict in enumerate(verdicts):
        file.write_text(
            openmetrics(
                probe_seen(subject, MonitorSettings(location="berlin"), result(verdict, NOW + number * MINUTE), file)
            )
        )
    families = list(PARSE(file.read_text()))
    assert values(families, "probe_last_success_timestamp_seconds") == {(): NOW / 1_000}
    assert values(families, "probe_last_failure_timestamp_seconds") == {(): NOW / 1_000 + 180}
    assert values(families, "probe_consecutive")[("kind", "failed"),] == 2
    assert values(families, "probe_consecutive")[("kind", "unknown"),] == 0


@pytest.mark.parametrize("content", ["", "# EOF\n", "nonsense {\n", 'probe_consecutive{canary="hotline"} NaN\n# EOF\n'])
def test_an_old_file_that_says_nothing_is_no_past(tmp_path: Path, content: str) -> None:
    file = tmp_path / "lineman.prom"
    file.write_text(content)
    written = openmetrics(probe_seen(hotline(), MonitorSettings(location="berlin"), result(ProbeVerdict.FAILED), file))
    assert values(list(PARSE(written)), "probe_consecutive")[("kind", "failed"),] == 1


def test_the_command_writes_a_file_for_the_textfile_collector(promtool: str, tmp_path: Path) -> None:
    file = tmp_path / "lineman.prom"
    (tmp_path / "c.toml").write_text('[canaries.subject]\nretry = false\n[monitor]\nlocation = "lima"\n')
    main = "from lineman.cli import main; main()"
    command = [sys.executable, "-c", main, "probe", "subject", "--monitors", str(tmp_path), "--format", "openmetrics"]
    with vendor() as service:
        service.query = lambda handler, token: send(handler, 503, {})
        for _ in range(2):
            ran = subprocess.run(
                [*command, "--output", str(file)], env=service.environment, capture_output=True, text=True, check=False
            )
            assert (ran.returncode, ran.stdout, ran.stderr) == (2, "", "")
    assert checked(promtool, file.read_text()) == (0, "")
    families = list(PARSE(file.read_text()))
    assert values(families, "probe_consecutive")[("kind", "failed"),] == 2
    assert {sample.labels["location"] for family in families for sample in family.samples} == {"lima"}
    assert "planted-secret" not in file.read_text()


def test_a_probe_tells_the_times_of_the_token_in_use() -> None:
    with vendor() as service:
        found = asyncio.run(probe_once(hotline(), service.environment))
    assert found.token_issued is not None
    assert found.token_ends == found.token_issued + 10 * MINUTE
    assert 0 <= found.token_issued - found.started < MINUTE
