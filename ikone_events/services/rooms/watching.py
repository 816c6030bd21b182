"""Counting who is in a room while an event runs, by asking its provider every minute.

Three steps for one event, because a provider is not asked inside a transaction:

    with transaction():
        claim = claim_look(event, now=now)      # one worker at a time
    found = look(event)                         # may raise RoomUnavailable
    with transaction():
        record_look(event, found, now=now)      # nothing, if another worker was faster

Times are those of our own clock, the moments at which we ask. Somebody whom a restart or a failing
provider has hidden meanwhile goes on with the same row.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from ikone_events.domain.rooms.providers import Presence, ProviderKind
from ikone_events.domain.rooms.stays import INTERVAL, after_look, minutes_of, unseen_time
from ikone_events.services.mails.values import DOORS_OPEN_BEFORE
from ikone_events.services.rooms.entering import attendee_id, room_key, room_of
from ikone_events.services.rooms.registry import capabilities_of, kinds_set_up, provider_for
from ikone_events.store.db import db, is_writing
from ikone_events.store.events.models import Event
from ikone_events.store.rooms import presence, sessions
from ikone_events.store.rooms.models import RoomWatch

# Rooms are left open for a while after the end.
WATCHED_AFTER = timedelta(minutes=30)
# Less than the interval: workers do not wake to the second.
_PAUSE = INTERVAL - timedelta(seconds=10)


def rooms_to_watch(now: datetime) -> list[Event]:
    """Events that run or have just ended, and whose room a provider has made."""
    return presence.events_to_watch(now, before=DOORS_OPEN_BEFORE)


def is_watched_out(event: Event, now: datetime) -> bool:
    """Whether nobody is to be asked any more: it is over, or the room is another one now."""
    kind = ProviderKind(event.room_provider)
    can_be_asked = capabilities_of(event).attendance and kind in kinds_set_up()
    return not can_be_asked or now >= event.ends_at + WATCHED_AFTER


def claim_look(event: Event, *, now: datetime) -> bool:
    """Take the next look on oneself; False if another worker has."""
    return presence.claim_watch(event.id, now=now, pause=_PAUSE)


def look(event: Event) -> Sequence[Presence]:
    """Who is in the room now. Raises RoomUnavailable."""
    if is_writing():
        raise RuntimeError("a provider is not called inside a transaction")
    provider, room = provider_for(ProviderKind(event.room_provider)), room_of(event)
    db.session.rollback()  # nothing is held open while we wait for another server
    return provider.attendance(room)


def record_look(event: Event, found: Sequence[Presence], *, now: datetime) -> int:
    """Store what a look has found; returns how many of our people are in the room.

    Whom we do not know, such as speakers and people of other events, is left out. Nothing is stored
    if the claim of this moment does not hold any more, so no minute counts twice.
    """
    watch = presence.claimed_watch(event.id, now)
    if watch is None:
        return 0
    present = {each.opaque_id for each in found}
    ours = {
        opaque: number
        for number, public_id in presence.people_of_room(event.id)
        if (opaque := attendee_id(event.id, public_id)) in present
    }
    known = presence.stays_of(event.id)
    after = after_look(known, set(ours.values()), now)
    presence.write_stays(event.id, after, {number: opaque for opaque, number in ours.items()})
    _note_look(event, watch, anybody=bool(found), now=now)
    return len(ours)


def unseen_minutes(event: Event, *, now: datetime) -> int:
    """For how long the room could not be seen, so that minutes of people may be missing."""
    watch = sessions.find_watch(event.id)
    if watch is None:
        return 0
    since = 0 if watch.closed else _unseen_since_look(event, watch, now)
    return minutes_of(watch.unseen_seconds + since)


def _unseen_since_look(event: Event, watch: RoomWatch, now: datetime) -> int:
    """The seconds since the last look, or the first that failed; people leave after the end."""
    since = watch.looked_at or watch.failed_since
    return int(unseen_time(since, min(now, event.ends_at)).total_seconds())


def _note_look(event: Event, watch: RoomWatch, *, anybody: bool, now: datetime) -> None:
    watch.unseen_seconds += _unseen_since_look(event, watch, now)
    watch.looked_at, watch.failed_since = now, None
    session = sessions.find_session(event.id, event.room_provider)
    if session is not None:
        # An empty meeting may have ended: whoever comes next asks for it again.
        session.known_at = now if anybody else None
        session.used = session.used or anybody


def record_failed_look(event: Event, *, now: datetime) -> None:
    """Store that the room can't be seen. Nobody has left because of that.

    It raises no alarm: whoever is inside stays, and whether others get in is found out by their
    presses (services/office/alarms.py). The attendance page says how long it lasted.
    """
    sessions.note_failing(event.id, key=room_key(event), now=now)


def close_watch(event: Event, *, now: datetime) -> None:
    """Count to the end: whoever was in the room at the last look left then."""
    watch = presence.claimed_watch(event.id, now)
    if watch is None:
        return
    presence.close_stays(event.id)
    watch.unseen_seconds += _unseen_since_look(event, watch, now)
    watch.looked_at, watch.closed, watch.failed_since = now, True, None
