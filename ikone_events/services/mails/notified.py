"""The version of an event that each person was notified of last, and what differs from it now."""

from collections.abc import Collection
from datetime import datetime

from ikone_events.domain.events.changes import differences
from ikone_events.domain.mails.facts import Difference
from ikone_events.services.mails.values import links_of, summary_for
from ikone_events.store.events.models import Event, EventVersion
from ikone_events.store.mails.event_versions import event_in, event_versions, notified_numbers
from ikone_events.store.registering.models import Registration


def last_notified_version(
    event: Event, registration: Registration, *, before: int | None = None, later_sent: bool = False
) -> Event:
    """The event as this person knows it.

    `before` leaves out the mails from this number on; with `later_sent` only those not sent yet.
    """
    versions = notified_versions(event, [registration], before=before, later_sent=later_sent)
    return versions[registration.id]


def notified_versions(
    event: Event,
    people: Collection[Registration],
    *,
    before: int | None = None,
    later_sent: bool = False,
) -> dict[int, Event]:
    """The event as each of these people knows it, by the id of their registration.

    Costs no query as long as the event has never changed, as most.
    """
    former = event_versions(event)
    if not former:
        return {person.id: event for person in people}
    numbers = notified_numbers(people, before=before, later_sent=later_sent)
    return {
        person.id: event_in(
            event, numbers.get(person.id) or _in_force(event, former, person.registered_at), former
        )
        for person in people
    }


def _in_force(event: Event, former: Collection[EventVersion], registered_at: datetime) -> int:
    """Without a mail, as after an import, people know what was public when they registered."""
    return next(
        (each.number for each in former if each.until > registered_at), event.calendar_version
    )


def changes_for(
    known: Event, event: Event, registration: Registration, *, knows_door: bool
) -> tuple[Difference, ...]:
    """What differs from the version this person knows, in the person's language.

    A changed room concerns only people who know the door to it.
    """
    if known is event:
        return ()
    return differences(
        summary_for(known, registration),
        summary_for(event, registration),
        locale=registration.locale,
        has_door=knows_door and any(links_of(each, registration).room for each in (event, known)),
    )
