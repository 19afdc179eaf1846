"""A throw-away PostgreSQL server for a test run: own folder, free port, stopped by its own tool."""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

FOUND_AT = "/usr/lib/postgresql"
# Tests that do not pull the plug need no disk to be waited for.
CARELESS = "-c fsync=off"


def _binary(name: str) -> str:
    newest = sorted(Path(FOUND_AT).glob(f"*/bin/{name}"), key=lambda path: int(path.parts[-3]))
    found = shutil.which(name) or (str(newest[-1]) if newest else None)
    if found is None:
        message = f"{name} is not installed: install Debian's package postgresql"
        raise RuntimeError(message)
    return found


def free_port() -> int:
    """A port that nobody has at the moment."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


@dataclass(frozen=True)
class Server:
    """A server that can be stopped and started, gently ("fast") or not ("immediate")."""

    folder: Path
    port: int
    options: str

    @property
    def url(self) -> str:
        return f"postgresql://headsup@127.0.0.1:{self.port}/postgres"

    def start(self) -> None:
        options = f"-p {self.port} -k {self.folder} -c listen_addresses=127.0.0.1 {self.options}"
        self._run("pg_ctl", "-D", self.folder / "data", "-l", self.folder / "log", "-w", "-o", options, "start")

    def stop(self, mode: str = "immediate") -> None:
        self._run("pg_ctl", "-D", self.folder / "data", "-m", mode, "stop")

    def create(self) -> None:
        self._run("initdb", "-D", self.folder / "data", "-U", "headsup", "-A", "trust")

    def shell(self, script: str) -> None:
        """Run a script as an administrator does who is the user postgres on the server's machine."""
        self._run("sh", "-ec", script)

    def _run(self, program: str, *arguments: object) -> None:
        # PostgreSQL refuses to run as root; Debian's package brings the user postgres along.
        as_user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] if os.geteuid() == 0 else []
        command = [*as_user, _binary(program), *map(str, arguments)]
        path = f"{Path(_binary('initdb')).parent}:{os.environ['PATH']}"
        here = {"PATH": path, "PGHOST": "127.0.0.1", "PGPORT": str(self.port), "PGUSER": "headsup"}
        quiet = subprocess.DEVNULL
        subprocess.run(command, cwd=self.folder, env=os.environ | here, check=True, stdout=quiet, stderr=quiet)


@contextmanager
def cluster(options: str = CARELESS, connections: int = 300) -> Iterator[Server]:
    """Start a server of its own."""
    folder = Path(tempfile.mkdtemp(prefix="headsup-postgres-"))
    server = Server(folder, free_port(), f"{options} -c max_connections={connections}")
    try:
        if os.geteuid() == 0:
            shutil.chown(folder, "postgres", "postgres")
        server.create()
        server.start()
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def server() -> Iterator[str]:
    """Start a server and give the URL of its `postgres` database."""
    with cluster() as started:
        yield started.url
