"""Calendars of people as rows of a page, without personal links."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from ikone_events.domain.calendars.preview import TRANSLATED, EntryRow, compared
from ikone_events.domain.events.facts import Mode
from ikone_events.domain.events.lifecycle import EventFormat
from ikone_events.domain.registering.registration import MODE_LABELS
from ikone_events.services.calendars.preview import CalendarView, Stand
from ikone_events.services.mails.drafts import mask_links
from ikone_events.store.events.models import Event
from ikone_events.web.organiser.frame import translate_all
from ikone_events.web.shell.i18n import gettext as _
from ikone_events.web.shell.i18n import page_locale


@dataclass(frozen=True, slots=True)
class CalendarRow:
    """One property of a calendar entry, now and afterwards."""

    label: str
    now: str
    after: str
    differs: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """The calendar of one person: its state, its rows, complaints and hints."""

    title: str
    about: str
    person: str
    stand: str
    way: str
    mail_id: int | None
    rows: list[CalendarRow]
    effect: str
    complaints: list[str]
    hints: list[str]

    @property
    def changes(self) -> bool:
        """Whether any row differs."""
        return any(row.differs for row in self.rows)


def card_of(view: CalendarView, event: Event, then: Event) -> Card:
    """Describe a person's calendar; times are local to the event."""
    person, mail = view.person, view.under_way
    return Card(
        title=f"{person.first_name} {person.last_name}".strip() or person.email,
        about=", ".join(_about(view, then)),
        person=person.public_id,
        stand=_stand(view),
        way=_way(view),
        mail_id=mail.id if mail else None,
        rows=rows_of(view.now, view.after, event, then),
        effect=_(view.effect),
        complaints=translate_all(view.complaints),
        hints=translate_all(view.hints),
    )


def with_shared_hints(cards: Sequence[Card]) -> tuple[list[Card], list[str]]:
    """Return the cards without the hints that all of them share, and those hints."""
    first = cards[0].hints if len(cards) > 1 else []
    shared = [hint for hint in first if all(hint in card.hints for card in cards)]
    own = [replace(card, hints=[h for h in card.hints if h not in shared]) for card in cards]
    return own, shared


def rows_of(now: bytes | None, after: bytes | None, event: Event, then: Event) -> list[CalendarRow]:
    """Compare two calendar objects property by property."""
    lines = compared(now, after, locale=page_locale(), zone=then.zone, before_zone=event.zone)
    return [
        CalendarRow(_(line.label), _value(line, line.now), _value(line, line.after), line.differs)
        for line in lines
    ]


def answer_words(partstat: str) -> str:
    """Return the label of a PARTSTAT; unknown values are returned as they are."""
    words = {"ACCEPTED": _("Accepted"), "DECLINED": _("Declined"), "TENTATIVE": _("Tentative")}
    return words.get(partstat, partstat)


def _value(line: EntryRow, value: str) -> str:
    if not value:
        return "–"
    return _(value) if line.label in TRANSLATED else mask_links(value)


def _about(view: CalendarView, event: Event) -> Iterable[str]:
    yield _("English") if view.person.locale == "en" else _("German")
    if event.format == EventFormat.HYBRID.value:
        yield _(MODE_LABELS[Mode(view.person.mode)])
    if view.person.partstat:
        yield answer_words(view.person.partstat)


def _stand(view: CalendarView) -> str:
    words = {
        Stand.NEVER: _("This calendar shows nothing: no invitation has been delivered yet."),
        Stand.ASSUMED: _(
            "This person came from a file: the entry sent before is taken to be in this calendar."
        ),
        Stand.SHOWN: _("This calendar shows the event."),
        Stand.REMOVED: _("The entry has been taken out of this calendar."),
    }
    return words[view.stand]


def _way(view: CalendarView) -> str:
    """Return what became of a mail newer than the calendar's entry; "" if there is none."""
    if view.under_way is None:
        return ""
    words = {
        "queued": _("A newer entry is on its way."),
        "failed": _("A newer entry could not be delivered."),
        "stopped": _("A newer entry has been held back."),
    }
    return words.get(view.under_way.state, "")
