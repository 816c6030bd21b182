"""The flight recorder: what happened to a letter between its making and its last state."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import insert, select

from ikone_events.store.db import db
from ikone_events.store.mails.models import DeliveryNote, OutboxMail

MOST_WORDS = 2000


def add_note(letter_id: int, what: str, *, now: datetime, words: str = "", actor: str = "") -> None:
    """Write down one thing that happened to a letter, in this transaction."""
    add_notes([letter_id], what, now=now, words=words, actor=actor)


def add_notes(
    letter_ids: Iterable[int], what: str, *, now: datetime, words: str = "", actor: str = ""
) -> None:
    """Write the same note for many letters."""
    note = {"at": now, "what": what, "words": words[:MOST_WORDS], "actor": actor}
    rows = [{"letter_id": letter_id, **note} for letter_id in letter_ids]
    if rows:
        db.session.execute(insert(DeliveryNote), rows)


def notes_of(letter: OutboxMail) -> list[DeliveryNote]:
    """Everything that happened to a letter on its way, oldest first."""
    wanted = select(DeliveryNote).where(DeliveryNote.letter_id == letter.id)
    return list(db.session.scalars(wanted.order_by(DeliveryNote.id)))
