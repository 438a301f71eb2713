"""One probe against a service that is ill in one way: verdict, cause, message."""

from __future__ import annotations

import asyncio
import json
import os
import resource
import socket
import ssl
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
import trustme
from tests.monitor.servers import RECORD, Vendor, answer, endless, send, trickle, vendor

from lineman.monitor.config.models import Canary, MonitorSettings
from lineman.monitor.formats.openmetrics import openmetrics, probe_seen
from lineman.monitor.formats.text import plugin_line, text
from lineman.monitor.probe import Prober, probe_once
from lineman.monitor.result import Cause, ProbeResult, ProbeVerdict

MAIN = "from lineman.cli import main; main()"


def canary(**settings: Any) -> Canary:
    defaults = {
        "name": "subject",
        "query": {"accessCode": "9911411"},
        "interval": "10s",
        "timeout": "2s",
        "retry": False,
        "expect": {"records": [{"accessCode": "9911411", "mediatypeId": 5}], "total_at_least": 1},
    }
    return Canary.model_validate({**defaults, **settings})


def probed(environment: dict[str, str], **settings: Any) -> ProbeResult:
    return asyncio.run(probe_once(canary(**settings), environment))


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def test_an_honest_service_is_ok() -> None:
    with vendor() as service:
        result = probed(service.environment)
    assert (result.verdict, result.cause) == (ProbeVerdict.OK, Cause.NONE)
    assert {"resolve", "connect", "send", "wait", "receive"} == set(result.last.phases)
    assert result.token is not None
    assert result.token.verdict is ProbeVerdict.OK
    assert "resolve" in result.token.phases
    assert not result.after_retry


def test_a_ready_token_needs_no_token_step() -> None:
    with vendor() as service:
        result = probed({"LINEMAN_BASE_URL": service.url, "LINEMAN_TOKEN": "ready-made-token"})
    assert result.verdict is ProbeVerdict.OK
    assert result.token is None


@pytest.mark.parametrize("ready", [True, False])
def test_a_refused_connection(ready: bool) -> None:
    environment = {"LINEMAN_BASE_URL": f"http://127.0.0.1:{closed_port()}"}
    environment |= {"LINEMAN_TOKEN": "x" * 20} if ready else {"LINEMAN_APP_KEY": "k", "LINEMAN_APP_SECRET": "s" * 20}
    result = probed(environment)
    assert (result.verdict, result.cause) == (ProbeVerdict.FAILED, Cause.CONNECT)
    assert "Connection refused" in result.message


@pytest.mark.parametrize(
    ("number", "verdict", "cause"),
    [
        (socket.EAI_NONAME, ProbeVerdict.FAILED, Cause.RESOLVE),
        (socket.EAI_AGAIN, ProbeVerdict.UNKNOWN, Cause.NETWORK),
    ],
)
def test_a_name_that_does_not_resolve(
    monkeypatch: pytest.MonkeyPatch, number: int, verdict: ProbeVerdict, cause: Cause
) -> None:
    def nobody(*_: object, **__: object) -> None:
        raise socket.gaierror(number, "no such name")

    monkeypatch.setattr(socket, "getaddrinfo", nobody)
    for credentials in ({"LINEMAN_TOKEN": "x" * 20}, {"LINEMAN_APP_KEY": "k", "LINEMAN_APP_SECRET": "s" * 20}):
        result = probed({"LINEMAN_BASE_URL": "https://nowhere.example", **credentials})
        assert (result.verdict, result.cause) == (verdict, cause)
        assert "nowhere.example" in result.message
        assert result.last.root == ("resolve/nowhere.example" if verdict is ProbeVerdict.FAILED else "own network")


