"""Output and errors of commands: plain lines, exit status 1, no stack trace."""

import json
import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import wraps
from typing import Any, NoReturn, TypeVar, cast

import click
from flask.logging import default_handler
from sqlalchemy.exc import DatabaseError

from ikone_events.domain.refusals import Busy, Refusal
from ikone_events.services.accounts.security_log import LOGGER as SECURITY_LOGGER
from ikone_events.store.events.models import Event
from ikone_events.store.events.queries import find_event
from ikone_events.store.operating.first_start import SchemaError
from ikone_events.store.operating.schema import migrate
from ikone_events.store.outages import DriverFault, condense, is_lock_timeout, is_outage

F = TypeVar("F", bound=Callable[..., Any])


def fail(message: str) -> NoReturn:
    """Print a message and exit with status 1."""
    click.echo(message, err=True)
    sys.exit(1)


def lines_of(refusal: Refusal) -> str:
    """The complaints of a refusal, one per line, with their subject."""
    return "\n".join(f"{c.about}: {c}" if c.about else str(c) for c in refusal.complaints)


def get_event(slug: str) -> Event:
    """The event with this slug; exits with an error if there is none."""
    found = find_event(slug)
    if found is None:
        fail(f"There is no event “{slug}”.")
    return found


def with_tables(command: F) -> F:
    """Migrate the tables before a command; exit with one line if the database can't be used."""

    @wraps(command)
    def checked(*args: Any, **kwargs: Any) -> Any:
        try:
            migrate()
        except SchemaError as fault:
            fail(str(fault))
        except DatabaseError as fault:
            fail(f"database: can't be used: {fault.orig}")
        with reporting_outages():
            return command(*args, **kwargs)

    return cast(F, checked)


@contextmanager
def reporting_outages() -> Iterator[None]:
    """Exit with one line, without a stack trace, while the database can't be used."""
    try:
        yield
    except Busy as refusal:
        fail(f"database: {lines_of(refusal)}")
    except DriverFault as fault:
        if not is_outage(fault) and not is_lock_timeout(fault):
            raise
        fail(f"database: can't be used: {fault.orig}")


class _Lines(logging.Formatter):
    """One line per record; the security log as JSON with its moment, for programs."""

    def format(self, record: logging.LogRecord) -> str:
        if record.name != SECURITY_LOGGER:
            return super().format(record)
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        return json.dumps({"at": at, **json.loads(record.getMessage())})


def log_to_stderr() -> None:
    """Log our own modules at INFO, others at WARNING, and an outage of the database briefly."""
    handler = logging.StreamHandler()
    handler.setFormatter(_Lines("%(asctime)s %(levelname)s %(name)s %(message)s"))
    handler.addFilter(condense)
    logging.basicConfig(level=logging.WARNING, handlers=[handler])
    ours = logging.getLogger("ikone_events")
    ours.setLevel(logging.INFO)
    ours.removeHandler(default_handler)  # Flask's own, which would say everything twice
