"""Questions that people asked when registering, for those who answer them."""

from sqlalchemy import func, select

from ikone_events.domain.mails.facts import BriefingQuestion
from ikone_events.store.db import db
from ikone_events.store.directory.models import Organisation
from ikone_events.store.events.models import Event
from ikone_events.store.registering.models import IS_ACTIVE, Registration


def anonymous_questions(event: Event, *, most: int) -> tuple[list[BriefingQuestion], int]:
    """The questions in the order of registering, at most so many, and how many there are.

    Names stay with the office (data protection). What somebody typed as their administration may
    be a name too, so only those of the directory are told.
    """
    asked = Registration.event_id == event.id, IS_ACTIVE, func.trim(Registration.question) != ""
    rows = db.session.execute(
        select(Registration.question, Organisation.name)
        .outerjoin(Organisation, Registration.organisation_id == Organisation.id)
        .where(*asked)
        .order_by(Registration.id)
        .limit(most)
    )
    found = [BriefingQuestion(text=text, body=body or "") for text, body in rows]
    if len(found) < most:
        return found, len(found)
    return found, db.session.scalar(select(func.count()).where(*asked)) or 0
