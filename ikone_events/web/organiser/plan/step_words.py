"""Words for steps: their label, their verdict, their timing ("2 days before the start, 10:00")."""

from collections.abc import Iterable
from datetime import datetime

from ikone_events.domain.events.actions import label_of_action
from ikone_events.domain.events.facts import EventFormat
from ikone_events.domain.events.lifecycle import Action
from ikone_events.domain.mails.audiences import AUDIENCE_LABELS, Audience
from ikone_events.domain.mails.kinds import MailKind
from ikone_events.domain.plan.steps import Verdict
from ikone_events.domain.plan.times import Anchor, Timing, Unit
from ikone_events.domain.refusals import N_, Complaint
from ikone_events.domain.times import clock, moment_said, time_words
from ikone_events.services.plan.plans import DONE, EXPIRED, PLAN, SKIPPED
from ikone_events.services.plan.step_mails import Fate
from ikone_events.store.events.models import Event
from ikone_events.store.plan.models import Step
from ikone_events.web.organiser.mails.mailing_words import SYSTEM, delivered_words, nothing_left
from ikone_events.web.shell.filters import moment_words
from ikone_events.web.shell.i18n import gettext as _
from ikone_events.web.shell.i18n import ngettext, page_locale, translate

# At the anchor itself, and on its day if the timing has a time of day.
_AT = {
    Anchor.START: (N_("at the start"), N_("on the day of the start")),
    Anchor.END: (N_("at the end"), N_("on the day of the end")),
    Anchor.DEADLINE: (
        N_("at the registration deadline"),
        N_("on the day of the registration deadline"),
    ),
    Anchor.RETENTION: (
        N_("when the retention period ends"),
        N_("on the day on which the retention period ends"),
    ),
}
# Before the anchor, and after it.
_AWAY = {
    Anchor.START: (N_("%(span)s before the start"), N_("%(span)s after the start")),
    Anchor.END: (N_("%(span)s before the end"), N_("%(span)s after the end")),
    Anchor.DEADLINE: (
        N_("%(span)s before the registration deadline"),
        N_("%(span)s after the registration deadline"),
    ),
    Anchor.RETENTION: (
        N_("%(span)s before the retention period ends"),
        N_("%(span)s after the retention period has ended"),
    ),
}


def step_label(step: Step, name: str) -> str:
    """Return the title that organisers gave to a step, or its translated name."""
    return step.title or _(name)


def sent_words(number: int, due_at: datetime | None, *, zone: str, own: bool = False) -> str:
    """Return to how many people a mail is sent, and until when that can be undone.

    `own` is whether organisers have written it: then it is called a message.
    """
    if own:
        words = ngettext(
            "The message is sent to one person.", "The message is sent to %(num)d people.", number
        )
    else:
        words = ngettext(
            "The e-mail is sent to one person.", "The e-mail is sent to %(num)d people.", number
        )
    if due_at is None:
        return words
    at = moment_said(due_at, locale=page_locale(), zone=zone)
    return f"{words} " + _("You can undo it until %(at)s; nothing is sent before.", at=at)


def who_did(actor: str) -> str:
    """Return the label of an actor: a person's name, the plan or the engine."""
    if actor == PLAN:
        return _("done automatically")
    return _("Automatically") if actor == SYSTEM else actor


def status_words(step: Step, status: str, reasons: Iterable[Complaint]) -> str:
    """Return the outcome of a step, by whom and why; "" if its badge is enough."""
    if step.outcome == DONE:
        by_itself = step.actor in (PLAN, SYSTEM)
        return _("Done automatically.") if by_itself else _("Done by %(who)s.", who=step.actor)
    if step.outcome == SKIPPED:
        return _("Skipped by %(who)s.", who=who_did(step.actor))
    if step.outcome:
        return " ".join(translate(reason) for reason in reasons)
    if step.kind == MailKind.NOTE.value and not step.active:
        return _("Nothing is sent until you choose “Send now”.")
    words = {
        EXPIRED: _("It came too late to make sense."),
        Verdict.READY.value: _("It is due and runs within the next minute."),
    }
    return words.get(status, "")


def action_label(action: str) -> str:
    """Return the label of an action in the history."""
    return _(label_of_action(action))


