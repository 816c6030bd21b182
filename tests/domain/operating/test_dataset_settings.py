"""The rules of registration in a file: named as in the README, defaults as in the form."""

from datetime import UTC, datetime
from typing import Any

import pytest

from ikone_events.domain.events.draft import EventDraft
from ikone_events.domain.operating.dataset import read_dataset
from ikone_events.domain.refusals import UnfitInput

EVENT: dict[str, Any] = {
    "slug": "a",
    "title": "A",
    "starts_at": "2026-04-14T10:00+02:00",
    "ends_at": "2026-04-14T12:00+02:00",
    "format": "hybrid",
}
SETTINGS: dict[str, Any] = {
    "capacity": 50,
    "capacity_online": 40,
    "capacity_on_site": 20,
    "per_administration": 2,
    "by_code": True,
    "approval": True,
    "confirm_hours": 48,
    "offer_hours": 24,
    "colleagues": False,
    "decline_frees": True,
}


def draft_of(**values: Any) -> EventDraft:
    """The draft of a file's only event."""
    return read_dataset({"events": [{**EVENT, **values}]}).events[0].draft


def test_way_and_what_to_bring_are_read() -> None:
    draft = draft_of(directions="Raum 204\nAufzug links", bring="Ausweis")
    assert (draft.directions, draft.bring) == ("Raum 204\nAufzug links", "Ausweis")
    assert (draft_of().directions, draft_of().bring) == ("", "")


def test_settings_are_read() -> None:
    draft = draft_of(**SETTINGS, members_until="2026-04-01T00:00+02:00")
    assert {name: getattr(draft, name) for name in SETTINGS} == SETTINGS
    assert draft.members_until == datetime(2026, 3, 31, 22, tzinfo=UTC)


def test_event_without_settings_has_the_defaults_of_the_form() -> None:
    draft = draft_of()
    assert (draft.approval, draft.colleagues, draft.waiting_list) == (False, True, True)
    assert (draft.capacity_online, draft.offer_hours, draft.members_until) == (None, None, None)


@pytest.mark.parametrize(
    "unfit", [{"offer_hours": "viele"}, {"confirm_hours": 0}, {"members_until": "2026-05-01"}]
)
def test_unfit_setting_names_itself(unfit: dict[str, Any]) -> None:
    with pytest.raises(UnfitInput) as refused:
        draft_of(**unfit)
    [name] = unfit
    assert name in str(refused.value.complaints[0].about)
