"""The groups of people a mail can go to."""

from collections.abc import Mapping
from enum import StrEnum

from ikone_events.domain.refusals import N_


class Audience(StrEnum):
    """The recipients of a mailing: registered people, subscribers, contacts, or speakers.

    OTHER_CONTACTS are those that SUBSCRIBERS does not contain: an address gets one mail.
    FOLLOWED_UP are the confirmed people, and those who waited if the event writes to them.
    SUPPLEMENTED asked for a mail about further materials, and may see some. ANSWERED asked
    something whose answer they were not sent as it is now.
    """

    CONFIRMED = "confirmed"
    CONFIRMED_ONLINE = "confirmed_online"
    CONFIRMED_ON_SITE = "confirmed_on_site"
    CONFIRMED_AND_WAITING = "confirmed_and_waiting"
    WAITING = "waiting"
    UNCONFIRMED = "pending"  # stored by earlier versions
    UNAPPROVED = "unapproved"
    OFFERED = "offered"
    UNANSWERED = "unanswered"
    ASKED = "asked"
    ADMINISTRATION = "administration"
    CHOSEN = "chosen"
    ATTENDED = "attended"
    MISSED = "missed"
    NOT_MISSED = "not_missed"
    SUBSCRIBERS = "subscribers"
    UNREGISTERED = "unregistered"
    INTERESTED = "interested"
    CONTACTS = "contacts"
    OTHER_CONTACTS = "other_contacts"
    NOBODY = "nobody"
    SPEAKERS = "speakers"
    FOLLOWED_UP = "followed_up"
    SUPPLEMENTED = "supplemented"
    ANSWERED = "answered"


# Audiences of subscribers and of contacts; the others are registered people.
OF_SUBSCRIBERS = frozenset(
    {Audience.SUBSCRIBERS, Audience.UNREGISTERED, Audience.INTERESTED, Audience.NOBODY}
)
OF_CONTACTS = frozenset({Audience.CONTACTS, Audience.OTHER_CONTACTS})
OF_NEWS = OF_SUBSCRIBERS | OF_CONTACTS

# Those who are notified of all events. They have no codes, so they get no mail about an event that
# needs one: it is for the people who are invited.
OF_NETWORK = frozenset({Audience.SUBSCRIBERS, Audience.UNREGISTERED}) | OF_CONTACTS

_OF_FOLLOW_UP = {Audience.FOLLOWED_UP, Audience.SUPPLEMENTED, Audience.ANSWERED}
_NEVER_OWN = {Audience.NOT_MISSED, Audience.SPEAKERS, *_OF_FOLLOW_UP}
# Audiences of organisers' own mails; the others only get news of events.
OWN_AUDIENCES = tuple(a for a in Audience if a not in OF_NEWS | _NEVER_OWN)
_OF_ONE_MODE = (Audience.CONFIRMED_ONLINE, Audience.CONFIRMED_ON_SITE)
# Every other audience is whoever belongs to it when the mail is sent.
_CHOSEN_IN_THE_LIST = (Audience.CHOSEN,)


def own_audiences(*, hybrid: bool) -> tuple[Audience, ...]:
    """The audiences on offer in a form; those of one mode only at hybrid events."""
    closed = _CHOSEN_IN_THE_LIST if hybrid else (*_CHOSEN_IN_THE_LIST, *_OF_ONE_MODE)
    return tuple(each for each in OWN_AUDIENCES if each not in closed)


AUDIENCE_LABELS: Mapping[Audience, str] = {
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
    Audience.ADMINISTRATION: N_("Everybody of one public body"),
    Audience.CHOSEN: N_("People chosen from the list"),
    Audience.UNANSWERED: N_("Everybody confirmed whose calendar has not answered"),
    Audience.SUBSCRIBERS: N_("Subscribers of the network"),
    Audience.UNREGISTERED: N_("Subscribers of the network who are not registered"),
    Audience.INTERESTED: N_("Those who asked to be told of the opening"),
    Audience.CONTACTS: N_("Contact persons"),
    Audience.OTHER_CONTACTS: N_("Contact persons without a subscription"),
    Audience.NOBODY: N_("Nobody"),
    Audience.SPEAKERS: N_("Speakers and co-organisers"),
    Audience.FOLLOWED_UP: N_("Everybody confirmed, and those who waited if they are written to"),
    Audience.SUPPLEMENTED: N_("Everybody who wants to be told of further materials"),
    Audience.ANSWERED: N_("Everybody whose question has a new answer"),
}
