"""What the personal pages share: their blueprint, the way back, and what a person may do."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from flask import Blueprint, redirect, url_for
from flask.typing import ResponseReturnValue

from ikone_events.domain.refusals import Complaint
from ikone_events.domain.registering.self_service import SelfServiceAction, SelfServiceFacts, wishes
from ikone_events.domain.registering.status import RegistrationAction
from ikone_events.domain.times import moment_page
from ikone_events.store.events.models import Event
from ikone_events.store.registering.models import StatusChange
from ikone_events.web.shell.i18n import page_locale

blueprint = Blueprint("attendee", __name__)


def to_own_page(token: str) -> ResponseReturnValue:
    """Back to the page that says how things stand now."""
    return redirect(url_for("attendee.show", token=token), 303)


def moment_words(moment: datetime, event: Event) -> str:
    """A moment as the page says it, in the event's zone."""
    return moment_page(moment, locale=page_locale(), zone=event.zone)


def is_handed_over(change: StatusChange | None) -> bool:
    """Whether a deputy comes now, whoever that is and whatever their standing was before."""
    return change is not None and change.action == RegistrationAction.HAND_OVER.value


@dataclass(frozen=True, slots=True)
class Choice:
    """One thing on the list; `complaint` says why it can't be done now, and who helps."""

    wish: SelfServiceAction
    until: datetime | None
    complaint: Complaint | None


def choices(facts: SelfServiceFacts) -> dict[SelfServiceAction, Choice]:
    """What the standing allows at all, in the order of the page."""
    allowed = wishes(facts)
    return {
        wish: Choice(wish, _UNTIL[wish](facts), allowed[wish]) for wish in _UNTIL if wish in allowed
    }


def can(wish: SelfServiceAction, offered: Mapping[SelfServiceAction, Choice]) -> bool:
    """Whether it can be done now."""
    choice = offered.get(wish)
    return choice is not None and choice.complaint is None


_UNTIL: Mapping[SelfServiceAction, Callable[[SelfServiceFacts], datetime | None]] = {
    SelfServiceAction.CONFIRM_ADDRESS: lambda facts: facts.reserved_until,
    SelfServiceAction.ACCEPT: lambda facts: facts.reserved_until,
    SelfServiceAction.CHANGE: lambda facts: facts.starts_at,
    SelfServiceAction.SWITCH_MODE: lambda facts: facts.claims_end_at,
    SelfServiceAction.HAND_OVER: lambda facts: facts.ends_at,
    SelfServiceAction.WITHDRAW: lambda facts: facts.ends_at,
}
