"""What gunicorn itself has to say is a line of the log like any other, without its words."""

import json
import logging

import pytest
from gunicorn.config import Config

from clinic import server


def test_gunicorns_warnings_are_json_lines_and_repeat_nothing(
    capsys: pytest.CaptureFixture[str],
) -> None:
    log = server.Log(Config())
    log.error_log.setLevel(logging.WARNING)

    log.warning("Invalid request from ip=%s: GET /r/a-mailed-secret", "192.0.2.7")
    try:
        raise ValueError("a-typed-secret")
    except ValueError:
        log.exception("Error handling request /r/a-mailed-secret")

    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [line["level"] for line in lines] == ["warning", "error"]
    assert {line["code"] for line in lines} == {"gunicorn.error"}
    assert lines[1]["error"] == "ValueError"
    assert all(line["where"] for line in lines)
    assert "secret" not in json.dumps(lines)
    log.error_log.handlers = []
