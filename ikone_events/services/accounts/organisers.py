"""Organisers' accounts: find, list, add; their passwords."""

import secrets
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from flask_security.utils import hash_password, verify_password
from sqlalchemy import select

from ikone_events.domain.account_roles import AccountRole
from ikone_events.domain.address import looks_like_address
from ikone_events.domain.header_text import (
    header_complaint,
    normal_line,
)
from ikone_events.domain.passwords import in_normal_form, password_complaint
from ikone_events.domain.refusals import N_, Complaint, NotFound, UnfitInput
from ikone_events.domain.times import to_local
from ikone_events.services.installation import get_installation
from ikone_events.store.accounts.models import Organiser, Role
from ikone_events.store.accounts.queries import assign_events, find_account
from ikone_events.store.db import db
from ikone_events.store.events.queries import find_event


@dataclass(frozen=True, slots=True, kw_only=True)
class NewOrganiser:
    """A new account; `only` limits it to events by slug, empty means all.

    Without a password nobody can log in until one is set by a mailed link.
    """

    email: str
    role: str
    password: str | None
    name: str = ""
    only: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Normalise name and address; a password is compared in a form of its own."""
        for name in ("email", "name"):
            object.__setattr__(self, name, normal_line(getattr(self, name)))


def add(new: NewOrganiser, *, now: datetime) -> Organiser:
    """Store an organiser. Raises UnfitInput for a bad or known address or a weak password."""
    _check(new)
    hashed = new.password and hash_new_password(new.password, email=new.email, name=new.name)
    today = to_local(now, get_installation().settings.timezone).date()
    organiser = Organiser(
        email=new.email,
        name=new.name,
        password=hashed,
        active=True,
        fs_uniquifier=uuid.uuid4().hex,
        signed_up_at=now,
        access_version=1,
        digest_day=today,  # mails of the morning begin on the next one
        listed_day=today,
    )
    db.session.add(organiser)
    give_access(organiser, role=new.role, only=new.only)
    return organiser


def give_access(organiser: Organiser, *, role: str, only: Sequence[str]) -> None:
    """Give the account a role and the events with these slugs, or all. Raises UnfitInput."""
    if role == AccountRole.ADMIN and only:
        text = N_("Administrators see all events: they could lift their own limit.")
        raise UnfitInput(Complaint(text, about="only"))
    event_ids = [_event_id(slug) for slug in dict.fromkeys(only)]
    give_role(organiser, role)
    organiser.sees_all = not event_ids
    db.session.flush()
    assign_events(organiser.id, event_ids)


def give_role(organiser: Organiser, role: str) -> None:
    """Give the account this role alone. Raises UnfitInput."""
    if role not in set(AccountRole):
        raise UnfitInput(Complaint(N_("Please choose a role."), about="role"))
    organiser.roles = [_role(role)]


def get_account(organiser_id: int) -> Organiser:
    """The account with this number; raises NotFound."""
    found = db.session.get(Organiser, organiser_id)
    if found is None:
        raise NotFound(Complaint(N_("There is no such account.")))
    return found


def get_account_of(email: str) -> Organiser:
    """The account with this address; raises NotFound."""
    found = find_account(email)
    if found is None:
        raise NotFound(Complaint(N_("There is no such account."), about=email))
    return found


def end_sessions(organiser_id: int) -> None:
    """Invalidate all sessions of an organiser."""
    db.session.get_one(Organiser, organiser_id).fs_uniquifier = secrets.token_hex(32)


def note_sign_in(organiser_id: int, *, now: datetime) -> None:
    """Store when the person has logged in last."""
    get_account(organiser_id).signed_in_at = now


def _check(new: NewOrganiser) -> None:
    found: list[Complaint | None] = []
    if not looks_like_address(new.email):
        text = N_("Please enter an address like name@example.org.")
        found.append(Complaint(text, about="email"))
    if find_account(new.email) is not None:
        found.append(Complaint(N_("This address can sign in already."), about="email"))
    found.append(header_complaint(new.name, "name"))
    if new.password is not None:
        found.append(password_complaint(new.password, (new.email, new.name)))
    complaints = [complaint for complaint in found if complaint is not None]
    if complaints:
        raise UnfitInput(complaints)


def _event_id(slug: str) -> int:
    event = find_event(slug)
    if event is None:
        raise UnfitInput(Complaint(N_("There is no such event."), {}, slug))
    return event.id


def _role(name: str) -> Role:
    role = db.session.scalar(select(Role).where(Role.name == name))
    if role is None:
        role = Role(name=name, description="")
        db.session.add(role)
    return role


def hash_new_password(password: str, *, email: str, name: str) -> str:
    """The hash of an acceptable password; raises UnfitInput.

    It takes a while and memory: call it before the transaction.
    """
    complaint = password_complaint(password, (email, name))
    if complaint is not None:
        raise UnfitInput(complaint)
    return str(hash_password(in_normal_form(password)))


def is_password_of(account: Organiser, password: str) -> bool:
    """Whether this is the present password of an account."""
    if not account.password:
        return False
    return bool(verify_password(in_normal_form(password), account.password))
