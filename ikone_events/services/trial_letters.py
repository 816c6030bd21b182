"""A letter to the organiser who asks to see it in their own mailbox."""

from datetime import datetime
from uuid import uuid4

from ikone_events.services.drafts import Draft
from ikone_events.services.office import office
from ikone_events.store.db import ask_for_delivery, db
from ikone_events.store.events import Event
from ikone_events.store.letters import OutboxMail

MARK = "[Test]"
KEY = "test:"


def send_test(
    draft: Draft, event: Event, *, recipient: str, name: str, now: datetime
) -> OutboxMail:
    """Queue a harmless draft for one of us; it belongs to no person and no mailing."""
    letter = OutboxMail(
        key=f"{KEY}{uuid4().hex}",
        event_id=event.id,
        kind=draft.kind.value,
        locale=draft.locale,
        recipient=recipient,
        recipient_name=name,
        subject=f"{MARK} {draft.letter.subject}",
        text=draft.letter.text,
        html=draft.letter.html,
        message_id=f"<{uuid4().hex}@{office().settings.host}>",
        created_at=now,
        due_at=now,
    )
    db.session.add(letter)
    ask_for_delivery()
    return letter
