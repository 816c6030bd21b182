"""Changes not yet mailed: what has changed, how many people get a mail, when."""

from dataclasses import dataclass

from ikone_events.domain.events.facts import TAKES_PLACE
from ikone_events.domain.mails.audiences import Audience
from ikone_events.domain.mails.facts import Difference
from ikone_events.domain.times import clock
from ikone_events.services.calendars.preview import views_of
from ikone_events.services.events.updates import (
    changes_between,
    somebody_comes,
    waiting_changes,
)
from ikone_events.services.installation import now
from ikone_events.services.mails.audiences import count
from ikone_events.store.events.models import Event
from ikone_events.web.organiser.calendars.calendar_rows import Card, card_of, with_shared_hints
from ikone_events.web.shell.i18n import gettext as _
from ikone_events.web.shell.i18n import ngettext, page_locale


@dataclass(frozen=True, slots=True)
class PendingUpdate:
    """A change whose mails have not been written; `number` is the most that there may be."""

    changes: tuple[Difference, ...]
    number: int
    at: str
    overdue: bool


def waiting_of(event: Event) -> PendingUpdate | None:
    """Return the change of this event not yet mailed, if there is one."""
    if event.update_due_at is None:
        return None
    return PendingUpdate(
        changes=waiting_changes(event, page_locale()),
        number=count(event, Audience.CONFIRMED_AND_WAITING, now=now()),
        at=clock(event.update_due_at, zone=event.zone),
        overdue=event.update_due_at <= now(),
    )


def knows(event: Event) -> bool:
    """Whether people who have registered know the date of this event, which is to come."""
    return event.state in TAKES_PLACE and event.ends_at > now()


def is_mailed(event: Event) -> bool:
    """Whether a change of this event is mailed to anybody."""
    return knows(event) and somebody_comes(event)


@dataclass(frozen=True, slots=True)
class UpdatePreview:
    """What saving an edit would change, and in whose calendars."""

    changes: tuple[Difference, ...]
    number: int
    cards: list[Card]
    hints: list[str]


def look_at(event: Event, then: Event) -> UpdatePreview:
    """Compare an event with its edit, in the calendars of a sample of people."""
    mailed = is_mailed(event)
    views = views_of(event, then=then, now=now()) if mailed else []
    cards, hints = with_shared_hints([card_of(view, event, then) for view in views])
    return UpdatePreview(
        changes=changes_between(event, then, page_locale()),
        number=count(event, Audience.CONFIRMED_AND_WAITING, now=now()) if mailed else 0,
        cards=cards,
        hints=hints,
    )


def saved_words(event: Event) -> str:
    """Return the message after saving, with the number of mails and their time."""
    waiting = waiting_of(event)
    if waiting is None:
        return _("Saved.")
    return ngettext(
        "Saved. At %(at)s one person gets an e-mail with the change.",
        "Saved. At %(at)s up to %(num)d people get an e-mail with the change.",
        waiting.number,
        at=waiting.at,
    )
