"""Organisers' accounts."""

import secrets
import unicodedata
import uuid
from dataclasses import dataclass
from datetime import datetime

from flask_security.utils import hash_password
from sqlalchemy import func, select

from ikone_events.domain.address import looks_like_address
from ikone_events.domain.header_text import (
    MOST_CHARACTERS,
    normal_line,
    stored_text_complaints,
)
from ikone_events.domain.refusals import N_, Complaint, UnfitInput
from ikone_events.services.events.editing import assign
from ikone_events.store.accounts.models import Organiser, Role
from ikone_events.store.db import db
from ikone_events.store.events.queries import find_event

MIN_PASSWORD_LENGTH = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class NewOrganiser:
    """A new account; `only` limits it to events by slug, empty means all."""

    email: str
    role: str
    password: str
    name: str = ""
    only: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Normalise name and address; a password is compared in a form of its own."""
        for name in ("email", "name"):
            object.__setattr__(self, name, normal_line(getattr(self, name)))


def add(new: NewOrganiser, *, now: datetime) -> Organiser:
    """Store an organiser. Raises UnfitInput for a bad or known address or a short password."""
    _check(new)
    organiser = Organiser(
        email=new.email,
        name=new.name,
        password=hash_password(_typed_anywhere(new.password)),
        active=True,
        fs_uniquifier=uuid.uuid4().hex,
        sees_all=not new.only,
        signed_up_at=now,
    )
    organiser.roles.append(_role(new.role))
    db.session.add(organiser)
    db.session.flush()
    for slug in new.only:
        event = find_event(slug)
        if event is None:
            raise UnfitInput(Complaint(N_("There is no such event."), {}, slug))
        assign(organiser, event)
    return organiser


def end_sessions(organiser_id: int) -> None:
    """Invalidate all sessions of an organiser."""
    db.session.get_one(Organiser, organiser_id).fs_uniquifier = secrets.token_hex(32)


def _check(new: NewOrganiser) -> None:
    found: list[Complaint] = []
    if not looks_like_address(new.email):
        text = N_("Please enter an address like name@example.org.")
        found.append(Complaint(text, about="email"))
    same = func.lower(Organiser.email) == new.email.lower()
    if db.session.scalar(select(Organiser.id).where(same)) is not None:
        found.append(Complaint(N_("This address can sign in already."), about="email"))
    found += stored_text_complaints(new.name, MOST_CHARACTERS, "name", header=True)
    if len(new.password) < MIN_PASSWORD_LENGTH:
        text = N_("The password needs at least %(length)d characters.")
        found.append(Complaint(text, {"length": MIN_PASSWORD_LENGTH}, "password"))
    if found:
        raise UnfitInput(found)


def _typed_anywhere(password: str) -> str:
    """The password in NFKD, as the login compares it, whichever keyboard typed it."""
    return unicodedata.normalize("NFKD", password)


def _role(name: str) -> Role:
    role = db.session.scalar(select(Role).where(Role.name == name))
    if role is None:
        role = Role(name=name, description="")
        db.session.add(role)
    return role
