"""Checking people in at the entrance, by any number of helpers at once.

Each press locks the person's row alone, so helpers wait only for a press of the same person, and
nobody who registers waits for them.
"""

import uuid
from dataclasses import dataclass, field
from datetime import datetime

from ikone_events.domain.events.facts import EventFormat, Mode
from ikone_events.domain.refusals import (
    N_,
    Complaint,
    LinkGone,
    LinkRefused,
    NotFound,
    StatusRefused,
)
from ikone_events.domain.registering.registration import Attendance
from ikone_events.domain.rooms.check_in import (
    EntryOutcome,
    PressKind,
    closed_because,
    entry_outcome,
    moment_of_press,
    tokens_in,
    without_place_because,
)
from ikone_events.domain.times import to_local
from ikone_events.domain.tokens import LinkClaim, Purpose
from ikone_events.services.installation import get_installation
from ikone_events.store.events.models import Event
from ikone_events.store.registering.models import Registration
from ikone_events.store.registering.queries import find_registration
from ikone_events.store.rooms.attendance import record_statement
from ikone_events.store.rooms.check_in import (
    AtEntrance,
    claim_press,
    find_at_entrance,
    last_undo,
    lock_at_entrance,
)
from ikone_events.store.rooms.models import CheckInPress

_UNREADABLE = Complaint(
    N_("This check-in code is not valid or is incomplete. At the entrance the name is enough.")
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Press:
    """A press of a helper. `key` names it, so that it can be sent twice; `seconds_ago` it waited.

    `since` is the entry that an undo is about, as the page showed it; None takes back any.
    """

    by: str
    key: str = field(default_factory=lambda: str(uuid.uuid4()))
    seconds_ago: float = 0.0
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """What a press led to, and what is recorded of the person now."""

    outcome: EntryOutcome
    found: AtEntrance


def find_by_code(typed: str) -> Registration:
    """The registration of a check-in code, whole address or token alone, with its event.

    Raises LinkRefused for forged, cut and unknown codes, LinkGone for replaced ones and those of
    deleted people.
    """
    claim = _claim_of(typed)
    found = find_registration(claim.public_id)
    if found is None or claim.epoch > found.link_epoch:
        raise LinkRefused(_UNREADABLE)
    if found.anonymised_at is not None:
        raise LinkGone(Complaint(N_("The details behind this code have been deleted.")))
    if claim.epoch < found.link_epoch:
        text = N_(
            "This code was replaced by a newer one, for example because the place was handed over."
            " Please search for the name instead."
        )
        raise LinkGone(Complaint(text))
    return found


def _claim_of(typed: str) -> LinkClaim:
    signer = get_installation().signer
    for token in tokens_in(typed):
        try:
            return signer.read(Purpose.CHECK_IN, token)
        except LinkRefused:
            continue
    raise LinkRefused(_UNREADABLE)


def no_entry_because(event: Event, now: datetime) -> Complaint | None:
    """Why nobody can be checked in at an event at a moment, or None."""
    return closed_because(
        state=event.state,
        event_format=event.format,
        first_day=event.day,
        last_day=to_local(event.ends_at, event.zone).date(),
        day=to_local(now, event.zone).date(),
    )


def get_at_entrance(event: Event, public_id: str) -> AtEntrance:
    """A person of an event; raises NotFound."""
    found = find_at_entrance(event.id, public_id)
    if found is None:
        raise _not_found()
    return found


def check_in(event: Event, public_id: str, press: Press, *, now: datetime) -> Entry:
    """Record that a person has come in; a press whose key is known changes nothing.

    Raises StatusRefused for people without a place and events that are not on this day, NotFound.
    """
    found = _locked(event, public_id)
    at = moment_of_press(now, seconds_ago=press.seconds_ago)
    if complaint := no_entry_because(event, at) or without_place_because(found.person.status):
        raise StatusRefused(complaint)
    outcome = entry_outcome(
        at,
        stated=found.stated,
        stated_at=found.stated_at,
        undone_at=last_undo(found.person.id),
    )
    if not claim_press(_row(found, press, PressKind.IN, at=at, now=now)):  # sent twice
        outcome = EntryOutcome.ALREADY_IN if found.since else EntryOutcome.TAKEN_BACK
    if outcome is not EntryOutcome.ENTERED:
        return Entry(outcome, found)
    _record(found.person, Attendance.ATTENDED, at, press.by)
    return Entry(outcome, get_at_entrance(event, public_id))


def undo_check_in(event: Event, public_id: str, press: Press, *, now: datetime) -> AtEntrance:
    """Take an entry back, whoever made it.

    Raises StatusRefused if that one is not recorded, or nobody could be checked in any more: a
    helper of the day must not change what certificates and figures were made from.
    """
    found = _locked(event, public_id)
    if complaint := no_entry_because(event, now):
        raise StatusRefused(complaint)
    if found.since is None:
        raise StatusRefused(Complaint(N_("This person is not checked in.")))
    if press.since is not None and press.since != found.since:
        text = N_("Somebody has since checked this person in again, so nothing was undone.")
        raise StatusRefused(Complaint(text))
    if claim_press(_row(found, press, PressKind.UNDO, at=now, now=now)):
        _record(found.person, None, now, press.by)
    return get_at_entrance(event, public_id)


def comes_from_online(event: Event, person: Registration) -> bool:
    """Whether a person at the entrance of a hybrid event is registered for taking part online."""
    return event.format == EventFormat.HYBRID and person.mode == Mode.ONLINE.value


def _locked(event: Event, public_id: str) -> AtEntrance:
    found = lock_at_entrance(event.id, public_id)
    if found is None:
        raise _not_found()
    return found


def _not_found() -> NotFound:
    return NotFound(Complaint(N_("There is no such person at this event.")))


def _row(
    found: AtEntrance, press: Press, kind: PressKind, *, at: datetime, now: datetime
) -> CheckInPress:
    return CheckInPress(
        event_id=found.person.event_id,
        registration_id=found.person.id,
        key=press.key,
        kind=kind.value,
        at=at,
        received_at=now,
        by_name=press.by,
    )


def _record(person: Registration, stated: Attendance | None, at: datetime, by: str) -> None:
    record_statement(person.id, person.event_id, stated, now=at, by=by)
