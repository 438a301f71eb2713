"""An outage of the sandbox, seen by a real monitor, Prometheus and Alertmanager, told to a webhook and taken back."""

from __future__ import annotations

import contextlib
import json
import os
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

from tests.monitor.prometheus import stack
from tests.monitor.prometheus.test_rules import said
from tests.monitor.servers import free_port
from tests.monitor.test_daemon import Process, wait_for

from lineman.sandbox import SandboxOptions, serve

CANARY = """
[canaries.hotline]
query = { accessCode = "9911411", mediatypeId = 5, limit = 10 }
interval = "1s"
timeout = "900ms"
retry = false
incident = { opens_after = 3, ends_after = 1, settle = "1s" }
slo = { objective = 99.5 }
[monitor]
listen = "127.0.0.1:0"
location = "berlin"
"""


def asked(port: int, query: str) -> list[dict[str, Any]]:
    """What Prometheus answers to a query; nothing while it is not there yet."""
    address = f"http://127.0.0.1:{port}/api/v1/query?{urllib.parse.urlencode({'query': query})}"
    try:
        with urllib.request.urlopen(address, timeout=10) as answer:
            found: list[dict[str, Any]] = json.load(answer)["data"]["result"]
            return found
    except OSError:
        return []


def test_the_faster_files_are_valid(promtool: str, amtool: str, tmp_path: Path) -> None:
    (tmp_path / "lineman.rules.yml").write_text(stack.faster_rules())
    (tmp_path / "prometheus.yml").write_text(stack.faster_prometheus(1, 2))
    (tmp_path / "alertmanager.yml").write_text(stack.faster_alertmanager("http://127.0.0.1:3"))
    assert "[5m]" not in stack.faster_rules()
    code, text = said(promtool, "check", "config", tmp_path / "prometheus.yml")
    assert code == 0, text
    code, text = said(amtool, "check-config", tmp_path / "alertmanager.yml")
    assert code == 0, text


def test_an_outage_reaches_a_webhook_as_firing_and_then_as_resolved(
    prometheus: str, alertmanager: str, tmp_path: Path
) -> None:
    (tmp_path / "monitors").mkdir()
    (tmp_path / "monitors" / "canary.toml").write_text(CANARY)
    with stack.hook() as hook, contextlib.ExitStack() as running:
        sandbox = contextlib.ExitStack()
        running.enter_context(sandbox)
        honest = sandbox.enter_context(serve())
        port = int(honest.base_url.rpartition(":")[2])
        monitor = Process(tmp_path / "monitors", {**os.environ, **honest.environment})
        running.callback(monitor.end)
        web, alerts = free_port(), free_port()
        (tmp_path / "lineman.rules.yml").write_text(stack.faster_rules())
        (tmp_path / "alertmanager.yml").write_text(stack.faster_alertmanager(hook.url))
        running.enter_context(stack.program(stack.alertmanager_command(alertmanager, tmp_path, alerts), tmp_path))
        (tmp_path / "prometheus.yml").write_text(stack.faster_prometheus(monitor.port(), alerts))
        running.enter_context(stack.program(stack.prometheus_command(prometheus, tmp_path, web), tmp_path))
        _play(hook, sandbox, port, web)


def _play(hook: stack.Hook, sandbox: contextlib.ExitStack, port: int, web: int) -> None:
    wait_for(lambda: asked(web, 'canary:probe_down:ratio{canary="hotline"} == 0'))
    wait_for(lambda: hook.told("LinemanWatchdog") == [("dead-mans-switch", "firing")])
    assert hook.told("LinemanCanaryDown") == []
    sandbox.close()
    with serve(SandboxOptions(outage="query-503"), port):
        wait_for(lambda: hook.told("LinemanCanaryDown") == [("on-call", "firing")])
        assert asked(web, 'probe_verdict{probe_verdict="failed", location="berlin"} == 1')
    with serve(port=port):
        wait_for(lambda: hook.told("LinemanCanaryDown")[-1] == ("on-call", "resolved"))
    texts = json.dumps(hook.posts)
    assert "hotline is down" in texts
    assert "docs/alerts.md#linemancanarydown" in texts
