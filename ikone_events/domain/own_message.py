"""A letter of the organisers' own: to whom it may go, and when."""

from ikone_events.domain.audiences import Audience
from ikone_events.domain.facts import EventFormat

# Registered people only: subscribers asked for news of events and for nothing else.
AUDIENCES: tuple[Audience, ...] = (
    Audience.CONFIRMED,
    Audience.CONFIRMED_ONLINE,
    Audience.CONFIRMED_ON_SITE,
    Audience.CONFIRMED_AND_WAITING,
    Audience.WAITING,
    Audience.UNCONFIRMED,
    Audience.UNAPPROVED,
    Audience.OFFERED,
    Audience.UNANSWERED,
    Audience.ASKED,
    Audience.ADMINISTRATION,
    Audience.ATTENDED,
    Audience.MISSED,
)
_OF_ONE_MODE = (Audience.CONFIRMED_ONLINE, Audience.CONFIRMED_ON_SITE)


def audiences_at(event_format: EventFormat) -> tuple[Audience, ...]:
    """Those to choose from; how people take part makes a difference at hybrid events only."""
    if event_format is EventFormat.HYBRID:
        return AUDIENCES
    return tuple(audience for audience in AUDIENCES if audience not in _OF_ONE_MODE)
