"""Changes of accounts: each ends all sessions, and an administrator always remains.

One change at a time (`lock_accounts`), so that two administrators can't disable each other.
"""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import delete

from ikone_events.domain.account_roles import AccountRole
from ikone_events.domain.header_text import header_complaint, normal_line
from ikone_events.domain.mails.kinds import TO_OFFICE, WITH_KEY, MailKind
from ikone_events.domain.refusals import N_, AccountRefused, Complaint, StaleForm, UnfitInput
from ikone_events.services.accounts.account_mails import account_mail_key
from ikone_events.services.accounts.organisers import (
    end_sessions,
    get_account,
    give_access,
    give_role,
)
from ikone_events.store.accounts.models import Organiser
from ikone_events.store.accounts.queries import has_administrator, lock_accounts
from ikone_events.store.db import db, rows_written
from ikone_events.store.mails.models import OutboxMail
from ikone_events.store.office.queries import note_listed, unlisted


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """Who asks for a change: the number of an administrator, and the version that they saw.

    Neither is given by commands; persons who change their own account give the version alone.
    """

    admin: int | None = None
    seen_version: int | None = None


SHELL = Asker()


def set_access(
    organiser_id: int, *, role: str, only: Sequence[str], asker: Asker = SHELL
) -> Organiser:
    """Change role and events at once. Raises UnfitInput, AccountRefused, StaleForm, NotFound."""
    with _changing(organiser_id, asker) as account:
        give_access(account, role=role, only=only)
        _drop_unsent(organiser_id, TO_OFFICE)
        return account


def set_role(organiser_id: int, role: str) -> Organiser:
    """Change the role alone; a limit to events stays. Raises like set_access."""
    with _changing(organiser_id, SHELL) as account:
        if role == AccountRole.ADMIN and not account.sees_all:
            text = N_("The account is limited to some events. Please lift the limit first.")
            raise UnfitInput(Complaint(text, about="role"))
        give_role(account, role)
        _drop_unsent(organiser_id, TO_OFFICE)
        return account


def set_events(organiser_id: int, only: Sequence[str]) -> Organiser:
    """Limit an account to the events with these slugs, or to none. Raises like set_access."""
    with _changing(organiser_id, SHELL) as account:
        give_access(account, role=account.role, only=only)
        _drop_unsent(organiser_id, TO_OFFICE)
        return account


def set_active(organiser_id: int, *, active: bool, asker: Asker = SHELL) -> Organiser:
    """Disable or enable an account. Raises AccountRefused, StaleForm, NotFound.

    Enabled again, it gets no list of those who registered meanwhile.
    """
    with _changing(organiser_id, asker) as account:
        account.active = active
        if active:
            note_listed(organiser_id, unlisted(organiser_id))
        else:
            _drop_unsent(organiser_id, TO_OFFICE)
        return account


def set_password(organiser_id: int, hashed: str, *, asker: Asker = SHELL) -> Organiser:
    """Store a password, hashed by `hash_new_password`. Raises StaleForm, NotFound."""
    with _changing(organiser_id, asker) as account:
        account.password = hashed
        return account


def end_sessions_of(organiser_id: int, *, asker: Asker = SHELL) -> Organiser:
    """End all sessions of an account. Raises AccountRefused, StaleForm, NotFound."""
    account = _locked(organiser_id, asker)
    end_sessions(organiser_id)
    return account


def set_own_details(organiser_id: int, *, name: str, locale: str) -> None:
    """Store name and language; both change no access. Raises UnfitInput."""
    name = normal_line(name)
    if complaint := header_complaint(name, "name"):
        raise UnfitInput(complaint)
    account = get_account(organiser_id)
    account.name, account.locale = name, locale


def check_asker(asker: Asker) -> None:
    """Check again that who asks is an active administrator. Raises AccountRefused."""
    if asker.admin is None:
        return
    person = get_account(asker.admin)
    # Before version 0007 administrators could be limited; they would lift their own limit.
    if not (person.active and person.sees_all and person.role == AccountRole.ADMIN):
        text = N_("Your own account was changed meanwhile, you may not do this any more.")
        raise AccountRefused(Complaint(text))


@contextmanager
def _changing(organiser_id: int, asker: Asker) -> Iterator[Organiser]:
    account, before = _locked(organiser_id, asker), has_administrator()
    yield account
    account.access_version += 1
    end_sessions(organiser_id)
    _drop_unsent(organiser_id, WITH_KEY)  # links are not valid any more
    db.session.flush()
    if before and not has_administrator():
        text = N_("This is the last active administrator. Please make somebody else one first.")
        raise AccountRefused(Complaint(text))


def _locked(organiser_id: int, asker: Asker) -> Organiser:
    lock_accounts()
    check_asker(asker)
    account = get_account(organiser_id)
    if asker.seen_version not in (None, account.access_version):
        text = N_("The account has been changed meanwhile. Please check it and try again.")
        raise StaleForm(Complaint(text))
    return account


def _drop_unsent(organiser_id: int, kinds: Collection[MailKind]) -> None:
    """Delete mails to the account that are not sent yet."""
    mine = OutboxMail.key.startswith(account_mail_key(organiser_id), autoescape=True)
    these = OutboxMail.kind.in_([kind.value for kind in kinds])
    rows_written(delete(OutboxMail).where(mine, these, OutboxMail.state == "queued"))
