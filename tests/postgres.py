"""A throw-away PostgreSQL server for a test run: own folder, free port, stopped by its pid."""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

FOUND_AT = "/usr/lib/postgresql"


def _binary(name: str) -> str:
    newest = sorted(Path(FOUND_AT).glob(f"*/bin/{name}"), key=lambda path: int(path.parts[-3]))
    found = shutil.which(name) or (str(newest[-1]) if newest else None)
    if found is None:
        message = f"{name} is not installed: install Debian's package postgresql"
        raise RuntimeError(message)
    return found


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


@contextmanager
def server() -> Iterator[str]:
    """Start a server and give the URL of its `postgres` database."""
    # PostgreSQL refuses to run as root; Debian's package brings the user postgres along.
    as_user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] if os.geteuid() == 0 else []
    folder = Path(tempfile.mkdtemp(prefix="headsup-postgres-"))
    port = _free_port()
    try:
        if as_user:
            shutil.chown(folder, "postgres", "postgres")
        data = folder / "data"
        run = partial(subprocess.run, cwd=folder, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        run([*as_user, _binary("initdb"), "-D", data, "-U", "headsup", "-A", "trust"])
        options = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 -c fsync=off -c max_connections=300"
        start = [_binary("pg_ctl"), "-D", data, "-l", folder / "log", "-w", "-o", options, "start"]
        run([*as_user, *start])
        try:
            yield f"postgresql://headsup@127.0.0.1:{port}/postgres"
        finally:
            run([*as_user, _binary("pg_ctl"), "-D", data, "-m", "immediate", "stop"])
    finally:
        shutil.rmtree(folder, ignore_errors=True)
