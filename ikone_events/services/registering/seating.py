"""The one writer of a registration's status, with its history row and its mail.

The caller has locked the event (`lock_event`). The waiting list gets free seats first, in order.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from ikone_events.domain.events.facts import EventFormat, Mode
from ikone_events.domain.mails.kinds import MailKind
from ikone_events.domain.refusals import N_, Complaint
from ikone_events.domain.registering.registration import Awaits, Status
from ikone_events.domain.registering.seating import (
    Candidate,
    Place,
    Pool,
    SeatAvailability,
    obstacle,
    place_for,
)
from ikone_events.domain.registering.status import (
    SKIPPED_BY_RULE,
    RegistrationAction,
    RegistrationStatus,
    check_change,
    mail_for,
    mail_key,
    registration_status,
)
from ikone_events.services.mails.writing import write_mail
from ikone_events.store.db import db
from ikone_events.store.directory.models import Organisation
from ikone_events.store.events.models import Event
from ikone_events.store.plain import insert_row, new_row
from ikone_events.store.registering.availability import get_availability
from ikone_events.store.registering.models import Registration, StatusChange
from ikone_events.store.registering.waiting_list import (
    NOBODYS,
    OrganisationKey,
    count_colleagues,
    first_waiting,
    next_waiting,
    organisation_key_of,
    position_of,
    seated_by_organisation,
)

PERSON, SYSTEM = "person", "system"

# The admission steps that an action passes; the moment of the last one is stored. Those before it
# may have been switched on later: nobody returns to them.
_STEPS_OF = {
    RegistrationAction.CONFIRM_ADDRESS: ("address_confirmed_at",),
    RegistrationAction.APPROVE: ("address_confirmed_at", "approved_at"),
    RegistrationAction.ADD: ("approved_at",),
    RegistrationAction.MOVE_UP: ("approved_at",),
    RegistrationAction.GIVE_SEAT: ("approved_at",),
    RegistrationAction.ACCEPT: ("address_confirmed_at", "approved_at", "accepted_at"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusCause:
    """The action that changes a status, with its actor, moment and, where needed, reason."""

    action: RegistrationAction
    actor: str
    now: datetime
    reason: str = ""


def change_status(
    registration: Registration,
    event: Event,
    place: Place,
    cause: StatusCause,
    *,
    other_person: str = "",
    silent: bool = False,
) -> None:
    """Change a registration's status and write the mail that the table of statuses names.

    New registrations: `draft` and `store` in new_registrations.py.
    """
    changed = set_status(registration, place, cause, lock_version=event.lock_version)
    registration.event = event
    db.session.add(registration)
    db.session.flush()
    insert_row(changed)
    kind = mail_for(cause.action, registration_status(registration.status, registration.awaits))
    if kind is None or silent:
        return
    name, epoch = registration.public_id, registration.link_epoch
    if epoch > 1:  # another address, which has got none of the earlier mails
        name = f"{name}.{epoch}"
    write_mail(
        kind,
        registration,
        event,
        key=mail_key(kind, name, event.lock_version),
        now=cause.now,
        reason=cause.reason if kind is MailKind.DECLINED else "",
        other_person=other_person,
    )


def set_status(
    registration: Registration, place: Place, cause: StatusCause, *, lock_version: int
) -> StatusChange:
    """Set the status; returns the row of its history, which is not stored.

    `status_at` stays where the status is the same. Raises StatusRefused for a change that is not in
    the table of statuses.
    """
    source, awaited = registration.status or "", registration.awaits or ""
    before = registration_status(source or RegistrationStatus.NONE, awaited)
    check_change(cause.action, before, registration_status(place.status, place.awaits))
    if (source, awaited) != (place.status.value, place.awaits.value):
        registration.status_at = cause.now
        registration.event_lock_version = lock_version
    registration.status, registration.awaits = place.status.value, place.awaits.value
    registration.reserved_until = place.reserved_until
    if registration.waiting_order is None:
        if place.status is Status.WAITLISTED:
            registration.waiting_order = lock_version
        elif source == Status.WAITLISTED.value:
            registration.waiting_order = 0  # from a file, before everybody
    if steps := _STEPS_OF.get(cause.action):
        setattr(registration, steps[-1], cause.now)
    return new_row(
        StatusChange,
        registration_id=registration.id,
        action=cause.action.value,
        source=source,
        target=registration.status,
        actor=cause.actor,
        reason=cause.reason,
        event_lock_version=lock_version,
        at=cause.now,
    )


def mode_for(event: Event, wish: str) -> Mode:
    """The mode of a registration: the wish at a hybrid event, else the event's only mode."""
    form = event.format
    return Mode(wish or Mode.ONLINE) if form == EventFormat.HYBRID else Mode(form)


def mode_of(event: Event, registration: Registration) -> Mode:
    """The mode in which a registered person takes part."""
    return mode_for(event, registration.mode)


