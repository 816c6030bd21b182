"""The differences between two versions of an event for one person.

Both versions are in the person's language and show how the person takes part, so a new place is no
difference to people online.
"""

from ikone_events.domain.header_text import one_line
from ikone_events.domain.mails.facts import Difference, EventSummary, Fact
from ikone_events.domain.times import span_mail

_AND_ONLINE = {"de": "und online", "en": "and online"}


LABELS: dict[Fact, dict[str, str]] = {
    Fact.TITLE: {"de": "Titel", "en": "Title"},
    Fact.WHEN: {"de": "Termin", "en": "Date"},
    Fact.WHERE: {"de": "Ort", "en": "Place"},
    Fact.DIRECTIONS: {"de": "Raum und Anfahrt", "en": "Room and directions"},
    Fact.BRING: {"de": "Bitte mitbringen", "en": "Please bring"},
    Fact.DIAL_IN: {"de": "Einwahl per Telefon", "en": "Dial-in by telephone"},
}
_NOTHING = {"de": "keine", "en": "none"}
_NO_LONGER = {"de": "keine Angabe mehr", "en": "no longer given"}
# A text in a list of changes; the whole stands in the calendar entry and on the own page.
_LONGEST_TEXT = 300


def where(event: EventSummary, locale: str) -> str:
    """The place in words, "Online" where there is none."""
    place = one_line(event.place)
    if event.format == "hybrid" and place:
        return f"{place} {_AND_ONLINE[locale]}"
    return place or "Online"


def differences(
    before: EventSummary, present: EventSummary, *, locale: str, has_door: bool
) -> tuple[Difference, ...]:
    """The differences in the order of a mail; `has_door`: the access link has been sent.

    A new room is none: people enter by our own page, which leads to whatever room there is.
    """
    found = [
        _difference(Fact.TITLE, one_line(before.title), one_line(present.title), locale),
        _difference(Fact.WHEN, _when(before, locale), _when(present, locale), locale),
        _difference(Fact.WHERE, where(before, locale), where(present, locale), locale),
        _text_difference(Fact.DIRECTIONS, before.directions, present.directions, locale),
        _text_difference(Fact.BRING, before.bring, present.bring, locale),
    ]
    if has_door and present.has_room and before.has_room:
        nothing = _NOTHING[locale]
        old, new = before.dial_in or nothing, present.dial_in or nothing
        found.append(_difference(Fact.DIAL_IN, old, new, locale))
    return tuple(each for each in found if each is not None)


def _difference(fact: Fact, old: str, new: str, locale: str) -> Difference | None:
    return None if old == new else Difference(fact, LABELS[fact][locale], old, new)


def _text_difference(fact: Fact, old: str, new: str, locale: str) -> Difference | None:
    """The difference of two texts, cut; one that was added has no former value."""
    if old == new:
        return None
    return Difference(fact, LABELS[fact][locale], _cut(old), _cut(new) or _NO_LONGER[locale])


def _cut(text: str) -> str:
    words = one_line(text)
    return words if len(words) <= _LONGEST_TEXT else words[: _LONGEST_TEXT - 1].rstrip() + "…"


def _when(event: EventSummary, locale: str) -> str:
    return span_mail(event.starts_at, event.ends_at, locale=locale, zone=event.zone)
