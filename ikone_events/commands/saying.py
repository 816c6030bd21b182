"""How commands speak: plain lines, exit status 1, no stack trace."""

import logging
import sys
from collections.abc import Callable
from functools import wraps
from typing import Any, NoReturn, TypeVar, cast

import click
from flask.logging import default_handler
from sqlalchemy.exc import DatabaseError

from ikone_events.domain.refusals import Refusal
from ikone_events.store.events.models import Event
from ikone_events.store.events.queries import find_event
from ikone_events.store.operating.schema import SchemaError, migrate

F = TypeVar("F", bound=Callable[..., Any])


def fail(message: str) -> NoReturn:
    """End with exit status 1 and a message that needs no stack trace."""
    click.echo(message, err=True)
    sys.exit(1)


def lines_of(refusal: Refusal) -> str:
    """All complaints of a refusal, one a line, each with what it is about."""
    return "\n".join(f"{c.about}: {c}" if c.about else str(c) for c in refusal.complaints)


def get_event(slug: str) -> Event:
    """The event of that short name, or the end of the command."""
    found = find_event(slug)
    if found is None:
        fail(f"There is no event “{slug}”.")
    return found


def with_tables(command: F) -> F:
    """Bring the tables up to date before a command; what can't be is one clear line."""

    @wraps(command)
    def checked(*args: Any, **kwargs: Any) -> Any:
        try:
            migrate()
        except SchemaError as fault:
            fail(str(fault))
        except DatabaseError as fault:
            fail(f"database: can't be used: {fault.orig}")
        return command(*args, **kwargs)

    return cast(F, checked)


def log_to_stderr() -> None:
    """Our own news at INFO, other people's only when something is wrong."""
    logging.basicConfig(
        level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s %(message)s"
    )
    ours = logging.getLogger("ikone_events")
    ours.setLevel(logging.INFO)
    ours.removeHandler(default_handler)  # Flask's own, which would say everything twice
