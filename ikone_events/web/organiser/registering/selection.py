"""Whom an action on several registrations is about: who is ticked, or whom a filter finds."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from werkzeug.datastructures import MultiDict

from ikone_events.domain.mails.audiences import Audience
from ikone_events.domain.refusals import N_, Complaint, UnfitInput
from ikone_events.domain.registering.registration import Attendance, Awaits, Status
from ikone_events.store.events.models import Event
from ikone_events.store.incoming.registration_search import (
    RegistrationOrder,
    RegistrationSearch,
    everybody,
    get_people,
)
from ikone_events.store.registering.models import Registration
from ikone_events.web.organiser.registering.filter import query_of, wish_of

# Each person is a transaction of one request, which proxies cut off after a minute.
MOST = 500
# Filters that find just the people of an audience, also those who register later.
_AUDIENCES: Mapping[RegistrationSearch, Audience] = {
    RegistrationSearch(status=Status.CONFIRMED): Audience.CONFIRMED,
    RegistrationSearch(status=Status.WAITLISTED): Audience.WAITING,
    RegistrationSearch(status=Status.OFFERED): Audience.OFFERED,
    RegistrationSearch(awaits=Awaits.ADDRESS): Audience.UNCONFIRMED,
    RegistrationSearch(awaits=Awaits.APPROVAL): Audience.UNAPPROVED,
    RegistrationSearch(came=Attendance.ATTENDED): Audience.ATTENDED,
    RegistrationSearch(came=Attendance.MISSED): Audience.MISSED,
}


@dataclass(frozen=True, slots=True)
class Selection:
    """Ticked people as public id and the status that the list showed, or a whole filter."""

    ticked: Mapping[str, str]
    wish: RegistrationSearch
    whole: bool

    @property
    def is_empty(self) -> bool:
        """Whether nobody is ticked."""
        return not (self.whole or self.ticked)

    @property
    def query(self) -> dict[str, Any]:
        """The selection as parameters of an address."""
        if self.whole:
            return {"whole": "yes", **query_of(self.wish)}
        return {**query_of(self.wish), "person": list(self.ticked)}

    @property
    def audience(self) -> Audience | None:
        """The audience of everybody whom the whole filter finds; None for other people."""
        if not self.whole:
            return None
        return _AUDIENCES.get(replace(self.wish, order=RegistrationOrder.REGISTERED))

    def people(self, event: Event, now: datetime) -> list[Registration]:
        """The people, without anonymised ones. Raises NotFound."""
        if self.whole:
            return everybody(event, self.wish, now=now)
        return get_people(event, self.ticked)


def selection_of(sent: MultiDict[str, str]) -> Selection:
    """Parse a selection from form values or an address. Raises UnfitInput for too many ticks."""
    pairs = (value.partition("/") for value in sent.getlist("person"))
    ticked = {public_id: expected for public_id, _slash, expected in pairs}
    if len(ticked) > MOST:
        raise UnfitInput(too_many())
    return Selection(ticked, wish_of(sent), sent.get("whole") == "yes")


def too_many() -> Complaint:
    """What to do with more people than one request can take."""
    text = N_(
        "Nothing has been changed: at most %(most)d people can be dealt with at once. "
        "Please narrow the list down with a filter."
    )
    return Complaint(text, {"most": MOST})
