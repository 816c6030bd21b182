"""The figures of events: as stored when they were archived, else added up from the rows."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from ikone_events.domain.directory.administrations import AdministrationKind, key_of
from ikone_events.domain.events.facts import State
from ikone_events.domain.figures.event_figures import BodyFigures, EventFigures, by_kind
from ikone_events.domain.registering.registration import Status
from ikone_events.domain.rooms.attendance import is_over
from ikone_events.store.damage import report
from ikone_events.store.events.models import Event
from ikone_events.store.figures.event_sums import (
    BodyFacts,
    PeopleSum,
    bodies_by_id,
    cancelled_among,
    first_attended,
    people_sums,
)

# What an official key of 12 digits and that of the municipal association begin with.
_ASSOCIATION_DIGITS = 9


def figures_for(events: Collection[Event], now: datetime) -> dict[int, EventFigures]:
    """The figures of each event by id, in a constant number of queries.

    Stored figures are never counted again; to those of version 1 only the bodies are added, which
    a period needs.
    """
    stored = {event.id: found for event in events if (found := _stored(event)) is not None}
    wanted = [
        event for event in events if event.id not in stored or stored[event.id].bodies is None
    ]
    counted = _count(wanted, now) if wanted else {}
    for number, figures in stored.items():
        if figures.bodies is None:
            extra = counted[number]
            counted[number] = replace(figures, bodies=extra.bodies, took_place=extra.took_place)
        else:
            counted[number] = figures
    return {event.id: counted[event.id] for event in events}


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

    def counted(self, organisation_id: int) -> BodyFacts:
        """The body that this one counts to: its municipal association, or itself."""
        return self.bodies[self.associations.get(organisation_id, organisation_id)]


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


def _count(events: Collection[Event], now: datetime) -> dict[int, EventFigures]:
    directory = _read_directory()
    archived = [event.id for event in events if event.state == State.ARCHIVED.value]
    cancelled = cancelled_among(archived) if archived else frozenset()
    rows: defaultdict[int, list[PeopleSum]] = defaultdict(list)
    for row in people_sums([event.id for event in events]):
        rows[row.event_id].append(row)
    return {
        event.id: _figures(
            event,
            rows[event.id],
            directory,
            took_place=is_over(event.state, event.ends_at, now) and event.id not in cancelled,
        )
        for event in events
    }


def _figures(
    event: Event, rows: Collection[PeopleSum], directory: _Directory, *, took_place: bool
) -> EventFigures:
    by_status: defaultdict[str, int] = defaultdict(int)
    for row in rows:
        by_status[row.status] += row.people
    confirmed, present = by_status[Status.CONFIRMED.value], sum(row.present for row in rows)
    absent = sum(row.absent for row in rows)
    # Whoever is not recorded is absent, once anybody is known to have come.
    incomplete = event.attendance_incomplete or not present
    unknown = confirmed - present - absent if took_place and incomplete else 0
    known = bool(present or not unknown)
    bodies = _bodies(event, rows, directory, known=known)
    # Approval may come without any confirmation of the address.
    no_address = event.approval and event.confirm_hours is None
    lapsed = 0 if no_address else sum(row.lapsed for row in rows)
    figures = EventFigures(
        took_place=took_place,
        registrations=sum(by_status.values()),
        confirmed=confirmed,
        waitlist=by_status[Status.WAITLISTED.value],
        cancelled=by_status[Status.CANCELLED.value],
        declined=by_status[Status.DECLINED.value],
        unconfirmed_email=sum(row.unconfirmed for row in rows) + lapsed,
        attended_people=present if known else None,
        attendance_unknown_people=unknown,
        bodies=bodies,
        **_of_confirmed(bodies),
    )
    if not known:
        return figures
    first = (one for one in bodies if one.came and one.counts)
    return replace(
        figures,
        **_of_attended(bodies),
        people_without_body_attended=sum(
            row.present for row in rows if row.organisation_id is None
        ),
        first_timers=sum(directory.first[one.id] >= event.starts_at for one in first),
    )


def _bodies(
    event: Event, rows: Iterable[PeopleSum], directory: _Directory, *, known: bool
) -> tuple[BodyFigures, ...]:
    """The bodies with a place; a local municipality is part of its association."""
    people: defaultdict[int, list[int]] = defaultdict(lambda: [0, 0])
    for row in rows:
        if row.organisation_id is not None and row.status == Status.CONFIRMED.value:
            body = people[directory.counted(row.organisation_id).id]
            body[0] += row.people
            body[1] += row.present
    day = event.day
    return tuple(
        BodyFigures(
            number,
            directory.bodies[number].kind,
            directory.bodies[number].is_member_on(day),
            confirmed,
            present if known else None,
        )
        for number, (confirmed, present) in sorted(people.items())
    )


def _of_confirmed(bodies: Iterable[BodyFigures]) -> dict[str, Any]:
    bodies = list(bodies)
    counted = [one for one in bodies if one.counts]
    members = sum(one.member for one in counted)
    return {
        "administrations_confirmed": len(counted),
        "administrations_confirmed_members": members,
        "administrations_confirmed_non_members": len(counted) - members,
        "administrations_confirmed_by_kind": by_kind(counted),
        "other_bodies_confirmed": len(bodies) - len(counted),
    }


def _of_attended(bodies: Iterable[BodyFigures]) -> dict[str, Any]:
    came = [one for one in bodies if one.came]
    counted = [one for one in came if one.counts]
    members = sum(one.member for one in counted)
    people: defaultdict[str, int] = defaultdict(int)
    for one in came:
        people[one.kind] += one.attended or 0
    return {
        "administrations_attended": len(counted),
        "administrations_attended_members": members,
        "administrations_attended_non_members": len(counted) - members,
        "administrations_attended_by_kind": by_kind(counted),
        "other_bodies_attended": len(came) - len(counted),
        "other_bodies_attended_by_kind": by_kind(one for one in came if not one.counts),
        "people_attended_by_kind": {kind: people[kind] for kind in by_kind(came)},
    }
