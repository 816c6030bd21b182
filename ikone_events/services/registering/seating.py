"""The one writer of a standing: seats given, kept and taken back, each with its reason and letter.

Whoever calls has locked the event by `hold_event`. Freed seats go to the line before anybody else:
in its order, past those alone whom something holds back that is not the number of seats.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import bindparam, func, insert, select

from ikone_events.domain.events.facts import EventFormat, Mode
from ikone_events.domain.mails.kinds import MailKind
from ikone_events.domain.refusals import N_, Complaint
from ikone_events.domain.registering.registration import SEATED, Status
from ikone_events.domain.registering.seating import Candidate, Place, Sitting, obstacle, place_for
from ikone_events.domain.registering.status import (
    HELD_BACK,
    Action,
    letter_for,
    letter_key,
    standing_of,
)
from ikone_events.services.mails.writing import write_letter
from ikone_events.store.db import db
from ikone_events.store.events.models import Event
from ikone_events.store.registering.availability import get_sitting
from ikone_events.store.registering.models import Registration, StandingChange
from ikone_events.store.registering.waiting_list import (
    NOBODYS,
    Party,
    first_waiting,
    next_in_line,
    party_of,
    position_of,
    seated_by_party,
)

PERSON, SYSTEM = "person", "system"

_CHAIN = insert(StandingChange)
_DOOR_OF = {
    Action.CONFIRM_ADDRESS: "address_confirmed_at",
    Action.APPROVE: "approved_at",
    Action.ADD: "approved_at",
    Action.MOVE_UP: "approved_at",
    Action.ACCEPT: "accepted_at",
}
_SEATED = [status.value for status in SEATED]
_COLLEAGUES = select(func.count()).where(
    Registration.event_id == bindparam("event_id"), Registration.status.in_(_SEATED)
)
_BY_ROW = _COLLEAGUES.where(Registration.organisation_id == bindparam("organisation_id"))
_BY_KEY = _COLLEAGUES.where(
    Registration.organisation_id.is_(None), Registration.organisation_key == bindparam("key")
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """What is done to a registration, by whom, when, and why if that needs saying."""

    action: Action
    actor: str
    now: datetime
    reason: str = ""


def settle(
    registration: Registration,
    event: Event,
    place: Place,
    cause: Cause,
    *,
    other_person: str = "",
    silent: bool = False,
) -> None:
    """Give somebody another standing and tell them, by the letter that the table names."""
    fresh = not registration.status
    _seat(registration, event, place, cause)
    kind = letter_for(cause.action, standing_of(registration.status, registration.awaits))
    if kind is None or silent:
        return
    key = letter_key(kind, registration.public_id, event.touched, fresh=fresh)
    reason = cause.reason if kind is MailKind.DECLINED else ""
    write_letter(
        kind,
        registration,
        event,
        key=key,
        now=cause.now,
        reason=reason,
        other_person=other_person,
    )


def _seat(registration: Registration, event: Event, place: Place, cause: Cause) -> None:
    """The one writer of a standing. What does not change it leaves its moment as it was."""
    source = registration.status or ""
    if (source, registration.awaits or "") != (place.status.value, place.awaits.value):
        registration.status_at = cause.now
        registration.event_touched = event.touched
    registration.event = event
    registration.status, registration.awaits = place.status.value, place.awaits.value
    registration.hold_until = place.hold_until
    if registration.line is None:
        if place.status is Status.WAITLISTED:
            registration.line = event.touched
        elif source == Status.WAITLISTED.value:
            registration.line = 0  # from a file, before everybody
    if door := _DOOR_OF.get(cause.action):
        setattr(registration, door, cause.now)
    db.session.add(registration)
    db.session.flush()
    _record(registration, event, source, cause)


def _record(registration: Registration, event: Event, source: str, cause: Cause) -> None:
    row = {
        "registration_id": registration.id,
        "action": cause.action.value,
        "source": source,
        "target": registration.status,
        "actor": cause.actor,
        "reason": cause.reason,
        "event_touched": event.touched,
        "at": cause.now,
    }
    db.session.execute(_CHAIN, row)


def mode_for(event: Event, wish: str) -> Mode:
    """How somebody takes part: as they wish at a hybrid event, else as everybody does."""
    if event.format == EventFormat.HYBRID.value:
        return Mode(wish or Mode.ONLINE)
    return Mode(event.format)


def mode_of(event: Event, registration: Registration) -> Mode:
    """How a registered person really takes part."""
    return mode_for(event, registration.mode)


def candidate_of(
    event: Event,
    registration: Registration,
    sitting: Sitting,
    *,
    colleagues: int | None = None,
    action: Action | None = None,
) -> Candidate:
    """A person as the seats look at them; `action` is the door they are just passing.

    Only what a rule of this event asks for is looked up. `colleagues` is their number if known.
    """
    if colleagues is None:
        colleagues = 0 if sitting.per_administration is None else count_colleagues(registration)
    door = _DOOR_OF.get(action) if action else None
    return Candidate(
        mode=mode_of(event, registration),
        member=sitting.members_first and is_member(event, registration),
        colleagues=colleagues,
        from_line=registration.line is not None or registration.status == Status.WAITLISTED.value,
        address_confirmed=_passed(registration, "address_confirmed_at", door),
        approved=_passed(registration, "approved_at", door),
        accepted=_passed(registration, "accepted_at", door),
    )


def _passed(registration: Registration, name: str, door: str | None) -> bool:
    return name == door or getattr(registration, name) is not None


def count_colleagues(registration: Registration) -> int:
    """How many of the same administration hold seats at the event."""
    number, key = party_of(registration)
    wanted = {"event_id": registration.event_id}
    if number is not None:
        return db.session.scalar(_BY_ROW, {**wanted, "organisation_id": number}) or 0
    return db.session.scalar(_BY_KEY, {**wanted, "key": key}) or 0 if key else 0


def is_member(event: Event, registration: Registration) -> bool:
    """Whether the person's administration belongs to the network on the event's local day."""
    organisation = registration.organisation
    return organisation is not None and organisation.is_member_on(event.day)


def serve(event: Event, *, now: datetime) -> Sitting:
    """Give free seats to those who wait; returns how things stand afterwards."""
    sitting = get_sitting(event, now)
    if _may_move(sitting) and _promote(event, sitting):
        sitting = get_sitting(event, now)
    return sitting


def move_line_up(event: Event, *, now: datetime) -> list[Registration]:
    """Give free seats to those who wait; returns who got one. The event must be held."""
    db.session.flush()
    sitting = get_sitting(event, now)
    return _promote(event, sitting) if _may_move(sitting) else []


def only_seats_count(sitting: Sitting) -> Sitting:
    """The same for an organiser's hand, which may let in others before the members."""
    return replace(sitting, members_until=None)


