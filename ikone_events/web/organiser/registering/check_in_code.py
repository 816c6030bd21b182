"""The page behind a check-in code, which the camera of any phone opens.

Helpers who are signed in see the person and one button. Everybody else, also who finds a ticket,
sees which event it is for, and nothing of the person.
"""

from flask import render_template, request, session
from flask_security import current_user

from ikone_events.domain.refusals import LinkRefused
from ikone_events.services.installation import now
from ikone_events.services.rooms.check_in import find_by_code, get_at_entrance, no_entry_because
from ikone_events.store.events.models import Event
from ikone_events.store.events.queries import find_event, sees_event
from ikone_events.store.registering.models import Registration
from ikone_events.web.organiser.frame import Answer, shared_blueprint, translate_all
from ikone_events.web.organiser.registering.check_in import ENTRANCE
from ikone_events.web.organiser.registering.check_in_words import (
    card_of,
    in_since,
    other_event_words,
)
from ikone_events.web.shell.access import Permission, may, organiser, permission
from ikone_events.web.shell.i18n import translate


@shared_blueprint.get("/c/<token>")
@permission(Permission.PERSONAL_LINK)
def code(token: str) -> Answer:
    """Show the person to a helper of the event; changes nothing."""
    if not may(Permission.CHECK_IN):
        return _for_holder(token)
    try:
        found = find_by_code(token)
    except LinkRefused as refusal:
        return _without_person(" ".join(translate_all(refusal.complaints)), 404)
    if not sees_event(organiser(), found.event):
        return _without_person(other_event_words(found), 403)
    return _for_helper(token, found)


@shared_blueprint.get("/C/<token>")
@permission(Permission.PERSONAL_LINK)
def code_in_capitals(token: str) -> Answer:
    """Show the same: QR codes are smaller with everything before the token in capitals."""
    return code(token)


def _for_holder(token: str) -> Answer:
    """Whoever is signed in without the permission reads it too, and that the account lacks it."""
    found = find_by_code(token)
    return render_template(
        "attendee/code.html",
        area="",
        organiser_name="",
        event=found.event,
        token=token,
        is_known=current_user.is_authenticated,
    )


def _entrance() -> Event | None:
    """The event at whose entrance the helper stands, unless the account sees it no more."""
    found = find_event(session.get(ENTRANCE, ""))
    return found if found is not None and sees_event(organiser(), found) else None


def _for_helper(token: str, found: Registration) -> Answer:
    entrance = _entrance()
    elsewhere = entrance is not None and entrance.id != found.event_id
    closed = no_entry_because(found.event, now())
    at_entrance = get_at_entrance(found.event, found.public_id)
    return render_template(
        "organiser/registering/check_in_code.html",
        event=found.event,
        token=token,
        entrance=entrance,
        elsewhere=other_event_words(found) if elsewhere else "",
        closed=translate(closed) if closed else "",
        card=card_of(found.event, at_entrance),
        since=in_since(found.event, at_entrance),
        is_new="new" in request.args,
    )


def _without_person(words: str, status: int) -> Answer:
    entrance = _entrance()
    page = render_template(
        "organiser/registering/check_in_refused.html", words=words, entrance=entrance
    )
    return page, status
