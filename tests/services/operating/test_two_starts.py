"""Two processes that find the tables old at the same moment: one migrates, one waits."""

import fcntl
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.effort import by_night
from tests.postgres import fresh_database
from tests.services.operating.processes import end_of, environment, start

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
def test_processes_that_migrate_at_once_end_well(env: dict[str, str]) -> None:
    processes = [start("event", "list", env=env) for _ in range(PROCESSES)]

    assert [end_of(process) for process in processes] == [(0, "")] * PROCESSES


@pytest.mark.slow
def test_second_start_waits_longer_than_the_database_would(tmp_path: Path) -> None:
    with (tmp_path / "ikone.db.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        second = start("event", "list", env=environment(tmp_path))
        with pytest.raises(subprocess.TimeoutExpired):
            second.wait(timeout=8)

    assert end_of(second) == (0, "")
