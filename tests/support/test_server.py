"""The server is the real gunicorn, and what is killed is dead."""

from pathlib import Path

import pytest

from tests.support.server import ServerDied, alive, serving

APP = """
import os
def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [os.environ["GREETING"].encode()]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "tiny.py").write_text(APP)
    return tmp_path


def test_workers_are_replaced_after_a_kill(folder: Path) -> None:
    with serving({"GREETING": "hi"}, application="tiny:app", folder=folder) as server:
        assert len(server.worker_ids()) == 2

        killed = server.kill_workers()
        server.wait_until_healthy()

        assert not set(killed) & set(server.worker_ids())


def test_nothing_is_left_after_a_power_cut_and_it_starts_again(folder: Path) -> None:
    with serving({"GREETING": "hi"}, application="tiny:app", folder=folder) as server:
        workers = server.worker_ids()

        server.kill_all()

        assert server.status_of("/healthz") is None
        assert not any(alive(worker) for worker in workers)
        server.start()
        assert server.status_of("/healthz") == 200


def test_nothing_is_left_after_a_gentle_stop(folder: Path) -> None:
    with serving({"GREETING": "hi"}, application="tiny:app", folder=folder) as server:
        workers = server.worker_ids()

    assert workers
    assert server.status_of("/healthz") is None
    assert not any(alive(worker) for worker in workers)


def test_a_server_that_cannot_start_says_why(folder: Path) -> None:
    (folder / "broken.py").write_text("raise RuntimeError('no keys')")

    with (
        pytest.raises(ServerDied, match="no keys"),
        serving({}, application="broken:app", folder=folder),
    ):
        raise AssertionError("not reached")
