"""The ticket of people who come on site: for whom there is one."""

from datetime import datetime
from enum import StrEnum

from ikone_events.domain.events.facts import CALLED_OFF, TAKES_PLACE, Mode
from ikone_events.domain.registering.registration import Status


class Ticket(StrEnum):
    """What a person sees on the page of the ticket."""

    CALLED_OFF = "called_off"
    WAITING = "waiting"
    RESERVED = "reserved"
    GONE = "gone"
    ONLINE = "online"
    OVER = "over"
    VALID = "valid"


_WITHOUT_PLACE = {
    Status.WAITLISTED: Ticket.WAITING,
    Status.PENDING: Ticket.RESERVED,
    Status.OFFERED: Ticket.RESERVED,
}


def ticket_at(now: datetime, *, state: str, status: str, mode: Mode, ends_at: datetime) -> Ticket:
    """What one person sees at a moment, by event and registration."""
    if state in CALLED_OFF:
        return Ticket.CALLED_OFF
    if status != Status.CONFIRMED:
        return _WITHOUT_PLACE.get(Status(status), Ticket.GONE)
    if mode is not Mode.ON_SITE:
        return Ticket.ONLINE
    return Ticket.OVER if now >= ends_at or state not in TAKES_PLACE else Ticket.VALID


def has_ticket(state: str, status: str, mode: Mode) -> bool:
    """Whether mails link to a ticket; they ask for no clock, since they are written before."""
    return state in TAKES_PLACE and status == Status.CONFIRMED and mode is Mode.ON_SITE
