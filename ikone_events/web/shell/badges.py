"""Badges of states: colour, label and icon. The labels are those of the enums' tables."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from ikone_events.domain.events.lifecycle import STATE_LABELS, State
from ikone_events.domain.refusals import N_
from ikone_events.domain.registering.registration import ATTENDANCE_LABELS, Attendance
from ikone_events.domain.registering.status import STANDING_LABELS, Standing


class Badge(NamedTuple):
    """Never colour alone: an empty icon is the one of the colour. The label is a message id."""

    kind: str
    label: str
    icon: str = ""


def _event(state: State, kind: str, icon: str = "") -> tuple[str, Badge]:
    return f"event.{state.value}", Badge(kind, STATE_LABELS[state], icon)


def _person(standing: Standing, kind: str, icon: str = "") -> tuple[str, Badge]:
    return f"registration.{standing.value}", Badge(kind, STANDING_LABELS[standing], icon)


_BADGES: Mapping[str, Badge] = MappingProxyType(
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
            _person(Standing.ADDRESS, "info", "mail"),
            _person(Standing.APPROVAL, "warning", "question-mark"),
            _person(Standing.CONFIRMED, "success"),
            _person(Standing.WAITING, "warning"),
            _person(Standing.OFFERED, "info"),
            _person(Standing.CANCELLED, "neutral", "close"),
            _person(Standing.DECLINED, "danger"),
            _person(Standing.EXPIRED, "neutral", "close"),
            ("mail.queued", Badge("info", N_("Waiting to be sent"), "mail")),
            ("mail.sending", Badge("info", N_("Being sent"), "autorenew")),
            ("mail.deferred", Badge("warning", N_("Sent back for a later try"), "autorenew")),
            ("mail.stopped", Badge("warning", N_("Held back"))),
            ("mail.sent", Badge("success", N_("Sent"))),
            ("mail.failed", Badge("danger", N_("Not delivered"))),
            ("attendance.attended", Badge("success", ATTENDANCE_LABELS[Attendance.ATTENDED])),
            ("attendance.missed", Badge("neutral", ATTENDANCE_LABELS[Attendance.MISSED], "close")),
            ("attendance.", Badge("neutral", ATTENDANCE_LABELS["unknown"], "question-mark")),
        ]
    )
)


def badge_of(subject: str, state: str | None) -> Badge:
    """The badge of a stored state; an unknown one shows its name.

    `subject`: "event", "registration" (its state is a `Standing`), "mail" or "attendance".
    """
    known = _BADGES.get(f"{subject}.{state or ''}")
    return known or Badge("neutral", state or "", "question-mark")
