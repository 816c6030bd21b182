"""Where a text holds: for the whole installation, a series or one event, and who may change it."""

from dataclasses import dataclass
from typing import Any

from flask import abort, url_for

from ikone_events.domain.mails.edited_text import EditedText
from ikone_events.domain.mails.kinds import LABELS, MailKind
from ikone_events.domain.mails.placeholders import EDITABLE
from ikone_events.domain.refusals import N_, Complaint, NotFound
from ikone_events.services.mails.text_preview import standard_text
from ikone_events.services.mails.texts import (
    INSTALLATION,
    LOCALES,
    NO_TEXT,
    event_scope,
    is_own,
    scopes_of,
    series_scope,
    texts_of,
)
from ikone_events.store.events.models import Event
from ikone_events.store.mails.texts import MailText
from ikone_events.store.plan.models import Step, own_messages_of
from ikone_events.web.organiser.frame import seen_event
from ikone_events.web.organiser.words import gettext as _
from ikone_events.web.shell.access import organiser

EVENT, SERIES, HOUSE = "event", "series", "installation"


@dataclass(frozen=True, slots=True)
class Held:
    """A text in force in one language: whose it is ("" for the built-in one), and its row here."""

    text: EditedText
    level: str
    row: MailText | None


@dataclass(frozen=True, slots=True)
class TextPlace:
    """One of the three places; `event` is the one whose pages lead here, if any."""

    level: str
    scope: str
    event: Event | None = None

    @property
    def scopes(self) -> tuple[str, ...]:
        """Where texts are looked for from here, the nearest first."""
        every = scopes_of(self.event)
        return every[every.index(self.scope) :]

    @property
    def owner(self) -> Event | None:
        """The event whose text it is; texts of wider places belong to none."""
        return self.event if self.level == EVENT else None

    def url(self, kind: str = "", action: str = "") -> str:
        """The list of texts here, the editor of one, or one of its buttons."""
        name = f"organiser.{self.level}_text" + ("" if kind else "s") + action
        values: dict[str, Any] = {"slug": self.event.slug} if self.event else {}
        if kind:
            values["kind"] = kind
        return url_for(name, **values)

    def held(self, kind: str) -> dict[str, Held]:
        """The texts of a mail in force here, by language."""
        rows = [row for row in texts_of(self.scopes) if row.kind == kind]
        return {locale: self._held(kind, locale, rows) for locale in LOCALES}

    def _held(self, kind: str, locale: str, rows: list[MailText]) -> Held:
        here = {row.scope: row for row in rows if row.locale == locale}
        own = here.get(self.scope)
        for scope in self.scopes:
            if row := here.get(scope):
                text = EditedText(row.subject, row.body)
                return Held(text, scope.partition(":")[0], own)
        if is_own(kind) and locale == "en":
            return Held(NO_TEXT, "", None)
        return Held(standard_text(kind, locale), "", None)


def installation_place() -> TextPlace:
    """The texts for every event."""
    return TextPlace(HOUSE, INSTALLATION)


def series_place(slug: str) -> TextPlace:
    """The texts of the series of an event; they reach events that not everybody may see."""
    event = seen_event(slug)
    if not event.series:
        raise NotFound(Complaint(N_("This event belongs to no series.")))
    if not organiser().sees_all:
        abort(403)
    return TextPlace(SERIES, series_scope(event.series), event)


def event_place(slug: str) -> TextPlace:
    """The texts of one event."""
    event = seen_event(slug)
    return TextPlace(EVENT, event_scope(event), event)


def title_of(place: TextPlace, kind: str) -> str:
    """What a mail is called; raises NotFound for one that can't be edited here."""
    if kind in {kind.value for kind in EDITABLE}:
        return _(LABELS[MailKind(kind)])
    for step in own_messages(place):
        if step.name == kind:
            return step.title or _(LABELS[MailKind.NOTE])
    raise NotFound(Complaint(N_("There is no such text.")))


def own_messages(place: TextPlace) -> list[Step]:
    """The organisers' own messages of an event; they hold nowhere else."""
    if place.owner is None:
        return []
    return own_messages_of(place.owner)
