"""A letter of the organisers' own: to whom it may go, and when."""

from ikone_events.domain.audiences import Audience

# Registered people only: subscribers asked for news of events and for nothing else.
AUDIENCES: tuple[Audience, ...] = (
    Audience.CONFIRMED,
    Audience.CONFIRMED_AND_WAITING,
    Audience.WAITING,
    Audience.PENDING,
    Audience.UNANSWERED,
    Audience.ASKED,
    Audience.ADMINISTRATION,
    Audience.ATTENDED,
    Audience.MISSED,
)
