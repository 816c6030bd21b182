"""Pages of editable texts: the list of a level, the editor with its preview, the reset."""

from collections.abc import Callable, Mapping

from flask import flash, redirect, render_template, request

from ikone_events.domain.mails.edited_text import EditedText
from ikone_events.domain.mails.kinds import LABELS
from ikone_events.domain.mails.placeholders import EDITABLE, placeholders_of
from ikone_events.domain.mails.text_changes import TextPiece, text_changes
from ikone_events.domain.refusals import StaleForm
from ikone_events.domain.words import LOCALES
from ikone_events.services.installation import get_installation, now
from ikone_events.services.mails import texts as text_service
from ikone_events.services.mails.text_preview import preview
from ikone_events.services.mails.texts import INSTALLATION, NO_TEXT, TextChange, is_own
from ikone_events.store.db import transaction
from ikone_events.store.events.models import Event
from ikone_events.store.events.queries import latest_events_of
from ikone_events.store.incoming.registration_search import latest_people
from ikone_events.store.registering.models import Registration
from ikone_events.web.organiser.frame import Answer, actor, blueprint, translate_all
from ikone_events.web.organiser.mails.text_form import (
    TextForm,
    changes_of,
    check_texts,
    read_mark,
    seen_mark,
    typed_text,
    whole,
)
from ikone_events.web.organiser.mails.text_places import (
    EVENT,
    SERIES,
    CurrentText,
    TextPlace,
    event_place,
    installation_place,
    own_messages,
    series_place,
    title_of,
)
from ikone_events.web.shell.access import Permission, organiser, permission
from ikone_events.web.shell.forms import show_instead
from ikone_events.web.shell.i18n import gettext as _
from ikone_events.web.shell.interrupted import keeps_input

MOST_SAMPLES = 50
# Each level has the same pages: the list, the editor, and the reset to the wider text.
_PLACES: Mapping[str, tuple[str, Permission, Callable[..., TextPlace]]] = {
    INSTALLATION: ("/settings/texts", Permission.EDIT_TEXTS, installation_place),
    SERIES: ("/events/<slug>/series-texts", Permission.EDIT_EVENTS, series_place),
    EVENT: ("/events/<slug>/mail/texts", Permission.EDIT_EVENTS, event_place),
}


def _add_pages(level: str) -> None:
    """Add the routes of one level; `TextPlace.url` builds the endpoints' names."""
    path, needed, find = _PLACES[level]

    @blueprint.get(path, endpoint=f"{level}_texts")
    @permission(needed)
    def list_texts(**values: str) -> Answer:
        return _list(find(**values))

    @blueprint.get(f"{path}/<kind>", endpoint=f"{level}_text")
    @permission(needed)
    def edit_text(kind: str, **values: str) -> Answer:
        return _edit(find(**values), kind)

    @blueprint.post(f"{path}/<kind>", endpoint=f"save_{level}_text")
    @permission(needed)
    @keeps_input
    def save_text(kind: str, **values: str) -> Answer:
        return _save(find(**values), kind)

    @blueprint.post(f"{path}/<kind>/reset", endpoint=f"{level}_text_reset")
    @permission(needed)
    def reset_text(kind: str, **values: str) -> Answer:
        return _reset(find(**values), kind)


for _level in _PLACES:
    _add_pages(_level)


def _list(place: TextPlace) -> str:
    rows = [(kind.value, _(LABELS[kind]), place.current(kind.value)) for kind in EDITABLE]
    own = [(step.name, step.title, place.current(step.name)) for step in own_messages(place)]
    return render_template(
        "organiser/mails/texts.html", rows=rows, own=own, place=place, event=place.event
    )


def _edit(place: TextPlace, kind: str) -> str:
    title_of(place, kind)
    current = place.current(kind)
    form = _form(place, current, fresh=True)
    return _page(place, kind, form, current, mails=_shown_mails(place, kind, form))


def _save(place: TextPlace, kind: str) -> Answer:
    title_of(place, kind)
    current = place.current(kind)
    stored = {locale: current[locale].text for locale in LOCALES}
    form = _form(place, current)
    if not form.validate() or not check_texts(form, kind, stored):
        return _page(place, kind, form, current), 422
    if request.form.get("do") == "preview":
        mails = _shown_mails(place, kind, form)
        return _page(place, kind, form, current, mails=mails, looked=True)
    changes = changes_of(form, stored)
    try:
        with transaction():
            for change in changes:
                _store(place, kind, change)
    except StaleForm as refusal:
        return _stale(place, kind, form, refusal), 409
    words = _("Saved. E-mails written from now on have this text.") if changes else _("Saved.")
    flash(words, "success")
    return redirect(place.url(kind), 303)


