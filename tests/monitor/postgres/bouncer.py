"""PgBouncer before a server of the tests: a pooler, in whichever mode."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from tests.monitor.postgres.cluster import PASSWORD, USER
from tests.monitor.postgres.locations import until
from tests.monitor.servers import free_port, serves


@contextmanager
def bouncer(address: str, mode: str, sessions: int = 20) -> Iterator[str]:
    """The address of a database through a pooler. ``sessions``: how many the pool has."""
    program = shutil.which("pgbouncer") or "/usr/sbin/pgbouncer"
    if not Path(program).exists():
        message = "no PgBouncer on this machine (Debian: pgbouncer): poolers are not tested"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    server, port = urlsplit(address), free_port()
    folder = Path(tempfile.mkdtemp(prefix="lineman-pool-"))
    (folder / "users").write_text(f'"{USER}" "{PASSWORD}"\n')
    (folder / "settings").write_text(
        f"[databases]\n* = host=127.0.0.1 port={server.port} user={USER} password={PASSWORD}\n"
        f"[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\nauth_type = trust\n"
        f"auth_file = {folder / 'users'}\npool_mode = {mode}\ndefault_pool_size = {sessions}\n"
    )
    nobody = pwd.getpwnam("nobody")
    for path in (folder, *folder.iterdir()):
        os.chown(path, nobody.pw_uid, nobody.pw_gid)
    running = subprocess.Popen(
        [program, "--quiet", str(folder / "settings")], user="nobody", stderr=subprocess.DEVNULL, cwd=folder
    )
    try:
        until(lambda: serves(port))
        yield address.replace(f":{server.port}/", f":{port}/")
    finally:
        running.terminate()
        running.wait()
        shutil.rmtree(folder, ignore_errors=True)
