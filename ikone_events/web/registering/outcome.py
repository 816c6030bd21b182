"""What the success page tells, carried in the session of whoever has just registered."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from flask import session

from ikone_events.domain.registration import Status
from ikone_events.domain.salutation import full_name
from ikone_events.services.registering.registrations import Applicant
from ikone_events.store.events import Event

_KEY = "registered"
# A cookie holds 4 kB: ten people with long names must not lose it.
_LONGEST = 80


@dataclass(frozen=True, slots=True)
class Told:
    """One person's name, address and standing."""

    name: str
    email: str
    outcome: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """Everybody's, whoever filled in the form first; `at` is when."""

    people: tuple[Told, ...]
    at: datetime

    @property
    def first(self) -> Told:
        """Whoever filled in the form."""
        return self.people[0]

    @property
    def kinds(self) -> frozenset[str]:
        """The standings there are."""
        return frozenset(person.outcome for person in self.people)

    def confirm_until(self, event: Event) -> datetime | None:
        """Until when the address is to be confirmed; None when the event does not ask for it."""
        if event.confirm_hours is None:
            return None
        return min(self.at + timedelta(hours=event.confirm_hours), event.ends_at)


def keep_outcome(
    slug: str, applicants: Sequence[Applicant], statuses: Sequence[Status], now: datetime
) -> None:
    """Remember for the next page. The same for every address, whatever is known of it."""
    people = [
        [_short(full_name(a.title, a.first_name, a.last_name)), _short(a.email), status.value]
        for a, status in zip(applicants, statuses, strict=True)
    ]
    session[_KEY] = {"slug": slug, "people": people, "at": int(now.timestamp())}


def find_outcome(slug: str) -> Outcome | None:
    """What this session has registered for an event."""
    facts = cast(Any, session.get(_KEY))
    if not isinstance(facts, dict) or facts.get("slug") != slug or "people" not in facts:
        return None
    people = tuple(Told(*each) for each in facts["people"])
    return Outcome(people, datetime.fromtimestamp(facts["at"], UTC))


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
