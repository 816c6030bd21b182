"""The rules of an event's registration as they stand in a file."""

from collections.abc import Mapping
from typing import Any

from ikone_events.domain.dataset_records import optional_moment_of
from ikone_events.domain.refusals import N_, Complaint, UnfitInput
from ikone_events.domain.registration_settings import RegistrationSettings

_NUMBERS = (
    "capacity",
    "capacity_online",
    "capacity_on_site",
    "per_administration",
    "confirm_hours",
    "offer_hours",
)
_YES_OR_NO = (
    *("by_code", "approval", "colleagues", "waiting_list", "accepts_late"),
    "decline_frees",
)


def settings_in(record: Mapping[str, Any]) -> dict[str, Any]:
    """The settings by the names of the draft; what is missing keeps its default."""
    defaults = RegistrationSettings()
    return {
        "deadline": optional_moment_of(record.get("registration_closes_at"), "deadline"),
        "members_until": optional_moment_of(record.get("members_until"), "members_until"),
        **{name: _number(record, name) for name in _NUMBERS},
        **{name: bool(record.get(name, getattr(defaults, name))) for name in _YES_OR_NO},
    }


def _number(record: Mapping[str, Any], name: str) -> int | None:
    value = record.get(name)
    if value is None:
        return None
    try:
        return int(value)
    except (TypeError, ValueError) as fault:
        raise UnfitInput(Complaint(N_("This is no whole number."), about=name)) from fault
