"""What an account chooses: which mails it gets, and the address of its private calendar."""

from collections.abc import Mapping
from datetime import datetime

from ikone_events.domain.office.choices import OfficeMail, may_get_office_mails, may_see_events
from ikone_events.domain.refusals import N_, Complaint, LinkGone, LinkRefused
from ikone_events.domain.times import to_local
from ikone_events.domain.tokens import LinkClaim, Purpose
from ikone_events.services.accounts.organisers import get_account
from ikone_events.services.installation import get_installation
from ikone_events.services.office.recipients import wants_mail
from ikone_events.store.accounts.models import Organiser
from ikone_events.store.accounts.queries import lock_accounts
from ikone_events.store.db import db
from ikone_events.store.office.queries import note_listed, unlisted


def choose_mails(organiser_id: int, chosen: Mapping[OfficeMail, bool], *, now: datetime) -> None:
    """Store which mails an account gets; a mail of the morning begins on the next one.

    Lists of registrations that were off until now begin with those that come from now on.
    """
    lock_accounts()
    account = get_account(organiser_id)
    db.session.refresh(account)
    before = {which: wants_mail(account, which) for which in OfficeMail}
    if not may_get_office_mails(account.role):
        return
    for which, wanted in chosen.items():
        setattr(account, which.value, wanted)
    today = to_local(now, get_installation().settings.timezone).date()
    if chosen[OfficeMail.DIGEST] and not before[OfficeMail.DIGEST]:
        account.digest_day = today
    if chosen[OfficeMail.REGISTRATIONS] and not before[OfficeMail.REGISTRATIONS]:
        account.listed_day = today
        note_listed(account.id, unlisted(account.id))


def new_calendar(organiser_id: int) -> None:
    """Give the private calendar of an account another address; an earlier one ends."""
    lock_accounts()
    account = get_account(organiser_id)
    db.session.refresh(account)
    account.calendar_epoch, account.has_calendar = account.calendar_epoch + 1, True


def withdraw_calendar(organiser_id: int) -> None:
    """End the address of the private calendar."""
    get_account(organiser_id).has_calendar = False


def calendar_path(account: Organiser) -> str:
    """The path of the private calendar of an account; "" if it has none."""
    if not account.has_calendar:
        return ""
    claim = LinkClaim(str(account.id), account.calendar_epoch)
    return f"/feeds/office/{get_installation().signer.sign(Purpose.OFFICE_CALENDAR, claim)}.ics"


def account_of_calendar(token: str) -> Organiser:
    """The account of an address. Raises LinkRefused, and LinkGone if it has ended."""
    claim = get_installation().signer.read(Purpose.OFFICE_CALENDAR, token)
    account = (
        db.session.get(Organiser, int(claim.public_id)) if claim.public_id.isdecimal() else None
    )
    if account is None:
        raise LinkRefused(Complaint(N_("This link is not valid.")))
    is_last = account.has_calendar and claim.epoch == account.calendar_epoch
    if not (is_last and account.active and may_see_events(account.role)):
        text = N_("This calendar address has been withdrawn. “My account” gives you a new one.")
        raise LinkGone(Complaint(text))
    return account
