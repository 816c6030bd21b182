"""The own fields of an event's form: their list, the buttons that change it, the preview."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

from flask import abort, flash, g, redirect, render_template, request, url_for
from flask_babel import force_locale

from ikone_events.domain.refusals import N_, Complaint, Refusal, StaleForm, UnfitInput
from ikone_events.domain.registering.field_rules import order_complaint
from ikone_events.domain.registering.form_fields import (
    KIND_LABELS,
    YES_NO_LABELS,
    FormName,
    OwnField,
    kinds_of,
)
from ikone_events.domain.words import LOCALES
from ikone_events.services.installation import now
from ikone_events.services.registering import form_fields
from ikone_events.services.registering.answers import asked_fields, places_taken
from ikone_events.services.registering.form_fields import FieldEntry
from ikone_events.store.db import transaction
from ikone_events.store.directory.naming import organisation_names
from ikone_events.store.events.models import Event
from ikone_events.store.registering.availability import get_availability
from ikone_events.web.organiser.frame import Answer, blueprint, seen_event, translate_all
from ikone_events.web.registering.form import FormContext
from ikone_events.web.registering.signup import render_fields
from ikone_events.web.shell.access import Permission, permission
from ikone_events.web.shell.i18n import gettext as _
from ikone_events.web.shell.i18n import page_locale

FORM = "/events/<slug>/form"
FIELD = f"{FORM}/fields/<key>"
FEEDBACK_FORM = "/events/<slug>/feedback/form"


@dataclass(frozen=True, slots=True)
class FieldRow:
    """One field as a row of the list."""

    field: OwnField
    label: str
    kind: str
    condition: str
    choices: tuple[str, ...]
    answers: int
    can_rise: bool
    can_sink: bool


@blueprint.get(FORM, endpoint="form_fields", defaults={"form": FormName.REGISTRATION.value})
@blueprint.get(FEEDBACK_FORM, endpoint="form_fields", defaults={"form": FormName.FEEDBACK.value})
@permission(Permission.EDIT_EVENTS)
def show(slug: str, form: str) -> str:
    """List the own fields of one of the event's forms."""
    return show_fields(seen_event(slug), FormName(form))


def show_fields(event: Event, form: FormName, *, refused: Iterable[Complaint] = ()) -> str:
    """Render the list of a form's fields, with the complaints of a refusal on top."""
    entries = form_fields.entries_of(event, form)
    asked = [entry for entry in entries if not entry.field.retired]
    taken = places_taken(event)
    rows = [_row(entry, asked, taken) for entry in entries]
    return render_template(
        "organiser/registering/form.html",
        event=event,
        form_name=form.value,
        asked=[row for row in rows if not row.field.retired],
        retired=[row for row in rows if row.field.retired],
        kinds=[(kind.value, _(KIND_LABELS[kind])) for kind in kinds_of(form)],
        refused=translate_all(refused),
    )


def _row(entry: FieldEntry, asked: list[FieldEntry], taken: dict[tuple[str, str], int]) -> FieldRow:
    own, locale = entry.field, page_locale()
    fields = [other.field for other in asked]
    here = fields.index(own) if own in fields else -1
    return FieldRow(
        field=own,
        label=own.label_in(locale),
        kind=_(KIND_LABELS[own.kind]),
        condition=_condition(own, fields),
        choices=tuple(_choice_words(own, taken, locale)),
        answers=entry.answers,
        can_rise=here > 0 and _can_swap(fields, here - 1),
        can_sink=0 <= here < len(fields) - 1 and _can_swap(fields, here),
    )


def _can_swap(fields: list[OwnField], upper: int) -> bool:
    """Whether a field may be swapped with the one below it."""
    moved = [*fields[:upper], fields[upper + 1], fields[upper], *fields[upper + 2 :]]
    return order_complaint(moved) is None


def _choice_words(own: OwnField, taken: dict[tuple[str, str], int], locale: str) -> list[str]:
    words = []
    for choice in own.choices:
        text, number = choice.label_in(locale), taken.get((own.key, choice.value), 0)
        if choice.retired:
            text = _("%(choice)s (no longer offered)", choice=text)
        elif choice.places is not None:
            text = _(
                "%(choice)s (%(taken)d of %(places)d places)",
                choice=text,
                taken=number,
                places=choice.places,
            )
        words.append(text)
    return words


