"""Services are tested on both databases: what holds a lock on one must hold it on the other."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ikone_events.config import Settings
from tests.factories import make_settings
from tests.mailbox import Mailbox
from tests.postgres import fresh_database

BOTH = [
    pytest.param("sqlite"),
    pytest.param(
        "postgres", marks=[pytest.mark.postgres, pytest.mark.xdist_group("postgres-services")]
    ),
]


@pytest.fixture(params=BOTH)
def database(request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of a database with empty tables; "" is the embedded SQLite file."""
    if request.param == "sqlite":
        yield ""
    else:
        with fresh_database(laid=True) as url:
            yield url


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    """A real mail server on loopback."""
    with Mailbox() as server:
        yield server


@pytest.fixture
def settings(tmp_path: Path, database: str, mailbox: Mailbox) -> Settings:
    """An installation on each database that sends at full speed to the mailbox."""
    return make_settings(
        tmp_path / "data",
        database_url=database,
        smtp_url=mailbox.url,
        mail_per_minute=600_000,
    )