def test_a_resolver_that_hangs_is_this_places_trouble_and_holds_no_process_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The look-up goes on in its thread when the probe has long ended, and asyncio waits for no pool."""
    released = threading.Event()

    def hang(*_: object, **__: object) -> list[object]:
        released.wait(60)
        return []

    monkeypatch.setattr(socket, "getaddrinfo", hang)
    try:
        for credentials in ({"LINEMAN_TOKEN": "x" * 20}, {"LINEMAN_APP_KEY": "k", "LINEMAN_APP_SECRET": "s" * 20}):
            result = probed({"LINEMAN_BASE_URL": "http://hangs.example", **credentials}, timeout="300ms", retry=True)
            assert (result.verdict, result.cause) == (ProbeVerdict.UNKNOWN, Cause.NETWORK)
            assert "name resolution gives no answer for hangs.example" in result.message
            assert result.last.root == "own network"
        assert not released.is_set()
    finally:
        released.set()


def test_one_deadline_bounds_token_query_and_second_try() -> None:
    """A token that takes most of the time leaves the query the rest, and a second try nothing."""
    with vendor() as service:
        service.query = trickle
        result = probed(service.environment, timeout="500ms", retry=True)
    assert (result.verdict, result.cause) == (ProbeVerdict.FAILED, Cause.TIMEOUT)
    assert len(result.attempts) == 1
    assert len(service.requests) <= 2, "a token and one query"


def test_no_credentials_is_unknown() -> None:
    result = probed({"LINEMAN_BASE_URL": "http://127.0.0.1:1"})
    assert (result.verdict, result.cause) == (ProbeVerdict.UNKNOWN, Cause.CONFIGURATION)
    assert "LINEMAN_APP_KEY" in result.message


TLS = {
    "expired": ("localhost", datetime(2020, 1, 2, tzinfo=UTC), True, "expired"),
    "self-signed": ("localhost", datetime.now(UTC) + timedelta(days=90), False, "certificate"),
    "wrong-name": ("elsewhere.example", datetime.now(UTC) + timedelta(days=90), True, "localhost"),
    "good": ("localhost", datetime.now(UTC) + timedelta(days=90), True, ""),
    "ends-soon": ("localhost", datetime.now(UTC) + timedelta(days=9), True, "the certificate ends in"),
}


@pytest.mark.parametrize("case", TLS)
def test_certificates(case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name, end, trusted, said = TLS[case]
    authority = trustme.CA()
    leaf = authority.issue_cert(name, not_before=datetime(2020, 1, 1, tzinfo=UTC), not_after=end)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    leaf.configure_cert(context)
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    verify = f'verify = "{tmp_path / "ca.pem"}"' if trusted else ""
    with vendor(context) as service:
        (tmp_path / "lineman.toml").write_text(f'[targets.t]\nbase_url = "{service.url}"\n{verify}\n')
        monkeypatch.chdir(tmp_path)
        result = probed({"LINEMAN_TOKEN": "x" * 20}, target="t")
    verdict = {"good": ProbeVerdict.OK, "ends-soon": ProbeVerdict.DEGRADED}.get(case, ProbeVerdict.FAILED)
    assert result.verdict is verdict
    assert said in result.message
    assert result.certificate is not None
    assert abs(result.certificate.not_after / 1_000 - end.timestamp()) < 2
    assert result.certificate.verified == (case in ("good", "ends-soon"))
    assert result.cause is {"good": Cause.NONE, "ends-soon": Cause.CERTIFICATE}.get(case, Cause.TLS)
    if verdict is ProbeVerdict.FAILED:
        assert service.requests == []


def test_a_body_that_never_ends() -> None:
    with vendor() as service:
        service.query = endless
        result = probed(service.environment)
    assert (result.verdict, result.cause) == (ProbeVerdict.FAILED, Cause.PROTOCOL)
    assert "has no end" in result.message
    assert result.seconds < 3


def test_one_byte_now_and_then() -> None:
    with vendor() as service:
        service.query = trickle
        result = probed(service.environment, timeout="1s")
    assert (result.verdict, result.cause) == (ProbeVerdict.FAILED, Cause.TIMEOUT)
    assert "within 1 s" in result.message


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_token_is_healed_by_a_new_one(status: int) -> None:
    with vendor() as service:
        good = {"Bearer issued-token-1"}

        def query(handler: BaseHTTPRequestHandler, token: str) -> None:
            send(handler, 200, answer(RECORD)) if token in good else send(handler, status, {"returnCode": "1"})

        service.query = query

        async def twice() -> tuple[ProbeResult, ProbeResult]:
            prober = Prober(service.environment)
            first = await prober.probe(canary())
            good.clear()  # the service forgets the token
            good.add("Bearer issued-token-2")
            second = await prober.probe(canary())
            await prober.aclose()
            return first, second

        first, second = asyncio.run(twice())
    assert (first.verdict, second.verdict) == (ProbeVerdict.OK, ProbeVerdict.OK)
    assert service.issued == 2
    assert second.token is not None


def test_the_token_service_is_down() -> None:
    with vendor() as service:
        service.token = lambda handler: send(handler, 503, "<h1>no</h1>", "text/html")
        result = probed(service.environment)
        query = [path for path in service.requests if "queryAccessCodeList" in path]
    assert (result.verdict, result.cause) == (ProbeVerdict.FAILED, Cause.TOKEN)
    assert result.token is not None
    assert result.token.verdict is ProbeVerdict.FAILED
    assert query == []
    assert result.last.root == f"token/{service.url}"


def test_wrong_credentials() -> None:
    with vendor() as service:
        service.token = lambda handler: send(handler, 403, "<h1>no</h1>", "text/html")
        result = probed(service.environment)
    assert (result.verdict, result.cause) == (ProbeVerdict.FAILED, Cause.TOKEN)
    assert "refused" in result.message
    assert "planted-secret" not in text(result)


@pytest.mark.parametrize(
    ("body", "cause", "said"),
    [
        (answer({**RECORD, "mediatypeId": 53}), Cause.CANARY, "no record with"),
        (answer(), Cause.CANARY, "total is 0, expected at least 1"),
        (answer({**RECORD, "numCallAttr": "three"}), Cause.CONTRACT, "answer.schema"),
        ({**answer(RECORD), "returnCode": "7"}, Cause.CONTRACT, "answer.return-code"),
    ],
)
def test_wrong_answers(body: dict[str, Any], cause: Cause, said: str) -> None:
    with vendor() as service:
        service.query = lambda handler, token: send(handler, 200, body)
        result = probed(service.environment)
    assert (result.verdict, result.cause) == (ProbeVerdict.FAILED, cause)
    assert said in result.message


def test_503_with_html() -> None:
    with vendor() as service:
        service.query = lambda handler, token: send(handler, 503, "<h1>maintenance</h1>", "text/html")
        result = probed(service.environment)
    assert (result.verdict, result.cause) == (ProbeVerdict.FAILED, Cause.STATUS)
    assert "503 (text/html)" in result.message


def test_ok_after_retry_is_visible() -> None:
    with vendor() as service:
        answers = [503, 200]

        def query(handler: BaseHTTPRequestHandler, _: str) -> None:
            status = answers.pop(0)
            send(handler, status, answer(RECORD) if status == 200 else {})

        service.query = query
        result = probed(service.environment, retry=True)
    assert result.verdict is ProbeVerdict.OK
    assert result.after_retry
    assert "after a retry; first: status 503" in result.message
    assert len(result.attempts) == 2


def test_latency_limits() -> None:
    with vendor() as service:
        slow = probed(service.environment, latency={"degraded": 1e-6, "failed": "1900ms"})
        dead = probed(service.environment, latency={"failed": 1e-6})
    assert (slow.verdict, slow.cause) == (ProbeVerdict.DEGRADED, Cause.LATENCY)
    assert dead.verdict is ProbeVerdict.FAILED


def command(service: Vendor, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    (folder / "c.toml").write_text('[canaries.subject]\ninterval = "3s"\ntimeout = "2s"\nretry = false\n')
    return subprocess.run(
        [sys.executable, "-c", MAIN, "probe", "subject", "--monitors", str(folder), *arguments],
        env={**os.environ, **service.environment},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(("status", "code", "word"), [(200, 0, "OK"), (503, 2, "CRITICAL"), (429, 3, "UNKNOWN")])
def test_the_command(tmp_path: Path, status: int, code: int, word: str) -> None:
    with vendor() as service:
        service.query = lambda handler, token: send(handler, status, answer(RECORD) if status == 200 else {})
        ran = command(service, tmp_path, "--format", "nagios")
    if status == 429:
        assert "429" in ran.stdout
    assert ran.stdout.startswith(f"LINEMAN {word}: subject: ")
    assert " | time=" in ran.stdout.splitlines()[0]
    assert ran.returncode == code
    assert "planted-secret" not in ran.stdout + ran.stderr


def test_the_command_is_cheap_and_lean(tmp_path: Path) -> None:
    with vendor() as service:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        ran = command(service, tmp_path, "--format", "json")
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert json.loads(ran.stdout)["verdict"] == "ok"
    # The promise is 0.5 s on an idle machine; here other tests run beside it and caches may be cold.
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 2
    program = "import sys, lineman.cli, lineman.monitor.probe; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    heavy = {"pytest", "schemathesis", "hypothesis", "sqlalchemy", "matplotlib", "apprise", "uvicorn", "starlette"}
    assert heavy.isdisjoint(loaded.stdout.split())


def test_unknown_canary_is_unknown_with_the_nearest_name(tmp_path: Path) -> None:
    with vendor() as service:
        (tmp_path / "c.toml").write_text("[canaries.subject]\n")
        ran = subprocess.run(
            [sys.executable, "-c", MAIN, "probe", "subjct", "--monitors", str(tmp_path)],
            env={**os.environ, **service.environment},
            capture_output=True,
            text=True,
            check=False,
        )
    assert ran.returncode == 3
    assert "did you mean 'subject'?" in ran.stderr


def test_formats_agree_and_hostile_text_stays_text() -> None:
    with vendor() as service:
        hostile = {**answer(RECORD), "returnCode": "0", "data": "<script>\x1b[2J|rm"}
        service.query = lambda handler, token: send(handler, 200, hostile)
        subject = canary()
        result = asyncio.run(probe_once(subject, service.environment))
    line = plugin_line(result, subject)
    assert line.splitlines()[0].count("|") == 1
    assert "\x1b" not in line + text(result)
    exposed = openmetrics(probe_seen(subject, MonitorSettings(), result, None))
    assert exposed.endswith("# EOF\n")
    from prometheus_client.openmetrics.parser import text_string_to_metric_families  # noqa: PLC0415 - one test

    parse: Any = text_string_to_metric_families
    families = {family.name: family for family in parse(exposed)}
    assert families["probe_success"].samples[0].value == 0
    assert sum(sample.value for sample in families["probe_verdict"].samples) == 1
