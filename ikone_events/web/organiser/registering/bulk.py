"""The actions that the list offers for several people at once."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime

from ikone_events.domain.refusals import N_, Complaint
from ikone_events.domain.registering.status import (
    REGISTRATION_STATUS_LABELS,
    Actor,
    RegistrationAction,
    RegistrationStatus,
    possible_actions,
    registration_status,
)
from ikone_events.services.registering.by_organiser import OrganiserRequest, press
from ikone_events.services.registering.resend import resend_confirmation
from ikone_events.store.incoming.registration_search import RegistrationSearch
from ikone_events.store.registering.models import Registration
from ikone_events.web.shell.i18n import gettext as _

# In the order of the menu.
ACTIONS = (
    RegistrationAction.APPROVE,
    RegistrationAction.RESEND,
    RegistrationAction.DECLINE,
    RegistrationAction.WITHDRAW,
)
_SENT_JUST_NOW = Complaint(
    N_("It has been sent again just now or is still waiting to be sent: there is no second e-mail.")
)


def is_for(person: Registration, action: str) -> bool:
    """Whether an action can be taken on a person in the present status."""
    status = registration_status(person.status, person.awaits)
    return person.anonymised_at is None and action in possible_actions(status, Actor.ORGANISER)


def offered(
    statuses: Iterable[RegistrationStatus], wish: RegistrationSearch
) -> list[RegistrationAction]:
    """Return the actions that fit somebody in these statuses whom the filter can find."""
    shown = [status for status in statuses if _may_find(wish, status)]
    possible = {action for status in shown for action in possible_actions(status, Actor.ORGANISER)}
    return [action for action in ACTIONS if action in possible]


def _may_find(wish: RegistrationSearch, status: RegistrationStatus) -> bool:
    stored, awaits = status.columns
    return wish.status in ("", stored) and wish.awaits in ("", awaits)


def carry_out(
    public_id: str,
    action: str,
    *,
    expected: str,
    reason: str,
    actor: str,
    now: datetime,
) -> tuple[Complaint, ...]:
    """Act on one person; returns why nothing was to be done. Raises Refusal."""
    if action == RegistrationAction.RESEND:
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
