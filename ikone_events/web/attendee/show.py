"""The person's own page: status, possible actions with deadlines, stored data, questions to ask."""

from datetime import datetime, timedelta

from flask import render_template
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l

from ikone_events.domain.events.facts import Mode, State
from ikone_events.domain.followup.certificate import Certificate
from ikone_events.domain.header_text import text_complaint
from ikone_events.domain.incoming.answer_rules import ACCEPTED, DECLINED, TENTATIVE
from ikone_events.domain.registering.form_fields import FieldKind, OwnField, answer_words
from ikone_events.domain.registering.registration import Attendance
from ikone_events.domain.registering.self_service import SelfServiceAction, SelfServiceFacts
from ikone_events.domain.registering.status import RegistrationStatus
from ikone_events.domain.rooms.questions import QUESTION_LENGTH
from ikone_events.domain.times import date_medium
from ikone_events.services.followup.feedback import feedback_link
from ikone_events.services.installation import now
from ikone_events.services.registering.answers import GivenAnswer, answers_as_asked
from ikone_events.services.registering.changes import has_room, other_mode
from ikone_events.services.registering.seating import mode_of
from ikone_events.services.registering.status import self_service_facts
from ikone_events.services.rooms.questions import may_ask_now
from ikone_events.store.events.models import Event
from ikone_events.store.followup.access import materials_for
from ikone_events.store.registering.availability import get_availability
from ikone_events.store.registering.form_fields import left_open
from ikone_events.store.registering.models import Registration
from ikone_events.store.registering.queries import last_change
from ikone_events.store.registering.waiting_list import waiting_position
from ikone_events.store.rooms.attendance import attendances
from ikone_events.store.rooms.questions import own_questions
from ikone_events.web.attendee.certificate import certificate_of
from ikone_events.web.attendee.frame import (
    Choice,
    blueprint,
    choices,
    possible,
    registration_from_token,
)
from ikone_events.web.attendee.room import door_of
from ikone_events.web.attendee.status_words import StatusFacts, status_words
from ikone_events.web.attendee.ticket import drawn_code
from ikone_events.web.shell.access import Permission, permission
from ikone_events.web.shell.badges import badge_for
from ikone_events.web.shell.filters import moment_words
from ikone_events.web.shell.forms import PublicForm, TextField, at_most, needed, unless
from ikone_events.web.shell.i18n import gettext as _
from ikone_events.web.shell.i18n import page_locale


class QuestionForm(PublicForm):
    """One question, asked while the event runs."""

    website = None  # type: ignore[assignment]
    question = TextField(
        _l("Your question to the speakers"),
        [
            needed(_l("Please enter your question.")),
            at_most(QUESTION_LENGTH),
            unless(text_complaint),
        ],
        render_kw={"rows": 3, "maxlength": QUESTION_LENGTH},
    )


# For whoever can't come.
_ABSENT = (SelfServiceAction.SWITCH_MODE, SelfServiceAction.HAND_OVER, SelfServiceAction.WITHDRAW)
_LEFT = (RegistrationStatus.CANCELLED, RegistrationStatus.DECLINED, RegistrationStatus.EXPIRED)


@blueprint.get("/r/<token>")
@permission(Permission.PERSONAL_LINK)
def show(token: str) -> ResponseReturnValue:
    """The page behind the personal link."""
    return show_page(token, registration_from_token(token))


