"""Badges of states: colour, label and icon. The labels are those of the enums' tables."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from ikone_events.domain.events.lifecycle import STATE_LABELS, State
from ikone_events.domain.refusals import N_
from ikone_events.domain.registering.registration import ATTENDANCE_LABELS, Attendance
from ikone_events.domain.registering.status import REGISTRATION_STATUS_LABELS, RegistrationStatus


class BadgeLook(NamedTuple):
    """Never colour alone: an empty icon is the one of the colour. The label is a message id."""

    kind: str
    label: str
    icon: str = ""


def _event(state: State, kind: str, icon: str = "") -> tuple[str, BadgeLook]:
    return f"event.{state.value}", BadgeLook(kind, STATE_LABELS[state], icon)


def _person(standing: RegistrationStatus, kind: str, icon: str = "") -> tuple[str, BadgeLook]:
    return f"registration.{standing.value}", BadgeLook(
        kind, REGISTRATION_STATUS_LABELS[standing], icon
    )


_BADGES: Mapping[str, BadgeLook] = MappingProxyType(
    dict(
        [
            _event(State.DRAFT, "neutral", "edit"),
            _event(State.ANNOUNCED, "info", "visibility"),
            _event(State.OPEN, "success"),
            _event(State.CLOSED, "info", "checklist"),
            _event(State.DISPATCHED, "info", "mail"),
            _event(State.FOLLOWED_UP, "success"),
            _event(State.ARCHIVED, "neutral", "drive-folder-upload"),
            _event(State.POSTPONED, "warning", "autorenew"),
            _event(State.CANCELLED, "danger"),
            _person(RegistrationStatus.ADDRESS, "info", "mail"),
            _person(RegistrationStatus.APPROVAL, "warning", "question-mark"),
            _person(RegistrationStatus.CONFIRMED, "success"),
            _person(RegistrationStatus.WAITING, "warning"),
            _person(RegistrationStatus.OFFERED, "info"),
            _person(RegistrationStatus.CANCELLED, "neutral", "close"),
            _person(RegistrationStatus.DECLINED, "danger"),
            _person(RegistrationStatus.EXPIRED, "neutral", "close"),
            ("mail.queued", BadgeLook("info", N_("Waiting to be sent"), "mail")),
            ("mail.sending", BadgeLook("info", N_("Being sent"), "autorenew")),
            ("mail.deferred", BadgeLook("warning", N_("Sent back for a later try"), "autorenew")),
            ("mail.stopped", BadgeLook("warning", N_("Held back"))),
            ("mail.sent", BadgeLook("success", N_("Sent"))),
            ("mail.failed", BadgeLook("danger", N_("Not delivered"))),
            ("attendance.attended", BadgeLook("success", ATTENDANCE_LABELS[Attendance.ATTENDED])),
            (
                "attendance.missed",
                BadgeLook("neutral", ATTENDANCE_LABELS[Attendance.MISSED], "close"),
            ),
            ("attendance.", BadgeLook("neutral", ATTENDANCE_LABELS["unknown"], "question-mark")),
        ]
    )
)


def badge_of(subject: str, state: str | None) -> BadgeLook:
    """The badge of a stored state; an unknown one shows its name.

    `subject`: "event", "registration" (its state is a `Standing`), "mail" or "attendance".
    """
    known = _BADGES.get(f"{subject}.{state or ''}")
    return known or BadgeLook("neutral", state or "", "question-mark")
