"""One line a minute about the same outage, whoever meets it."""

import logging
import sqlite3
import sys

import pytest
from sqlalchemy.exc import IntegrityError, OperationalError

from ikone_events.domain.refusals import Outage
from ikone_events.store import outages
from ikone_events.store.outages import condense, refusal_for


@pytest.fixture(autouse=True)
def _nothing_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outages, "_reported", {})


def driver_error(words: str, name: str = "SQLITE_ERROR") -> sqlite3.Error:
    fault = sqlite3.OperationalError(words)
    fault.sqlite_errorname = name
    return fault


FULL = driver_error("database or disk is full", "SQLITE_FULL")
WRAPPED = OperationalError("INSERT", {}, FULL)


def record(fault: BaseException) -> logging.LogRecord:
    """What a library logs about an exception that it caught."""
    try:
        raise fault
    except type(fault):
        return logging.LogRecord(
            "huey", logging.ERROR, "", 1, "Unhandled in %s", ("x",), sys.exc_info()
        )


@pytest.mark.parametrize("fault", [FULL, WRAPPED], ids=["driver", "wrapped"])
def test_outage_of_a_library_is_one_line(fault: BaseException) -> None:
    first = record(fault)
    assert condense(first)
    said = logging.Formatter().format(first)
    assert said == "Unhandled in x: the database can't be used: database or disk is full"
    assert not condense(record(fault))
    assert condense(record(driver_error("unable to open database file", "SQLITE_CANTOPEN")))


def test_outage_is_reported_again_after_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    assert condense(record(FULL))
    monkeypatch.setattr(outages, "REPORT_EVERY", 0.0)
    assert condense(record(FULL))


def test_refusal_and_library_share_the_line(caplog: pytest.LogCaptureFixture) -> None:
    refusal = refusal_for(WRAPPED)
    assert isinstance(refusal, Outage)
    refusal.__cause__ = WRAPPED
    assert not condense(record(refusal))
    refusal_for(WRAPPED)
    assert caplog.text.count("disk is full") == 1


@pytest.mark.parametrize(
    "fault",
    [
        ValueError("wrong"),
        IntegrityError("INSERT", {}, driver_error("UNIQUE", "SQLITE_CONSTRAINT_UNIQUE")),
        driver_error("syntax error"),
    ],
)
def test_other_faults_keep_their_traceback(fault: BaseException) -> None:
    kept = record(fault)
    assert condense(kept)
    assert kept.exc_info is not None


def test_database_without_tables_is_an_outage() -> None:
    missing = OperationalError("SELECT", {}, driver_error("no such table: event"))
    assert isinstance(refusal_for(missing), Outage)
