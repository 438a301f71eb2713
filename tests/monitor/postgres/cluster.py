"""A PostgreSQL of a test's own: on the loopback interface, with a password, stopped and started at will."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
from tests.monitor.servers import free_port

PASSWORD = "planted-database-secret"
USER = "lineman"
_SETTINGS = """
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
fsync = off
max_connections = 60
shared_buffers = 16MB
"""


def programs() -> Path | None:
    """The folder of the newest ``initdb``, where Debian and others put it."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[4].split(".")[0]))
    if found:
        return found[-1].parent
    on_path = shutil.which("initdb")
    return Path(on_path).resolve().parent if on_path else None


@dataclass
class Cluster:
    """One server with its data; ``create`` makes a database in it."""

    folder: Path
    bin: Path
    port: int = 0
    databases: int = 0

    @classmethod
    def begin(cls, programs_in: Path) -> Cluster:
        folder = Path(tempfile.mkdtemp(prefix="lineman-pg-"))
        cluster = cls(folder, programs_in)
        (folder / "password").write_text(PASSWORD)
        if os.geteuid() == 0:
            # The server refuses to run as root.
            owner = pwd.getpwnam("nobody")
            for path in (folder, folder / "password"):
                os.chown(path, owner.pw_uid, owner.pw_gid)
        cluster._run(
            "initdb", "--no-sync", "--no-instructions", "--locale=C", "--encoding=UTF8", "--auth=scram-sha-256",
            f"--username={USER}", f"--pwfile={folder / 'password'}", f"--pgdata={folder / 'data'}",
        )  # fmt: skip
        with (folder / "data/postgresql.conf").open("a") as settings:
            settings.write(_SETTINGS)
        cluster.port = free_port()
        cluster.start()
        return cluster

    def start(self) -> None:
        self._control("start", "--log", str(self.folder / "log"), "--options", f"-p {self.port}")

    def stop(self, mode: str = "immediate") -> None:
        self._control("stop", "--mode", mode)

    def end(self) -> None:
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def create(self) -> str:
        """The URL of a new, empty database."""
        self.databases += 1
        name = f"history{self.databases}"
        self.execute("postgres", f"CREATE DATABASE {name}")
        return self.url(name)

    def url(self, database: str) -> str:
        return f"postgresql+psycopg://{USER}:{PASSWORD}@127.0.0.1:{self.port}/{database}"

    def execute(self, database: str, statement: str) -> list[tuple[object, ...]]:
        """Run a statement and return its rows."""
        name = database.rpartition("/")[2]
        with psycopg.connect(
            host="127.0.0.1", port=self.port, user=USER, password=PASSWORD, dbname=name, autocommit=True
        ) as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []

    def disconnect(self, database: str, application: str = "lineman") -> None:
        """End the sessions in a database, as a network that breaks would."""
        name = database.rpartition("/")[2]
        sessions = f"datname = '{name}' AND application_name = '{application}'"
        self.execute("postgres", f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {sessions}")  # noqa: S608 - names of ours

    @contextlib.contextmanager
    def frozen(self, database: str) -> Iterator[None]:
        """Freeze lineman's present sessions in a database: they neither answer nor end. New ones work."""
        name = database.rpartition("/")[2]
        sessions = f"datname = '{name}' AND application_name = 'lineman'"
        rows = self.execute("postgres", f"SELECT pid FROM pg_stat_activity WHERE {sessions}")  # noqa: S608 - names of ours
        pids = [int(str(row[0])) for row in rows]
        assert pids
        for pid in pids:
            self._signal(pid, "STOP")
        try:
            yield
        finally:
            for pid in pids:
                self._signal(pid, "CONT")

    def _signal(self, pid: int, name: str) -> None:
        subprocess.run(["kill", f"-{name}", str(pid)], check=True)

    def _control(self, action: str, *arguments: str) -> None:
        self._run("pg_ctl", action, "--wait", "--silent", f"--pgdata={self.folder / 'data'}", *arguments)

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(self.bin / program), *arguments]
        if os.geteuid() == 0:
            command = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", *command]
        # No pipe: the server would inherit it, and reading would never end.
        with (self.folder.parent / f"{self.folder.name}.{program}.log").open("w+") as output:
            ran = subprocess.run(command, stdout=output, stderr=output, cwd="/", check=False)
            output.seek(0)
            said = output.read()
        Path(output.name).unlink()
        assert ran.returncode == 0, f"{program}: {said}"
