"""The filter of the list of registrations: parsing, its labels, its query string."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, fields

from ikone_events.domain.events.facts import EventFormat, Mode
from ikone_events.domain.header_text import normal_line
from ikone_events.domain.refusals import N_
from ikone_events.domain.registering.registration import (
    ATTENDANCE_LABELS,
    MODE_LABELS,
    Awaits,
    Status,
)
from ikone_events.store.events.models import Event
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
