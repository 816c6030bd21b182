"""Correcting the name, the administration and the e-mail address of a registered person."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from flask import flash, redirect, render_template, request, url_for
from flask_babel import lazy_gettext as _l

from ikone_events.domain.refusals import LinkRefused, StaleForm, StatusRefused, UnfitInput
from ikone_events.domain.salutation import SALUTATION_LABELS
from ikone_events.services.installation import now
from ikone_events.services.registering.corrections import (
    PersonDetails,
    correct_person,
    details_version,
)
from ikone_events.store.db import transaction
from ikone_events.store.directory.naming import organisation_names
from ikone_events.store.incoming.registration_search import get_person
from ikone_events.store.registering.models import Registration
from ikone_events.web.organiser.frame import (
    Answer,
    actor,
    blueprint,
    seen_event,
    show_complaints,
    translate_all,
)
from ikone_events.web.organiser.registering.person import show_person
from ikone_events.web.organiser.registering.person_add import PersonByOrganiserForm
from ikone_events.web.shell.access import Permission, permission
from ikone_events.web.shell.forms import LineField, at_most, fit_name, show_instead
from ikone_events.web.shell.i18n import gettext as _
from ikone_events.web.shell.interrupted import keeps_input

_PATH = "/events/<slug>/registrations/<public_id>/correct"
# Columns of a registration.
_FIELDS = (
    *("salutation", "title", "first_name", "last_name", "email", "organisation_text"),
    "position",
)


class CorrectionForm(PersonByOrganiserForm):
    """Name, administration and address of a registered person."""

    organisation_text = LineField(_l("Public body or organisation"), [at_most(200), fit_name])
    mode = None  # type: ignore[assignment]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.email.description = ""

    def details(self) -> PersonDetails:
        """Return the checked entries."""
        return PersonDetails(**{name: self[name].data or "" for name in _FIELDS})


class CorrectionConflict(NamedTuple):
    """A detail that somebody else has corrected, and what the form says now."""

    label: str
    opened: str
    stored: str
    typed: str


@blueprint.get(_PATH)
@permission(Permission.EDIT_EVENTS)
def ask_correction(slug: str, public_id: str) -> str:
    """Show the form with what is stored."""
    found = get_person(seen_event(slug), public_id)
    form = CorrectionForm(**_stored(found))
    return _page(slug, public_id, form, details_version(found), _stored(found))


@blueprint.post(_PATH)
@permission(Permission.EDIT_EVENTS)
@keeps_input
def correct(slug: str, public_id: str) -> Answer:
    """Store the correction; another address gets a mail with new links."""
    found, form = get_person(seen_event(slug), public_id), CorrectionForm()
    version, before = request.form.get("seen", ""), found.link_epoch
    opened = {name: request.form.get(f"was_{name}", "") for name in _FIELDS}
    if not form.validate():
        return _page(slug, public_id, form, version, opened), 422
    try:
        with transaction():
            person = correct_person(
                found.public_id, form.details(), seen=version, actor=actor(), now=now()
            )
            moved = person.link_epoch != before
    except UnfitInput as refusal:
        show_complaints(form, refusal.complaints)
        return _page(slug, public_id, form, version, opened), 422
    except StaleForm as refusal:
        return _conflict(slug, public_id, form, opened, translate_all(refusal.complaints)), 409
    except (StatusRefused, LinkRefused) as refusal:
        event = seen_event(slug)
        return show_person(event, get_person(event, public_id), refused=refusal.complaints), 409
    if moved:
        flash(_("Corrected. The new address gets an e-mail with new links."), "success")
    else:
        flash(_("Corrected. No e-mail is sent for this."), "success")
    return redirect(url_for("organiser.person", slug=slug, public_id=public_id), 303)


def _stored(person: Registration) -> dict[str, str]:
    return {name: getattr(person, name) for name in _FIELDS}


def _conflict(
    slug: str,
    public_id: str,
    form: CorrectionForm,
    opened: Mapping[str, str],
    complaints: list[str],
) -> str:
    """Show what somebody else has corrected meanwhile, beside what was typed.

    A field that only the other one has changed gets the stored value; saving again overwrites no
    other correction than those that the page names.
    """
    person = get_person(seen_event(slug), public_id)
    stored, conflicts = _stored(person), []
    for name in _FIELDS:
        if stored[name] == opened[name]:
            continue
        if (form[name].data or "") == opened[name]:
            show_instead(form[name], stored[name])
        values = (opened[name], stored[name], form[name].data or "")
        words = (_words(name, value) for value in values)
        conflicts.append(CorrectionConflict(form[name].label.text, *words))
    shown = {"conflict": complaints, "conflicts": conflicts}
    return _page(slug, public_id, form, details_version(person), stored, **shown)


def _words(name: str, value: str) -> str:
    """Return a detail as the form shows it."""
    return _(SALUTATION_LABELS.get(value, value)) if name == "salutation" else value


def _page(
    slug: str,
    public_id: str,
    form: CorrectionForm,
    version: str,
    opened: Mapping[str, str],
    **conflict: object,
) -> str:
    event = seen_event(slug)
    return render_template(
        "organiser/registering/correct_person.html",
        event=event,
        person=get_person(event, public_id),
        form=form,
        seen=version,
        opened=opened,
        organisations=organisation_names(),
        **{"conflict": (), "conflicts": (), **conflict},
    )
