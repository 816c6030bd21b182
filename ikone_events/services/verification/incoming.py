"""What came back by mail: the answer at a person is the one that counts, a bounce has its mail."""

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import and_, select
from sqlalchemy.orm import aliased, joinedload

from ikone_events.domain.incoming import Kind, Outcome
from ikone_events.services.incoming.answers import answer_in_force
from ikone_events.store.db import db
from ikone_events.store.incoming import IncomingMail
from ikone_events.store.letters import DeliveryNote
from ikone_events.store.registrations import Registration

_ANSWER = and_(IncomingMail.kind == Kind.ANSWER.value, IncomingMail.outcome == Outcome.TAKEN.value)


def unexplained_answers(_now: datetime) -> Iterator[str]:
    """What is noted of a calendar is its newest answer to the invitation and the date that hold.

    Nothing noted is right as well: a new date asks anew. Loaded people bring theirs along. Answers
    that differ from what is noted are rare, so only those are looked at one by one.
    """
    answered = (
        select(Registration)
        .join(IncomingMail, IncomingMail.registration_id == Registration.id)
        .where(_ANSWER, Registration.partstat != "", Registration.partstat != IncomingMail.partstat)
        .distinct()
        .order_by(Registration.id)
        .options(joinedload(Registration.event))
    )
    for person in db.session.scalars(answered):
        answer = answer_in_force(person, person.event)
        if answer is not None and answer.partstat != person.partstat:
            yield (
                f"answers: {person.event.slug}: registration {person.id} is noted as"
                f" “{person.partstat}”, its calendar answered “{answer.partstat}”"
            )


def answers_of_nobody(_now: datetime) -> Iterator[str]:
    """An answer that counted belongs to a registration."""
    lost = select(IncomingMail.id).where(_ANSWER, IncomingMail.registration_id.is_(None))
    for number in db.session.scalars(lost.order_by(IncomingMail.id)):
        yield f"answers: the mail {number} counted, and it belongs to nobody"


def bounces_without_a_mail(_now: datetime) -> Iterator[str]:
    """A letter that came back has the mail which said so."""
    bounced = aliased(DeliveryNote)
    told = select(IncomingMail.id).where(
        IncomingMail.letter_id == bounced.letter_id,
        IncomingMail.kind == Kind.BOUNCE.value,
        IncomingMail.permanent,
    )
    lost = select(bounced.letter_id).where(bounced.what == "bounced", ~told.exists()).distinct()
    for number in db.session.scalars(lost.order_by(bounced.letter_id)):
        yield f"letters: letter {number} came back, and no mail says so"
