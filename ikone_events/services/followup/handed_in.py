"""Slides that speakers hand in by their link, and their release by the office."""

from datetime import datetime
from pathlib import Path

from sqlalchemy import select

from ikone_events.domain.events.facts import State
from ikone_events.domain.events.lifecycle import Action
from ikone_events.domain.followup.details import MaterialDetails
from ikone_events.domain.refusals import N_, Complaint, NotFound, StatusRefused, UploadRefused
from ikone_events.services.followup.files import StoredFile
from ikone_events.services.followup.materials import new_file, next_position, path_of
from ikone_events.services.plan.plans import leave_time_for_more
from ikone_events.store.db import db, for_update
from ikone_events.store.events.models import Event, Material
from ikone_events.store.events.queries import lock_event
from ikone_events.store.events.speakers import Speaker, count_waiting, get_speaker

# So many files of one speaker may wait for their release.
MOST_WAITING = 10


def not_taken_because(event: Event) -> Complaint | None:
    """Why no slides are taken, or None; after the event they are: many come only then."""
    if event.state == State.CANCELLED.value:
        return Complaint(N_("The event has been cancelled. No slides are needed any more."))
    if event.state == State.ARCHIVED.value:
        return Complaint(N_("The event has been archived. Please send slides by e-mail."))
    return None


def hand_in(
    speaker: Speaker, stored: StoredFile, *, title: str, replaces: str = "", now: datetime
) -> tuple[Material, Path | None]:
    """Add a stored file of a speaker, which waits for its release.

    `replaces` is the public id of an earlier file of theirs: one that still waits is deleted (its
    file, after the commit, is returned), a released one stays until the new one is released.
    Raises UploadRefused, StatusRefused, NotFound and UnfitInput.
    """
    event = lock_event(speaker.event.slug)
    if found := not_taken_because(event):
        raise StatusRefused(found)
    mine = get_speaker(event, speaker.public_id)
    former = _own(mine, replaces) if replaces else None
    if count_waiting(mine) - (former is not None and not former.released) >= MOST_WAITING:
        text = N_("%(number)d files are already waiting to be checked. Please wait.")
        raise UploadRefused(Complaint(text, {"number": MOST_WAITING}, "file"))
    material = new_file(stored, MaterialDetails(title=title), now=now)
    material.released, material.event_id, material.speaker_id = False, event.id, mine.id
    path = None
    if former is not None and former.released:
        material.replaces_id = former.id
    elif former is not None:
        material.replaces_id, path = former.replaces_id, path_of(former)
        db.session.delete(former)
    db.session.add(material)
    db.session.flush()
    return material, path


def withdraw_file(speaker: Speaker, public_id: str) -> Path:
    """Delete a file of a speaker that still waits; returns what to delete after the commit.

    Raises NotFound, and StatusRefused once it has been released.
    """
    event = lock_event(speaker.event.slug)
    material = _own(get_speaker(event, speaker.public_id), public_id)
    if material.released:
        text = N_("This file has been released already. Please ask the organisers.")
        raise StatusRefused(Complaint(text))
    db.session.delete(material)
    return path_of(material)


def release_file(
    slug: str, public_id: str, *, visibility: str, now: datetime
) -> tuple[Material, Path | None]:
    """Hand a speaker's file out like any material; returns the file that it replaces, if any.

    Raises NotFound, and StatusRefused if somebody has done so.
    """
    event = lock_event(slug)
    wanted = select(Material).where(
        Material.event_id == event.id, Material.public_id == public_id, Material.stored_name != ""
    )
    material = db.session.scalar(for_update(wanted, Material))
    if material is None:
        raise NotFound(Complaint(N_("There is no such file.")))
    if material.released:
        raise StatusRefused(
            Complaint(N_("Somebody else was faster: the file has already been released."))
        )
    former = db.session.get(Material, material.replaces_id) if material.replaces_id else None
    material.released, material.visibility, material.replaces_id = True, visibility, None
    leave_time_for_more(event, Action.FOLLOW_UP, now=now)
    material.position = former.position if former else next_position(event)
    db.session.flush()
    if former is None:
        return material, None
    path = path_of(former)
    db.session.delete(former)
    db.session.flush()
    return material, path


def _own(speaker: Speaker, public_id: str) -> Material:
    mine = Material.speaker_id == speaker.id, Material.public_id == public_id
    found = db.session.scalar(for_update(select(Material).where(*mine), Material))
    if found is None:
        raise NotFound(Complaint(N_("There is no such file.")))
    return found
