"""What helpers do with questions on the live board: order, tick off, note the answer."""

from flask import redirect, request, url_for

from ikone_events.domain.refusals import N_, Complaint, NotFound, StaleForm, UnfitInput
from ikone_events.services.installation import now
from ikone_events.services.rooms.questions import move, note_answer, tick
from ikone_events.store.db import transaction
from ikone_events.web.organiser.frame import (
    Answer,
    actor,
    blueprint,
    flash_at,
    seen_event,
    translate_all,
)
from ikone_events.web.organiser.registering.live import show_live
from ikone_events.web.shell.access import Permission, permission
from ikone_events.web.shell.i18n import gettext as _
from ikone_events.web.shell.interrupted import keeps_input, refuse_shown_again

_PATH = "/events/<slug>/live/questions"
_UNKNOWN = Complaint(N_("This can't be done with a question."))


@blueprint.post(_PATH)
@permission(Permission.EDIT_EVENTS)
def arrange_questions(slug: str) -> Answer:
    """Carry out one button: `answered/KEY`, `open/KEY`, `above/KEY/OTHER`, `below/KEY/OTHER`."""
    event = seen_event(slug)
    wish, _slash, rest = request.form.get("do", "").partition("/")
    key, _slash, neighbour = rest.partition("/")
    if wish not in ("answered", "open", "above", "below"):
        raise UnfitInput(_UNKNOWN)
    try:
        with transaction():
            if wish in ("answered", "open"):
                tick(slug, key, answered=wish == "answered", now=now(), by=actor())
                stays = True
            else:
                stays = move(slug, key, neighbour, below=wish == "below", now=now())
    except NotFound:
        stays = False
    if not stays:
        words = _("Nothing was moved: the question has since been ticked off or withdrawn.")
        flash_at("questions", words, "warning")
    anchor = f"q-{key}" if stays and wish != "answered" else "questions"
    return redirect(url_for("organiser.live", slug=event.slug, _anchor=anchor), 303)


@blueprint.post(f"{_PATH}/<public_id>")
@permission(Permission.EDIT_EVENTS)
@keeps_input
def answer_question(slug: str, public_id: str) -> Answer:
    """Save the answer to a question; of two who save at once the second sees both."""
    event, text = seen_event(slug), request.form.get("answer", "")
    version = request.form.get("version", 0, type=int)
    try:
        refuse_shown_again()
        with transaction():
            note_answer(slug, public_id, text, version=version, now=now(), by=actor())
    except (UnfitInput, StaleForm) as refusal:
        status = 409 if isinstance(refusal, StaleForm) else 422
        said = translate_all(refusal.complaints)
        return show_live(seen_event(slug), complaints=said, typed={public_id: text}), status
    flash_at("questions", _("The answer has been saved for the follow-up."))
    return redirect(url_for("organiser.live", slug=event.slug, _anchor="questions"), 303)
