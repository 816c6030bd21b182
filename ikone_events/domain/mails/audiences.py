"""The groups of people a mail can go to."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from ikone_events.domain.refusals import N_


class Audience(StrEnum):
    """Who is written to: registered people of one event, or subscribers."""

    CONFIRMED = "confirmed"
    CONFIRMED_ONLINE = "confirmed_online"
    CONFIRMED_ON_SITE = "confirmed_on_site"
    CONFIRMED_AND_WAITING = "confirmed_and_waiting"
    WAITING = "waiting"
    UNCONFIRMED = "pending"  # the name that is stored with mails noted earlier
    UNAPPROVED = "unapproved"
    OFFERED = "offered"
    ATTENDED = "attended"
    MISSED = "missed"
    NOT_MISSED = "not_missed"
    ASKED = "asked"
    ADMINISTRATION = "administration"
    UNANSWERED = "unanswered"
    SUBSCRIBERS = "subscribers"
    UNREGISTERED = "unregistered"
    INTERESTED = "interested"


# These are subscribers, the others registered people.
OF_SUBSCRIBERS = frozenset({Audience.SUBSCRIBERS, Audience.UNREGISTERED, Audience.INTERESTED})

# Whom organisers may write to by a mail of their own. Subscribers asked for news of events alone.
OWN_AUDIENCES: tuple[Audience, ...] = (
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


def own_audiences(*, hybrid: bool) -> tuple[Audience, ...]:
    """Those to choose from; how people take part makes a difference at hybrid events only."""
    return tuple(each for each in OWN_AUDIENCES if hybrid or each not in _OF_ONE_MODE)


AUDIENCE_LABELS: Mapping[Audience, str] = MappingProxyType(
    {
        Audience.CONFIRMED: N_("Everybody confirmed"),
        Audience.CONFIRMED_ONLINE: N_("Everybody confirmed who takes part online"),
        Audience.CONFIRMED_ON_SITE: N_("Everybody confirmed who takes part on site"),
        Audience.CONFIRMED_AND_WAITING: N_("Everybody registered or waiting"),
        Audience.WAITING: N_("Everybody on the waiting list"),
        Audience.UNCONFIRMED: N_("Everybody whose address is not confirmed yet"),
        Audience.UNAPPROVED: N_("Everybody who waits for approval"),
        Audience.OFFERED: N_("Everybody who has been offered a place"),
        Audience.ATTENDED: N_("Everybody who attended"),
        Audience.MISSED: N_("Everybody who was absent"),
        Audience.NOT_MISSED: N_("Everybody confirmed who was not marked absent"),
        Audience.ASKED: N_("Everybody who asked a question"),
        Audience.ADMINISTRATION: N_("Everybody of one administration"),
        Audience.UNANSWERED: N_("Everybody confirmed whose calendar has not answered"),
        Audience.SUBSCRIBERS: N_("Subscribers of the network"),
        Audience.UNREGISTERED: N_("Subscribers of the network who are not registered"),
        Audience.INTERESTED: N_("Those who asked to be told of the opening"),
    }
)
