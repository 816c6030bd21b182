"""Labels for registrations: actions, status changes, answers to own fields."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ikone_events.domain.events.facts import Mode
from ikone_events.domain.refusals import N_
from ikone_events.domain.registering.form_fields import (
    YES_NO_LABELS,
    Answers,
    OwnField,
    answer_words,
)
from ikone_events.domain.registering.registration import MODE_LABELS, Awaits
from ikone_events.domain.registering.status import (
    ACTION_LABELS,
    REASONS,
    RegistrationAction,
    RegistrationStatus,
)
from ikone_events.store.events.models import Event
from ikone_events.store.figures.counts import Counts
from ikone_events.store.registering.models import Registration, StatusChange
from ikone_events.web.shell.i18n import gettext as _

# Actions that ask for something first, or that can't be undone.
ASKING = (
    RegistrationAction.DECLINE,
    RegistrationAction.WITHDRAW,
    RegistrationAction.HAND_OVER,
    RegistrationAction.SWITCH_MODE,
    RegistrationAction.GIVE_SEAT,
)
# The actions that the list offers; the person's page offers all of them.
QUICK: dict[RegistrationStatus, tuple[RegistrationAction, ...]] = {
    RegistrationStatus.APPROVAL: (RegistrationAction.APPROVE, RegistrationAction.DECLINE),
    RegistrationStatus.ADDRESS: (RegistrationAction.CONFIRM_ADDRESS,),
    RegistrationStatus.WAITING: (RegistrationAction.MOVE_UP,),
    RegistrationStatus.OFFERED: (RegistrationAction.WITHDRAW,),
    RegistrationStatus.CONFIRMED: (RegistrationAction.WITHDRAW,),
}
DONE_TEXTS: dict[RegistrationAction, str] = {
    RegistrationAction.APPROVE: N_("Approved. The person gets an e-mail."),
    RegistrationAction.MOVE_UP: N_("Moved up. The person gets an e-mail."),
    RegistrationAction.GIVE_SEAT: N_("The extra place is given. The person gets an e-mail."),
    RegistrationAction.CONFIRM_ADDRESS: N_(
        "The address counts as confirmed. The person gets an e-mail."
    ),
    RegistrationAction.SWITCH_MODE: N_("Changed. The person gets an e-mail."),
    RegistrationAction.HAND_OVER: N_("The place has been handed over. Both get an e-mail."),
    RegistrationAction.DECLINE: N_("Declined. The person gets an e-mail with the reason."),
    RegistrationAction.WITHDRAW: N_(
        "The registration has been withdrawn. The person gets an e-mail."
    ),
}
_CHANGES: dict[str, str] = {
    RegistrationAction.REGISTER: N_("Registered"),
    RegistrationAction.ADD: N_("Added by hand"),
    RegistrationAction.TAKE_OVER: N_("Took over a place"),
    RegistrationAction.CONFIRM_ADDRESS: N_("Address confirmed"),
    RegistrationAction.APPROVE: N_("Approved"),
    RegistrationAction.ACCEPT: N_("Offer accepted"),
    RegistrationAction.PROMOTE: N_("Moved up from the waiting list"),
    RegistrationAction.MOVE_UP: N_("Moved up by hand"),
    RegistrationAction.GIVE_SEAT: N_("Extra place given"),
    RegistrationAction.SWITCH_MODE: N_("Takes part another way"),
    RegistrationAction.HAND_OVER: N_("Handed over"),
    RegistrationAction.WITHDRAW: N_("Withdrawn"),
    RegistrationAction.DECLINE: N_("Declined"),
    RegistrationAction.EXPIRE: N_("Time ran out"),
    RegistrationAction.CORRECT: N_("Details corrected"),
    RegistrationAction.ASK_ADDRESS: N_("Asked to confirm the new address"),
    RegistrationAction.RESEND: N_("E-mail about the registration sent again"),
}
# What a pending registration awaited before this action.
_AWAITED_BEFORE: dict[str, str] = {
    RegistrationAction.CONFIRM_ADDRESS: Awaits.ADDRESS,
    RegistrationAction.APPROVE: Awaits.APPROVAL,
}


def possible_now(
    actions: Iterable[RegistrationAction], event: Event, counts: Counts
) -> list[RegistrationAction]:
    """Return the actions without moving up if the event is full."""
    full = event.capacity is not None and counts.seated >= event.capacity
    return [action for action in actions if not (full and action is RegistrationAction.MOVE_UP)]


def action_label(action: RegistrationAction) -> str:
    """Return the label of a button."""
    return _(ACTION_LABELS[action])


def change_words(change: StatusChange) -> str:
    """Return the label of a status change."""
    known = _CHANGES.get(change.action)
    return _(known) if known else change.action


def reason_words(change: StatusChange) -> str:
    """Return the reason of a status change; built-in reasons are translated."""
    if change.action == RegistrationAction.SWITCH_MODE and change.reason in set(Mode):
        return _(MODE_LABELS[Mode(change.reason)])
    return _(change.reason) if change.reason in REASONS else change.reason


def actor_words(change: StatusChange) -> str:
    """Return who made a status change."""
    known = {
        "person": _("the person"),
        "calendar": _("the person’s calendar"),
        "system": _("by itself"),
    }
    return known.get(change.actor, change.actor)


def with_awaits(
    history: Sequence[StatusChange], person: Registration, event: Event
) -> list[tuple[StatusChange, str]]:
    """Return each status change with what a pending registration awaited after it.

    Confirming the address leaves the approval. Otherwise the next change shows, or the present
    status; if there is neither, the event's settings: the address comes before the approval.
    """
    awaits = person.awaits or (Awaits.ADDRESS if event.confirm_hours else Awaits.APPROVAL)
    found: list[tuple[StatusChange, str]] = []
    for change in reversed(history):
        confirmed = change.action == RegistrationAction.CONFIRM_ADDRESS
        found.append((change, Awaits.APPROVAL if confirmed else awaits))
        awaits = _AWAITED_BEFORE.get(change.action, awaits)
    return found[::-1]


@dataclass(frozen=True, slots=True)
class AnswerText:
    """The label of a field and the answer as text."""

    label: str
    text: str

    @property
    def lead_in(self) -> str:
        """The label before the answer in one line; a question ends with its own mark."""
        return self.label if self.label.endswith("?") else f"{self.label}:"


def answer_texts(fields: Iterable[OwnField], answers: Answers, locale: str) -> list[AnswerText]:
    """Return the answered fields in their order."""
    return [
        AnswerText(
            own.label_in(locale), ", ".join(_words(own, v, locale) for v in answers[own.key])
        )
        for own in fields
        if answers.get(own.key)
    ]


def _words(own: OwnField, value: str, locale: str) -> str:
    words = answer_words(own, value, locale)
    return _(words) if words in YES_NO_LABELS.values() else words