def _condition(own: OwnField, fields: list[OwnField]) -> str:
    """Return the condition of a field as text; "" if it is always shown."""
    steering = next((field for field in fields if field.key == own.shown_if), None)
    if steering is None:
        return ""
    return _(
        "Only if “%(field)s” is “%(value)s”",
        field=steering.label_in(page_locale()),
        value=value_words(steering, own.shown_value),
    )


def value_words(steering: OwnField, value: str) -> str:
    """Return the label of a value that shows or hides other fields."""
    choice = steering.choice(value)
    return choice.label_in(page_locale()) if choice else _(YES_NO_LABELS.get(value, value))


@blueprint.post(f"{FIELD}/move")
@permission(Permission.EDIT_EVENTS)
def move_field(slug: str, key: str) -> Answer:
    """Move a field up or down, as the form says."""
    seen_event(slug)
    up = {"up": True, "down": False}.get(request.form.get("to", ""))
    if up is None:
        abort(422)
    move = partial(form_fields.move_field, up=up)
    return _change(slug, key, move, N_("The order has been changed."), anchor=f"field-{key}")


@blueprint.post(f"{FIELD}/delete")
@permission(Permission.EDIT_EVENTS)
def delete_field(slug: str, key: str) -> Answer:
    """Delete a field without answers."""
    return _change(slug, key, form_fields.delete_field, N_("“%(field)s” has been deleted."))


@blueprint.post(f"{FIELD}/retire")
@permission(Permission.EDIT_EVENTS)
def retire_field(slug: str, key: str) -> Answer:
    """Retire a field; its answers stay."""
    message = N_("“%(field)s” is asked no more. Its answers stay.")
    return _change(slug, key, form_fields.retire_field, message)


@blueprint.post(f"{FIELD}/bring-back")
@permission(Permission.EDIT_EVENTS)
def bring_back_field(slug: str, key: str) -> Answer:
    """Use a retired field again."""
    message = N_("“%(field)s” is asked again, at the end of the form.")
    return _change(slug, key, form_fields.bring_back_field, message)


def _change(
    slug: str, key: str, do: Callable[..., OwnField | None], message: str, anchor: str | None = None
) -> Answer:
    """Change a field, unless somebody else has changed the form since the page was made."""
    form = form_fields.get_entry(seen_event(slug), key).field.form
    edit_version = request.form.get("edit_version", 0, type=int)
    try:
        with transaction():
            own = do(slug, key, expected=edit_version, now=now())
    except (UnfitInput, StaleForm) as refusal:
        return refuse(slug, form, refusal)
    flash(_(message, field=own.label) if own else _(message), "success")
    return redirect(fields_url(slug, form, anchor), 303)


def refuse(slug: str, form: FormName, refusal: Refusal) -> Answer:
    """Show the present list and why nothing was changed."""
    return show_fields(seen_event(slug), form, refused=refusal.complaints), 409


def fields_url(slug: str, form: FormName, anchor: str | None = None) -> str:
    """Return the address of the list of a form's fields, or of one field in it."""
    return url_for("organiser.form_fields", slug=slug, form=form.value, _anchor=anchor)


@blueprint.get(f"{FORM}/preview")
@permission(Permission.EDIT_EVENTS)
def preview_form(slug: str) -> str:
    """Show the public form in the requested language, without a way to send it."""
    event = seen_event(slug)
    wish = request.args.get("form", "")
    language = wish if wish in LOCALES else page_locale()
    availability = get_availability(event, now())
    context = FormContext(event, availability, asked_fields(event))
    with in_language(language):
        fields = render_fields(context, context.read(), organisation_names())
    return render_template(
        "organiser/registering/form_preview.html",
        event=event,
        form_name=FormName.REGISTRATION.value,
        fields=fields,
        own_fields=context.fields,
        language=language,
    )


@contextmanager
def in_language(language: str) -> Iterator[None]:
    """Render a part of a page in another language than the rest."""
    before = page_locale()
    g.page_locale = language
    try:
        with force_locale(language):
            yield
    finally:
        g.page_locale = before
