"""Levels of texts: the whole installation, a series or one event, and who may edit them."""

from dataclasses import dataclass

from flask import url_for

from ikone_events.domain.mails.edited_text import EditedText
from ikone_events.domain.mails.kinds import LABELS, MailKind
from ikone_events.domain.mails.placeholders import EDITABLE
from ikone_events.domain.refusals import N_, Complaint, NotFound
from ikone_events.domain.words import LOCALES
from ikone_events.services.mails.text_preview import standard_text
from ikone_events.services.mails.texts import (
    INSTALLATION,
    NO_TEXT,
    event_scope,
    is_own,
    scopes_of,
    series_scope,
    texts_of,
)
from ikone_events.store.events.models import Event
from ikone_events.store.mails.models import MailText
from ikone_events.store.plan.models import Step, own_messages_of
from ikone_events.web.organiser.frame import seen_event
from ikone_events.web.shell.access import Permission, require
from ikone_events.web.shell.i18n import gettext as _

EVENT, SERIES = "event", "series"


@dataclass(frozen=True, slots=True)
class CurrentText:
    """The text used in one language: its level ("" if built in), and the row of this place."""

    text: EditedText
    level: str
    row: MailText | None


@dataclass(frozen=True, slots=True)
class TextPlace:
    """One of the three levels; `event` is the one whose pages lead here, if any."""

    level: str
    scope: str
    event: Event | None = None

    @property
    def scopes(self) -> tuple[str, ...]:
        """The scopes in which a text is looked up, the most specific first."""
        every = scopes_of(self.event)
        return every[every.index(self.scope) :]

    @property
    def owner(self) -> Event | None:
        """The event to which the text belongs; None on the wider levels."""
        return self.event if self.level == EVENT else None

    def url(self, kind: str = "", action: str = "") -> str:
        """Return the address of the list, of one editor, or of one of its buttons."""
        name = f"organiser.{self.level}_text" + ("" if kind else "s") + action
        slug = self.event.slug if self.event else None
        return url_for(name, slug=slug, kind=kind or None)

    def current(self, kind: str) -> dict[str, CurrentText]:
        """Return the texts used for a kind of mail here, by language."""
        rows = [row for row in texts_of(self.scopes) if row.kind == kind]
        return {locale: self._current(kind, locale, rows) for locale in LOCALES}

    def wider(self, kind: str) -> dict[str, CurrentText]:
        """Return the texts that would be used without those of this place."""
        rows = [row for row in texts_of(self.scopes[1:]) if row.kind == kind]
        return {locale: self._current(kind, locale, rows) for locale in LOCALES}

    def _current(self, kind: str, locale: str, rows: list[MailText]) -> CurrentText:
        here = {row.scope: row for row in rows if row.locale == locale}
        own = here.get(self.scope)
        for scope in self.scopes:
            if row := here.get(scope):
                text = EditedText(row.subject, row.body)
                return CurrentText(text, scope.partition(":")[0], own)
        if is_own(kind) and locale == "en":
            return CurrentText(NO_TEXT, "", None)
        return CurrentText(standard_text(kind, locale), "", None)


def installation_place() -> TextPlace:
    """Return the place of the texts for all events."""
    return TextPlace(INSTALLATION, INSTALLATION)


def series_place(slug: str) -> TextPlace:
    """Return the place of an event's series; answers 403 to those who may not edit the series."""
    event = seen_event(slug)
    if not event.series:
        raise NotFound(Complaint(N_("This event belongs to no series.")))
    require(Permission.EDIT_SERIES_TEXTS)  # here, so that a foreign event is a missing one
    return TextPlace(SERIES, series_scope(event.series), event)


def event_place(slug: str) -> TextPlace:
    """Return the place of one event's texts."""
    event = seen_event(slug)
    return TextPlace(EVENT, event_scope(event), event)


def title_of(place: TextPlace, kind: str) -> str:
    """Return the label of a kind of mail; raises NotFound if it can't be edited here."""
    if kind in {kind.value for kind in EDITABLE}:
        return _(LABELS[MailKind(kind)])
    for step in own_messages(place):
        if step.name == kind:
            return step.title or _(LABELS[MailKind.NOTE])
    raise NotFound(Complaint(N_("There is no such text.")))


def own_messages(place: TextPlace) -> list[Step]:
    """Return the organisers' own messages; only events have some."""
    return own_messages_of(place.owner) if place.owner else []
