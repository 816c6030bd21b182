"""The delivery log of a mail: what happened to it, in whose words."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import insert, select

from ikone_events.store.db import db
from ikone_events.store.mails.models import DeliveryNote, OutboxMail

MOST_WORDS = 2000


def add_note(mail_id: int, what: str, *, now: datetime, words: str = "", actor: str = "") -> None:
    """Add an entry to the log of a mail."""
    add_notes([mail_id], what, now=now, words=words, actor=actor)


def add_notes(
    mail_ids: Iterable[int], what: str, *, now: datetime, words: str = "", actor: str = ""
) -> None:
    """Add the same entry to the logs of many mails."""
    note = {"at": now, "what": what, "words": words[:MOST_WORDS], "actor": actor}
    rows = [{"mail_id": mail_id, **note} for mail_id in mail_ids]
    if rows:
        db.session.execute(insert(DeliveryNote), rows)


def notes_of(mail: OutboxMail) -> list[DeliveryNote]:
    """The delivery log of a mail, oldest entry first."""
    wanted = select(DeliveryNote).where(DeliveryNote.mail_id == mail.id)
    return list(db.session.scalars(wanted.order_by(DeliveryNote.id)))
