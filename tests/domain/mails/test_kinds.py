"""Every kind of mail has a name for the log and a fixed effect on calendars."""

import pytest

from ikone_events.domain.mails.kinds import LABELS, MailKind, calendar_method


def test_every_kind_has_a_label_of_its_own() -> None:
    assert set(LABELS) == set(MailKind)
    assert len(set(LABELS.values())) == len(MailKind)


@pytest.mark.parametrize(
    ("method", "kinds"),
    [
        (
            "REQUEST",
            {
                "confirmation",
                "promotion",
                "access_link",
                "moved",
                "taken_over",
                "links_renewed",
                "changed",
                "trial_invitation",
                "speaker_briefing",
                "speaker_update",
            },
        ),
        (
            "CANCEL",
            {
                "withdrawal",
                "postponed",
                "cancellation",
                "declined",
                "handed_over",
                "address_withdrawn",
                "trial_withdrawal",
                "speaker_withdrawal",
            },
        ),
    ],
)
def test_calendar_method_of_kinds(method: str, kinds: set[str]) -> None:
    """All others carry no calendar object: a reminder must not ask for an answer again."""
    assert {kind for kind in MailKind if calendar_method(kind) == method} == kinds
