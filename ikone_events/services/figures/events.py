"""The figures of events: as stored when they were archived, else added up from the rows."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from ikone_events.domain.directory.administrations import AdministrationKind, key_of
from ikone_events.domain.events.facts import State
from ikone_events.domain.figures.channels import CHANNELS
from ikone_events.domain.figures.event_figures import (
    COUNTED_KINDS,
    BodyFigures,
    EventFigures,
    counted,
    in_order,
)
from ikone_events.domain.registering.registration import Status
from ikone_events.domain.rooms.attendance import is_over
from ikone_events.store.damage import report
from ikone_events.store.events.models import Event
from ikone_events.store.figures.event_sums import (
    BodyFacts,
    BodySum,
    StatusSum,
    bodies_by_id,
    body_sums,
    cancelled_among,
    first_attended,
    status_sums,
    unconfirmed_sums,
)
from ikone_events.store.followup.feedback import answered_by_event
from ikone_events.store.followup.requests import requested_by_event

# What an official key of 12 digits and that of the municipal association begin with.
_ASSOCIATION_DIGITS = 9


def figures_for(events: Collection[Event], now: datetime) -> dict[int, EventFigures]:
    """The figures of each event by id, in a constant number of queries.

    Stored figures are never counted again; to those of version 1 only the bodies are added, which
    a period needs.
    """
    stored = {event.id: kept for event in events if (kept := _stored(event)) is not None}
    wanted = [
        event for event in events if event.id not in stored or stored[event.id].bodies is None
    ]
    found = _count(wanted, now) if wanted else {}
    for number, figures in stored.items():
        if figures.bodies is None:
            extra = found[number]
            found[number] = replace(figures, bodies=extra.bodies, took_place=extra.took_place)
        else:
            found[number] = figures
    return {event.id: found[event.id] for event in events}


def figures_of(event: Event, *, now: datetime) -> EventFigures:
    """The figures of one event."""
    return figures_for([event], now)[event.id]


def _stored(event: Event) -> EventFigures | None:
    """The figures of an archived event; damaged ones are reported and counted again."""
    if not event.figures:
        return None
    try:
        return EventFigures.from_json(event.figures)
    except (ValueError, TypeError):
        report(f"the figures of {event.slug} can't be read")
        return None


@dataclass(frozen=True, slots=True)
class _Directory:
    """The bodies, those that local municipalities count to, and when each first attended."""

    bodies: Mapping[int, BodyFacts]
    associations: Mapping[int, int]
    first: Mapping[int, datetime]


def _read_directory() -> _Directory:
    bodies = bodies_by_id()
    associations = _associations(bodies.values())
    first: dict[int, datetime] = {}
    for number, at in first_attended().items():
        body = associations.get(number, number)
        first[body] = min(at, first.get(body, at))
    return _Directory(bodies, associations, first)


def _associations(bodies: Collection[BodyFacts]) -> dict[int, int]:
    """The municipal association of each local municipality that names it.

    By the official key, whose first nine digits they share, or by the name of the association in
    place of the district.
    """
    local = [one for one in bodies if one.kind == AdministrationKind.LOCAL_MUNICIPALITY]
    if not local:
        return {}
    by_key: dict[str, int] = {}
    for one in bodies:
        if one.kind == AdministrationKind.MUNICIPAL_ASSOCIATION:
            if len(key := _digits(one.official_key)) >= _ASSOCIATION_DIGITS:
                by_key[key[:_ASSOCIATION_DIGITS]] = one.id
            by_key[key_of(one.name)] = one.id
    found = {}
    for one in local:
        key = _digits(one.official_key)
        of_key = by_key.get(key[:_ASSOCIATION_DIGITS]) if len(key) > _ASSOCIATION_DIGITS else None
        of_name = by_key.get(key_of(one.district)) if one.district else None
        if (association := of_key or of_name) is not None:
            found[one.id] = association
    return found


def _digits(official_key: str) -> str:
    return "".join(letter for letter in official_key if letter.isdigit())


@dataclass(frozen=True, slots=True)
class _Rows:
    """What the database has added up for one event."""

    statuses: Sequence[StatusSum]
    bodies: Sequence[BodySum]
    waiting: int
    lapsed: int
    requested: int
    answered: int


def _count(events: Collection[Event], now: datetime) -> dict[int, EventFigures]:
    directory, ids = _read_directory(), [event.id for event in events]
    archived = [event.id for event in events if event.state == State.ARCHIVED.value]
    cancelled = cancelled_among(archived) if archived else frozenset()
    statuses: defaultdict[int, list[StatusSum]] = defaultdict(list)
    for row in status_sums(ids):
        statuses[row.event_id].append(row)
    bodies, unconfirmed = body_sums(ids), unconfirmed_sums(ids)
    requested, answered = requested_by_event(ids), answered_by_event(ids)
    return {
        event.id: _figures(
            event,
            _Rows(
                statuses[event.id],
                bodies.get(event.id, []),
                *unconfirmed.get(event.id, (0, 0)),
                requested.get(event.id, 0),
                answered.get(event.id, 0),
            ),
            directory,
            took_place=is_over(event.state, event.ends_at, now) and event.id not in cancelled,
        )
        for event in events
    }


def _figures(event: Event, rows: _Rows, directory: _Directory, *, took_place: bool) -> EventFigures:
    by_status, by_channel = Counter[str](), Counter[str]()
    for row in rows.statuses:
        by_status[row.status] += row.people
        by_channel[row.via] += row.people
    confirmed = by_status[Status.CONFIRMED.value]
    present = sum(row[2] for row in rows.bodies)
    absent = sum(row[3] for row in rows.bodies)
    # Whoever is not recorded is absent, once anybody is known to have come.
    incomplete = event.attendance_incomplete or not present
    unknown = confirmed - present - absent if took_place and incomplete else 0
    known = bool(present or not unknown)
    bodies = _bodies(event, rows.bodies, directory, known=known)
    # Approval may come without any confirmation of the address.
    no_address = event.approval and event.confirm_hours is None
    figures = EventFigures(
        took_place=took_place,
        registrations=by_status.total(),
        confirmed=confirmed,
        waitlist=by_status[Status.WAITLISTED.value],
        cancelled=by_status[Status.CANCELLED.value],
        declined=by_status[Status.DECLINED.value],
        unconfirmed_email=rows.waiting + (0 if no_address else rows.lapsed),
        attended_people=present if known else None,
        attendance_unknown_people=unknown,
        by_channel={name: by_channel[name] for name in ("", *CHANNELS) if name in by_channel},
        materials_requested=rows.requested,
        feedback_answers=rows.answered,
        bodies=bodies,
        **_by_kind(bodies, "confirmed"),
    )
    return _with_attended(figures, event, rows, directory) if known else figures


def _with_attended(
    figures: EventFigures, event: Event, rows: _Rows, directory: _Directory
) -> EventFigures:
    came = [one for one in figures.bodies or () if one.attended]
    people = Counter[str]()
    for one in came:
        people[one.kind] += one.attended or 0
    return replace(
        figures,
        **_by_kind(came, "attended"),
        other_bodies_attended_by_kind=in_order(Counter(one.kind for one in came if not one.counts)),
        people_attended_by_kind=in_order(people),
        people_without_body_attended=sum(row[2] for row in rows.bodies if row[0] is None),
        first_timers=_first_timers(event, came, directory),
    )


def _first_timers(event: Event, came: Iterable[BodyFigures], directory: _Directory) -> int:
    administrations = (one for one in came if one.counts)
    return sum(directory.first[one.id] >= event.starts_at for one in administrations)


def _bodies(
    event: Event, rows: Iterable[BodySum], directory: _Directory, *, known: bool
) -> tuple[BodyFigures, ...]:
    """The bodies with a place; a local municipality is part of its association."""
    day, found = event.day, dict[int, BodyFigures]()
    for number, confirmed, present, _absent in rows:
        if number is None:
            continue
        body = directory.bodies[directory.associations.get(number, number)]
        before = found.get(body.id)
        found[body.id] = BodyFigures(
            body.id,
            body.kind,
            body.member and body.is_member_on(day),
            confirmed + (before.confirmed if before else 0),
            present + (before.attended or 0 if before else 0) if known else None,
        )
    return tuple(found[number] for number in sorted(found))


def _by_kind(bodies: Collection[BodyFigures], what: str) -> dict[str, Any]:
    """Numbers of bodies that are "confirmed" or "attended", by the names of EventFigures."""
    kinds = in_order(Counter(one.kind for one in bodies))
    administrations = counted(kinds)
    number, members = sum(administrations.values()), _members(bodies)
    return {
        f"administrations_{what}": number,
        f"administrations_{what}_members": members,
        f"administrations_{what}_non_members": number - members,
        f"administrations_{what}_by_kind": administrations,
        f"other_bodies_{what}": len(bodies) - number,
    }


def _members(bodies: Iterable[BodyFigures]) -> int:
    return sum(one.kind in COUNTED_KINDS for one in bodies if one.member)