def action_text(action: Action, event: Event) -> str:
    """Return what an action does, in a sentence."""
    if action is Action.DISPATCH and event.format == EventFormat.HYBRID.value:
        return _(
            "Everybody confirmed who takes part online gets the way into the video room. People on"
            " site get no e-mail."
        )
    if action is Action.FOLLOW_UP and event.follow_up_to_waiting and event.waiting_list:
        return _(
            "Slides, links and contacts go to those who were confirmed, and to those who stayed on"
            " the waiting list."
        )
    words = {
        Action.ANNOUNCE: _("The event gets a public page. Nobody can register yet."),
        Action.OPEN: _("From now on people can register."),
        Action.CLOSE: _("The form stops taking registrations. Confirmed registrations remain."),
        Action.REOPEN: _("People can register again; those who wait move up where seats are free."),
        Action.DISPATCH: _("Everybody who is confirmed gets the way into the video room."),
        Action.FOLLOW_UP: _("Slides, links and contacts go to those who were confirmed."),
        Action.MARK_SENT: _(
            "People have got the link by other means. From now on personal links lead into the"
            " room, and the follow-up can be sent."
        ),
        Action.CONCLUDE: _(
            "The event is finished without a follow-up, and can be archived when its retention"
            " period is over."
        ),
        Action.DISCARD: _("The draft is deleted for good, with everything in it."),
        Action.UNDO: _("The event is as it was before. Nobody has been told yet."),
        Action.ARCHIVE: _("Names and addresses are deleted for good; the figures stay."),
        Action.POSTPONE: _("The calendar entries are withdrawn until there is a new date."),
        Action.RESCHEDULE: _(
            "The event gets its new date, and everybody a new invitation. Registration stays as it"
            " was."
        ),
        Action.CANCEL: _("The event is cancelled and its calendar entries are withdrawn."),
    }
    return words[action]


def planned_words(planned: datetime | None, event: Event) -> str:
    """Return that the plan does this by itself, and when; "" if it does not."""
    if planned is None:
        return ""
    when = moment_words(planned, event.zone)
    return _("It happens automatically on %(when)s; you do not need to do anything.", when=when)


def timing_words(timing: Timing, due: datetime, zone: str) -> str:
    """Return the time of a step relative to its anchor; with the time of day if it was moved."""
    if timing.anchor is Anchor.FIXED:
        return _("at a specific date and time")
    if timing.amount == 0:
        relation = _(_AT[timing.anchor][timing.at is not None])
    else:
        span = _span(timing.unit, abs(timing.amount))
        relation = _(_AWAY[timing.anchor][timing.amount > 0], span=span)
    if timing.at is None or time_words(timing.at) == clock(due, zone=zone):
        return relation
    return _("%(relation)s, %(clock)s o'clock", relation=relation, clock=time_words(timing.at))


def people_words(audience: Audience, number: int, event: Event) -> str:
    """Return the audience of a step and its present size."""
    if audience is not Audience.FOLLOWED_UP:
        label = _(AUDIENCE_LABELS[audience])
    elif event.follow_up_to_waiting and event.waiting_list:
        label = _("Everybody confirmed or on the waiting list")
    else:
        label = _("Everybody confirmed")
    if number == 0:
        return _("%(audience)s: nobody today", audience=label)
    return ngettext(
        "%(audience)s: one person today",
        "%(audience)s: %(num)d people today",
        number,
        audience=label,
    )


def mails_words(fate: Fate) -> str:
    """Return how many of a step's mails were delivered, failed or held back."""
    total = fate.sent + fate.failed + fate.queued + fate.stopped
    if total == 0:
        if fate.finished:
            return nothing_left(reached=fate.reached)
        return _("The e-mails are being written.")
    parts = delivered_words(total, fate.sent, fate.failed)
    if fate.stopped:
        parts.append(_("%(number)d held back", number=fate.stopped))
    if fate.queued or not fate.finished:
        parts.append(_("sending goes on"))
    return ", ".join(parts)


def _span(unit: Unit, number: int) -> str:
    spans = {
        Unit.MINUTES: ngettext("one minute", "%(num)d minutes", number),
        Unit.HOURS: ngettext("one hour", "%(num)d hours", number),
        Unit.DAYS: ngettext("one day", "%(num)d days", number),
        Unit.WORKING_DAYS: ngettext("one working day", "%(num)d working days", number),
    }
    return spans[unit]
