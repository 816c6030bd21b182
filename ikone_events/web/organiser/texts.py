"""The pages of editable texts: what is in force where, editing, a look, and the way back."""

from collections.abc import Mapping

from flask import flash, redirect, render_template, request

from ikone_events.domain.edited_text import EditedText
from ikone_events.domain.messages import LABELS
from ikone_events.domain.placeholders import EDITABLE, placeholders_of
from ikone_events.domain.refusals import StaleForm
from ikone_events.services import texts as text_service
from ikone_events.services.office import now, office
from ikone_events.services.texts import LOCALES, NO_TEXT, TextChange
from ikone_events.store.db import transaction
from ikone_events.web.access import Permission, permission
from ikone_events.web.organiser.frame import Answer, actor, blueprint, say_all
from ikone_events.web.organiser.text_form import (
    TextForm,
    changes_of,
    check_texts,
    read_mark,
    seen_mark,
    typed_text,
    values_of_texts,
)
from ikone_events.web.organiser.text_places import (
    Held,
    TextPlace,
    event_place,
    installation_place,
    own_messages,
    series_place,
    title_of,
)
from ikone_events.web.organiser.text_samples import sample_choices, shown_letters
from ikone_events.web.organiser.words import gettext as _

_HOUSE = "/texts"
_SERIES = "/events/<slug>/series-texts"
_EVENT = "/events/<slug>/texts"


@blueprint.get(_HOUSE)
@permission(Permission.EDIT_TEXTS)
def installation_texts() -> Answer:
    """The letters of the whole installation."""
    return _list(installation_place())


@blueprint.get(_SERIES)
@permission(Permission.EDIT_EVENTS)
def series_texts(slug: str) -> Answer:
    """The letters of a series."""
    return _list(series_place(slug))


@blueprint.get(_EVENT)
@permission(Permission.EDIT_EVENTS)
def event_texts(slug: str) -> Answer:
    """The letters of an event."""
    return _list(event_place(slug))


@blueprint.get(f"{_HOUSE}/<kind>")
@permission(Permission.EDIT_TEXTS)
def installation_text(kind: str) -> Answer:
    """One letter of the whole installation."""
    return _edit(installation_place(), kind)


@blueprint.get(f"{_SERIES}/<kind>")
@permission(Permission.EDIT_EVENTS)
def series_text(slug: str, kind: str) -> Answer:
    """One letter of a series."""
    return _edit(series_place(slug), kind)


@blueprint.get(f"{_EVENT}/<kind>")
@permission(Permission.EDIT_EVENTS)
def event_text(slug: str, kind: str) -> Answer:
    """One letter of an event, or the text of an own message."""
    return _edit(event_place(slug), kind)


@blueprint.post(f"{_HOUSE}/<kind>")
@permission(Permission.EDIT_TEXTS)
def save_installation_text(kind: str) -> Answer:
    """Save or show a letter of the whole installation."""
    return _save(installation_place(), kind)


@blueprint.post(f"{_SERIES}/<kind>")
@permission(Permission.EDIT_EVENTS)
def save_series_text(slug: str, kind: str) -> Answer:
    """Save or show a letter of a series."""
    return _save(series_place(slug), kind)


@blueprint.post(f"{_EVENT}/<kind>")
@permission(Permission.EDIT_EVENTS)
def save_event_text(slug: str, kind: str) -> Answer:
    """Save or show a letter of an event."""
    return _save(event_place(slug), kind)


@blueprint.post(f"{_HOUSE}/<kind>/reset")
@permission(Permission.EDIT_TEXTS)
def installation_text_reset(kind: str) -> Answer:
    """Back to the built-in text."""
    return _reset(installation_place(), kind)


@blueprint.post(f"{_SERIES}/<kind>/reset")
@permission(Permission.EDIT_EVENTS)
def series_text_reset(slug: str, kind: str) -> Answer:
    """Back to the installation's text."""
    return _reset(series_place(slug), kind)


