"""The sandbox on a port: as a context manager, as a command, and under a large list."""

from __future__ import annotations

import os
import re
import signal
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import httpx
import pytest

from lineman.sandbox import DIALECTS, FAULTS, SandboxOptionError, SandboxOptions, serve

if TYPE_CHECKING:
    from tests.sandbox.conftest import Box

QUERY_PATH = "/apiaccess/rest/cc-management/v1/accessCodeInfo/queryAccessCodeList"
TOKEN_PATH = "/apigovernance/api/oauth/tokenByAkSk"
EXAMPLE = {"accessCode": "9911411", "mediatypeId": 5, "description": "access code", "limit": 10, "offset": 0}
COMMAND = [sys.executable, "-c", "import typer; from lineman.cli.sandbox import sandbox; typer.run(sandbox)"]


def _ask_example(environment: dict[str, str]) -> httpx.Response:
    with httpx.Client(base_url=environment["LINEMAN_BASE_URL"]) as client:
        secrets = {"app_key": environment["LINEMAN_APP_KEY"], "app_secret": environment["LINEMAN_APP_SECRET"]}
        token = client.post(TOKEN_PATH, json=secrets).json()["AccessToken"]
        return client.post(QUERY_PATH, json=EXAMPLE, headers={"Authorization": f"Bearer {token}"})


def test_a_served_sandbox_answers_the_example() -> None:
    with serve() as running:
        assert running.base_url == running.environment["LINEMAN_BASE_URL"]
        assert _ask_example(dict(running.environment)).json()["data"]["total"] == 1
    with pytest.raises(httpx.ConnectError):
        httpx.get(running.base_url)


def test_a_cut_connection_is_cut() -> None:
    with (
        serve(SandboxOptions(faults=("malformed-cuts",))) as running,
        httpx.Client(base_url=running.base_url) as client,
    ):
        keys = {
            "app_key": running.environment["LINEMAN_APP_KEY"],
            "app_secret": running.environment["LINEMAN_APP_SECRET"],
        }
        token = client.post(TOKEN_PATH, json=keys).json()["AccessToken"]
        with pytest.raises(httpx.RemoteProtocolError):
            client.post(QUERY_PATH, content=b"{", headers={"Authorization": f"Bearer {token}"})


def test_a_port_in_use_is_told_in_one_message() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(SandboxOptionError, match=f"Port {port} of 127.0.0.1 cannot be used"), serve(port=port):
            pytest.fail("it was served")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_command_prints_its_environment_and_ends_cleanly(number: signal.Signals) -> None:
    with subprocess.Popen(
        [*COMMAND, "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"NO_COLOR": "1"},
    ) as program:
        assert program.stdout is not None
        assert program.stderr is not None
        lines = [program.stdout.readline() for _ in range(5)]
        environment = dict(re.fullmatch(r"export (\w+)=(\S+)\n", line).groups() for line in lines)  # type: ignore[union-attr, misc] # a mismatch fails the test
        reply = _ask_example(environment)
        program.send_signal(number)
        assert program.wait(10) == 0
        assert "Traceback" not in program.stderr.read()
    assert reply.json()["data"]["calledRouteList"][0]["id"] == "1124167935465633793"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--fault", "get-answer"], "Did you mean 'get-answers'?"),
        (["--dialect", "filter.case"], "CLAUSE=ANSWER"),
        (["--latency", "soon"], "latency is 'soon'"),
    ],
)
def test_a_bad_option_is_told_and_ends_with_four(arguments: list[str], message: str) -> None:
    done = subprocess.run([*COMMAND, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 4
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_listings_name_everything() -> None:
    done = subprocess.run([*COMMAND, "--list-faults", "--list-dialects"], capture_output=True, text=True, check=True)
    assert all(f" {name} " in done.stdout for name in FAULTS)
    assert all(f"{clause}={answer.name}" in done.stdout for clause, answers in DIALECTS.items() for answer in answers)


def test_a_hundred_thousand_records_are_answered_in_time(box: Callable[..., Box]) -> None:
    sandbox = box(records=100_000)
    queries = [
        {},
        {"offset": 100},
        {"accessCode": "9911"},
        {"accessCode": "99114117"},
        {"description": "hotline"},
        {"description": "nothing has this"},
        {"mediatypeId": 53},
        EXAMPLE,
        {"accessCode": "0", "description": "line", "mediatypeId": 2, "limit": 10, "offset": 100},
    ]
    seconds = []
    for query in queries * 3:
        before = time.perf_counter()
        assert sandbox.query(query).status_code == 200
        seconds.append(time.perf_counter() - before)
    assert statistics.median(seconds) < 0.05