def candidate_of(
    event: Event,
    registration: Registration,
    availability: SeatAvailability,
    *,
    colleagues: int | None = None,
    action: RegistrationAction | None = None,
) -> Candidate:
    """The facts of a registration that decide about a seat.

    `action` is the admission step that is being passed. `colleagues` is their number if known;
    it and the membership are looked up only where a rule of this event needs them.
    """
    if colleagues is None:
        colleagues = (
            0 if availability.per_administration is None else count_colleagues(registration)
        )
    steps = _STEPS_OF.get(action, ()) if action else ()
    return Candidate(
        mode=mode_of(event, registration),
        member=availability.members_first and is_member(event, registration),
        colleagues=colleagues,
        from_line=registration.waiting_order is not None
        or registration.status == Status.WAITLISTED.value,
        address_confirmed="address_confirmed_at" in steps
        or registration.address_confirmed_at is not None,
        approved="approved_at" in steps or registration.approved_at is not None,
        accepted="accepted_at" in steps or registration.accepted_at is not None,
    )


def is_member(event: Event, registration: Registration) -> bool:
    """Whether the administration is a member of the network on the event's local day."""
    number = registration.organisation_id
    organisation = None if number is None else db.session.get(Organisation, number)
    return organisation is not None and organisation.is_member_on(event.day)


def place_of(registration: Registration) -> Place:
    """The place that a registration has."""
    status, awaits = Status(registration.status), Awaits(registration.awaits)
    return Place(status, awaits, registration.reserved_until)


def keep_seats(event: Event, *, now: datetime) -> None:
    """Store by how many people exceed the seats: they stay."""
    db.session.flush()
    availability = get_availability(event, now)
    event.seats_kept = Pool(event.capacity, availability.seated).excess
    pools = availability.pools
    event.seats_kept_online = pools[Mode.ONLINE].excess if pools else None
    event.seats_kept_on_site = pools[Mode.ON_SITE].excess if pools else None


def promote_waiting(event: Event, *, now: datetime) -> list[Registration]:
    """Give free seats to the waiting list; returns who got one. The event must be locked."""
    db.session.flush()
    availability = get_availability(event, now)
    return _promote(event, availability) if may_move(availability) else []


def somebody_could_move_up(event: Event, *, now: datetime) -> bool:
    """Whether a waiting person could get a seat now; only reads."""
    availability = get_availability(event, now)
    return may_move(availability) and bool(_plan(event, availability))


def may_move(availability: SeatAvailability) -> bool:
    """Whether somebody who waits might get a free seat now."""
    return availability.moves and availability.somebody_waits and availability.free != 0


def _promote(event: Event, availability: SeatAvailability) -> list[Registration]:
    """Promote people; the history explains each one who passes somebody still waiting."""
    plan = _plan(event, availability)
    chosen = [registration for registration, _place in plan]
    left = first_waiting(event, besides=chosen) if plan else None
    for registration, place in plan:
        passes = left is not None and position_of(registration) > left
        reason = SKIPPED_BY_RULE if passes else ""
        cause = StatusCause(
            action=RegistrationAction.PROMOTE, actor=SYSTEM, now=availability.now, reason=reason
        )
        change_status(registration, event, place, cause)
    return chosen


def _plan(event: Event, availability: SeatAvailability) -> list[tuple[Registration, Place]]:
    """Who would get the free seats: in order, without those whom a rule excludes."""
    colleagues = _colleagues(event, availability)
    counted = availability.per_administration is not None
    plan: list[tuple[Registration, Place]] = []
    after = None
    while availability.free != 0:
        rows = next_waiting(event, availability, colleagues, after=after)
        for registration in rows:
            after = position_of(registration)
            organisation_key = organisation_key_of(registration)
            candidate = candidate_of(
                event, registration, availability, colleagues=colleagues[organisation_key]
            )
            place = place_for(availability, candidate)
            if place is None or not availability.promotes(candidate.mode):
                continue
            plan.append((registration, place))
            availability = availability.taking(candidate.mode)
            colleagues[organisation_key] += counted and organisation_key != NOBODYS
        if not rows:
            break
    return plan


def _colleagues(event: Event, availability: SeatAvailability) -> Counter[OrganisationKey]:
    """How many of each administration have seats, where that counts."""
    return Counter() if availability.per_administration is None else seated_by_organisation(event)


def waiting_reasons(
    event: Event, people: Iterable[Registration], *, now: datetime
) -> dict[int, Complaint]:
    """Why each waiting person has no seat now, by registration id.

    The people come with their administrations loaded, so the number of queries does not grow.
    """
    waiting = [each for each in people if each.status == Status.WAITLISTED.value]
    if not waiting:
        return {}
    availability = get_availability(event, now)
    colleagues = _colleagues(event, availability)
    return {
        each.id: _reason(event, each, availability, colleagues[organisation_key_of(each)])
        for each in waiting
    }


def _reason(
    event: Event, person: Registration, availability: SeatAvailability, colleagues: int
) -> Complaint:
    candidate = candidate_of(event, person, availability, colleagues=colleagues)
    if not availability.runs:
        return Complaint(N_("The waiting list stands still: registration is not running."))
    if not availability.promotes(candidate.mode):
        return Complaint(N_("The event has begun: nobody moves up automatically any more."))
    return obstacle(availability, candidate) or Complaint(N_("Moves up with the next change."))
