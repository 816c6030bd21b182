"""The sentence for the press: how many administrations took part in an event."""

from datetime import date
from typing import Protocol

from ikone_events.domain.events.facts import EventFormat
from ikone_events.domain.figures.event_figures import EventFigures
from ikone_events.domain.figures.periods import PeriodFigures
from ikone_events.domain.refusals import N_, Complaint
from ikone_events.domain.times import date_words

_EXACT_TO = 20
_STEP = 10
_WHERE = {
    "de": {
        EventFormat.ONLINE: "online",
        EventFormat.ON_SITE: "vor Ort",
        EventFormat.HYBRID: "vor Ort oder online",
    },
    "en": {
        EventFormat.ONLINE: "online",
        EventFormat.ON_SITE: "in person",
        EventFormat.HYBRID: "in person or online",
    },
}


class Held(Protocol):
    """When and where an event took place."""

    @property
    def day(self) -> date:
        """The local day of the start."""

    @property
    def format(self) -> str:
        """An EventFormat."""


def why_no_sentence(figures: EventFigures) -> Complaint | None:
    """Why there is no sentence for the press; None if there is."""
    if figures.took_place is False:
        return Complaint(N_("The event has not taken place so far."))
    if figures.administrations_attended is None:
        return Complaint(N_("Nobody has recorded who attended."))
    return None


def press_sentence(figures: EventFigures, event: Held, locale: str) -> str:
    """The sentence in a language, with plain spaces; "" where `why_no_sentence` says why."""
    if why_no_sentence(figures) is not None:
        return ""
    day, where = date_words(event.day, locale=locale), _WHERE[locale][EventFormat(event.format)]
    number = figures.administrations_attended or 0
    members = figures.administrations_attended_members or 0
    guests = figures.administrations_attended_non_members or 0
    say = _german if locale == "de" else _english
    return say(number, members, guests, day, where)


def why_no_year_sentence(figures: PeriodFigures) -> Complaint | None:
    """Why there is no sentence about a year; None if there is."""
    if not figures.events:
        return Complaint(N_("No event has taken place."))
    if figures.attended_people is None:
        return Complaint(N_("Nobody has recorded who attended."))
    return None


def year_sentence(
    figures: PeriodFigures, year: int, *, organisation: str, of_members: int, locale: str
) -> str:
    """The sentence for the report of a year; "" where `why_no_year_sentence` says why.

    `of_members` is how many members the network has.
    """
    if why_no_year_sentence(figures) is not None:
        return ""
    events, people = figures.events, figures.attended_people or 0
    bodies, members = figures.administrations or 0, figures.members or 0
    if locale == "de":
        held = "1 Veranstaltung" if events == 1 else f"{events} Veranstaltungen"
        came = "1 Teilnahme wurde" if people == 1 else f"{people} Teilnahmen wurden"
        present = (
            "vertreten war 1 Verwaltung"
            if bodies == 1
            else f"vertreten waren {bodies or 'keine'} Verwaltungen"
        )
        among = f", darunter {members} der {of_members} Mitglieder" if members else ""
        return f"{year} richtete {organisation} {held} aus. {came} gezählt; {present}{among}."
    held = "1 event" if events == 1 else f"{events} events"
    came = "1 attendance was" if people == 1 else f"{people} attendances were"
    present = "1 public body was" if bodies == 1 else f"{bodies or 'no'} public bodies were"
    among = f", among them {members} of the {of_members} members" if members else ""
    return f"In {year}, {organisation} held {held}. {came} counted; {present} represented{among}."


def rounded(number: int) -> tuple[int, bool]:
    """The number in the sentence, and whether there are more than that.

    Above 20 it is cut to tens.
    """
    if number <= _EXACT_TO or number % _STEP == 0:
        return number, False
    return number - number % _STEP, True


def _german(number: int, members: int, guests: int, day: str, where: str) -> str:
    if number == 0:
        return f"Am {day} nahm keine Verwaltung {where} teil."
    if number == 1:
        which = "ein Mitglied" if members else "kein Mitglied"
        return f"1 Verwaltung nahm am {day} {where} teil, {which}."
    shown, more = rounded(number)
    parts = (
        _of(members, "1 Mitglied", "Mitglieder", "keine"),
        _of(guests, "1 Nicht-Mitglied", "Nicht-Mitglieder", "keine"),
    )
    begins = f"Über {shown}" if more else str(shown)
    return f"{begins} Verwaltungen nahmen am {day} {where} teil, davon {parts[0]} und {parts[1]}."


def _english(number: int, members: int, guests: int, day: str, where: str) -> str:
    if number == 0:
        return f"No public body took part {where} on {day}."
    if number == 1:
        which = "a member" if members else "not a member"
        return f"1 public body took part {where} on {day}, {which}."
    shown, more = rounded(number)
    parts = (
        _of(members, "1 member", "members", "no"),
        _of(guests, "1 non-member", "non-members", "no"),
    )
    begins = f"More than {shown}" if more else str(shown)
    return f"{begins} public bodies took part {where} on {day}: {parts[0]} and {parts[1]}."


def _of(number: int, one: str, many: str, none: str) -> str:
    if number == 1:
        return one
    return f"{number or none} {many}"
