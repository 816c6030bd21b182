"""Every kind of letter has a name for the log and a fixed effect on calendars."""

import pytest

from ikone_events.domain.messages import LABELS, MailKind, calendar_method


def test_every_kind_has_a_label_of_its_own() -> None:
    assert set(LABELS) == set(MailKind)
    assert len(set(LABELS.values())) == len(MailKind)


@pytest.mark.parametrize(
    ("method", "kinds"),
    [
        ("REQUEST", {"confirmation", "promotion", "access_link", "moved"}),
        ("CANCEL", {"withdrawal", "postponed", "cancellation"}),
        (
            None,
            {"waitlist", "follow_up", "follow_up_missed", "follow_up_unknown", "repeat"},
        ),
    ],
)
def test_calendar_method_of_kinds(method: str | None, kinds: set[str]) -> None:
    assert {kind for kind in MailKind if calendar_method(kind) == method} == kinds
