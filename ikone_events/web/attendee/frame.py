"""What the personal pages share: their blueprint, the way back, words for moments."""

from datetime import datetime

from flask import Blueprint, redirect, url_for
from flask.typing import ResponseReturnValue

from ikone_events.domain.standings import Action
from ikone_events.domain.times import moment_page
from ikone_events.store.events import Event
from ikone_events.store.registrations import StandingChange
from ikone_events.web.i18n import page_locale

blueprint = Blueprint("attendee", __name__)


def to_own_page(token: str) -> ResponseReturnValue:
    """Back to the page that says how things stand now."""
    return redirect(url_for("attendee.show", token=token), 303)


def moment_words(moment: datetime, event: Event) -> str:
    """A moment as the page says it, in the event's zone."""
    return moment_page(moment, locale=page_locale(), zone=event.zone)


def is_handed_over(change: StandingChange | None) -> bool:
    """Whether a deputy comes now, whoever that is and whatever their standing was before."""
    return change is not None and change.action == Action.HAND_OVER.value
