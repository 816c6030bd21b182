"""What a mail after an event contains: version of the follow-up, materials, answers.

Everybody gets one mail. The status decides first (who waited was not there), then what is known of
the attendance. Who asked something finds it with its answer in whichever mail they get: a version
of its own would thank nobody for coming and regret no absence.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import ColumnElement, and_, update

from ikone_events.domain.mails.facts import AnsweredQuestion, ContactPerson, Links, MaterialLink
from ikone_events.domain.mails.kinds import FOLLOW_UPS, MailKind
from ikone_events.domain.registering.registration import Attendance, Status
from ikone_events.services.installation import get_installation
from ikone_events.store.db import rows_written
from ikone_events.store.events.models import Event, Material
from ikone_events.store.followup.access import materials_for
from ikone_events.store.followup.requests import no_request_because
from ikone_events.store.mails.models import Mailing
from ikone_events.store.registering.models import Registration
from ikone_events.store.rooms.attendance import attendance_of
from ikone_events.store.rooms.models import Question
from ikone_events.store.rooms.questions import HAS_NEW_ANSWER, answers_to

_WITH_MATERIALS = (*FOLLOW_UPS, MailKind.SUPPLEMENT)
_WITH_ANSWERS = (*FOLLOW_UPS, MailKind.ANSWER)
_BY_ATTENDANCE = {
    Attendance.ATTENDED.value: MailKind.FOLLOW_UP,
    Attendance.MISSED.value: MailKind.FOLLOW_UP_MISSED,
}


def follow_up_for(status: str, attendance: str | None) -> MailKind:
    """The version of the follow-up for a person."""
    if status == Status.WAITLISTED.value:
        return MailKind.FOLLOW_UP_WAITED
    return _BY_ATTENDANCE.get(attendance or "", MailKind.FOLLOW_UP_UNKNOWN)


def gets_version(version: MailKind, event: Event, now: datetime) -> ColumnElement[bool]:
    """Whether a registration gets this version; the same rule as `follow_up_for`."""
    waited = Registration.status == Status.WAITLISTED.value
    if version is MailKind.FOLLOW_UP_WAITED:
        return waited
    came = attendance_of(now, event.id)
    known = {kind: attendance for attendance, kind in _BY_ATTENDANCE.items()}.get(version)
    return and_(~waited, came.is_(None) if known is None else came == known)


def seen_by(
    kind: MailKind, registration: Registration, event: Event, mailing: Mailing | None, now: datetime
) -> list[Material]:
    """The materials that a mail lists: what the person may see; in a supplement what is new."""
    if kind not in _WITH_MATERIALS:
        return []
    seen = materials_for(event, registration.id, registration.status, now)
    if kind is not MailKind.SUPPLEMENT:
        return seen
    mailed_at = mailing.created_at if mailing else None
    return [material for material in seen if material.mailed_at == mailed_at]


def links_to(seen: Sequence[Material], reader: Registration) -> tuple[MaterialLink, ...]:
    """Links to materials; files and answers are linked through the reader's own page."""
    if not seen:  # as in every mail before the event: signing the page costs
        return ()
    page = f"{get_installation().personal_page(reader.public_id, reader.link_epoch)}/materials"
    return tuple(
        MaterialLink(
            title=item.title,
            url=item.url or (f"{page}/{item.public_id}" if item.stored_name else page),
        )
        for item in seen
        if item.kind != "contact"
    )


def links_after(kind: MailKind, links: Links, event: Event, *, seen: bool, now: datetime) -> Links:
    """The links of a follow-up.

    To materials for whoever has `seen` some, to the certificate for whoever attended, and to the
    request for whoever waited.
    """
    asks = kind is MailKind.FOLLOW_UP_WAITED and no_request_because(event, now) is None
    return replace(
        links,
        materials=links.materials if seen else "",
        certificate=f"{links.manage}/certificate" if kind is MailKind.FOLLOW_UP else "",
        request=get_installation().page(f"/events/{event.slug}/materials/request") if asks else "",
    )


def contacts_among(seen: Iterable[Material]) -> tuple[ContactPerson, ...]:
    """The contacts among materials."""
    return tuple(
        ContactPerson(topic=item.title, name=item.contact_name, email=item.contact_email)
        for item in seen
        if item.kind == "contact"
    )


def asked_by(
    kind: MailKind, registration: Registration, mailing: Mailing | None
) -> tuple[AnsweredQuestion, ...]:
    """What the person asked: in a follow-up everything, in an answer what this mailing is about."""
    if kind not in _WITH_ANSWERS:
        return ()
    rows, sent_at = answers_to(registration), mailing.created_at if mailing else None
    found = [
        AnsweredQuestion(
            text=row.text or registration.question,
            answer=row.answer,
            changed=row.is_changed_in(sent_at),
        )
        for row in rows
        if kind is not MailKind.ANSWER or row.is_new_in(sent_at)
    ]
    if kind is not MailKind.ANSWER and registration.question and all(row.text for row in rows):
        found.insert(0, AnsweredQuestion(text=registration.question))
    return tuple(found)


def note_answers_sent(person_ids: Sequence[int], mailing: Mailing) -> None:
    """Remember the answers that these people have just been written."""
    theirs = Question.registration_id.in_(person_ids), HAS_NEW_ANSWER
    values = {
        "sent_version": Question.version,
        "sent_count": Question.sent_count + 1,
        "sent_at": mailing.created_at,
    }
    rows_written(update(Question).where(*theirs).values(values))
