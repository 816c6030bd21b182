"""Standing sign-ups: to sign up once, and to be registered for each date of a series.

When registration for a date is open, the worker registers everybody through the one seat function,
each person in a transaction of their own, with the rules of this date: waiting list, approval,
members first. Dates by invitation code are left out. A date is applied once to each sign-up
(StandingDate), so that nobody is registered again who has withdrawn, whatever process dies when.

A sign-up ends with a press of the person or the office, with the person's details, or when
`UNUSED_FOR` has passed without a date attended: every invitation has offered to end it, so nobody
is asked once more. It rests while mails to the address come back.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, case, delete, func, select, update

from ikone_events.domain.address import email_key
from ikone_events.domain.events.lifecycle import State
from ikone_events.domain.folding import search_key
from ikone_events.domain.header_text import normalise
from ikone_events.domain.mails.kinds import MailKind
from ikone_events.domain.refusals import (
    N_,
    Complaint,
    LinkRefused,
    NotFound,
    RegistrationClosed,
    UnfitInput,
)
from ikone_events.domain.registering.registration import ACTIVE, Status
from ikone_events.domain.tokens import Purpose
from ikone_events.services.installation import get_installation
from ikone_events.services.mails import undeliverable_addresses
from ikone_events.services.mails.news_facts import CONFIRM_WITHIN
from ikone_events.services.mails.standing_mails import standing_mail_key, write_to_standing
from ikone_events.services.registering.standing_dates import attended, lock_standing, open_events
from ikone_events.services.registering.status import withdraw
from ikone_events.store.db import db, insert_into, rows_written
from ikone_events.store.events.models import Event, new_public_id
from ikone_events.store.events.queries import get_series, lock_event
from ikone_events.store.events.series import settings_of
from ikone_events.store.incoming.models import IncomingMail
from ikone_events.store.mails.log import delete_mails
from ikone_events.store.mails.models import OutboxMail
from ikone_events.store.operating.forgotten import note_forgotten
from ikone_events.store.registering.models import Registration
from ikone_events.store.registering.standing import (
    StandingSignUp,
    find_standing,
    registrations_from,
)

UNUSED_FOR = timedelta(days=365)
_PERSON = "person"


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingDraft:
    """A person as in the form, whose format was checked there."""

    first_name: str
    last_name: str
    email: str
    organisation_text: str
    locale: str
    salutation: str = ""
    title: str = ""
    position: str = ""

    def __post_init__(self) -> None:
        """Normalise what was typed."""
        lines = ("first_name", "last_name", "email", "organisation_text", "title", "position")
        normalise(self, lines)

    @property
    def columns(self) -> dict[str, str]:
        """The columns of the person, with the keys that follow them."""
        values: dict[str, str] = {f.name: getattr(self, f.name) for f in fields(self)}
        keys = (self.first_name, self.last_name, self.email, self.organisation_text)
        return {**values, "email_key": email_key(self.email), "search_key": search_key(*keys)}


def closed_to_standing(slug: str) -> Complaint | None:
    """Why nobody can sign up for all dates of a series, or None."""
    if settings_of(slug).standing:
        return None
    return Complaint(N_("For this series everybody registers for each date."))


def sign_up(
    slug: str, draft: StandingDraft, *, now: datetime, entered_by: str = ""
) -> StandingSignUp:
    """Store a person and send a mail to confirm it, or one that it is confirmed already.

    The result does not depend on whether the address was known, and a confirmed row stays as it is,
    since anybody can enter any address. Raises NotFound and RegistrationClosed.
    """
    series = get_series(slug)
    if complaint := closed_to_standing(slug):
        raise RegistrationClosed(complaint)
    values = {**draft.columns, "created_at": now, "entered_by": entered_by}
    row = insert_into(StandingSignUp).values(
        series_slug=slug, public_id=new_public_id(), link_epoch=1, **values
    )
    pending = StandingSignUp.confirmed_at.is_(None)
    anew = {
        name: case((pending, row.excluded[name]), else_=getattr(StandingSignUp, name))
        for name in values
    }
    upsert = row.on_conflict_do_update(index_elements=["series_slug", "email_key"], set_=anew)
    found = db.session.scalars(
        upsert.returning(StandingSignUp), execution_options={"populate_existing": True}
    ).one()
    # At most one such mail an hour, so that nobody can flood a mailbox. A second one is composed
    # too: response times must not reveal anything.
    known = "known" if found.confirmed_at else "new"
    key = standing_mail_key(found, f"{known}:{now:%Y%m%d%H}")
    write_to_standing(MailKind.STANDING, found, series.name, key=key, now=now)
    return found


def standing_from_token(token: str) -> StandingSignUp | None:
    """The sign-up of a link; None if it has ended. Raises LinkRefused for a forged link."""
    claim = get_installation().signer.read(Purpose.STANDING, token)
    found = find_standing(claim.public_id)
    return found if found is not None and found.link_epoch == claim.epoch else None


def confirm(token: str, *, now: datetime) -> StandingSignUp:
    """Confirm the address; a second time changes nothing. Raises LinkRefused."""
    found = standing_from_token(token)
    locked = lock_standing(found.id) if found is not None else None
    if locked is None:
        text = N_("This link is not valid any more. Please sign up once more.")
        raise LinkRefused(Complaint(text))
    if locked.confirmed_at is None:
        locked.confirmed_at = now
    return locked


def get_standing(slug: str, public_id: str) -> StandingSignUp:
    """A sign-up to this series; raises NotFound."""
    found = find_standing(public_id)
    if found is None or found.series_slug != slug:
        raise NotFound(Complaint(N_("There is no such standing sign-up.")))
    return found


def change(slug: str, public_id: str, draft: StandingDraft, *, now: datetime) -> StandingSignUp:
    """Correct a person's details; another address has to be confirmed by its owner.

    Links in mails to the former address do not work any more. Registrations stay as they are.
    Raises NotFound, and UnfitInput for an address that is signed up already.
    """
    lock_standing(get_standing(slug, public_id).id)
    found = get_standing(slug, public_id)  # it may have ended or been confirmed meanwhile
    values = draft.columns
    other_address = values["email_key"] != found.email_key
    if other_address:
        other = select(StandingSignUp.id).where(
            StandingSignUp.series_slug == slug, StandingSignUp.email_key == values["email_key"]
        )
        if db.session.scalar(other) is not None:
            text = N_("This address is signed up for the series already.")
            raise UnfitInput(Complaint(text, about="email"))
        found.confirmed_at, found.link_epoch = None, found.link_epoch + 1
    for name, value in values.items():
        if not name.endswith("_key"):
            setattr(found, name, value)
    if other_address:
        _ask_to_confirm(found, now=now)
    return found


def _ask_to_confirm(standing: StandingSignUp, *, now: datetime) -> None:
    """Send the mail to confirm an address that an organiser has corrected."""
    key = standing_mail_key(standing, f"new:{standing.link_epoch}:{now:%Y%m%d%H}")
    name = get_series(standing.series_slug).name
    write_to_standing(MailKind.STANDING, standing, name, key=key, now=now)


def coming_from(standing: StandingSignUp, now: datetime) -> list[Registration]:
    """The registrations of a sign-up that can still be withdrawn, by date."""
    gone = (State.CANCELLED.value, State.ARCHIVED.value)
    return [
        each
        for each in registrations_from(standing)
        if each.event.ends_at > now
        and each.event.state not in gone
        and Status(each.status) in ACTIVE
    ]


def end(standing: StandingSignUp, *, withdraws: bool, now: datetime, actor: str = _PERSON) -> int:
    """End a sign-up and delete it; returns how many coming registrations were withdrawn.

    They stay unless `withdraws`. Open dates of the series are locked first, so that no worker
    registers the person meanwhile.
    """
    ended = 0
    if withdraws:
        coming = coming_from(standing, now)
        slugs = {each.event.slug for each in coming}
        for slug in sorted(slugs | {event.slug for event in open_events(standing.series_slug)}):
            lock_event(slug)
        for each in coming_from(standing, now):
            withdraw(each.public_id, now=now, actor=actor)
            ended += 1
    delete_on_request(StandingSignUp.id == standing.id, now=now)
    return ended


def delete_on_request(*whose: ColumnElement[bool], now: datetime) -> None:
    """Delete sign-ups, also when an older backup is restored: it must register nobody again."""
    note_forgotten(db.session.scalars(select(StandingSignUp.public_id).where(*whose)), now.date())
    delete_standing(*whose)


def delete_standing(*whose: ColumnElement[bool]) -> int:
    """Delete sign-ups with all mails about them, and what came back; returns how many.

    Registrations stay.
    """
    keys = db.session.scalars(select(StandingSignUp.public_id).where(*whose)).all()
    for public_id in keys:
        about = OutboxMail.key.startswith(standing_mail_key(public_id), autoescape=True)
        mails = select(OutboxMail.id).where(about)
        rows_written(delete(IncomingMail).where(IncomingMail.mail_id.in_(mails)))
        delete_mails(about)
    db.session.flush()
    if keys:
        rows_written(
            update(Registration)
            .where(Registration.standing_id.in_(select(StandingSignUp.id).where(*whose)))
            .values(standing_id=None)
        )
    deleted = rows_written(delete(StandingSignUp).where(*whose)) if keys else 0
    if deleted:
        undeliverable_addresses.delete_unused()
    return deleted


def delete_expired(now: datetime) -> int:
    """Delete sign-ups that were not confirmed in time, or that nobody has used for a year."""
    numbers = due_to_end(now)
    return delete_standing(StandingSignUp.id.in_(numbers)) if numbers else 0


def due_to_end(now: datetime) -> list[int]:
    """The ids of the sign-ups that the clock deletes."""
    late = StandingSignUp.confirmed_at.is_(None), StandingSignUp.created_at <= now - CONFIRM_WITHIN
    due = list(db.session.scalars(select(StandingSignUp.id).where(*late)))
    last = func.coalesce(StandingSignUp.attended_at, StandingSignUp.confirmed_at)
    unused = select(StandingSignUp.id).where(last <= now - UNUSED_FOR)
    numbers = db.session.scalars(unused).all()
    if not numbers:
        return due
    recent = select(Registration.standing_id).join(Event, Registration.event_id == Event.id)
    recent = recent.where(Event.starts_at > now - UNUSED_FOR, *attended(now))
    kept = set(db.session.scalars(recent))
    return due + [number for number in numbers if number not in kept]


def standing_counts(slug: str) -> Mapping[str, int]:
    """The number of confirmed and of unconfirmed sign-ups to a series."""
    known = StandingSignUp.confirmed_at.is_not(None)
    confirmed, pending = db.session.execute(
        select(func.count().filter(known), func.count().filter(~known)).where(
            StandingSignUp.series_slug == slug
        )
    ).one()
    return {"confirmed": confirmed, "pending": pending}
