"""Files, links, recordings, contacts and notes of an event: their use cases."""

from collections.abc import Collection
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

from sqlalchemy import delete, func, select

from ikone_events.domain.events.lifecycle import Action
from ikone_events.domain.followup.details import (
    MaterialDetails,
    MaterialKind,
    Scan,
    complaints_about,
    normal_details,
)
from ikone_events.domain.refusals import N_, Complaint, NotFound, UnfitInput
from ikone_events.domain.typed_links import links_in
from ikone_events.services.followup.files import StoredFile, check_quota
from ikone_events.services.installation import get_installation
from ikone_events.services.plan.plans import leave_time_for_more
from ikone_events.store.db import db, rows_written
from ikone_events.store.events.models import Event, Material
from ikone_events.store.events.queries import lock_event
from ikone_events.store.followup.access import MaterialRelease
from ikone_events.store.registering.models import Registration


def new_file(stored: StoredFile, details: MaterialDetails, *, now: datetime) -> Material:
    """The row of a stored file, which the caller adds; held back while a scanner is set up.

    Without a title it has the name of the file. Raises UnfitInput, and UploadRefused where the
    quota is used up.
    """
    material = Material(
        kind=MaterialKind.FILE.value,
        stored_name=stored.stored_name,
        file_name=stored.file_name,
        content_type=stored.content_type,
        size=stored.size,
        created_at=now,
        scan=Scan.WAITING.value if get_installation().settings.scan_command else "",
    )
    _fill(material, details, title=stored.file_name)
    check_quota(stored.size)
    return material


def new_entry(kind: MaterialKind, details: MaterialDetails, *, now: datetime) -> Material:
    """A row without a file, which the caller adds. Raises UnfitInput."""
    material = Material(kind=kind.value, created_at=now)
    _fill(material, details)
    return material


def add_file(slug: str, stored: StoredFile, details: MaterialDetails, *, now: datetime) -> Material:
    """Add a stored file. Raises UnfitInput and UploadRefused."""
    return _add(slug, new_file(stored, details, now=now), now=now)


def add_entry(
    slug: str, kind: MaterialKind, details: MaterialDetails, *, now: datetime
) -> Material:
    """Add a link, recording, contact or note. Raises UnfitInput."""
    return _add(slug, new_entry(kind, details, now=now), now=now)


def _add(slug: str, material: Material, *, now: datetime) -> Material:
    event = lock_event(slug)
    leave_time_for_more(event, Action.FOLLOW_UP, now=now)
    return add_last(event, material)


def add_last(event: Event, material: Material) -> Material:
    """Store a material behind the others."""
    material.event_id, material.position = event.id, next_position(event)
    db.session.add(material)
    db.session.flush()
    return material


def next_position(event: Event) -> int:
    """The position behind all materials of an event."""
    last = select(func.max(Material.position)).where(Material.event_id == event.id)
    return (db.session.scalar(last) or 0) + 1


def change_material(slug: str, public_id: str, details: MaterialDetails) -> Material:
    """Replace what is said about a material. Raises NotFound and UnfitInput.

    Releases to single people are kept, so that another choice can be taken back.
    """
    material = get_material(lock_event(slug), public_id)
    _fill(material, details, title=material.file_name)
    db.session.flush()
    return material


def move_material(slug: str, public_id: str, *, up: bool) -> None:
    """Swap a released material with its neighbour, if there is one. Raises NotFound."""
    event = lock_event(slug)
    db.session.refresh(event, ["materials"])
    order = list(event.materials)
    material = get_material(event, public_id)
    if material not in order:
        raise NotFound(Complaint(N_("There is no such file.")))
    place = order.index(material)
    other = place - 1 if up else place + 1
    if 0 <= other < len(order):
        order[place], order[other] = order[other], order[place]
    for number, each in enumerate(order, 1):
        each.position = number
    db.session.flush()
    db.session.expire(event, ["materials"])


def release_to(slug: str, public_id: str, people: Collection[str]) -> int:
    """Release a material to exactly these people, by their public ids; returns how many.

    Ids of other events and of anonymised people are left out. Raises NotFound.
    """
    event = lock_event(slug)
    material = get_material(event, public_id)
    wanted = set(
        db.session.scalars(
            select(Registration.id).where(
                Registration.event_id == event.id,
                Registration.public_id.in_(people),
                Registration.anonymised_at.is_(None),
            )
        )
    )
    former = MaterialRelease.material_id == material.id
    rows_written(
        delete(MaterialRelease).where(former, MaterialRelease.registration_id.not_in(wanted))
    )
    kept = set(db.session.scalars(select(MaterialRelease.registration_id).where(former)))
    for number in sorted(wanted - kept):
        db.session.add(MaterialRelease(material_id=material.id, registration_id=number))
    db.session.flush()
    return len(wanted)


def remove_material(slug: str, public_id: str) -> tuple[str, Path | None]:
    """Delete a material; returns its title and the file to delete after the commit."""
    event = lock_event(slug)
    material = get_material(event, public_id)
    path = path_of(material) if material.stored_name else None
    db.session.delete(material)
    return material.title, path


def get_material(event: Event, public_id: str) -> Material:
    """A material of this event; raises NotFound."""
    found = db.session.scalar(
        select(Material).where(Material.event_id == event.id, Material.public_id == public_id)
    )
    if found is None:
        raise NotFound(Complaint(N_("There is no such file.")))
    return found


def path_of(material: Material) -> Path:
    """The path of the stored file."""
    return (get_installation().uploads_dir / material.stored_name).resolve()


def _fill(material: Material, details: MaterialDetails, title: str = "") -> None:
    """Check details and set the columns. Raises UnfitInput."""
    values = asdict(normal_details(details))
    values["title"] = values["title"] or title
    normal, kind = MaterialDetails(**values), MaterialKind(material.kind)
    hosts = get_installation().settings.link_hosts
    kept = {material.url or ""} | links_in(material.description or "")
    if complaints := complaints_about(normal, kind, hosts=hosts, kept=kept):
        raise UnfitInput(complaints)
    for name, value in values.items():
        setattr(material, name, value)
