"""Discarding a draft that nobody has heard of."""

from collections.abc import Iterable
from pathlib import Path

from sqlalchemy import delete, select

from ikone_events.domain.events.facts import State
from ikone_events.domain.refusals import N_, Complaint, SomebodyWasFaster
from ikone_events.services.followup.materials import path_of
from ikone_events.store.db import db, rows_written
from ikone_events.store.events.models import Event, Material


def discard(event: Event) -> tuple[Path, ...]:
    """Delete a draft with all that belongs to it; returns the files to delete after the commit.

    Nothing of it stays in the database, so the caller writes a line of the security log.
    """
    stored = select(Material).where(Material.event_id == event.id, Material.stored_name != "")
    files = tuple(path_of(each) for each in db.session.scalars(stored))
    mine = (Event.id == event.id) & (Event.state == State.DRAFT.value)
    if rows_written(delete(Event).where(mine)) != 1:
        raise somebody_was_faster()
    db.session.expunge(event)
    return files


def finish_discarding(files: Iterable[Path]) -> None:
    """Delete the files of a discarded draft, after the commit."""
    for path in files:
        path.unlink(missing_ok=True)


def somebody_was_faster() -> SomebodyWasFaster:
    """The refusal when the event is not in the state any more that decided."""
    text = N_("Somebody was faster: the event has changed. Please look again.")
    return SomebodyWasFaster(Complaint(text))
