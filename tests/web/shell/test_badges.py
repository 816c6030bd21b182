"""Badges of states."""

import pytest

from ikone_events.domain.events.lifecycle import STATE_LABELS
from ikone_events.domain.registering.registration import (
    ATTENDANCE_LABELS,
    AWAITS_LABELS,
    STATUS_LABELS,
    Awaits,
    Status,
)
from ikone_events.domain.registering.status import REGISTRATION_STATUS_LABELS, RegistrationStatus
from ikone_events.store.mails.log import STATES
from ikone_events.web.shell.badges import badge_of


def test_every_state_has_a_badge_with_its_label() -> None:
    registered = {
        state: label for state, label in REGISTRATION_STATUS_LABELS.items() if state != "none"
    }
    for subject, labels in (("event", STATE_LABELS), ("registration", registered)):
        assert {state: badge_of(subject, state).label for state in labels} == labels
    noted = {state: label for state, label in ATTENDANCE_LABELS.items() if state != "unknown"}
    assert {state: badge_of("attendance", state).label for state in noted} == noted
    assert badge_of("attendance", None).label == ATTENDANCE_LABELS["unknown"]
    assert "question-mark" not in {badge_of("mail", state).icon for state in STATES}


@pytest.mark.parametrize("state", ["lost", "", None])
def test_unknown_state_shows_its_name(state: str | None) -> None:
    assert badge_of("mail", state) == ("neutral", state or "", "question-mark")


def test_person_waits_for_one_of_two_things() -> None:
    """A registration that waits for the organisers has a confirmed address."""
    assert REGISTRATION_STATUS_LABELS[RegistrationStatus.APPROVAL] == AWAITS_LABELS[Awaits.APPROVAL]
    assert REGISTRATION_STATUS_LABELS[RegistrationStatus.ADDRESS] == AWAITS_LABELS[Awaits.ADDRESS]
    assert (
        REGISTRATION_STATUS_LABELS[RegistrationStatus.CONFIRMED] == STATUS_LABELS[Status.CONFIRMED]
    )