def show_page(token: str, registration: Registration, form: QuestionForm | None = None) -> str:
    """Render a person's own page; `form` is a question that was refused."""
    moment = now()
    may_ask, over = may_ask_now(registration, moment), moment >= registration.event.ends_at
    facts = self_service_facts(registration, moment)
    status = _status_facts(registration, facts)
    return render_template(
        "attendee/show.html",
        token=token,
        registration=registration,
        event=registration.event,
        status=facts.status.value,
        words=status_words(status),
        door=status.door.value,
        choices={} if over else _offered(registration, facts),
        over=over,
        room=status.room_in_other_mode,
        waits=facts.status is RegistrationStatus.WAITING,
        mode=mode_of(registration.event, registration).value,
        answers=_answer_rows(registration),
        calendar_answer=_calendar_answer(registration),
        qr=drawn_code(registration),
        certified=over and certificate_of(registration) is Certificate.VALID,
        on_site=mode_of(registration.event, registration) is Mode.ON_SITE,
        active=facts.active,
        left_open=_left_open(registration, facts),
        kept_until=registration.kept_until,
        may_ask=may_ask,
        feedback=feedback_link(registration, moment),
        asked=own_questions(registration),
        has_materials=_has_materials(registration, moment),
        # A form opens a session.
        question_form=form or (QuestionForm(formdata=None) if may_ask else None),
    )


def _offered(
    registration: Registration, facts: SelfServiceFacts
) -> dict[SelfServiceAction, Choice]:
    """The actions that help; who is in the running event is not asked whether they can't come."""
    offered = choices(facts)
    if facts.now < facts.starts_at:
        return offered
    known = attendances(registration.event, facts.now, [registration.id])[registration.id]
    if known.attendance is not Attendance.ATTENDED:
        return offered
    return {wish: choice for wish, choice in offered.items() if wish not in _ABSENT}


def _has_materials(registration: Registration, moment: datetime) -> bool:
    """Whether there is something to see; not asked while people register, which most visits are."""
    event = registration.event
    if event.state == State.OPEN.value:
        return False
    return bool(materials_for(event, registration.id, registration.status, moment))


def _status_facts(registration: Registration, facts: SelfServiceFacts) -> StatusFacts:
    left, moment = facts.status in _LEFT, facts.now
    may_switch = possible(SelfServiceAction.SWITCH_MODE, facts) is not None
    return StatusFacts(
        now=moment,
        registration=registration,
        status=facts.status,
        mail_queued=registration.reserved_until != facts.reserved_until,
        last=last_change(registration) if left else None,
        position=waiting_position(registration),
        door=door_of(registration, moment),
        may_return=left and badge_for(get_availability(registration.event, moment)).open,
        room_in_other_mode=may_switch and has_room(registration, other_mode(registration), moment),
    )


def _left_open(registration: Registration, facts: SelfServiceFacts) -> list[str]:
    """The labels of required fields without an answer, while the person may answer."""
    if possible(SelfServiceAction.CHANGE, facts) is None:
        return []
    return [field.label_in(page_locale()) for field in left_open(registration, registration.event)]


def _answer_rows(registration: Registration) -> list[tuple[str, str]]:
    """Label and text of each answer, with the day of an early deletion."""
    event = registration.event
    return [
        (answer.field.label_in(page_locale()), _in_words(answer, event))
        for answer in answers_as_asked(registration)
    ]


def _calendar_answer(registration: Registration) -> str:
    """The answer of the person's calendar; it does not change the status."""
    words = {
        ACCEPTED: _("You are coming."),
        TENTATIVE: _("Maybe."),
        DECLINED: _("You are not coming. Your place is kept until you withdraw."),
    }
    return words.get(registration.partstat, "")


def _in_words(given: GivenAnswer, event: Event) -> str:
    field = given.field
    words = ", ".join(_word(field, value) for value in given.values)
    if field.kind is FieldKind.CONSENT:
        words += f" ({moment_words(given.at, event.zone)})"
    if field.keep_days is None:
        return words
    gone = event.ends_at + timedelta(days=field.keep_days)
    day = date_medium(gone, locale=page_locale(), zone=event.zone)
    return _("%(answer)s – deleted on %(day)s", answer=words, day=day)


def _word(field: OwnField, value: str) -> str:
    """The text of a value; only Yes and No are translated."""
    words = answer_words(field, value, page_locale())
    return _(words) if field.kind in (FieldKind.YES_NO, FieldKind.CONSENT) else words
