"""Makers of mails that come back, as the readers of the mailbox hand them on."""

from datetime import datetime
from itertools import count
from typing import Any

from flask import Flask

from ikone_events.domain.incoming.mails import (
    Absence,
    Bounce,
    BounceCause,
    CalendarAnswer,
    Damaged,
    Envelope,
    Incoming,
    IncomingOutcome,
    Method,
    ReturnedMail,
)
from ikone_events.services.incoming.ingest import ingest
from ikone_events.store.db import transaction
from ikone_events.store.events.speakers import Speaker
from ikone_events.store.mails.models import OutboxMail
from ikone_events.store.registering.models import Registration
from tests.factories import NOW

_number = count(1)
_OF_ENVELOPE = ("sender", "received_at", "references", "authenticated", "automatic", "digest")


def _envelope(values: dict[str, Any]) -> Envelope:
    number = next(_number)
    own = {name: values.pop(name) for name in _OF_ENVELOPE if name in values}
    plain = {
        "digest": f"{number:064d}",
        "message_id": f"<answer-{number}@example.org>",
        "sender": "somebody@example.org",
        "received_at": NOW,
    }
    return Envelope(**{**plain, **own})


def calendar_answer(
    person: Registration | Speaker, partstat: str = "ACCEPTED", **values: Any
) -> CalendarAnswer:
    """What the person's own calendar program answers to the last invitation."""
    values.setdefault("sender", person.email)
    envelope = _envelope(values)
    plain = {
        "method": Method.REPLY,
        "uid": person.calendar_uid,
        "attendee": person.email,
        "partstat": partstat,
        "sequence": person.calendar_sequence,
        "stamp": envelope.received_at,
    }
    return CalendarAnswer(envelope=envelope, **{**plain, **values})


def bounce(mail: OutboxMail, **values: Any) -> Bounce:
    """What a mail server says about a mail it can't deliver, for good unless said otherwise."""
    values.setdefault("sender", "mailer-daemon@example.net")
    envelope = _envelope(values)
    plain = {
        "original_message_id": mail.message_id,
        "recipient": mail.recipient,
        "code": "5.1.1",
        "lost": True,
        "cause": BounceCause.ADDRESS,
        "words": "550 5.1.1 no such user here",
    }
    return Bounce(envelope=envelope, **{**plain, **values})


def returned(**values: Any) -> ReturnedMail:
    """What a mail server writes in words of its own."""
    values.setdefault("sender", "mailer-daemon@example.net")
    envelope = _envelope(values)
    return ReturnedMail(envelope=envelope, words="I'm afraid I wasn't able to deliver", **values)


def damaged(**values: Any) -> Damaged:
    """An answer that can't be read."""
    return Damaged(envelope=_envelope(values), fault="The calendar object can't be read.", **values)


def absence(mail: OutboxMail, **values: Any) -> Absence:
    """The automatic reply of somebody who is away."""
    values.setdefault("sender", mail.recipient)
    values.setdefault("references", (mail.message_id,))
    words = values.pop("words", "Ich bin bis Montag nicht im Haus.")
    return Absence(envelope=_envelope({"automatic": True, **values}), words=words)


def receive(app: Flask, found: Incoming, now: datetime = NOW) -> IncomingOutcome:
    """Take a mail in, as the worker does."""
    with app.app_context(), transaction():
        return ingest(found, now=now)
