"""Files that speakers have handed in, and which wait for their release."""

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import aliased

from ikone_events.store.db import db
from ikone_events.store.events.models import Event, Material
from ikone_events.store.events.speakers import Speaker


def waiting_materials(event: Event) -> list[tuple[Material, str, str]]:
    """What waits, the oldest first: file, name of the speaker, title of what it replaces."""
    replaced = aliased(Material)
    rows = db.session.execute(
        select(Material, Speaker.name, replaced.title)
        .outerjoin(Speaker, Material.speaker_id == Speaker.id)
        .outerjoin(replaced, Material.replaces_id == replaced.id)
        .where(Material.event_id == event.id, ~Material.released)
        .order_by(Material.id)
    )
    return [(material, name or "", title or "") for material, name, title in rows]


def handed_in_by(speaker: Speaker) -> Sequence[Material]:
    """What a speaker has handed in, the oldest first."""
    mine = select(Material).where(Material.speaker_id == speaker.id).order_by(Material.id)
    return db.session.scalars(mine).all()


def count_waiting(speaker: Speaker) -> int:
    """How many files of a speaker wait."""
    mine = Material.speaker_id == speaker.id, ~Material.released
    return db.session.scalar(select(func.count()).where(*mine)) or 0