def somebody_could_move_up(event: Event, *, now: datetime) -> bool:
    """Whether a person waits who could have a seat; only reads."""
    sitting = get_sitting(event, now)
    return _may_move(sitting) and bool(_plan(event, sitting))


def _may_move(sitting: Sitting) -> bool:
    return sitting.moves and sitting.somebody_waits and sitting.free != 0


def _promote(event: Event, sitting: Sitting) -> list[Registration]:
    """Whoever gets past somebody that has to wait on has the reason in the chain."""
    plan = _plan(event, sitting)
    chosen = [registration for registration, _place in plan]
    left = first_waiting(event, besides=chosen) if plan else None
    for registration, place in plan:
        passes = left is not None and position_of(registration) > left
        reason = HELD_BACK if passes else ""
        cause = Cause(action=Action.PROMOTE, actor=SYSTEM, now=sitting.now, reason=reason)
        settle(registration, event, place, cause)
    return chosen


def _plan(event: Event, sitting: Sitting) -> list[tuple[Registration, Place]]:
    """Who gets the free seats, without doing it: in order, skipping whom a rule holds back."""
    colleagues = _colleagues(event, sitting)
    counted = sitting.per_administration is not None
    plan: list[tuple[Registration, Place]] = []
    after = None
    while sitting.free != 0:
        rows = next_in_line(event, sitting, colleagues, after=after)
        for registration in rows:
            after = position_of(registration)
            party = party_of(registration)
            candidate = candidate_of(event, registration, sitting, colleagues=colleagues[party])
            place = place_for(sitting, candidate)
            if place is None:
                continue
            plan.append((registration, place))
            sitting = sitting.taking(candidate.mode)
            colleagues[party] += counted and party != NOBODYS
        if not rows:
            break
    return plan


def _colleagues(event: Event, sitting: Sitting) -> Counter[Party]:
    """How many of each administration hold seats, where that counts."""
    return Counter() if sitting.per_administration is None else seated_by_party(event)


def waiting_reasons(
    event: Event, people: Iterable[Registration], *, now: datetime
) -> dict[int, Complaint]:
    """What keeps each of many who wait from a seat at this moment, by row number.

    The people come with their administrations, so the number of queries does not grow.
    """
    waiting = [each for each in people if each.status == Status.WAITLISTED.value]
    if not waiting:
        return {}
    sitting = get_sitting(event, now)
    colleagues = _colleagues(event, sitting)
    return {each.id: _reason(event, each, sitting, colleagues[party_of(each)]) for each in waiting}


def _reason(event: Event, person: Registration, sitting: Sitting, colleagues: int) -> Complaint:
    candidate = candidate_of(event, person, sitting, colleagues=colleagues)
    if not sitting.moves:
        return Complaint(N_("The line stands still: registration is not running."))
    return obstacle(sitting, candidate) or Complaint(N_("Moves up with the next change."))
