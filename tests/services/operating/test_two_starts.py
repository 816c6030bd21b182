"""Two processes that find the tables old at the same moment: one migrates, one waits."""

import fcntl
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO

import pytest

from ikone_events.app import create_app
from ikone_events.store import db as store_db
from ikone_events.store.db import db
from tests.effort import by_night
from tests.factories import make_settings
from tests.patience import PATIENCE, wait_for
from tests.postgres import fresh_database
from tests.programs import environment, start
from tests.services.operating.installations import call

PROCESSES = by_night(4, 2)
DATABASES = [
    "sqlite",
    pytest.param("postgres", marks=pytest.mark.postgres),
]


@pytest.fixture(params=DATABASES)
def env(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[dict[str, str]]:
    if request.param == "sqlite":
        yield environment(tmp_path)
    else:
        with fresh_database() as url:
            yield environment(tmp_path, database_url=url)


@pytest.mark.slow
def test_processes_that_migrate_at_once_end_well(env: dict[str, str], tmp_path: Path) -> None:
    programs = [
        start("event", "list", environment=env, log=tmp_path / f"log-{number}")
        for number in range(PROCESSES)
    ]

    assert [program.end() for program in programs] == [("0", "")] * PROCESSES


@pytest.mark.usefixtures("short_lock_wait")
def test_second_start_waits_longer_than_the_database_would(tmp_path: Path) -> None:
    app = create_app(make_settings(tmp_path))
    with ThreadPoolExecutor(1) as pool:
        with (tmp_path / "ikone.db.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            second = pool.submit(call, app, "event", "list")
            wait_for(lambda: _is_waited_for(lock))
            with pytest.raises(TimeoutError):
                second.result(5 * store_db.LOCK_WAIT_SECONDS)
        result = second.result(PATIENCE)

    assert (result.exit_code, result.output) == (0, "")
    with app.app_context():
        db.engine.dispose()


def _is_waited_for(file: IO[str]) -> bool:
    """Whether the kernel knows somebody who wants the lock of a file."""
    inode = f":{os.fstat(file.fileno()).st_ino} "
    lines = Path("/proc/locks").read_text(encoding="utf-8").splitlines()
    return any("->" in line and inode in line for line in lines)
