"""Questions of an event and their answers, which are sent to who asked and published if wanted."""

from flask import redirect, render_template, request, url_for

from ikone_events.domain.refusals import StaleForm, UnfitInput
from ikone_events.domain.rooms.questions import AskedQuestion, done, in_order
from ikone_events.services.followup import answers as service
from ikone_events.services.followup.answers import PUBLISHED_TO, AnswerInput
from ikone_events.services.installation import now
from ikone_events.services.rooms.board import phase_of
from ikone_events.store.db import transaction
from ikone_events.store.events.models import Event
from ikone_events.store.followup.answers import ANSWERS, published_answers
from ikone_events.store.rooms.questions import questions_of, rows_by_key
from ikone_events.web.organiser.followup.follow_up import stage_of
from ikone_events.web.organiser.frame import (
    Answer,
    actor,
    blueprint,
    flash_at,
    seen_event,
    translate_all,
)
from ikone_events.web.organiser.registering.live import USABLE
from ikone_events.web.shell.access import Permission, permission
from ikone_events.web.shell.i18n import gettext as _
from ikone_events.web.shell.interrupted import keeps_input, refuse_shown_again

_PATH = "/events/<slug>/questions"


@blueprint.get(_PATH)
@permission(Permission.SEE_EVENTS)
def questions(slug: str) -> str:
    """List the questions with their answers."""
    return _page(seen_event(slug))


@blueprint.post(f"{_PATH}/<public_id>")
@permission(Permission.EDIT_EVENTS)
@keeps_input
def answer_and_publish(slug: str, public_id: str) -> Answer:
    """Save an answer, for other questions too, and who may read it."""
    seen_event(slug)
    wish = AnswerInput(
        answer=request.form.get("answer", ""),
        version=request.form.get("version", 0, type=int),
        also=request.form.getlist("also"),
        publish=request.form.get("publish", ""),
        question=request.form.get("public_question", ""),
    )
    try:
        refuse_shown_again()
        with transaction():
            service.answer(slug, public_id, wish, now=now(), by=actor())
    except (UnfitInput, StaleForm) as refusal:
        status = 409 if isinstance(refusal, StaleForm) else 422
        said = translate_all(refusal.complaints)
        return _page(seen_event(slug), refused=public_id, complaints=said, typed=wish), status
    flash_at("questions", _("The answer has been saved."))
    return redirect(url_for("organiser.questions", slug=slug, _anchor=f"q-{public_id}"), 303)


def _page(event: Event, **refused: object) -> str:
    usable = phase_of(event, now()) in USABLE
    found = questions_of(event, waiting=event.follow_up_to_waiting) if usable else []
    rows = rows_by_key(event) if usable else {}
    published = {each.id: each for each in published_answers(event)}
    material = next((each for each in event.materials if each.kind == ANSWERS), None)
    return render_template(
        "organiser/followup/questions.html",
        event=event,
        usable=usable,
        stage=stage_of(event),
        questions=[*in_order(found), *reversed(done(found))],
        published={
            key: published[row.published_id] for key, row in rows.items() if row.published_id
        },
        rows=rows,
        standing=published.values() if not usable else (),
        visibility=material.visibility if material else "",
        readers=_readers(),
        others=_others(found),
        **{"refused": "", "complaints": (), "typed": None, **refused},
    )


def _readers() -> list[tuple[str, str]]:
    words = (_("People who had a place"), _("People who attended"), _("Everybody"))
    return [("", _("Nobody but who asked")), *zip(PUBLISHED_TO, words, strict=True)]


def _others(found: list[AskedQuestion]) -> list[AskedQuestion]:
    """The questions that an answer to another one may settle too."""
    return [each for each in in_order(found) if not each.answer] + [
        each for each in done(found) if not each.answer
    ]
