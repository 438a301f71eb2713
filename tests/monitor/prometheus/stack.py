"""A real Prometheus and a real Alertmanager, with the shipped files made 150 times faster."""

from __future__ import annotations

import contextlib
import json
import re
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import yaml
from tests.monitor.prometheus.conftest import ROOT

FASTER = 150
"""A minute becomes 0.4 seconds."""
_UNITS = {"s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
_RANGE = re.compile(r"(?<=\[)\d+[smhd](?=\])|(?<=offset )\d+[smhd]")


def shorter(duration: str) -> str:
    """A duration of the shipped files, scaled down."""
    return f"{max(1, int(duration[:-1]) * _UNITS[duration[-1]] // FASTER)}ms"


def faster_rules() -> str:
    """The shipped rules with every duration scaled down."""
    rules = yaml.safe_load((ROOT / "monitors/prometheus/lineman.rules.yml").read_text())
    for rule in (rule for group in rules["groups"] for rule in group["rules"]):
        rule["expr"] = _RANGE.sub(lambda match: shorter(match[0]), rule["expr"])
        for name in rule.keys() & {"for", "keep_firing_for"}:
            rule[name] = shorter(rule[name])
    return yaml.safe_dump(rules)


def faster_prometheus(monitor: int, alertmanager: int) -> str:
    """The shipped example of Prometheus, once a second, for these ports."""
    config = yaml.safe_load((ROOT / "monitors/prometheus/prometheus.yml").read_text())
    config["global"] = {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"}
    config["scrape_configs"] = [job for job in config["scrape_configs"] if job["job_name"] == "lineman"]
    config["scrape_configs"][0]["static_configs"] = [{"targets": [f"127.0.0.1:{monitor}"]}]
    config["alerting"]["alertmanagers"][0]["static_configs"] = [{"targets": [f"127.0.0.1:{alertmanager}"]}]
    return yaml.safe_dump(config)


def faster_alertmanager(hook: str) -> str:
    """The shipped example of Alertmanager with its intervals scaled down, telling one receiver."""
    config = yaml.safe_load((ROOT / "monitors/prometheus/alertmanager.yml").read_text())
    for route in (config["route"], *config["route"]["routes"]):
        for name in route.keys() & {"group_wait", "group_interval", "repeat_interval"}:
            route[name] = shorter(route[name])
    for receiver in config["receivers"]:
        receiver["webhook_configs"][0]["url"] = f"{hook}/{receiver['name']}"
    return yaml.safe_dump(config)


@dataclass
class Hook:
    """A webhook receiver that keeps what Alertmanager sends."""

    url: str = ""
    posts: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def told(self, alert: str) -> list[tuple[str, str]]:
        """Receiver and status of every notification about an alert, repetitions left out."""
        found = [
            (receiver, one["status"])
            for receiver, body in list(self.posts)
            for one in body["alerts"]
            if one["labels"]["alertname"] == alert
        ]
        return [told for number, told in enumerate(found) if number == 0 or told != found[number - 1]]


@contextlib.contextmanager
def hook() -> Iterator[Hook]:
    state = Hook()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            state.posts.append((self.path.strip("/"), body))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    state.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextlib.contextmanager
def program(command: list[str], folder: Path) -> Iterator[Path]:
    """Run a program until the block ends; yields the file with what it says."""
    log = folder / f"{Path(command[0]).name}.log"
    with log.open("wb") as output, subprocess.Popen(command, stdout=output, stderr=output, cwd=folder) as process:
        try:
            yield log
        finally:
            process.terminate()
            process.wait(30)


def alertmanager_command(path: str, folder: Path, port: int) -> list[str]:
    return [
        path,
        f"--config.file={folder / 'alertmanager.yml'}",
        f"--storage.path={folder / 'alertmanager'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--cluster.listen-address=",
    ]


def prometheus_command(path: str, folder: Path, port: int) -> list[str]:
    return [
        path,
        f"--config.file={folder / 'prometheus.yml'}",
        f"--storage.tsdb.path={folder / 'prometheus'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--query.lookback-delta=5s",
        "--rules.alert.resend-delay=1s",
    ]
