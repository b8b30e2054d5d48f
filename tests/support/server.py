"""The real application under gunicorn, on a free port, with ways to hurt it."""

import http.client
import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parents[2]
STARTUP_SECONDS = 60
STOP_SECONDS = 30


class ServerDied(Exception):
    """The server ended, or never answered; the message holds the end of its log."""


class AppServer:
    """One gunicorn master with its workers, under the configuration of production."""

    def __init__(
        self,
        environment: Mapping[str, str],
        *,
        application: str = "clinic.app:create_app()",
        workers: int = 2,
        threads: int = 4,
        folder: Path = ROOT,
        health: str = "/healthz",
        port: int | None = None,
        certificate: Path | None = None,
    ) -> None:
        self.port = port or free_port()
        self.log = Path(tempfile.mkdtemp(prefix="needlepoint-server-")) / "log"
        self._environment = {**os.environ, **environment}
        self._command = [
            *(sys.executable, "-m", "gunicorn", application, "--config", "python:clinic.server"),
            *("--bind", f"127.0.0.1:{self.port}"),
            *("--workers", str(workers), "--threads", str(threads)),
        ]
        if certificate:
            self._command += ["--certfile", str(certificate), "--keyfile", str(certificate)]
        self._certificate = certificate
        self._size = workers
        self._folder = folder
        self._health = health
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def environment(self) -> dict[str, str]:
        """The environment of the server's processes."""
        return dict(self._environment)

    @property
    def url(self) -> str:
        """The address, by the name localhost."""
        return f"{'https' if self._certificate else 'http'}://localhost:{self.port}"

    def start(self) -> None:
        """Start the server and wait until it answers."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command,
                env=self._environment,
                cwd=self._folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.wait_until_healthy()

    def wait_until_healthy(self, within: float = STARTUP_SECONDS) -> None:
        """Wait until every worker is there and the health page answers 200."""
        give_up = time.monotonic() + within
        while time.monotonic() < give_up and self._master.poll() is None:
            staffed = len(self._workers()) >= self._size
            if staffed and self.status_of(self._health) == http.client.OK:
                return
            time.sleep(0.1)
        raise ServerDied(f"no answer on port {self.port}: {self.log_text()[-3000:]}")

    def status_of(self, path: str) -> int | None:
        """The status that a GET answers, None if nobody answers."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        if self._certificate:  # made for this run; the browser's tests look at it, this does not
            trusting = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
            connection = http.client.HTTPSConnection(
                "127.0.0.1", self.port, timeout=5, context=trusting
            )
        with closing(connection), suppress(OSError, http.client.HTTPException):
            connection.request("GET", path, headers={"Host": f"localhost:{self.port}"})
            return connection.getresponse().status
        return None

    def worker_ids(self) -> list[int]:
        """The process ids of the workers that live now."""
        return [worker.pid for worker in self._workers()]

    def kill_workers(self) -> list[int]:
        """Kill -9 every worker of now (the master starts others) and return their ids."""
        killed = self._workers()
        _kill(killed)
        return [worker.pid for worker in killed]

    def kill_all(self) -> None:
        """Kill -9 the master, then its workers: a power cut for this server."""
        workers = self._workers()
        self._master.kill()
        _kill(workers)
        self._master.wait(timeout=STOP_SECONDS)

    def reload(self) -> None:
        """Ask for a rolling restart of the workers."""
        self._master.send_signal(signal.SIGHUP)

    def stop(self) -> None:
        """End the server, gently first; no worker stays behind."""
        if self._process is None or self._process.poll() is not None:
            return
        workers = self._workers()
        self._process.terminate()
        try:
            self._process.wait(timeout=STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(timeout=STOP_SECONDS)
        _kill(workers)

    def log_text(self) -> str:
        """Everything that the server printed."""
        return self.log.read_text(encoding="utf-8", errors="replace") if self.log.exists() else ""

    def _workers(self) -> list[psutil.Process]:
        try:
            children = psutil.Process(self._master.pid).children()
        except psutil.NoSuchProcess:
            return []
        return [child for child in children if alive(child.pid)]

    @property
    def _master(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            raise ServerDied("the server was never started")
        return self._process


@contextmanager
def serving(
    environment: Mapping[str, str],
    *,
    application: str = "clinic.app:create_app()",
    workers: int = 2,
    threads: int = 4,
    folder: Path = ROOT,
    health: str = "/healthz",
) -> Iterator[AppServer]:
    """Lend a running server for the length of a block."""
    server = AppServer(
        environment,
        application=application,
        workers=workers,
        threads=threads,
        folder=folder,
        health=health,
    )
    try:
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(server.log.parent)


def free_port() -> int:
    """A port of this machine that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _kill(workers: list[psutil.Process]) -> None:
    for worker in workers:
        # Also passes over an id that has meanwhile been given to another process.
        with suppress(psutil.NoSuchProcess):
            worker.kill()
    give_up = time.monotonic() + STOP_SECONDS
    while any(alive(worker.pid) for worker in workers) and time.monotonic() < give_up:
        time.sleep(0.02)


def alive(process_id: int) -> bool:
    """Whether a process still does anything (one that nobody has reaped yet does not)."""
    try:
        return bool(psutil.Process(process_id).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
