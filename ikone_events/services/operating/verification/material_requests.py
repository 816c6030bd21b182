"""Requests for materials: who was granted them has a mail, and none outlives its archive."""

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import exists, func, literal, select

from ikone_events.domain.events.facts import State
from ikone_events.domain.followup.requests import RequestState
from ikone_events.domain.mails.kinds import MailKind
from ikone_events.store.db import db
from ikone_events.store.events.models import Event
from ikone_events.store.followup.requests import IS_KNOWN, MAIL_KEY, MaterialRequest
from ikone_events.store.mails.models import OutboxMail


def without_mail(_now: datetime) -> Iterator[str]:
    """Everybody whose request was granted got the link by mail."""
    prefix = literal(f"{MAIL_KEY}:") + MaterialRequest.public_id + ":"
    theirs = exists().where(
        OutboxMail.event_id == MaterialRequest.event_id,
        OutboxMail.kind == MailKind.MATERIALS_GRANTED.value,
        func.substr(OutboxMail.key, 1, func.length(prefix)) == prefix,
    )
    rows = db.session.execute(
        select(Event.slug, MaterialRequest.id)
        .join(Event, MaterialRequest.event_id == Event.id)
        .where(MaterialRequest.state == RequestState.GRANTED.value, IS_KNOWN, ~theirs)
        .order_by(MaterialRequest.id)
    )
    for slug, number in rows:
        yield f"mails: {slug}: request for materials {number} was granted without a mail"


def not_forgotten(_now: datetime) -> Iterator[str]:
    """Archived events know nobody who asked for materials."""
    rows = db.session.execute(
        select(Event.slug, func.count())
        .select_from(MaterialRequest)
        .join(Event, MaterialRequest.event_id == Event.id)
        .where(IS_KNOWN, Event.state == State.ARCHIVED.value)
        .group_by(Event.slug)
        .order_by(Event.slug)
    )
    for slug, number in rows:
        yield f"privacy: {slug}: {number} requests for materials should have been forgotten"
