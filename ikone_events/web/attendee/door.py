"""The door to the video room as it stands for one registration."""

from datetime import datetime

from ikone_events.domain.rooms.door import Door, door_at
from ikone_events.services.mails.values import DOORS_OPEN_BEFORE
from ikone_events.services.registering.seating import mode_of
from ikone_events.store.registering.models import Registration


def door_of(registration: Registration, now: datetime) -> Door:
    """The door at a moment, for one person."""
    event = registration.event
    return door_at(
        now,
        state=event.state,
        status=registration.status,
        mode=mode_of(event, registration),
        room_url=event.room_url,
        opens_at=opens_at(registration),
        ends_at=event.ends_at,
    )


def opens_at(registration: Registration) -> datetime:
    """From when on people may enter."""
    return registration.event.starts_at - DOORS_OPEN_BEFORE
