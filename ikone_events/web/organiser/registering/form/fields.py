"""The form of an event: its own fields in order, and the buttons that move and remove them."""

from collections.abc import Callable
from dataclasses import dataclass

from flask import abort, flash, redirect, render_template, request, url_for

from ikone_events.domain.refusals import Refusal, StaleForm, UnfitInput
from ikone_events.domain.registering.field_rules import order_complaint
from ikone_events.domain.registering.form_fields import KIND_LABELS, YES_NO_LABELS, OwnField
from ikone_events.services.installation import now
from ikone_events.services.registering import form_fields
from ikone_events.services.registering.answers import places_taken
from ikone_events.services.registering.form_fields import FieldEntry
from ikone_events.store.db import transaction
from ikone_events.store.events.models import Event
from ikone_events.web.organiser.frame import Answer, blueprint, say_all, seen_event
from ikone_events.web.organiser.words import gettext as _
from ikone_events.web.shell.access import Permission, permission
from ikone_events.web.shell.i18n import page_locale

FORM = "/events/<slug>/form"
FIELD = f"{FORM}/fields/<key>"


@dataclass(frozen=True, slots=True)
class FieldRow:
    """One field as the list shows it."""

    field: OwnField
    label: str
    kind: str
    condition: str
    choices: tuple[str, ...]
    answers: int
    can_rise: bool
    can_sink: bool


@blueprint.get(FORM, endpoint="form_fields")
@permission(Permission.EDIT_EVENTS)
def show(slug: str) -> str:
    """Every own field of the event in its order."""
    return show_fields(seen_event(slug))


def show_fields(event: Event, *, refused: tuple[str, ...] = ()) -> str:
    """The list of an event's fields, with what was just refused on top."""
    entries = form_fields.entries_of(event)
    asked = [entry for entry in entries if not entry.field.retired]
    taken = places_taken(event)
    rows = [_row(entry, asked, taken) for entry in entries]
    return render_template(
        "organiser/registering/form.html",
        event=event,
        asked=[row for row in rows if not row.field.retired],
        retired=[row for row in rows if row.field.retired],
        kinds=[(kind.value, _(label)) for kind, label in KIND_LABELS.items()],
        refused=refused,
    )


def _row(entry: FieldEntry, asked: list[FieldEntry], taken: dict[tuple[str, str], int]) -> FieldRow:
    own, locale = entry.field, page_locale()
    fields = [other.field for other in asked]
    here = fields.index(own) if own in fields else -1
    return FieldRow(
        field=own,
        label=own.label_in(locale),
        kind=_(KIND_LABELS[own.kind]),
        condition=condition_words(own, fields),
        choices=tuple(_choice_words(own, taken, locale)),
        answers=entry.answers,
        can_rise=here > 0 and _can_swap(fields, here - 1),
        can_sink=0 <= here < len(fields) - 1 and _can_swap(fields, here),
    )


def _can_swap(fields: list[OwnField], upper: int) -> bool:
    """Whether a field may change places with the one below it."""
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


def condition_words(own: OwnField, fields: list[OwnField]) -> str:
    """When a field is shown, in words; empty when always."""
    steering = next((field for field in fields if field.key == own.shown_if), None)
    if steering is None:
        return ""
    return _(
        "Only if “%(field)s” is “%(value)s”",
        field=steering.label_in(page_locale()),
        value=value_words(steering, own.shown_value),
    )


def value_words(steering: OwnField, value: str) -> str:
    """A value that steers other fields, in the language of the page."""
    choice = steering.choice(value)
    return choice.label_in(page_locale()) if choice else _(YES_NO_LABELS.get(value, value))


@blueprint.post(f"{FIELD}/move")
@permission(Permission.EDIT_EVENTS)
def move_field(slug: str, key: str) -> Answer:
    """One place up or down; the button says which."""
    seen_event(slug)
    up = {"up": True, "down": False}.get(request.form.get("to", ""))
    if up is None:
        abort(422)

    def move(edit_version: int) -> str:
        form_fields.move_field(slug, key, up=up, expected=edit_version, now=now())
        return _("The order has been changed.")

    return _press(slug, move, anchor=f"field-{key}")


@blueprint.post(f"{FIELD}/delete")
@permission(Permission.EDIT_EVENTS)
def delete_field(slug: str, key: str) -> Answer:
    """Take out a field that nobody has answered."""

    def delete(edit_version: int) -> str:
        own = form_fields.delete_field(slug, key, expected=edit_version, now=now())
        return _("“%(field)s” has been deleted.", field=own.label)

    return _press(slug, delete)


@blueprint.post(f"{FIELD}/retire")
@permission(Permission.EDIT_EVENTS)
def retire_field(slug: str, key: str) -> Answer:
    """Ask a field no more; its answers stay."""

    def retire(edit_version: int) -> str:
        own = form_fields.retire_field(slug, key, expected=edit_version, now=now())
        return _("“%(field)s” is asked no more. Its answers stay.", field=own.label)

    return _press(slug, retire)


@blueprint.post(f"{FIELD}/bring-back")
@permission(Permission.EDIT_EVENTS)
def bring_back_field(slug: str, key: str) -> Answer:
    """Ask a retired field again."""

    def bring_back(edit_version: int) -> str:
        own = form_fields.bring_back_field(slug, key, expected=edit_version, now=now())
        return _("“%(field)s” is asked again, at the end of the form.", field=own.label)

    return _press(slug, bring_back)


def _press(slug: str, do: Callable[[int], str], anchor: str | None = None) -> Answer:
    """Do one thing to the fields as the page showed them; else show them as they are now."""
    seen_event(slug)
    edit_version = request.form.get("edit_version", 0, type=int)
    try:
        with transaction():
            said = do(edit_version)
    except (UnfitInput, StaleForm) as refusal:
        return refuse(slug, refusal)
    flash(said, "success")
    return redirect(fields_url(slug, anchor), 303)


def refuse(slug: str, refusal: Refusal) -> Answer:
    """The list as it is now, and why nothing was changed."""
    return show_fields(seen_event(slug), refused=tuple(say_all(refusal.complaints))), 409


def fields_url(slug: str, anchor: str | None = None) -> str:
    """The list of an event's own fields, or the place of one in it."""
    return url_for("organiser.form_fields", slug=slug, _anchor=anchor)
