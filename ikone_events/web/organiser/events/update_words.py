"""Changes that wait to be told, in words: what, to how many people, when."""

from dataclasses import dataclass

from ikone_events.domain.mails.audiences import Audience
from ikone_events.domain.mails.facts import Difference
from ikone_events.domain.times import clock
from ikone_events.services.calendars.preview import views_of
from ikone_events.services.events.updates import (
    KNOWN_STATES,
    changes_between,
    somebody_comes,
    waiting_changes,
)
from ikone_events.services.installation import now
from ikone_events.services.mails.audiences import count
from ikone_events.store.events.models import Event
from ikone_events.web.organiser.calendars.calendar_rows import Card, card_of, with_shared_hints
from ikone_events.web.organiser.words import gettext as _
from ikone_events.web.organiser.words import ngettext
from ikone_events.web.shell.i18n import page_locale


@dataclass(frozen=True, slots=True)
class PendingUpdate:
    """The mails about a change that have not begun: at most so many, at that time."""

    changes: tuple[Difference, ...]
    number: int
    at: str
    overdue: bool


def waiting_of(event: Event) -> PendingUpdate | None:
    """What waits to be told about this event; None when nothing does."""
    if event.update_due_at is None:
        return None
    return PendingUpdate(
        changes=waiting_changes(event, page_locale()),
        number=count(event, Audience.CONFIRMED_AND_WAITING),
        at=clock(event.update_due_at, zone=event.zone),
        overdue=event.update_due_at <= now(),
    )


def tells(event: Event) -> bool:
    """Whether a change of this event is told to anybody, so that one may not want it."""
    return event.state in KNOWN_STATES and event.ends_at > now() and somebody_comes(event)


@dataclass(frozen=True, slots=True)
class UpdatePreview:
    """What an edit would do that is not saved yet: what reads otherwise, and in whose calendar."""

    changes: tuple[Difference, ...]
    number: int
    cards: list[Card]
    hints: list[str]


def look_at(event: Event, then: Event) -> UpdatePreview:
    """An event as it is and as it would be, by the calendars of a sample of people."""
    concerned = tells(event)
    views = views_of(event, then=then, now=now()) if concerned else []
    cards, hints = with_shared_hints([card_of(view, event, then) for view in views])
    return UpdatePreview(
        changes=changes_between(event, then, page_locale()),
        number=count(event, Audience.CONFIRMED_AND_WAITING) if concerned else 0,
        cards=cards,
        hints=hints,
    )


def saved_words(event: Event) -> str:
    """What was done, and how many people will be told when."""
    waiting = waiting_of(event)
    if waiting is None:
        return _("Saved.")
    return ngettext(
        "Saved. At %(at)s one person gets an e-mail with the change.",
        "Saved. At %(at)s up to %(num)d people get an e-mail with the change.",
        waiting.number,
        at=waiting.at,
    )