def _store(place: TextPlace, kind: str, change: TextChange) -> None:
    if change.text == NO_TEXT:
        text_service.reset_text(place.scope, kind, change.locale, seen=change.seen)
        return
    text_service.save_text(place.scope, kind, change, event=place.owner, actor=actor(), now=now())


def _stale(place: TextPlace, kind: str, form: TextForm, refusal: StaleForm) -> str:
    """Show the stored text beside the typed one; saving again overwrites it."""
    current = place.current(kind)
    stored = {
        locale: current[locale].text
        for locale in LOCALES
        if typed_text(form, locale) != current[locale].text
    }
    for locale in LOCALES:
        show_instead(form[f"seen_{locale}"], seen_mark(current[locale].row))
    return _page(
        place, kind, form, current, conflict=translate_all(refusal.complaints), stored=stored
    )


def _reset(place: TextPlace, kind: str) -> Answer:
    title_of(place, kind)
    with transaction():
        for locale in LOCALES:
            if mark := request.form.get(f"seen_{locale}"):
                text_service.reset_text(place.scope, kind, locale, seen=read_mark(mark))
    flash(_("The own text has been removed."), "success")
    return redirect(place.url(kind), 303)


def _form(place: TextPlace, current: Mapping[str, CurrentText], *, fresh: bool = False) -> TextForm:
    values: dict[str, str] = {}
    for locale in LOCALES if fresh else ():
        text = current[locale].text
        values |= {f"subject_{locale}": text.subject, f"body_{locale}": text.body}
        values[f"seen_{locale}"] = seen_mark(current[locale].row)
    form = TextForm(**values)
    form.sample.choices = _sample_choices(place)
    return form


def _page(
    place: TextPlace,
    kind: str,
    form: TextForm,
    current: Mapping[str, CurrentText],
    *,
    mails: Mapping[str, object] | None = None,
    looked: bool = False,
    conflict: list[str] | None = None,
    stored: Mapping[str, EditedText] | None = None,
) -> str:
    return render_template(
        "organiser/mails/text.html",
        form=form,
        kind=kind,
        name=title_of(place, kind),
        current=current,
        placeholders=placeholders_of(kind).values(),
        mails=mails or {},
        looked=looked,
        differences=_differences(place, kind, current),
        standard=all(one.level == "" for one in place.wider(kind).values()),
        conflict=conflict or [],
        stored=stored or {},
        zone=place.event.zone if place.event else get_installation().settings.timezone,
        place=place,
        event=place.event,
    )


def _differences(
    place: TextPlace, kind: str, current: Mapping[str, CurrentText]
) -> dict[str, list[TextPiece]]:
    """Return how the texts of this place differ from those that would count without them."""
    if is_own(kind):
        return {}
    wider = place.wider(kind)
    pairs = {
        locale: (whole(wider[locale].text), whole(current[locale].text))
        for locale in LOCALES
        if current[locale].row
    }
    return {name: text_changes(*pair) for name, pair in pairs.items() if pair[0] != pair[1]}


def _sample_choices(place: TextPlace) -> list[tuple[str, str]]:
    """Return what the preview may show: invented data, an event's people, or latest events."""
    if place.level == EVENT:
        named = [
            (person.public_id, f"{person.first_name} {person.last_name}")
            for person in _people(place)
        ]
    elif place.level == INSTALLATION:
        named = [(event.slug, event.title) for event in _events()]
    else:
        named = []
    return [("", _("Invented data")), *named]


def _shown_mails(place: TextPlace, kind: str, form: TextForm) -> Mapping[str, object]:
    """Write the mail in both languages with the text of the form."""
    event, person = place.event, None
    chosen = form.sample.data or ""
    if place.level == EVENT:
        person = next((one for one in _people(place) if one.public_id == chosen), None)
    elif place.level == INSTALLATION:
        event = next((one for one in _events() if one.slug == chosen), None)
    german = typed_text(form, "de")
    shown: dict[str, object] = {}
    for locale in LOCALES:
        text = typed_text(form, locale)
        text = german if text == NO_TEXT else text
        shown[locale] = preview(kind, text, locale, event=event, person=person, now=now())
    return shown


def _people(place: TextPlace) -> list[Registration]:
    return [] if place.event is None else latest_people(place.event, MOST_SAMPLES)


def _events() -> list[Event]:
    return latest_events_of(organiser(), MOST_SAMPLES)
