"""The page of one registration: status, answers, note, and mails."""

from collections.abc import Iterable
from datetime import datetime

from flask import flash, redirect, render_template, request, url_for

from ikone_events.domain.refusals import Complaint, UnfitInput
from ikone_events.domain.registering.form_fields import visible_to
from ikone_events.domain.registering.registration import ACTIVE, Status
from ikone_events.domain.registering.status import RegistrationAction, registration_status
from ikone_events.services.installation import now
from ikone_events.services.registering.answers import all_fields
from ikone_events.services.registering.by_organiser import LONGEST_NOTE, actions_for, annotate
from ikone_events.services.registering.lists.exports import waiting_positions
from ikone_events.services.registering.reservations import undelivered
from ikone_events.services.registering.seating import mode_of, waiting_reasons
from ikone_events.services.registering.status import why_not_up
from ikone_events.store.db import transaction
from ikone_events.store.events.models import Event
from ikone_events.store.incoming.lists import find_undeliverable
from ikone_events.store.incoming.queries import received_from
from ikone_events.store.incoming.registration_search import get_person
from ikone_events.store.mails.log import mails_to
from ikone_events.store.registering.form_fields import answers_of, left_open
from ikone_events.store.registering.models import Registration
from ikone_events.store.registering.queries import relatives_of, status_history
from ikone_events.store.rooms.attendance import attendances
from ikone_events.store.rooms.questions import own_questions
from ikone_events.web.organiser.frame import Answer, blueprint, seen_event, translate_all
from ikone_events.web.organiser.incoming import answer_words
from ikone_events.web.organiser.mails.mailing_words import kind_label, state_of
from ikone_events.web.organiser.registering import people_words
from ikone_events.web.organiser.registering.attendance_words import how_known
from ikone_events.web.shell.access import Permission, asker_role, permission
from ikone_events.web.shell.i18n import gettext as _
from ikone_events.web.shell.i18n import page_locale, translate


@blueprint.get("/events/<slug>/registrations/<public_id>")
@permission(Permission.SEE_EVENTS)
def person(slug: str, public_id: str) -> str:
    """Show one registration."""
    event = seen_event(slug)
    return show_person(event, get_person(event, public_id))


def show_person(
    event: Event,
    found: Registration,
    *,
    refused: Iterable[Complaint] = (),
    note: str | None = None,
) -> str:
    """Render a person's page, with the complaints of a refusal and a note not yet saved."""
    moment, fields = now(), visible_to(asker_role(), all_fields(event))
    came = attendances(event, moment, [found.id])[found.id]
    return render_template(
        "organiser/registering/person.html",
        event=event,
        person=found,
        refused=translate_all(refused),
        mode=mode_of(event, found).value,
        position=waiting_positions(event).get(found.id),
        waits_because=_waits_because(event, found),
        undelivered=undelivered([found]).get(found.id),
        came=came,
        how=how_known(came, event),
        member=found.organisation.is_member_on(event.day) if found.organisation else None,
        **_relatives(found),
        left_open=_left_open(found),
        said=people_words.answer_texts(fields, answers_of(found), page_locale()),
        asked_live=own_questions(found),
        chain=people_words.with_awaits(status_history(found), found, event),
        actions=_actions(found),
        expected=registration_status(found.status, found.awaits).value,
        note=found.note if note is None else note,
        longest_note=LONGEST_NOTE,
        calendar_answer=answer_words.answer_label(found.partstat),
        received=received_from(found),
        undeliverable=find_undeliverable(found.email_key),
        words=answer_words,
        **_mails_to(found, moment),
        over=moment >= event.ends_at,
        labels=people_words,
    )


def _mails_to(person: Registration, moment: datetime) -> dict[str, object]:
    return {
        "mails": mails_to(person),
        "kind_label": kind_label,
        "state_of": lambda mail: state_of(mail, moment),
    }


def _relatives(found: Registration) -> dict[str, Registration | None]:
    """Return the person who handed the place over, and the one who took it."""
    before, after = relatives_of(found)
    return {"before": before, "after": after}


def _actions(person: Registration) -> list[RegistrationAction]:
    """Return the actions of the buttons: who waits gets a free seat, else one above the limit."""
    waits = person.status == Status.WAITLISTED.value
    stands_against = waits and why_not_up(person, now()) is not None
    without = RegistrationAction.MOVE_UP if stands_against else RegistrationAction.GIVE_SEAT
    return [action for action in actions_for(person) if action is not without]


def _left_open(person: Registration) -> list[str]:
    """Return the labels of required fields without an answer that the organiser may see."""
    fields = (
        visible_to(asker_role(), left_open(person, person.event)) if person.status in ACTIVE else ()
    )
    return [field.label_in(page_locale()) for field in fields]


def _waits_because(event: Event, person: Registration) -> str:
    reasons = waiting_reasons(event, [person], now=now())
    return translate(reasons[person.id]) if person.id in reasons else ""


@blueprint.post("/events/<slug>/registrations/<public_id>/note")
@permission(Permission.EDIT_EVENTS)
def note_on_person(slug: str, public_id: str) -> Answer:
    """Save the organisers' note on a person."""
    event = seen_event(slug)
    found, text = get_person(event, public_id), request.form.get("note", "")
    try:
        with transaction():
            annotate(found.public_id, text)
    except UnfitInput as refusal:
        event = seen_event(slug)
        found = get_person(event, public_id)
        return show_person(event, found, refused=refusal.complaints, note=text), 422
    flash(_("The note has been saved."), "success")
    return redirect(
        url_for("organiser.person", slug=slug, public_id=public_id, _anchor="note"), 303
    )
