"""Through a real proxy that wants a password, to a real server that wants a client certificate: test and probe."""

from __future__ import annotations

import contextlib
import os
import socket
import socketserver
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import trustme

from lineman.sandbox import RunningSandbox, SandboxOptions, serve
from lineman.sandbox.server import environment

USER, PASSWORD = "runner", "planted-proxy-password-0815"


def lineman(*arguments: str, folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run lineman with no variable but these."""
    base = {"PATH": os.environ["PATH"], "HOME": str(folder)}
    return subprocess.run(
        [sys.executable, "-m", "lineman", *arguments],
        cwd=folder,
        env={**base, **variables},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def judged(folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    return lineman("test", "--profile", "smoke", "--report-dir", "run", folder=folder, **variables)


@dataclass(frozen=True)
class Secured:
    """A deployment that speaks TLS, by an authority of its own, and wants to know who asks."""

    variables: dict[str, str]
    ca: Path
    certificate: Path
    foreign: Path

    @property
    def known(self) -> dict[str, str]:
        return {**self.variables, "LINEMAN_CA": str(self.ca)}


@pytest.fixture(scope="module")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secured]:
    folder = tmp_path_factory.mktemp("certificates")
    authority, other = trustme.CA(), trustme.CA()
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    server = authority.issue_cert("127.0.0.1")
    for issuer, name in ((authority, "client.pem"), (other, "foreign.pem")):
        issuer.issue_cert("runner@example.com").private_key_and_cert_chain_pem.write_to_path(str(folder / name))
    server.private_key_pem.write_to_path(str(folder / "server.key"))
    server.cert_chain_pems[0].write_to_path(str(folder / "server.pem"))
    options = SandboxOptions()
    with serve(options) as running, _tls(int(running.base_url.rpartition(":")[2]), folder) as port:
        variables = environment(options, f"https://127.0.0.1:{port}")
        yield Secured(variables, folder / "ca.pem", folder / "client.pem", folder / "foreign.pem")


@contextmanager
def _tls(behind: int, folder: Path) -> Iterator[int]:
    """A terminator of TLS before a plain port, on OpenSSL's own sockets: asyncio's server sends no alerts."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.pem", folder / "server.key")
    context.load_verify_locations(folder / "ca.pem")
    context.verify_mode = ssl.CERT_REQUIRED

    class Terminator(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            kept = self.request.dup()
            try:
                outside = context.wrap_socket(self.request, server_side=True)
            except OSError:
                _linger(kept)
                return
            finally:
                kept.close()
            with outside, socket.create_connection(("127.0.0.1", behind)) as inside:
                back = threading.Thread(target=_pump, args=(inside, outside), daemon=True)
                back.start()
                _pump(outside, inside)
                back.join()

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Terminator) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield int(server.server_address[1])
        server.shutdown()


def _linger(connection: socket.socket) -> None:
    """Take what the client has sent: closing before would reset the connection, and with it the alert."""
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(65_536):
            pass


def _pump(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65_536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)


