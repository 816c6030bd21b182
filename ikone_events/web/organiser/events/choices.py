"""The actions that an event's state allows, with their labels, recipients and obstacles."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from ikone_events.domain.events.lifecycle import ACTION_LABELS, Action, ActionOffer, Message
from ikone_events.domain.mails.kinds import LABELS, MailKind
from ikone_events.services.events.foresight import runs_by_itself
from ikone_events.services.installation import now
from ikone_events.services.mails.audiences import Group, count_each
from ikone_events.store.events.models import Event
from ikone_events.web.organiser.mails.mailing_words import code_words
from ikone_events.web.organiser.plan.step_views import Missing, fix_of
from ikone_events.web.organiser.plan.step_words import action_text, planned_words
from ikone_events.web.shell.i18n import gettext as _
from ikone_events.web.shell.i18n import ngettext

# Actions that the page of the date carries out.
MOVING = (Action.POSTPONE, Action.RESCHEDULE)
# Actions that ask for a reason or a date first.
UNTOLD_REASON = (Action.MARK_SENT, Action.CONCLUDE)
WITH_REASON = (Action.CANCEL, *UNTOLD_REASON)
ASKING = (*WITH_REASON, *MOVING, Action.DISCARD)
# Actions of the plan that people may take too early.
_BY_PLAN = (Action.OPEN, Action.CLOSE, Action.DISPATCH, Action.FOLLOW_UP)
# What the page of an action asks for if it is missing.
ASKED_THEN: Mapping[Action, tuple[str, ...]] = {Action.ANNOUNCE: ("summary",)}
# Actions that take something away for good: they stand last, and in red.
GRAVE = (Action.CANCEL, Action.ARCHIVE, Action.DISCARD)


@dataclass(frozen=True, slots=True)
class ActionChoice:
    """One action with its labels: what it does, whom it writes to, what prevents it."""

    action: str
    label: str
    text: str
    mails: str
    complaints: tuple[Missing, ...]
    asks: bool
    writes: bool
    grave: bool = False
    moves: bool = False

    @property
    def ready(self) -> bool:
        """Whether nothing prevents it."""
        return not self.complaints


def choices_of(found: Sequence[ActionOffer], event: Event) -> list[ActionChoice]:
    """Return the lifecycle's offers with their labels and the number of their recipients."""
    messages = (offer.rule.message for offer in found)
    groups = (Group(event, message.audience) for message in messages if message)
    numbers = count_each(groups, now=now())
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
        text=f"{action_text(action, event)} {planned_words(planned, event)}".rstrip(),
        mails=_recipients_text(message, number, event),
        complaints=tuple(
            fix_of(complaint, event)
            for complaint in offer.complaints
            if complaint.about not in ASKED_THEN.get(action, ())
        ),
        asks=action in ASKING,
        # Its page also asks for what is missing, and whether registration opens.
        writes=number > 0 or action is Action.ANNOUNCE,
        grave=action in GRAVE,
        moves=action in MOVING,
    )


def _recipients_text(message: Message | None, number: int, event: Event) -> str:
    if message is None:
        return _("Nobody is written to.")
    written = ngettext(
        "One person gets an e-mail: “%(kind)s”.",
        "%(num)d people get an e-mail each: “%(kind)s”.",
        number,
        # Who was absent or waited gets another version.
        kind=_("Follow-up") if message.kind is MailKind.FOLLOW_UP else _(LABELS[message.kind]),
    )
    about_code = code_words(event, message.audience)
    return f"{written if number else _('Nobody is written to.')} {about_code}".rstrip()
