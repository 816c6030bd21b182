"""What each person was told of an event last, and what of it reads otherwise now."""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime

from ikone_events.domain.changes import differences
from ikone_events.domain.messages import Difference, Extras, Fact, MailKind
from ikone_events.services.letter_values import links_of, occasion_for
from ikone_events.store.events import Event, FormerVersion
from ikone_events.store.former_versions import event_in, former_versions, told_numbers
from ikone_events.store.registrations import Registration


def told_event(
    event: Event, registration: Registration, *, before: int | None = None, later_sent: bool = False
) -> Event:
    """The event as this person knows it; `before` leaves out what letters from there on told."""
    return told_events(event, [registration], before=before, later_sent=later_sent)[registration.id]


def told_events(
    event: Event,
    people: Collection[Registration],
    *,
    before: int | None = None,
    later_sent: bool = False,
) -> dict[int, Event]:
    """The event as each of these people knows it, by the number of their registration.

    Mostly nothing has changed since it was made, and that costs no query.
    """
    known = former_versions(event)
    if not known:
        return {person.id: event for person in people}
    numbers = told_numbers(people, before=before, later_sent=later_sent)
    return {
        person.id: event_in(
            event, numbers.get(person.id) or _in_force(event, known, person.registered_at), known
        )
        for person in people
    }


def _in_force(event: Event, known: Collection[FormerVersion], moment: datetime) -> int:
    """Who got no letter, as people from a file, knows what was public when they registered."""
    return next((each.number for each in known if each.until > moment), event.version)


def changes_for(
    told: Event, event: Event, registration: Registration, *, knows_door: bool, locale: str = ""
) -> tuple[Difference, ...]:
    """What this person has not been told yet, in their language or another.

    A room that changes concerns those who know the door to it.
    """
    if told is event:
        return ()
    return differences(
        occasion_for(told, registration, locale),
        occasion_for(event, registration, locale),
        locale=locale or registration.locale,
        has_door=knows_door and _has_door(told, event, registration),
    )


def _has_door(told: Event, event: Event, registration: Registration) -> bool:
    """Whether there is a door to a room for this person, or was."""
    return any(links_of(each, registration).room for each in (event, told))


def is_moved(told: Event, event: Event) -> bool:
    """Whether the person knows another date."""
    return (told.starts_at, told.ends_at) != (event.starts_at, event.ends_at)


def with_changes(
    extras: Extras,
    kind: MailKind,
    registration: Registration,
    *,
    told: Event,
    event: Event,
    locale: str = "",
) -> Extras:
    """The extras with what the person has not been told yet; most letters are the door's first."""
    moved, knows_door = is_moved(told, event), kind in (MailKind.MOVED, MailKind.CHANGED)
    changes = changes_for(told, event, registration, knows_door=knows_door, locale=locale)
    if kind is MailKind.CHANGED:  # it says by itself how the person takes part from now on
        changes = tuple(each for each in changes if each.fact is not Fact.WHERE)
    return replace(
        extras,
        changes=changes,
        old_starts_at=told.starts_at if moved else extras.old_starts_at,
        old_ends_at=told.ends_at if moved else extras.old_ends_at,
    )
