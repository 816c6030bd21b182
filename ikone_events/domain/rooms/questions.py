"""Questions to the speakers: when people may ask new ones, and the office's order of them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from ikone_events.domain.events.facts import TAKES_PLACE
from ikone_events.domain.registering.registration import Status

QUESTION_LENGTH = 2000
ANSWER_LENGTH = 4000


class QuestionSource(StrEnum):
    """Where a question was asked: in the registration form, or while the event ran."""

    FORM = "form"
    LIVE = "live"


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedQuestion:
    """One question as the office sees it.

    `key` is the public id of the registration for a question of the form, else its own. `listed` is
    the administration if it is in the directory; another may be the name of a person. `place` is
    its number in the office's order, None until somebody has moved something at it or behind it.
    `version` rises with each saved answer.
    """

    key: str
    source: QuestionSource
    text: str
    person: str
    administration: str
    listed: str = ""
    asked_at: datetime
    place: int | None = None
    answered_at: datetime | None = None
    answered_by: str = ""
    answer: str = ""
    version: int = 0

    @property
    def is_open(self) -> bool:
        """Whether nobody has ticked it off."""
        return self.answered_at is None


def may_ask(
    now: datetime, *, state: str, status: str, opens_at: datetime, ends_at: datetime
) -> bool:
    """Whether a person may ask a new question: from the opening of the door to the end."""
    takes_part = status == Status.CONFIRMED and state in TAKES_PLACE
    return takes_part and opens_at <= now < ends_at


def in_order(questions: Iterable[AskedQuestion]) -> list[AskedQuestion]:
    """Open questions in the office's order, those that nobody has placed by age behind them."""
    return sorted(
        (each for each in questions if each.is_open),
        key=lambda each: (each.place is None, each.place or 0, each.asked_at, each.key),
    )


def done(questions: Iterable[AskedQuestion]) -> list[AskedQuestion]:
    """The questions that are ticked off, the latest first."""
    found = [(each.answered_at, each.key, each) for each in questions if each.answered_at]
    return [each for _at, _key, each in sorted(found, key=lambda row: row[:2], reverse=True)]


def moved(keys: Sequence[str], key: str, neighbour: str, *, below: bool) -> list[str] | None:
    """The order with one key above or below another; None if one of them is not there any more.

    It says where, not how far: two people who press the same button move it once.
    """
    if key == neighbour or key not in keys or neighbour not in keys:
        return None
    rest = [each for each in keys if each != key]
    at = rest.index(neighbour) + below
    return [*rest[:at], key, *rest[at:]]
