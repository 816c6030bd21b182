"""The chips above the list of registrations: one filter each, with the number of people."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from ikone_events.domain.refusals import N_
from ikone_events.domain.registering.registration import ATTENDANCE_LABELS
from ikone_events.domain.registering.status import REGISTRATION_STATUS_LABELS, RegistrationStatus
from ikone_events.store.incoming.registration_counts import FilterCounts, rest_of
from ikone_events.store.incoming.registration_search import (
    SILENT,
    UNREACHED,
    RegistrationSearch,
)
from ikone_events.web.organiser.incoming.answer_words import ANSWER_LABELS
from ikone_events.web.organiser.registering.filter import CALENDAR_LABELS, query_of


@dataclass(frozen=True, slots=True)
class Chip:
    """A filter as a link: label (a message id), number of people, query of its address."""

    label: str
    number: int
    query: Mapping[str, str]
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class ChipGroup:
    """Chips of one subject; the label (a message id) of the first group is read aloud only."""

    label: str
    chips: Sequence[Chip]


_ANSWERS, _ATTENDANCE = (*ANSWER_LABELS, SILENT), tuple(ATTENDANCE_LABELS)
_STATUSES = (
    RegistrationStatus.CONFIRMED,
    RegistrationStatus.ADDRESS,
    RegistrationStatus.APPROVAL,
    RegistrationStatus.OFFERED,
    RegistrationStatus.WAITING,
    RegistrationStatus.CANCELLED,
    RegistrationStatus.DECLINED,
    RegistrationStatus.EXPIRED,
)


def chips_for(wish: RegistrationSearch, counts: FilterCounts, *, begun: bool) -> list[ChipGroup]:
    """Return the chips that find somebody, and the chosen one; they keep the rest of the filter."""
    rest = rest_of(wish)

    def chip(label: str, number: int, **values: str) -> Chip:
        own = replace(rest, **values)
        return Chip(label, number, query_of(own), own == wish)

    statuses = [
        chip(REGISTRATION_STATUS_LABELS[status], counts.statuses[status], **_values_of(status))
        for status in _STATUSES
    ]
    answers = [chip(CALENDAR_LABELS[a], counts.answers[a], answer=a) for a in _ANSWERS]
    attendance = [chip(ATTENDANCE_LABELS[c], counts.attendance[c], came=c) for c in _ATTENDANCE]
    unreached = chip(CALENDAR_LABELS[UNREACHED], counts.unreached, answer=UNREACHED)
    has_answers = any(counts.answers[name] for name in ANSWER_LABELS) or wish.answer
    groups = [
        ChipGroup(
            N_("Status"),
            [chip(N_("All"), counts.total), *_worth([*statuses, unreached])],
        ),
        ChipGroup(N_("Calendar"), _worth(answers) if has_answers else []),
        ChipGroup(N_("Attendance"), _worth(attendance) if begun or wish.came else []),
    ]
    return [group for group in groups if group.chips]


def _worth(chips: Iterable[Chip]) -> list[Chip]:
    return [each for each in chips if each.number or each.is_chosen]


def _values_of(status: RegistrationStatus) -> dict[str, str]:
    stored, awaits = status.columns
    return {"awaits": awaits} if awaits else {"status": stored}
