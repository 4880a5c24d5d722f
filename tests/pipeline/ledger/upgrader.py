"""Upgrade copies of a ledger, each killed at another statement: LEDGER, FOLDER.

FOLDER gets a copy `N.db` for each statement N at which its process was killed, until one lives to
the end: `done.db`.
"""

import os
import shutil
import signal
import sys
from itertools import count
from pathlib import Path

from tests.pipeline.ledger.next_format import NEXT_FORMAT
from volcast.pipeline.ledger import database
from volcast.pipeline.ledger.ledger import Ledger
from volcast.pipeline.ledger.upgrade import upgrade_tables


def upgrade_killed_at(path: Path, number: int) -> None:
    """Upgrade a ledger in this process, which is killed before the statement of that number."""
    statements = count()

    def trace(_: str) -> None:
        if next(statements) == number:
            os.kill(os.getpid(), signal.SIGKILL)

    def upgrade_traced(connection, schema):
        connection.set_trace_callback(trace)
        upgrade_tables(connection, schema)

    database.upgrade_tables = upgrade_traced
    Ledger.to_write(path, NEXT_FORMAT).close()


if __name__ == "__main__":
    ledger, folder = Path(sys.argv[1]), Path(sys.argv[2])
    for number in count():
        path = folder / f"{number}.db"
        shutil.copy(ledger, path)
        child = os.fork()
        if child == 0:
            upgrade_killed_at(path, number)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        if status == 0:
            path.rename(folder / "done.db")
            break
        assert os.WTERMSIG(status) == signal.SIGKILL