def _until(condition: object, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < end, "it did not start"
        time.sleep(0.05)


@pytest.fixture(scope="module")
def proxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """HOST:PORT of a proxy that wants a password."""
    folder = tmp_path_factory.mktemp("proxy")
    command = [sys.executable, "-m", "proxy", "--hostname", "127.0.0.1", "--port", "0", "--num-workers", "1"]
    command += ["--num-acceptors", "1", "--basic-auth", f"{USER}:{PASSWORD}", "--port-file", str(folder / "port")]
    with subprocess.Popen(
        command, env={**os.environ, "HOME": str(folder)}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            _until(lambda: (folder / "port").exists() and (folder / "port").read_text().strip())
            yield f"127.0.0.1:{(folder / 'port').read_text().split()[0]}"
        finally:
            process.terminate()


@pytest.fixture(scope="module")
def plain() -> Iterator[RunningSandbox]:
    with serve(SandboxOptions()) as running:
        yield running


def assert_secret(folder: Path, *done: subprocess.CompletedProcess[str]) -> None:
    """The proxy's password is in nothing that was written or shown."""
    written = b"".join(file.read_bytes() for file in folder.rglob("*") if file.is_file())
    shown = "".join(one.stdout + one.stderr for one in done)
    assert PASSWORD.encode() not in written
    assert PASSWORD not in shown


def test_through_a_proxy_with_a_client_certificate(tmp_path: Path, secured: Secured, proxy: str) -> None:
    """When everything is given, then test and probe go through the tunnel, and the report says what was in force."""
    given = {"LINEMAN_PROXY": f"http://{USER}:{PASSWORD}@{proxy}", "LINEMAN_CLIENT_CERT": str(secured.certificate)}
    run = judged(tmp_path, **secured.known, **given)
    assert run.returncode == 0, run.stdout + run.stderr
    first = run.stdout.splitlines()[0]
    assert f"proxy from LINEMAN_PROXY (http://{proxy})" in first
    assert "client_cert from LINEMAN_CLIENT_CERT" in first
    assert f"http://{proxy}" in (tmp_path / "run/index.html").read_text("utf-8")
    probe = lineman("probe", "documented-example", folder=tmp_path, **secured.known, **given)
    assert probe.returncode == 0, probe.stdout + probe.stderr
    assert_secret(tmp_path, run, probe)


def test_through_a_proxy_without_tls(tmp_path: Path, plain: RunningSandbox, proxy: str) -> None:
    given = {"LINEMAN_PROXY": f"http://{USER}:{PASSWORD}@{proxy}"}
    run = judged(tmp_path, **plain.environment, **given)
    assert run.returncode == 0, run.stdout + run.stderr
    probe = lineman("probe", "documented-example", folder=tmp_path, **plain.environment, **given)
    assert probe.returncode == 0, probe.stdout + probe.stderr
    assert_secret(tmp_path, run, probe)


@pytest.mark.parametrize("encrypted", [True, False], ids=["https", "http"])
def test_a_proxy_that_refuses(
    tmp_path: Path, secured: Secured, plain: RunningSandbox, proxy: str, encrypted: bool
) -> None:
    """When the proxy wants another password, then test and probe say so, and blame no promise."""
    variables = secured.known if encrypted else dict(plain.environment)
    given = {"LINEMAN_PROXY": f"http://{USER}:wrong@{proxy}", "LINEMAN_CLIENT_CERT": str(secured.certificate)}
    run = judged(tmp_path, **variables, **given)
    sentence = f"the proxy http://{proxy} refuses (407 Proxy Authentication Required): set LINEMAN_PROXY"
    assert run.returncode == 3, run.stdout
    assert sentence in run.stdout
    probe = lineman("probe", "documented-example", folder=tmp_path, **variables, **given)
    assert probe.returncode in (2, 3), probe.stdout
    assert sentence in probe.stdout


def test_a_proxy_that_is_not_there(tmp_path: Path, secured: Secured) -> None:
    run = judged(tmp_path, **secured.known, LINEMAN_PROXY="http://127.0.0.1:9")
    assert run.returncode == 3
    assert "no connection to the proxy http://127.0.0.1:9" in run.stdout


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        (None, "wants a client certificate and got none: set client_cert and client_key"),
        ("foreign", "does not accept the client certificate: check client_cert, and who issued it"),
    ],
)
def test_the_wrong_client_certificate(tmp_path: Path, secured: Secured, name: str | None, sentence: str) -> None:
    given = {} if name is None else {"LINEMAN_CLIENT_CERT": str(secured.foreign)}
    run = judged(tmp_path, **secured.known, **given)
    assert run.returncode == 3, run.stdout
    assert sentence in run.stdout
    probe = lineman("probe", "documented-example", folder=tmp_path, **secured.known, **given)
    assert probe.returncode in (2, 3)
    assert sentence in probe.stdout


def test_an_issuer_that_nobody_knows(tmp_path: Path, secured: Secured) -> None:
    """When the authority is private and not named, then its sentence names the setting."""
    given = {"LINEMAN_CLIENT_CERT": str(secured.certificate)}
    run = judged(tmp_path, **secured.variables, **given)
    assert run.returncode == 3, run.stdout
    assert "its issuer is not trusted here: set ca to the CA bundle that vouches for it" in run.stdout
    probe = lineman("probe", "documented-example", folder=tmp_path, **secured.variables, **given)
    assert "set ca to the CA bundle" in probe.stdout


@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"])
def test_the_usual_variables_are_honoured_and_can_be_switched_off(
    tmp_path: Path, secured: Secured, variable: str
) -> None:
    """When the system's variable names the private authority, then it is trusted, unless the target says otherwise."""
    given = {variable: str(secured.ca), "LINEMAN_CLIENT_CERT": str(secured.certificate)}
    run = judged(tmp_path, **secured.variables, **given)
    assert run.returncode == 0, run.stdout + run.stderr
    assert f"ca from {variable}" in run.stdout.splitlines()[0]
    table = f'[targets.staging]\nbase_url = "{secured.variables["LINEMAN_BASE_URL"]}"\ntrust_environment = false\n'
    (tmp_path / "lineman.toml").write_text(table)
    off = lineman("test", "--target", "staging", folder=tmp_path, **secured.variables, **given)
    assert off.returncode == 3
    assert "its issuer is not trusted here" in off.stdout
