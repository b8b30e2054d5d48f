"""``clinic demo`` says in one line what keeps it from running, and leaves what runs alone."""

import fcntl
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from clinic.commands import demo


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def taken() -> Iterator[int]:
    """A port that somebody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


def run(*given: str) -> Result:
    def no_app() -> None:
        raise AssertionError("nothing was to be started")

    return CliRunner().invoke(demo.demo, given, obj=no_app)


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("further", [0, 1, 25])
def test_a_busy_port_is_one_clear_line(taken: int, further: int) -> None:
    result = run("--port", str(taken - further))

    assert result.exit_code == 1
    assert len(result.output.splitlines()) == 1
    assert f"port {taken} is in use" in result.output


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("port", ["0", "65511", "70000", "many"])
def test_a_port_that_leaves_no_room_is_refused(port: str) -> None:
    result = run("--port", port)

    assert result.exit_code == 2
    assert "'--port'" in result.output


def test_a_second_demo_of_one_folder_is_refused_and_changes_nothing(folder: Path) -> None:
    (folder / "var" / "demo").mkdir(parents=True)
    with (folder / demo.LOCK).open("w") as first:
        fcntl.flock(first, fcntl.LOCK_EX)

        result = run("--fresh", "--port", "65509")

    assert result.exit_code == 1
    assert "is running already" in result.output
    assert (folder / "var" / "demo").exists()
    assert not (folder / demo.SETTINGS).exists()
