"""Codes of events by invitation: made, counted, redeemed, revoked."""

import secrets
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, func, select

from ikone_events.domain.refusals import N_, Complaint, NotFound, UnfitInput
from ikone_events.store.db import db
from ikone_events.store.events.models import Event
from ikone_events.store.events.queries import lock_event
from ikone_events.store.registering.models import IS_ACTIVE, Code, Registration

SHORTEST_CODE, LONGEST_CODE = 6, 40
MOST_SINGLE_CODES = 500
MOST_USES = 10_000
# Unambiguous characters; a code of ten of them can't be guessed.
_ALPHABET = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
_DRAWN_LENGTH = 10


def plain_code(text: str) -> str:
    """A code in its compared form: capitals, without spaces and hyphens."""
    return "".join(char for char in text.upper() if char.isalnum())


def redeem(event: Event, text: str) -> Code | None:
    """The code of a registration; None where the event asks for none. The event must be locked.

    Raises UnfitInput when it is unknown, revoked or used up.
    """
    if not event.by_code:
        return None
    wanted = select(Code).where(Code.event_id == event.id, Code.text == plain_code(text))
    found = db.session.scalar(wanted)
    if found is None or found.revoked_at is not None:
        raise UnfitInput(Complaint(N_("This code is not valid for this event."), about="code"))
    if found.uses is not None and times_used(found) >= found.uses:
        raise UnfitInput(Complaint(N_("This code has been used up."), about="code"))
    return found


def times_used(code: Code) -> int:
    """How many active registrations use this code."""
    users = select(func.count()).where(
        Registration.code_id == code.id,
        IS_ACTIVE,
    )
    return db.session.scalar(users) or 0


@dataclass(frozen=True, slots=True)
class CodeInvitation:
    """A code with how often it has been used."""

    code: Code
    used: int

    @property
    def shown(self) -> str:
        """The code as people read it aloud."""
        return shown_code(self.code.text)

    @property
    def open(self) -> bool:
        """Whether somebody can still come with it."""
        left = self.code.uses is None or self.used < self.code.uses
        return left and self.code.revoked_at is None


def shown_code(text: str) -> str:
    """A code in groups of five, if it is one that was drawn."""
    drawn = len(text) == _DRAWN_LENGTH and set(text) <= set(_ALPHABET)
    return f"{text[:5]}-{text[5:]}" if drawn else text


def codes_of(event: Event) -> list[CodeInvitation]:
    """Every code of an event with its uses, the open ones for many first."""
    used = dict(db.session.execute(_USED, {"event_id": event.id}).all())
    codes = db.session.scalars(select(Code).where(Code.event_id == event.id).order_by(Code.id))
    found = [CodeInvitation(code, used.get(code.id, 0)) for code in codes]
    return sorted(found, key=lambda each: (each.code.revoked_at is not None, each.code.uses == 1))


_USED = (
    select(Registration.code_id, func.count())
    .where(
        Registration.event_id == bindparam("event_id"),
        Registration.code_id.is_not(None),
        IS_ACTIVE,
    )
    .group_by(Registration.code_id)
)


def make_shared_code(slug: str, text: str, *, uses: int | None, label: str, now: datetime) -> Code:
    """A code for many people, in chosen words. Raises UnfitInput, NotFound."""
    event = lock_event(slug)
    plain = plain_code(text)
    complaints = [*_unfit_text(event, plain), *_unfit_number("uses", uses, MOST_USES)]
    if complaints:
        raise UnfitInput(complaints)
    return _store(event, plain, uses=uses, label=label, now=now)


def make_single_codes(slug: str, number: int, *, label: str, now: datetime) -> list[Code]:
    """Random codes for one person each. Raises UnfitInput, NotFound."""
    event = lock_event(slug)
    if complaints := _unfit_number("number", number, MOST_SINGLE_CODES):
        raise UnfitInput(complaints)
    drawn: set[str] = set()
    while len(drawn) < number:
        drawn.add("".join(secrets.choice(_ALPHABET) for _place in range(_DRAWN_LENGTH)))
    return [_store(event, text, uses=1, label=label, now=now) for text in sorted(drawn)]


def revoke_code(slug: str, code_id: int, *, now: datetime) -> Code:
    """Stop further use of a code; registrations stay. A second call changes nothing."""
    event = lock_event(slug)
    wanted = select(Code).where(Code.event_id == event.id, Code.id == code_id)
    found = db.session.scalar(wanted)
    if found is None:
        raise NotFound(Complaint(N_("There is no such code.")))
    found.revoked_at = found.revoked_at or now
    return found


def _store(event: Event, text: str, *, uses: int | None, label: str, now: datetime) -> Code:
    code = Code(event_id=event.id, text=text, label=label, uses=uses, created_at=now)
    db.session.add(code)
    return code


def _unfit_text(event: Event, plain: str) -> list[Complaint]:
    if not SHORTEST_CODE <= len(plain) <= LONGEST_CODE:
        text = N_("Please use %(least)d to %(most)d letters and digits, so that nobody guesses it.")
        return [Complaint(text, {"least": SHORTEST_CODE, "most": LONGEST_CODE}, "text")]
    known = select(Code.id).where(Code.event_id == event.id, Code.text == plain)
    if db.session.scalar(known) is not None:
        return [Complaint(N_("This event has this code already."), about="text")]
    return []


def _unfit_number(field: str, number: int | None, most: int) -> list[Complaint]:
    if number is None or 0 < number <= most:
        return []
    return [Complaint(N_("Please enter a number from 1 to %(most)d."), {"most": most}, field)]
