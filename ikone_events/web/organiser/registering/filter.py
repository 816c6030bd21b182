"""The filter of the list of registrations: parsing, labels, query string, chips with numbers."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace

from ikone_events.domain.events.facts import EventFormat, Mode
from ikone_events.domain.header_text import normal_line
from ikone_events.domain.refusals import N_
from ikone_events.domain.registering.registration import (
    ATTENDANCE_LABELS,
    MODE_LABELS,
    Awaits,
    Status,
)
from ikone_events.domain.registering.status import REGISTRATION_STATUS_LABELS, RegistrationStatus
from ikone_events.store.events.models import Event
from ikone_events.store.incoming.registration_counts import FilterCounts, rest_of
from ikone_events.store.incoming.registration_search import (
    SILENT,
    UNREACHED,
    Belonging,
    RegistrationOrder,
    RegistrationSearch,
)
from ikone_events.web.organiser.incoming.answer_words import ANSWER_LABELS

BELONGING_LABELS: Mapping[str, str] = {
    Belonging.MEMBER: N_("Members"),
    Belonging.GUEST: N_("Guests"),
    Belonging.UNMATCHED: N_("Not in the directory"),
}
CALENDAR_LABELS: Mapping[str, str] = {
    **ANSWER_LABELS,
    SILENT: N_("No reply"),
    UNREACHED: N_("E-mails come back"),
}
ORDER_LABELS: Mapping[str, str] = {
    RegistrationOrder.REGISTERED: N_("Registered, decisions first"),
    RegistrationOrder.WAITING_LIST: N_("Position on the waiting list"),
    RegistrationOrder.NAME: N_("Name"),
}
_KNOWN: Mapping[str, Iterable[str]] = {
    "status": tuple(Status),
    "awaits": (Awaits.ADDRESS, Awaits.APPROVAL),
    "mode": tuple(Mode),
    "belonging": tuple(Belonging),
    "came": tuple(ATTENDANCE_LABELS),
    "answer": tuple(CALENDAR_LABELS),
    "decision": ("yes",),
    "order": tuple(RegistrationOrder),
}
# The query parameter of each field.
_NAMES: Mapping[str, str] = {f.name: f.name for f in fields(RegistrationSearch)} | {"words": "q"}


def wish_of(asked: Mapping[str, str]) -> RegistrationSearch:
    """Parse the filter from query parameters or form values; unknown values are ignored."""
    # PostgreSQL refuses NUL bytes in any query; in an address they are refused before.
    typed = {name: asked.get(parameter, "").replace("\0", "") for name, parameter in _NAMES.items()}
    values = {name: normal_line(value)[:200] for name, value in typed.items()}
    fit = {
        name: value
        for name, value in values.items()
        if value and (name not in _KNOWN or value in _KNOWN[name])
    }
    return RegistrationSearch(**fit)


def query_of(wish: RegistrationSearch) -> dict[str, str]:
    """Return the query parameters of a filter, without empty ones."""
    whole = asdict(wish)
    if wish.order == RegistrationOrder.REGISTERED:
        del whole["order"]
    return {_NAMES[name]: str(value) for name, value in whole.items() if value}


def choices_for(event: Event, administrations: Mapping[str, str]) -> dict[str, Mapping[str, str]]:
    """Return the choices of the further filters that make sense for this event."""
    modes = {k.value: label for k, label in MODE_LABELS.items()}
    found: dict[str, Mapping[str, str]] = {
        "mode": modes if event.format == EventFormat.HYBRID.value else {},
        "administration": administrations,
        "belonging": BELONGING_LABELS,
    }
    return {name: choices for name, choices in found.items() if choices}


FILTER_LABELS: Mapping[str, str] = {
    "mode": N_("Takes part"),
    "administration": N_("Public body"),
    "belonging": N_("Network"),
}


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
