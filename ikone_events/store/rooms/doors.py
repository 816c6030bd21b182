"""A person at the door of a room, read by one plain statement: hundreds come within seconds."""

from dataclasses import dataclass

from sqlalchemy import bindparam, select

from ikone_events.store.events.models import Event, SharedContent
from ikone_events.store.events.snapshots import ContentVersion, snapshot
from ikone_events.store.plain import read_row
from ikone_events.store.registering.models import Registration
from ikone_events.store.rooms.models import AttendanceRecord


@dataclass(frozen=True, slots=True)
class AtDoor:
    """A registered person with the event, which is a snapshot; nobody changes either.

    `entered`: the button was pressed before.
    """

    registration_id: int
    public_id: str
    link_epoch: int
    status: str
    mode: str
    anonymised: bool
    entered: bool
    event: Event


_COLUMNS = (
    *(Registration.id, Registration.public_id, Registration.link_epoch, Registration.status),
    *(Registration.mode, Registration.anonymised_at, AttendanceRecord.door_at),
    *(Event.id, Event.content_version, select(SharedContent.version).scalar_subquery()),
)
_AT_DOOR = (
    select(*_COLUMNS)
    .select_from(Registration)
    .join(Event, Event.id == Registration.event_id)
    .outerjoin(AttendanceRecord, AttendanceRecord.registration_id == Registration.id)
    .where(Registration.public_id == bindparam("public_id"))
)


def find_at_door(public_id: str) -> AtDoor | None:
    """The person with this public id, or None."""
    row = read_row(_AT_DOOR, public_id=public_id)
    if row is None:
        return None
    number, _public_id, link_epoch, status, mode, anonymised_at, door_at, *version = row
    return AtDoor(
        registration_id=number,
        public_id=public_id,
        link_epoch=link_epoch,
        status=status,
        mode=mode,
        anonymised=anonymised_at is not None,
        entered=door_at is not None,
        event=snapshot(ContentVersion(*version)),
    )
