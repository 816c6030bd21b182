"""The page of one registered person: their standing, and every letter with what became of it."""

from flask import render_template

from ikone_events.services.exports import waiting_positions
from ikone_events.services.office import now
from ikone_events.store.counts import counts_for
from ikone_events.store.mail_log import letters_to
from ikone_events.web.access import Permission, permission
from ikone_events.web.organiser.frame import blueprint, seen_event
from ikone_events.web.organiser.mailing_words import kind_label, state_of
from ikone_events.web.organiser.registrations import get_person
from ikone_events.web.organiser.words import gettext as _


@blueprint.get("/events/<slug>/registrations/<public_id>")
@permission(Permission.SEE_EVENTS)
def person(slug: str, public_id: str) -> str:
    """One person at one event."""
    event = seen_event(slug)
    found = get_person(event, public_id)
    moment = now()
    return render_template(
        "organiser/person.html",
        event=event,
        counts=counts_for([event.id])[event.id],
        person=found,
        position=waiting_positions(event).get(found.id),
        answer=_answer(found.partstat),
        letters=letters_to(found),
        kind_label=kind_label,
        state_of=lambda letter: state_of(letter, moment),
        over=moment >= event.ends_at,
    )


def _answer(partstat: str) -> str:
    words = {"ACCEPTED": _("Accepted"), "DECLINED": _("Declined"), "TENTATIVE": _("Tentative")}
    return words.get(partstat, partstat)
