"""How somebody without an invitation gets an event into the own calendar."""

from dataclasses import dataclass
from datetime import datetime

from flask import url_for

from ikone_events.domain.add_links import AddLink, add_links
from ikone_events.domain.lifecycle import State
from ikone_events.services.letter_values import summary_of
from ikone_events.store.events import Event
from ikone_events.web.addresses import Subscription, subscription
from ikone_events.web.i18n import page_locale, tongue

_COMING = frozenset({State.ANNOUNCED, State.OPEN, State.CLOSED, State.DISPATCHED})


@dataclass(frozen=True, slots=True)
class Offer:
    """A file to take along, a calendar to subscribe to, and forms of other providers."""

    file: str
    calendar: Subscription
    links: tuple[AddLink, ...]


def offer_of(event: Event, now: datetime) -> Offer | None:
    """What the event's page offers; nothing once it is over or as long as it is called off."""
    if State(event.state) not in _COMING or now >= event.ends_at:
        return None
    return Offer(
        file=url_for("feeds.event_ics", slug=event.slug, lang=tongue()),
        calendar=subscription(url_for("feeds.event_calendar", slug=event.slug)),
        links=add_links(summary_of(event, page_locale())),
    )
