"""A new SQLite file that several programs open at once."""

import sqlite3
import threading
from contextlib import closing
from pathlib import Path

from sqlalchemy import create_engine, text

from clinic.extensions import engine_options


def test_a_new_file_busy_with_another_is_waited_for(tmp_path: Path) -> None:
    file = tmp_path / "clinic.sqlite3"
    with closing(sqlite3.connect(file, isolation_level=None, check_same_thread=False)) as other:
        other.execute("CREATE TABLE busy (at TEXT)")
        other.execute("BEGIN IMMEDIATE")
        other.execute("INSERT INTO busy VALUES ('now')")
        threading.Timer(0.4, lambda: other.execute("COMMIT")).start()

        url = f"sqlite:///{file}"
        engine = create_engine(url, **engine_options(url))
        with engine.connect() as connection:
            assert connection.scalar(text("PRAGMA journal_mode")) == "wal"
            assert connection.scalar(text("SELECT at FROM busy")) == "now"
        engine.dispose()
