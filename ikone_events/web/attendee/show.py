"""The person's own page: how things stand, what can be done and until when, what is stored."""

from datetime import datetime, timedelta

from flask import render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from ikone_events.domain.incoming.answer_rules import ACCEPTED, DECLINED, TENTATIVE
from ikone_events.domain.registering.form_fields import FieldKind, OwnField, answer_words
from ikone_events.domain.registering.self_service import SelfServiceAction, SelfServiceFacts
from ikone_events.domain.registering.status import RegistrationStatus
from ikone_events.domain.times import date_medium
from ikone_events.services.installation import now
from ikone_events.services.registering.answers import GivenAnswer, told_by
from ikone_events.services.registering.seating import mode_of
from ikone_events.services.registering.status import self_service_facts
from ikone_events.store.events.models import Event
from ikone_events.store.registering.availability import get_availability
from ikone_events.store.registering.models import Registration
from ikone_events.store.registering.queries import last_change
from ikone_events.store.registering.waiting_list import waiting_position
from ikone_events.web.attendee.door import door_of
from ikone_events.web.attendee.frame import blueprint, can, choices, moment_words
from ikone_events.web.attendee.status_words import StatusFacts, standing_words
from ikone_events.web.attendee.switching import has_room
from ikone_events.web.shell.access import Permission, permission
from ikone_events.web.shell.event_badge import badge_for
from ikone_events.web.shell.i18n import page_locale
from ikone_events.web.shell.personal import registration_from_token

_LEFT = (RegistrationStatus.CANCELLED, RegistrationStatus.DECLINED, RegistrationStatus.EXPIRED)


@blueprint.get("/r/<token>")
@permission(Permission.PERSONAL_LINK)
def show(token: str) -> ResponseReturnValue:
    """All of it on one page."""
    registration, moment = registration_from_token(token), now()
    facts = self_service_facts(registration, moment)
    look = _look_at(registration, facts)
    return render_template(
        "attendee/show.html",
        token=token,
        registration=registration,
        event=registration.event,
        standing=facts.standing.value,
        words=standing_words(look),
        door=look.door.value,
        choices=choices(facts),
        room=look.room_in_other_mode,
        waits=facts.standing is RegistrationStatus.WAITING,
        mode=mode_of(registration.event, registration).value,
        answers=_answer_rows(registration),
        calendar_answer=_calendar_answer(registration),
        active=facts.active,
        kept_until=registration.kept_until,
    )


def _look_at(registration: Registration, facts: SelfServiceFacts) -> StatusFacts:
    left = facts.standing in _LEFT
    return StatusFacts(
        now=facts.now,
        registration=registration,
        standing=facts.standing,
        last=last_change(registration) if left else None,
        position=waiting_position(registration),
        door=door_of(registration, facts.now),
        may_return=left and _form_is_open(registration, facts.now),
        room_in_other_mode=_has_room(registration, facts),
    )


def _has_room(registration: Registration, facts: SelfServiceFacts) -> bool:
    possible = can(SelfServiceAction.SWITCH_MODE, choices(facts))
    return possible and has_room(registration, facts.now)


def _form_is_open(registration: Registration, moment: datetime) -> bool:
    return badge_for(get_availability(registration.event, moment)).open


def _answer_rows(registration: Registration) -> list[tuple[str, str]]:
    """Label and words of each answer; what is deleted early says when."""
    event = registration.event
    return [
        (told.field.label_in(page_locale()), _in_words(told, event))
        for told in told_by(registration)
    ]


def _calendar_answer(registration: Registration) -> str:
    """What the person's calendar told us; a place is given up on this page alone."""
    words = {
        ACCEPTED: _("You are coming."),
        TENTATIVE: _("Maybe."),
        DECLINED: _("You are not coming. Your place is kept until you withdraw."),
    }
    return str(words.get(registration.partstat, ""))


def _in_words(told: GivenAnswer, event: Event) -> str:
    field = told.field
    words = ", ".join(_word(field, value) for value in told.values)
    if field.kind is FieldKind.CONSENT:
        words += f" ({moment_words(told.at, event)})"
    if field.keep_days is None:
        return words
    gone = event.ends_at + timedelta(days=field.keep_days)
    day = date_medium(gone, locale=page_locale(), zone=event.zone)
    return str(_("%(answer)s – deleted on %(day)s", answer=words, day=day))


def _word(field: OwnField, value: str) -> str:
    """Yes and No are words of ours; anything else is the organiser's or the person's."""
    words = answer_words(field, value, page_locale())
    return str(_(words)) if field.kind in (FieldKind.YES_NO, FieldKind.CONSENT) else words
