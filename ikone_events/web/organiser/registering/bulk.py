"""The actions that the list offers for several people at once."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime

from ikone_events.domain.refusals import N_, Complaint
from ikone_events.domain.registering.status import (
    ACTION_LABELS,
    REGISTRATION_STATUS_LABELS,
    Actor,
    RegistrationAction,
    RegistrationStatus,
    possible_actions,
    registration_status,
)
from ikone_events.services.registering.by_organiser import (
    FOR_SEVERAL,
    OrganiserRequest,
    actions_for,
    press,
)
from ikone_events.services.registering.resend import resend_confirmation
from ikone_events.store.incoming.registration_search import RegistrationSearch
from ikone_events.store.registering.models import Registration
from ikone_events.web.shell.i18n import gettext as _

RESEND = "resend"
# In the order of the menu.
ACTIONS: tuple[str, ...] = (
    RegistrationAction.APPROVE,
    RESEND,
    *(action for action in FOR_SEVERAL if action is not RegistrationAction.APPROVE),
)
_LABELS: dict[str, str] = {action.value: label for action, label in ACTION_LABELS.items()} | {
    RESEND: N_("Send the confirmation again")
}
_SENT_JUST_NOW = Complaint(
    N_("It has been sent again just now or is still waiting to be sent: there is no second e-mail.")
)


def label_of(action: str) -> str:
    """Return the label of a button."""
    return _(_LABELS[action])


def _needed(action: str) -> RegistrationAction:
    """Return the action that is possible for the same people."""
    # Whoever can withdraw is registered.
    return RegistrationAction.WITHDRAW if action == RESEND else RegistrationAction(action)


def is_for(person: Registration, action: str) -> bool:
    """Whether an action can be taken on a person in the present status."""
    return _needed(action) in actions_for(person)


def offered(statuses: Iterable[RegistrationStatus], wish: RegistrationSearch) -> list[str]:
    """Return the actions that fit somebody in these statuses whom the filter can find."""
    shown = [status for status in statuses if _may_find(wish, status)]
    possible = {action for status in shown for action in possible_actions(status, Actor.ORGANISER)}
    return [action for action in ACTIONS if _needed(action) in possible]


def _may_find(wish: RegistrationSearch, status: RegistrationStatus) -> bool:
    stored, _colon, awaits = status.value.partition(": ")
    return wish.status in ("", stored) and wish.awaits in ("", awaits)


def carry_out(
    public_id: str, action: str, *, expected: str, reason: str, actor: str, now: datetime
) -> tuple[Complaint, ...]:
    """Act on one person; returns why nothing was to be done. Raises Refusal."""
    if action == RESEND:
        resent = resend_confirmation(public_id, actor=actor, now=now)
        return () if resent.is_new else (_SENT_JUST_NOW,)
    wish = OrganiserRequest(
        action=RegistrationAction(action), expected=expected, actor=actor, now=now, reason=reason
    )
    press(public_id, wish)
    return ()


def counts_by_status(people: Iterable[Registration]) -> list[tuple[str, int]]:
    """Return the labels of statuses with the number of people in each."""
    statuses = Counter(registration_status(each.status, each.awaits) for each in people)
    return [(_(REGISTRATION_STATUS_LABELS[status]), n) for status, n in statuses.most_common()]
