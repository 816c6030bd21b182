"""The page of one event: its state, its next steps, the possible actions; and its history."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from flask import flash, redirect, render_template
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField

from ikone_events.domain.events.lifecycle import (
    ACTION_LABELS,
    Action,
    ActionOffer,
    Message,
    next_action,
    offers,
)
from ikone_events.domain.mails.kinds import LABELS
from ikone_events.domain.refusals import Complaint, UnfitInput
from ikone_events.domain.rooms.door import is_link_out
from ikone_events.services.events import editing as event_service
from ikone_events.services.events.foresight import runs_by_itself
from ikone_events.services.events.transitions import facts_of
from ikone_events.services.events.undoing import past_of
from ikone_events.services.installation import now
from ikone_events.services.mails.audiences import Group, count_each
from ikone_events.services.operating.retention import RETENTION
from ikone_events.services.registering.codes import codes_of
from ikone_events.store.db import transaction
from ikone_events.store.events.models import Event, StateChange
from ikone_events.store.events.queries import history_of
from ikone_events.store.figures.counts import counts_of
from ikone_events.web.organiser.events.lifecycle_steps import OFF_THE_PATH, life_steps
from ikone_events.web.organiser.events.update_words import saved_words, tells, waiting_of
from ikone_events.web.organiser.frame import (
    Answer,
    actor,
    blueprint,
    event_url,
    place,
    say_all,
    seen_event,
)
from ikone_events.web.organiser.mails.mailing_words import code_words
from ikone_events.web.organiser.plan.step_views import next_rows, plan_view
from ikone_events.web.organiser.plan.step_words import action_text, planned_words, who_did
from ikone_events.web.shell.access import Permission, permission
from ikone_events.web.shell.forms import LineField
from ikone_events.web.shell.i18n import gettext as _
from ikone_events.web.shell.i18n import ngettext, translate
from ikone_events.web.shell.interrupted import keeps_input, refuse_shown_again

# Actions that ask for a reason or a date first.
UNTOLD_REASON = (Action.MARK_SENT, Action.CONCLUDE)
WITH_REASON = (Action.POSTPONE, Action.CANCEL, *UNTOLD_REASON)
ASKING = (*WITH_REASON, Action.RESCHEDULE, Action.DISCARD)
# Actions of the plan that people may take too early.
_BY_PLAN = (Action.OPEN, Action.CLOSE, Action.DISPATCH, Action.FOLLOW_UP)
_PLAN_ROWS = 3


class RoomForm(FlaskForm):
    """The video room of an event."""

    room_url = LineField(
        _l("Access link"), render_kw={"type": "url", "inputmode": "url", "autocomplete": "off"}
    )
    dial_in = LineField(_l("Dial-in by telephone"), render_kw={"autocomplete": "off"})
    silent = BooleanField(_l("Tell nobody of the change"))


@dataclass(frozen=True, slots=True)
class ActionChoice:
    """One action with its labels: what it does, whom it writes to, what prevents it."""

    action: str
    label: str
    text: str
    mails: str
    complaints: tuple[tuple[str, str], ...]
    asks: bool
    writes: bool

    @property
    def ready(self) -> bool:
        """Whether nothing prevents it."""
        return not self.complaints


@blueprint.get("/events/<slug>")
@permission(Permission.SEE_EVENTS)
def event(slug: str) -> str:
    """Show the overview of an event."""
    return show_event(seen_event(slug))


def show_event(
    event: Event, *, form: RoomForm | None = None, refused: Iterable[Complaint] = ()
) -> str:
    """Render the page of an event, with the complaints of a refusal on top."""
    moment = now()
    counts, history = counts_of(event), history_of(event)
    facts = facts_of(event, moment, numbers=counts.numbers, past=past_of(event, history))
    choices = choices_of(offers(facts), event)
    ahead = next_action(facts)
    return render_template(
        "organiser/events/event.html",
        event=event,
        counts=counts,
        tabs=counts,
        steps=life_steps(event, history, moment),
        off_the_path=event.state in OFF_THE_PATH,
        last=history[-1] if history else None,
        step=next((choice for choice in choices if choice.action == ahead), None),
        others=[choice for choice in choices if choice.action != ahead],
        form=form or RoomForm(obj=event),
        tells=is_link_out(event.state) and tells(event),
        waiting=waiting_of(event),
        refused=say_all(refused),
        no_code=event.by_code and not facts.over and not any(c.open for c in codes_of(event)),
        facts=facts,
        plan=next_rows(plan_view(event, facts), _PLAN_ROWS),
    )


def choices_of(found: Sequence[ActionOffer], event: Event) -> list[ActionChoice]:
    """Return the lifecycle's offers with their labels and the number of their recipients."""
    messages = (offer.rule.message for offer in found)
    numbers = count_each(Group(event, message.audience) for message in messages if message)
    asked = any(offer.rule.action in _BY_PLAN for offer in found)
    planned = runs_by_itself(event, now()) if asked else {}
    return [_choice(offer, event, numbers, planned.get(offer.rule.action)) for offer in found]


def _choice(
    offer: ActionOffer, event: Event, numbers: Mapping[Group, int], planned: datetime | None
) -> ActionChoice:
    action, message = offer.rule.action, offer.rule.message
    number = numbers[Group(event, message.audience)] if message else 0
    return ActionChoice(
        action=action.value,
        label=_(ACTION_LABELS[action]),
        text=f"{action_text(action)} {planned_words(planned, event)}".rstrip(),
        mails=_recipients_text(message, number, event),
        complaints=tuple(
            (translate(c), "room" if c.about == "room_url" else c.about or "")
            for c in offer.complaints
        ),
        asks=action in ASKING,
        writes=number > 0,
    )


def _recipients_text(message: Message | None, number: int, event: Event) -> str:
    if message is None:
        return _("Nobody is written to.")
    written = ngettext(
        "One person gets an e-mail: “%(kind)s”.",
        "%(num)d people get an e-mail each: “%(kind)s”.",
        number,
        kind=_(LABELS[message.kind]),
    )
    about_code = code_words(event, message.audience)
    return f"{written if number else _('Nobody is written to.')} {about_code}".rstrip()


@blueprint.post("/events/<slug>/room")
@permission(Permission.EDIT_EVENTS)
@keeps_input
def set_room(slug: str) -> Answer:
    """Save the address of the video room."""
    event, form = seen_event(slug), RoomForm()
    try:
        refuse_shown_again()
        url, dial_in = (form.room_url.data or "").strip(), (form.dial_in.data or "").strip()
        with transaction():
            event = event_service.set_room(
                slug, url, dial_in, now=now(), actor=actor(), silent=bool(form.silent.data)
            )
    except UnfitInput as refusal:
        place(form, refusal.complaints)
        return show_event(event, form=form), 422
    if event.update_due_at is not None:
        flash(saved_words(event), "success")
    else:
        flash(_("The link has been saved.") if url else _("The link has been removed."), "success")
    return redirect(event_url(event), 303)


@blueprint.get("/events/<slug>/history")
@permission(Permission.SEE_EVENTS)
def history(slug: str) -> str:
    """Show all changes of the event's state."""
    event = seen_event(slug)
    return render_template(
        "organiser/events/history.html",
        event=event,
        changes=history_of(event)[::-1],
        labels=ACTION_LABELS,
        who_did=who_did,
        reason_of=_reason_of,
    )


def _reason_of(change: StateChange) -> str:
    """Return why a change was made; the clock has no words of its own."""
    return _("The retention period is over.") if change.reason == RETENTION else change.reason
