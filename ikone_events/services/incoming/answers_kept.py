"""Answers of calendars that count again after a change of which nobody was notified."""

from sqlalchemy import select

from ikone_events.domain.incoming.mails import IncomingKind, IncomingOutcome
from ikone_events.domain.mails.kinds import REQUEST
from ikone_events.services.incoming.answers import answer_in_force
from ikone_events.services.mails.values import notified_versions
from ikone_events.store.db import db
from ikone_events.store.events.models import Event
from ikone_events.store.incoming.models import IncomingMail
from ikone_events.store.registering.models import IS_ACTIVE, Registration


def restore_answers(event: Event) -> None:
    """Restore the answers of people whose calendars show the event's present date.

    A mail about another date asks for a new answer when it is written. If it never left and the
    date is put back, the person is not written to, and the answer in the calendar is the old one.
    The event must be locked.
    """
    answered = select(IncomingMail.id).where(
        IncomingMail.registration_id == Registration.id,
        IncomingMail.kind == IncomingKind.ANSWER.value,
        IncomingMail.outcome == IncomingOutcome.TAKEN.value,
    )
    wanted = select(Registration).where(
        Registration.event_id == event.id,
        IS_ACTIVE,
        Registration.partstat == "",
        Registration.calendar_method == REQUEST,
        answered.exists(),
    )
    people = list(db.session.scalars(wanted.order_by(Registration.id)))
    known = notified_versions(event, people)
    for person in people:
        seen = known[person.id]
        same = (seen.starts_at, seen.ends_at) == (event.starts_at, event.ends_at)
        if same and (answer := answer_in_force(person, event)) is not None:
            person.partstat = answer.partstat