@blueprint.post(f"{_EVENT}/<kind>/reset")
@permission(Permission.EDIT_EVENTS)
def event_text_reset(slug: str, kind: str) -> Answer:
    """Back to the text of the series or the installation."""
    return _reset(event_place(slug), kind)


def _list(place: TextPlace) -> str:
    rows = [(kind.value, _(LABELS[kind]), place.held(kind.value)) for kind in EDITABLE]
    own = [(step.name, step.title, place.held(step.name)) for step in own_messages(place)]
    return render_template("organiser/texts.html", rows=rows, own=own, **_frame(place))


def _edit(place: TextPlace, kind: str) -> str:
    title_of(place, kind)
    held = place.held(kind)
    return _page(place, kind, _form(place, held, fresh=True), held)


def _save(place: TextPlace, kind: str) -> Answer:
    title_of(place, kind)
    held = place.held(kind)
    form = _form(place, held)
    if not form.validate() or not check_texts(form, kind):
        return _page(place, kind, form, held), 422
    if request.form.get("do") == "preview":
        return _page(place, kind, form, held, letters=shown_letters(place, kind, form))
    changes = changes_of(form, {locale: held[locale].text for locale in LOCALES})
    try:
        with transaction():
            for change in changes:
                _store(place, kind, change)
    except StaleForm as refusal:
        return _stale(place, kind, form, refusal), 409
    words = _("Saved. Letters written from now on have this text.") if changes else _("Saved.")
    flash(words, "success")
    return redirect(place.url(kind), 303)


def _store(place: TextPlace, kind: str, change: TextChange) -> None:
    if change.text == NO_TEXT:
        text_service.reset_text(place.scope, kind, change.locale, seen=change.seen)
        return
    text_service.save_text(place.scope, kind, change, event=place.owner, actor=actor(), now=now())


def _stale(place: TextPlace, kind: str, form: TextForm, refusal: StaleForm) -> str:
    """What is stored now beside what was typed; saving once more replaces it."""
    held = place.held(kind)
    stored = {
        locale: held[locale].text
        for locale in LOCALES
        if typed_text(form, locale) != held[locale].text
    }
    for locale in LOCALES:
        form[f"seen_{locale}"].data = seen_mark(held[locale].row)
        form[f"seen_{locale}"].raw_data = None
    return _page(place, kind, form, held, conflict=say_all(refusal.complaints), stored=stored)


def _reset(place: TextPlace, kind: str) -> Answer:
    title_of(place, kind)
    with transaction():
        for locale in LOCALES:
            if mark := request.form.get(f"seen_{locale}"):
                text_service.reset_text(place.scope, kind, locale, seen=read_mark(mark))
    flash(_("The own text has been removed."), "success")
    return redirect(place.url(kind), 303)


def _form(place: TextPlace, held: Mapping[str, Held], *, fresh: bool = False) -> TextForm:
    texts = {locale: held[locale].text for locale in LOCALES}
    rows = {locale: held[locale].row for locale in LOCALES}
    form = TextForm(**values_of_texts(texts, rows)) if fresh else TextForm()
    form.sample.choices = sample_choices(place)
    return form


def _page(
    place: TextPlace,
    kind: str,
    form: TextForm,
    held: Mapping[str, Held],
    *,
    letters: Mapping[str, object] | None = None,
    conflict: list[str] | None = None,
    stored: Mapping[str, EditedText] | None = None,
) -> str:
    return render_template(
        "organiser/text.html",
        form=form,
        kind=kind,
        name=title_of(place, kind),
        held=held,
        placeholders=placeholders_of(kind).values(),
        letters=letters or {},
        conflict=conflict or [],
        stored=stored or {},
        zone=place.event.zone if place.event else office().settings.timezone,
        **_frame(place),
    )


def _frame(place: TextPlace) -> dict[str, object]:
    """What both pages need for their head: in an event's pages its tabs, elsewhere none."""
    event = place.event
    return {"place": place, "event": event}
