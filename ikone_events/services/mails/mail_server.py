"""The mail server as a whole: since when it refuses, and when it is tried again.

Stored with the heartbeats, by machine: another machine may well reach the server.
"""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, func, literal_column, or_, select, update

from ikone_events.mail.sending.outcomes import server_pause
from ikone_events.services.installation import get_installation
from ikone_events.store.db import ask_for_delivery, db, rows_written
from ikone_events.store.events.models import Event
from ikone_events.store.mails.models import Heartbeat, OutboxMail

LONGEST_WORDS = 500


class _Refusals(NamedTuple):
    """What the workers of a machine have stored about the server."""

    since: datetime | None
    number: int | None
    retry_at: datetime | None


def may_be_tried(worker: str, *, now: datetime) -> bool:
    """Whether the pause after the last attempt of this machine is over."""
    retry_at = _refusals_of(worker).retry_at
    return retry_at is None or retry_at <= now


def note_refusal(worker: str, words: str, *, now: datetime) -> None:
    """Store that the mail server refuses this worker; the first moment stays."""
    since = _refusals_of(worker).since or now
    _note(worker, refused_at=since, refusal=words[:LONGEST_WORDS])


def pause(worker: str, *, now: datetime) -> datetime:
    """Store another attempt at a server that can't be reached; returns the time of the next one."""
    number = (_refusals_of(worker).number or 0) + 1
    settings = get_installation().settings
    retry_at = now + server_pause(number, settings.mail_retry, seed=f"{worker}:{number}")
    _note(worker, refusals=number, retry_at=retry_at)
    return retry_at


def note_acceptance(worker: str) -> None:
    """Clear the refusals: the server accepted a mail, or rejected only that one."""
    refused = or_(Heartbeat.refused_at.is_not(None), Heartbeat.refusals > 0)
    values = {"refused_at": None, "refusal": "", "refusals": 0, "retry_at": None}
    rows_written(update(Heartbeat).where(_same_machine(worker), refused).values(values))


def send_now(event: Event, *, now: datetime) -> None:
    """Try the waiting mails of an event at once, and the mail server although it has a pause."""
    waits = (OutboxMail.event_id == event.id) & (OutboxMail.state == literal_column("'queued'"))
    rows_written(update(OutboxMail).where(waits, OutboxMail.due_at > now).values(due_at=now))
    try_at_once()


def try_at_once() -> None:
    """End the pause of the mail server and wake the worker, as an organiser wants to send now."""
    rows_written(update(Heartbeat).where(Heartbeat.retry_at.is_not(None)).values(retry_at=None))
    ask_for_delivery()


def _refusals_of(worker: str) -> _Refusals:
    wanted = select(
        func.min(Heartbeat.refused_at), func.max(Heartbeat.refusals), func.max(Heartbeat.retry_at)
    )
    return _Refusals(*db.session.execute(wanted.where(_same_machine(worker))).one())


def _note(worker: str, **values: object) -> None:
    rows_written(update(Heartbeat).where(Heartbeat.worker == worker).values(**values))


def _same_machine(worker: str) -> ColumnElement[bool]:
    """The workers of a machine; `worker --once` is another process each time."""
    machine, _, _process = worker.rpartition(":")
    return Heartbeat.worker.startswith(f"{machine}:", autoescape=True)
