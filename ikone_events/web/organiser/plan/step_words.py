"""The timing and the standing of steps in words: "2 working days before the start, 10:00"."""

from collections.abc import Iterable
from datetime import datetime

from ikone_events.domain.mails.audiences import AUDIENCE_LABELS, Audience
from ikone_events.domain.mails.kinds import MailKind
from ikone_events.domain.plan.steps import Verdict
from ikone_events.domain.plan.times import Anchor, Timing, Unit
from ikone_events.domain.refusals import Complaint
from ikone_events.domain.times import clock, moment_page, time_words
from ikone_events.services.plan.plans import DONE, EXPIRED, PLAN, SKIPPED
from ikone_events.services.plan.step_mails import Fate
from ikone_events.store.events.models import Event
from ikone_events.store.plan.models import Step
from ikone_events.web.organiser.words import gettext as _
from ikone_events.web.organiser.words import ngettext
from ikone_events.web.shell.i18n import page_locale, translate

SYSTEM = "system"


def step_label(step: Step, name: str) -> str:
    """What a step is called: an organiser's own title, or the plan's word for it."""
    return step.title or _(name)


def who_did(actor: str) -> str:
    """Who did something: a person's name, or what the plan and the engine are called."""
    if actor == PLAN:
        return _("done by the plan")
    return _("The engine, by itself") if actor == SYSTEM else actor


def standing_words(step: Step, standing: str, reasons: Iterable[Complaint]) -> str:
    """What became of a step, by whom and why; empty where the row says it all."""
    if step.outcome == DONE:
        by_itself = step.actor in (PLAN, SYSTEM)
        return _("Done by the plan.") if by_itself else _("Done by %(who)s.", who=step.actor)
    if step.outcome == SKIPPED:
        return _("Skipped by %(who)s.", who=who_did(step.actor))
    if step.outcome:
        return " ".join(translate(reason) for reason in reasons)
    if step.kind == MailKind.NOTE.value and not step.active:
        return _("Nothing leaves before you say so.")
    words = {
        EXPIRED: _("It came too late to make sense."),
        Verdict.READY.value: _("It is due and runs within the next minute."),
    }
    return words.get(standing, "")


def moment_words(moment: datetime, event: Event) -> str:
    """Day and time on the event's clocks."""
    return moment_page(moment, locale=page_locale(), zone=event.zone)


def timing_words(timing: Timing, due: datetime, zone: str) -> str:
    """When a step is due, told from its anchor; with its own time of day where it was moved."""
    if timing.anchor is Anchor.FIXED:
        return _("at a date of its own")
    relation = _at(timing) if timing.amount == 0 else _away(timing)
    if timing.at is None or time_words(timing.at) == clock(due, zone=zone):
        return relation
    return _("%(relation)s, %(clock)s o'clock", relation=relation, clock=time_words(timing.at))


def people_words(audience: Audience, number: int) -> str:
    """Whom a step writes to, and how many they are today."""
    if number == 0:
        return _("%(audience)s: nobody today", audience=_(AUDIENCE_LABELS[audience]))
    return ngettext(
        "%(audience)s: one person today",
        "%(audience)s: %(num)d people today",
        number,
        audience=_(AUDIENCE_LABELS[audience]),
    )


def nothing_left(reached: bool) -> str:
    """Why a mailing has no mails: they went with their addresses, or there were none."""
    if reached:
        return _("The e-mails were deleted together with the addresses.")
    return _("Nobody was written to.")


def mails_words(fate: Fate) -> str:
    """What became of the mails of a step."""
    total = fate.sent + fate.failed + fate.waiting + fate.stopped
    if total == 0:
        return nothing_left(fate.reached) if fate.finished else _("The e-mails are being written.")
    said = [
        ngettext(
            "%(sent)d of one e-mail delivered",
            "%(sent)d of %(num)d e-mails delivered",
            total,
            sent=fate.sent,
        )
    ]
    if fate.failed:
        said.append(_("%(number)d failed", number=fate.failed))
    if fate.stopped:
        said.append(_("%(number)d held back", number=fate.stopped))
    if fate.waiting or not fate.finished:
        said.append(_("sending goes on"))
    return ", ".join(said)


def _at(timing: Timing) -> str:
    """Without an offset: the anchor itself, or its day when a time of day is set."""
    on_its_day = {
        Anchor.START: _("on the day of the start"),
        Anchor.END: _("on the day of the end"),
        Anchor.DEADLINE: _("on the day of the registration deadline"),
        Anchor.RETENTION: _("on the day on which the retention period ends"),
    }
    itself = {
        Anchor.START: _("at the start"),
        Anchor.END: _("at the end"),
        Anchor.DEADLINE: _("at the registration deadline"),
        Anchor.RETENTION: _("when the retention period ends"),
    }
    return (itself if timing.at is None else on_its_day)[timing.anchor]


def _away(timing: Timing) -> str:
    span = _span(timing.unit, abs(timing.amount))
    before = {
        Anchor.START: _("%(span)s before the start", span=span),
        Anchor.END: _("%(span)s before the end", span=span),
        Anchor.DEADLINE: _("%(span)s before the registration deadline", span=span),
        Anchor.RETENTION: _("%(span)s before the retention period ends", span=span),
    }
    after = {
        Anchor.START: _("%(span)s after the start", span=span),
        Anchor.END: _("%(span)s after the end", span=span),
        Anchor.DEADLINE: _("%(span)s after the registration deadline", span=span),
        Anchor.RETENTION: _("%(span)s after the retention period has ended", span=span),
    }
    return (before if timing.amount < 0 else after)[timing.anchor]


def _span(unit: Unit, number: int) -> str:
    spans = {
        Unit.MINUTES: ngettext("one minute", "%(num)d minutes", number),
        Unit.HOURS: ngettext("one hour", "%(num)d hours", number),
        Unit.DAYS: ngettext("one day", "%(num)d days", number),
        Unit.WORKING_DAYS: ngettext("one working day", "%(num)d working days", number),
    }
    return spans[unit]
