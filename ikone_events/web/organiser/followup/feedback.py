"""Feedback of attendees: its questions, results, export, and texts that are struck out."""

from collections.abc import Iterator

from flask import flash, redirect, render_template, request, url_for
from flask_babel import format_decimal, format_percent
from markupsafe import Markup

from ikone_events.domain.refusals import StaleForm
from ikone_events.domain.registering.form_fields import (
    CHOOSING,
    RATING_LABELS,
    YES_NO_LABELS,
    FieldKind,
    OwnField,
)
from ikone_events.domain.words import LOCALES
from ikone_events.services.documents.spreadsheets import Row
from ikone_events.services.followup import feedback as service
from ikone_events.services.followup.feedback import FeedbackResults, FieldResult
from ikone_events.services.installation import now
from ikone_events.store.db import transaction
from ikone_events.store.events.models import Event
from ikone_events.web.attendee.feedback import feedback_form
from ikone_events.web.organiser.exports import export_table, limit_exports
from ikone_events.web.organiser.frame import Answer, blueprint, seen_event, translate_all
from ikone_events.web.organiser.registering.form.fields import in_language
from ikone_events.web.shell.access import Permission, permission
from ikone_events.web.shell.i18n import gettext as _
from ikone_events.web.shell.i18n import page_locale

PAGE = "/events/<slug>/feedback"
COLUMNS = ("question", "answer", "number")


@blueprint.get(PAGE)
@permission(Permission.SEE_EVENTS)
def feedback(slug: str) -> str:
    """Show the results, or why there are none yet, and what people are asked."""
    return _page(seen_event(slug))


def _page(event: Event, refused: StaleForm | None = None) -> str:
    results = service.results_of(event, now=now())
    counts = results.counts
    return render_template(
        "organiser/followup/feedback.html",
        event=event,
        results=results,
        share=format_percent(counts.answered / counts.asked) if counts.asked else "",
        shown=[(each, _rows_of(each), _mean(each)) for each in results.fields],
        asked=service.feedback_fields(event),
        over=event.ends_at <= now(),
        refused=translate_all(refused.complaints) if refused else (),
    )


def _mean(result: FieldResult) -> str:
    return "" if result.mean is None else format_decimal(result.mean, format="0.0")


def _rows_of(result: FieldResult) -> list[tuple[str, int]]:
    return [(_words(result.field, value), number) for value, number in result.rows]


def _words(field: OwnField, value: str) -> str:
    """The text of a value in the language of the page."""
    if field.kind in CHOOSING:
        choice = field.choice(value)
        return choice.label_in(page_locale()) if choice else value
    if field.kind in (FieldKind.RATING, FieldKind.YES_NO):
        return _({**RATING_LABELS, **YES_NO_LABELS}.get(value, value))
    return value


@blueprint.post(f"{PAGE}/suggested")
@permission(Permission.EDIT_EVENTS)
def suggest_questions(slug: str) -> Answer:
    """Give the event the usual questions."""
    event = seen_event(slug)
    expected = request.form.get("edit_version", 0, type=int)
    try:
        with transaction():
            service.suggest_fields(event.slug, expected=expected, now=now())
    except StaleForm as refusal:
        return _page(seen_event(slug), refusal), 409
    flash(_("The usual questions have been added. You can change them."), "success")
    return redirect(url_for("organiser.form_fields", slug=slug, form="feedback"), 303)


@blueprint.post(f"{PAGE}/strike-out")
@permission(Permission.EDIT_EVENTS)
def strike_out_feedback(slug: str) -> Answer:
    """Delete a text for good, as one that names somebody."""
    event = seen_event(slug)
    field, key = request.form.get("field", ""), request.form.get("text", "")
    with transaction():
        service.strike_out(event.slug, field, key)
    flash(_("The text has been deleted."), "success")
    return redirect(url_for("organiser.feedback", slug=slug, _anchor=f"field-{field}"), 303)


@blueprint.get("/events/<slug>/feedback.<any(csv, xlsx):file_type>")
@permission(Permission.EXPORT_PEOPLE)
@limit_exports
def export_feedback(slug: str, file_type: str) -> Answer:
    """Export the results as the page shows them; 409 with too few answers."""
    event = seen_event(slug)
    results = service.results_of(event, now=now())
    if not results.is_shown:
        return _page(event), 409
    name = f"{event.slug}-feedback.{file_type}"
    rows = _export(results)
    return export_table("feedback", COLUMNS, rows, name, title=event.slug, event=event)


def _export(results: FeedbackResults) -> Iterator[Row]:
    """One row for each value with its number, and for each text."""
    for result in results.fields:
        question = result.field.label_in(page_locale())
        numbers = [*_rows_of(result), *((text, 1) for _key, text in result.texts)]
        for answer, number in numbers:
            yield {"question": question, "answer": answer, "number": number}


@blueprint.get(f"{PAGE}/preview")
@permission(Permission.EDIT_EVENTS)
def preview_feedback(slug: str) -> str:
    """Show the questions as people see them, without a way to send answers."""
    event = seen_event(slug)
    wish = request.args.get("form", "")
    language = wish if wish in LOCALES else page_locale()
    fields = service.feedback_fields(event)
    with in_language(language):
        form = feedback_form(event)
        shown = render_template(
            "organiser/followup/_feedback_fields.html", form=form, fields=fields, locale=language
        )
    return render_template(
        "organiser/registering/form_preview.html",
        event=event,
        form_name="feedback",
        fields=Markup(shown),  # noqa: S704 - made by the template above
        own_fields=fields,
        language=language,
    )
