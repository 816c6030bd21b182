"""The plans: the steps of an event by format, with their times.

Two steps start switched off: announcing, because a person decides when a draft becomes public, and
the reminder on the day of the access link. At hybrid events people on site get no link, so they are
reminded.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import time
from enum import StrEnum

from ikone_events.domain.events.facts import EventFormat
from ikone_events.domain.events.lifecycle import Action
from ikone_events.domain.mails.audiences import Audience
from ikone_events.domain.mails.kinds import MailKind
from ikone_events.domain.plan.steps import What
from ikone_events.domain.plan.times import Anchor, Timing, Unit
from ikone_events.domain.refusals import N_


class PlanName(StrEnum):
    """The plans an event can follow."""

    WORKSHOP = "workshop"
    ON_SITE = "on_site"
    HYBRID = "hybrid"
    ROUND_TABLE = "round_table"


PLAN_LABELS: Mapping[PlanName, str] = {
    PlanName.WORKSHOP: N_("Online workshop"),
    PlanName.ON_SITE: N_("Event on site"),
    PlanName.HYBRID: N_("Hybrid event"),
    PlanName.ROUND_TABLE: N_("Round table"),
}


@dataclass(frozen=True, slots=True)
class Planned:
    """One step of a plan."""

    name: str
    what: What
    timing: Timing
    audience: Audience | None = None
    active: bool = True


def _transition(action: Action, timing: Timing, *, active: bool = True) -> Planned:
    return Planned(action.value, What(action=action), timing, active=active)


def _mail(kind: MailKind, audience: Audience, timing: Timing, *, active: bool = True) -> Planned:
    return Planned(kind.value, What(kind=kind), timing, audience, active)


def _days(anchor: Anchor, amount: int, hour: int) -> Timing:
    return Timing(anchor=anchor, amount=amount, at=time(hour), office_hours=True)


def _working_days(anchor: Anchor, amount: int, hour: int) -> Timing:
    return replace(_days(anchor, amount, hour), unit=Unit.WORKING_DAYS)


_HOUR_BEFORE = Timing(anchor=Anchor.START, amount=-1, unit=Unit.HOURS)
_ANNOUNCE = _transition(Action.ANNOUNCE, _days(Anchor.START, -28, 9), active=False)
_OPEN = _transition(Action.OPEN, _days(Anchor.START, -21, 9))
_OPEN_ROUND_TABLE = _transition(Action.OPEN, _days(Anchor.START, -14, 9))
_DEADLINE = _mail(
    MailKind.REMINDER_DEADLINE, Audience.UNREGISTERED, _working_days(Anchor.DEADLINE, -2, 9)
)
_CLOSE = _transition(Action.CLOSE, Timing(anchor=Anchor.DEADLINE))
_DAY_BEFORE = _working_days(Anchor.START, -1, 10)
_DISPATCH = _transition(Action.DISPATCH, _DAY_BEFORE)
_REMIND_DAY = _mail(MailKind.REMINDER_DAY, Audience.CONFIRMED, _DAY_BEFORE)
_REMIND_DAY_OFF = _mail(MailKind.REMINDER_DAY, Audience.CONFIRMED, _DAY_BEFORE, active=False)
_REMIND_ON_SITE = _mail(MailKind.REMINDER_DAY, Audience.CONFIRMED_ON_SITE, _DAY_BEFORE)
_REMIND_HOUR = _mail(MailKind.REMINDER_HOUR, Audience.CONFIRMED, _HOUR_BEFORE)
_FOLLOW_UP = _transition(Action.FOLLOW_UP, _working_days(Anchor.END, 1, 9))
_FEEDBACK = _mail(MailKind.FEEDBACK, Audience.NOT_MISSED, _working_days(Anchor.END, 3, 10))
_ARCHIVE = _transition(Action.ARCHIVE, Timing(anchor=Anchor.RETENTION))

_BEFORE = (_ANNOUNCE, _OPEN, _DEADLINE, _CLOSE)
_AFTER = (_FOLLOW_UP, _FEEDBACK, _ARCHIVE)

PLANS: Mapping[PlanName, tuple[Planned, ...]] = {
    PlanName.WORKSHOP: (*_BEFORE, _DISPATCH, _REMIND_DAY_OFF, _REMIND_HOUR, *_AFTER),
    PlanName.ON_SITE: (*_BEFORE, _REMIND_DAY, *_AFTER),
    PlanName.HYBRID: (*_BEFORE, _DISPATCH, _REMIND_ON_SITE, _REMIND_HOUR, *_AFTER),
    PlanName.ROUND_TABLE: (
        *(_ANNOUNCE, _OPEN_ROUND_TABLE, _CLOSE, _DISPATCH, _REMIND_HOUR),
        *(_FOLLOW_UP, _ARCHIVE),
    ),
}


def plan_for(event_format: EventFormat, chosen: str = "") -> PlanName:
    """The chosen plan if the format allows it, else the plan of the format.

    A round table on site has no link to send, so it follows the plan of its format.
    """
    own = {
        EventFormat.ONLINE: PlanName.WORKSHOP,
        EventFormat.ON_SITE: PlanName.ON_SITE,
        EventFormat.HYBRID: PlanName.HYBRID,
    }
    round_table = chosen == PlanName.ROUND_TABLE and event_format is not EventFormat.ON_SITE
    return PlanName.ROUND_TABLE if round_table else own[event_format]
