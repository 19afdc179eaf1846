"""`headsup serve` and `headsup worker`: the processes of an installation."""

import fcntl
import gc
import os
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from types import FrameType
from typing import Annotated

import typer
from fastapi import FastAPI

from service import worker as work
from service.access import erasure
from service.app import create_app
from service.commands import beside, door
from service.commands.server import Server, allow_connections
from service.console import pages
from service.kit import durability, memory, sqlite
from service.kit.clock import Clock, SystemClock
from service.kit.database import Database
from service.kit.errors import Conflict
from service.kit.settings import Settings

# How long the worker is waited for. As a thread of the server it was told to end when the server was; together they
# stay below the ten seconds that container engines give before they kill.
THREAD_SECONDS, ALONE_SECONDS = 2, 4


class NotAlone(Conflict):
    """Another process works on this embedded database."""


class PortTaken(Conflict):
    """The address cannot be listened on."""


def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on; HEADSUP_HOST.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on, 0 for any; HEADSUP_PORT.")] = None,
    *,
    worker: Annotated[
        bool | None,
        typer.Option(help="Keep a worker running beside it; if neither is said, with the embedded database only."),
    ] = None,
) -> None:
    """Serve API and console."""
    memory.bound_arenas()
    settings = with_keys(door.load_settings())
    with closing(open_durable(settings)) as db:
        listener = listen(settings.host if host is None else host, settings.port if port is None else port)
        door.notes.print(f"Headsup is at {address(listener)}")
        works = settings.embedded if worker is None else worker
        serve_until_told(create_app(settings, db), db, settings, SystemClock(), listener, works=works)


def worker(
    *, of_server: Annotated[bool, typer.Option("--beside", hidden=True, help="Started by `headsup serve`.")] = False
) -> None:
    """Score, open alerts and send mail until told to stop. Any number of workers may share a database."""
    memory.bound_arenas()
    settings = with_keys(door.configured(beside.received()) if of_server else door.load_settings())
    stop = stop_on_signals()
    if of_server:
        threading.Thread(target=beside.end_with_server, args=(stop,), name="server", daemon=True).start()
    with closing(open_durable(settings)) as db:
        thread = start_worker(db, settings, SystemClock(), stop)
        while thread.is_alive() and not stop.wait(1):
            pass
        thread.join(ALONE_SECONDS)


def with_keys(settings: Settings) -> Settings:
    """Refuse to run without the keys that sign sessions, links and models.

    Raises:
        NotInitialised: run `headsup init` first.
    """
    if not settings.secret_key.get_secret_value() or not settings.signing_key.get_secret_value():
        raise door.NotInitialised(f"There are no keys in {settings.settings_file}: run `headsup init`.")
    return settings


def open_durable(settings: Settings) -> Database:
    """Open the database, and refuse one that confirms what a power cut could take back.

    Raises:
        NotDurable: the detail names the settings that are wrong.
        NotAlone: it is embedded, its library is old, and another process works on it.
    """
    if settings.embedded and not sqlite.is_sound():
        _work_alone(settings)
    db = door.open_db(settings)
    try:
        if not settings.unsafe_durability:
            durability.check(db)
        # A restored backup may hold people who were erased since.
        erasure.catch_up(db, settings, now=SystemClock().now())
    except BaseException:
        db.close()
        raise
    return db


def _work_alone(settings: Settings) -> None:
    """Keep the lock of the data folder until this process ends, however it ends."""
    handle = os.open(settings.data_dir / "headsup.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(handle)
        raise NotAlone(f"SQLite {sqlite.version()} may lose data when two do. Stop the other one first.") from error
    door.notes.print(f"SQLite {sqlite.version()} is old: only this process may work on the database.", style="yellow")


def listen(host: str, port: int) -> socket.socket:
    """Take the port before anything else starts.

    Raises:
        PortTaken: somebody else has it, or the address is not this machine's.
    """
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        listener = socket.create_server((host, port), family=family)
    except OSError as error:
        raise PortTaken(f"{host}:{port}: {error.strerror}. Take another with --port.") from error
    # Connections inherit it; asyncio sets it only where it made the listener itself. An answer is two writes: without
    # it the second waits until the client has acknowledged the first, which clients put off for 40 ms.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


def address(listener: socket.socket) -> str:
    """The URL of a listening socket."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def serve_until_told(
    app: FastAPI, db: Database, settings: Settings, clock: Clock, listener: socket.socket, *, works: bool = True
) -> None:
    """Serve until SIGTERM or Ctrl-C; `works`: with a worker beside."""
    stop = stop_on_signals()
    allow_connections()
    pages.compile_all()
    # What is there by now stays: to look through it for garbage again and again would stop everybody for 0.2 s.
    gc.collect()
    gc.freeze()
    with _worker(db, settings, clock, stop) if works else nullcontext():
        Server(app, stop).run(sockets=[listener])


def _worker(db: Database, settings: Settings, clock: Clock, stop: threading.Event) -> AbstractContextManager[None]:
    """A worker in a process of its own; in this one where only one process may work on the database."""
    alone = settings.embedded and not sqlite.is_sound()
    return _thread(db, settings, clock, stop) if alone else beside.a_worker(settings, stop)


@contextmanager
def _thread(db: Database, settings: Settings, clock: Clock, stop: threading.Event) -> Iterator[None]:
    thread = start_worker(db, settings, clock, stop)
    try:
        yield
    finally:
        stop.set()
        thread.join(THREAD_SECONDS)


def start_worker(db: Database, settings: Settings, clock: Clock, stop: threading.Event) -> threading.Thread:
    """Run the worker in a thread that may be left behind: a step that takes long must not hold up the end.

    What it was doing is taken back by the database, and done again by the next worker.
    """
    thread = threading.Thread(target=work.run, args=(db, settings, clock, stop), name="worker", daemon=True)
    thread.start()
    return thread


def stop_on_signals() -> threading.Event:
    """An event that SIGTERM and Ctrl-C set. uvicorn raises them again when it has ended, so they must not kill."""
    stop = threading.Event()

    def told(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, told)
    signal.signal(signal.SIGINT, told)
    return stop
