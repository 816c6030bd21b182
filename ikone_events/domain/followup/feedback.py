"""Feedback after an event: who may give it and until when, and from when on it is shown."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from ikone_events.domain.events.facts import TAKES_PLACE, State
from ikone_events.domain.refusals import N_, Complaint
from ikone_events.domain.registering.form_fields import FieldKind, FormName, OwnField
from ikone_events.domain.registering.registration import Attendance, Status

# With fewer answers somebody who knows the people could guess whose they are.
FEWEST_ANSWERS = 5
_OPEN_IN = frozenset({*(state.value for state in TAKES_PLACE), State.FOLLOWED_UP.value})


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedbackFacts:
    """What decides whether a person may give feedback; `attendance` is "" while unknown."""

    now: datetime
    state: str
    ends_at: datetime
    status: str
    attendance: str


def _is_asked(facts: FeedbackFacts) -> bool:
    """Whether the person had a place at an event that took place and was not noted as absent."""
    return (
        facts.state in _OPEN_IN
        and facts.status == Status.CONFIRMED
        and facts.attendance != Attendance.MISSED
    )


def feedback_complaint(facts: FeedbackFacts) -> Complaint | None:
    """Why the person can't give feedback now, or None."""
    if not _is_asked(facts):
        return Complaint(N_("Only people who took part are asked for feedback."))
    if facts.now < facts.ends_at:
        return Complaint(N_("The event is not over yet."))
    return None


def _field(kind: FieldKind, label: str, label_en: str) -> OwnField:
    return OwnField(form=FormName.FEEDBACK, kind=kind, label=label, label_en=label_en)


# What is offered to begin with; nobody has to answer anything.
SUGGESTED = (
    _field(
        FieldKind.RATING,
        "Wie hat Ihnen die Veranstaltung insgesamt gefallen?",
        "How did you like the event as a whole?",
    ),
    _field(FieldKind.LONG_TEXT, "Was hat Ihnen gefallen?", "What did you like?"),
    _field(FieldKind.LONG_TEXT, "Was hat Ihnen gefehlt?", "What did you miss?"),
    _field(
        FieldKind.LONG_TEXT,
        "Welche Themen wünschen Sie sich für weitere Veranstaltungen?",
        "Which topics would you like to see at further events?",
    ),
)


def mean_of(ratings: Mapping[str, int]) -> float | None:
    """The mean of ratings given as value and number; None without any."""
    number = sum(ratings.values())
    if not number:
        return None
    return sum(int(value) * times for value, times in ratings.items()) / number
