"""Links by mail with which a person sets a password: invitations and forgotten passwords.

Own code instead of Flask-Security's: its links are no rows of the outbox, it commits by itself, two
simultaneous requests can both use a link, and a known address takes longer than an unknown one.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import uuid4

from sqlalchemy import delete, literal, select, update

from ikone_events.domain.mails.kinds import WITH_KEY, MailKind
from ikone_events.domain.refusals import N_, AccountRefused, Complaint, LinkGone, LinkRefused
from ikone_events.domain.tokens import LinkClaim, Purpose
from ikone_events.mail.writing.compose import compose
from ikone_events.services.accounts.account_mails import account_facts, account_mail_key
from ikone_events.services.accounts.changes import Asker, check_asker, set_password
from ikone_events.services.accounts.organisers import NewOrganiser, add, get_account
from ikone_events.services.installation import get_installation
from ikone_events.services.mails.values import network_summary
from ikone_events.services.mails.writing import outbox_row, queue
from ikone_events.store.accounts.models import Organiser
from ikone_events.store.accounts.queries import find_account, lock_accounts
from ikone_events.store.db import ask_for_erasure, db, rows_written
from ikone_events.store.mails.models import OutboxMail

VALID_FOR = timedelta(hours=1)
_NOBODY = 0


def invite(new: NewOrganiser, *, asker: Asker, locale: str, now: datetime) -> Organiser:
    """Add an account and send its owner a link to set a password. Raises like `add`."""
    lock_accounts()
    check_asker(asker)
    account = add(new, now=now)
    _write(account, MailKind.ACCOUNT_INVITATION, locale=locale, asker=asker, now=now)
    return account


def send_link(organiser_id: int, *, asker: Asker, locale: str, now: datetime) -> Organiser:
    """Send a link for an administrator. Raises AccountRefused for a disabled account."""
    check_asker(asker)
    account = get_account(organiser_id)
    if not account.active:
        text = N_("The account is disabled. Please enable it first.")
        raise AccountRefused(Complaint(text))
    kind = MailKind.PASSWORD_RESET if account.password else MailKind.ACCOUNT_INVITATION
    _write(account, kind, locale=locale, asker=asker, now=now)
    return account


def ask_for_link(email: str, *, locale: str, now: datetime) -> Organiser | None:
    """Send a link to the owner of an address, if there is an active account.

    For any other address the same mail is written and deleted again, and the log is emptied in both
    cases, so that the answer takes the same time.
    """
    ask_for_erasure()
    account = find_account(email)
    known = account if account is not None and account.active else None
    written = _write(
        known or Organiser(id=_NOBODY, email=email, name="", locale="", access_version=1),
        MailKind.PASSWORD_RESET,
        locale=locale,
        asker=Asker(),
        now=now,
    )
    db.session.flush()
    unwanted = delete(OutboxMail).where(OutboxMail.id == written.id, literal(known is None))
    rows_written(unwanted)
    return known


def account_of_link(token: str, *, now: datetime) -> Organiser:
    """The account whose password the link may set now. Raises LinkGone or LinkRefused."""
    claim = get_installation().signer.read(Purpose.PASSWORD, token)
    if not claim.public_id.isdecimal():
        raise LinkRefused(Complaint(N_("This link is not valid.")))
    account = db.session.get(Organiser, int(claim.public_id))
    stands = account is not None and account.active and account.access_version == claim.epoch
    if account is None or not stands or now.timestamp() >= claim.expires:
        text = N_(
            "It works once and for one hour, and not after a change of the account. Please request "
            "a new one."
        )
        raise LinkGone(Complaint(text))
    return account


def set_password_by_link(token: str, hashed: str, *, now: datetime) -> Organiser:
    """Store the password; the link and all others of the account end. Raises LinkGone."""
    lock_accounts()
    return set_password(account_of_link(token, now=now).id, hashed)


def link_states() -> dict[int, str]:
    """The state of the latest mail with a link, by the number of the account."""
    links = OutboxMail.kind.in_([kind.value for kind in WITH_KEY])
    wanted = select(OutboxMail.key, OutboxMail.state).where(links).order_by(OutboxMail.id)
    return {int(key.split(":")[1]): state for key, state in db.session.execute(wanted)}


def delete_expired(now: datetime) -> None:
    """Delete the texts of links that never were sent in time."""
    links = OutboxMail.kind.in_([kind.value for kind in WITH_KEY])
    expired = OutboxMail.created_at <= now - VALID_FOR, OutboxMail.state != "queued"
    rows_written(update(OutboxMail).where(links, *expired).values(text="", html=""))


def _write(
    account: Organiser, kind: MailKind, *, locale: str, asker: Asker, now: datetime
) -> OutboxMail:
    installation, expires = get_installation(), now + VALID_FOR
    claim = LinkClaim(str(account.id), account.access_version, int(expires.timestamp()))
    token = installation.signer.sign(Purpose.PASSWORD, claim)
    facts = account_facts(kind, account, network_summary(now), manage="/login", locale=locale)
    facts = replace(
        facts,
        links=replace(facts.links, confirm=installation.page(f"/login/reset/{token}")),
        other_person=get_account(asker.admin).shown_name if asker.admin is not None else "",
        reserved_until=expires,
    )
    key = account_mail_key(account.id, uuid4().hex)
    return queue(outbox_row(facts, compose(facts), key=key, now=now))
