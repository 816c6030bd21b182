"""The person's own page: how things stand, what can be done and until when, what is stored."""

from datetime import datetime

from flask import render_template
from flask.typing import ResponseReturnValue

from ikone_events.domain.door import Door
from ikone_events.domain.self_service import Situation, Wish
from ikone_events.domain.standings import Standing
from ikone_events.services.early_forgetting import kept_until
from ikone_events.services.office import now
from ikone_events.services.registering.seating import mode_of
from ikone_events.services.registering.standings import situation_of
from ikone_events.store.line import line_number
from ikone_events.store.registrations import Registration, last_change
from ikone_events.store.sittings import get_sitting
from ikone_events.web.access import Permission, permission
from ikone_events.web.attendee.answer_words import answer_rows, calendar_answer
from ikone_events.web.attendee.confirmed_words import confirmed_words
from ikone_events.web.attendee.frame import blueprint
from ikone_events.web.attendee.possible import can, choices
from ikone_events.web.attendee.standing_words import Look, Words, standing_words
from ikone_events.web.attendee.switching import has_room
from ikone_events.web.door import door_of
from ikone_events.web.personal import holder
from ikone_events.web.standing import standing_of

_LEFT = (Standing.CANCELLED, Standing.DECLINED, Standing.EXPIRED)


@blueprint.get("/r/<token>")
@permission(Permission.PERSONAL_LINK)
def show(token: str) -> ResponseReturnValue:
    """All of it on one page."""
    registration, moment = holder(token), now()
    situation = situation_of(registration, moment)
    look, door = _look_at(registration, situation), door_of(registration, moment)
    return render_template(
        "attendee/show.html",
        token=token,
        registration=registration,
        event=registration.event,
        standing=situation.standing.value,
        words=_words(look, door),
        door=door.value,
        choices=choices(situation),
        room=look.room_in_other_mode,
        waits=situation.standing is Standing.WAITING,
        mode=mode_of(registration.event, registration).value,
        answers=answer_rows(registration),
        calendar_answer=calendar_answer(registration),
        active=situation.active,
        kept_until=kept_until(registration),
    )


def _words(look: Look, door: Door) -> Words:
    if look.standing is Standing.CONFIRMED:
        return confirmed_words(look, door)
    return standing_words(look)


def _look_at(registration: Registration, situation: Situation) -> Look:
    left = situation.standing in _LEFT
    return Look(
        now=situation.now,
        registration=registration,
        standing=situation.standing,
        last=last_change(registration) if left else None,
        position=line_number(registration),
        may_return=left and _form_is_open(registration, situation.now),
        room_in_other_mode=_has_room(registration, situation),
    )


def _has_room(registration: Registration, situation: Situation) -> bool:
    possible = can(Wish.SWITCH_MODE, choices(situation))
    return possible and has_room(registration, situation.now)


def _form_is_open(registration: Registration, moment: datetime) -> bool:
    return standing_of(get_sitting(registration.event, moment)).open
