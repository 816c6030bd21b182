"""Correcting the name and the e-mail address of a registered person."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for

from ikone_events.domain.refusals import LinkRefused, SomebodyWasFaster, StatusRefused, UnfitInput
from ikone_events.services.installation import now
from ikone_events.services.registering.corrections import (
    PersonDetails,
    correct_person,
    details_version,
)
from ikone_events.store.db import transaction
from ikone_events.store.incoming.registration_search import get_person
from ikone_events.web.organiser.frame import Answer, actor, blueprint, place, seen_event
from ikone_events.web.organiser.registering.person import show_person
from ikone_events.web.organiser.registering.person_add import PersonByOrganiserForm
from ikone_events.web.shell.access import Permission, permission
from ikone_events.web.shell.i18n import gettext as _
from ikone_events.web.shell.interrupted import keeps_input

_PATH = "/events/<slug>/registrations/<public_id>/correct"
_FIELDS = ("salutation", "title", "first_name", "last_name", "email", "position")


class CorrectionForm(PersonByOrganiserForm):
    """Name and address of a registered person."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        del self.mode
        self.email.description = ""

    def details(self) -> PersonDetails:
        """Return the checked entries."""
        return PersonDetails(**{name: self[name].data or "" for name in _FIELDS})


@blueprint.get(_PATH)
@permission(Permission.EDIT_EVENTS)
def ask_correction(slug: str, public_id: str) -> str:
    """Show the form with what is stored."""
    found = get_person(seen_event(slug), public_id)
    form = CorrectionForm(**{name: getattr(found, name) for name in _FIELDS})
    return _page(slug, public_id, form, details_version(found))


@blueprint.post(_PATH)
@permission(Permission.EDIT_EVENTS)
@keeps_input
def correct(slug: str, public_id: str) -> Answer:
    """Store the correction; another address gets a mail with new links."""
    found, form = get_person(seen_event(slug), public_id), CorrectionForm()
    seen, before = request.form.get("seen", ""), found.link_epoch
    if not form.validate():
        return _page(slug, public_id, form, seen), 422
    try:
        with transaction():
            person = correct_person(
                found.public_id, form.details(), seen=seen, actor=actor(), now=now()
            )
            moved = person.link_epoch != before
    except UnfitInput as refusal:
        place(form, refusal.complaints)
        return _page(slug, public_id, form, seen), 422
    except (SomebodyWasFaster, StatusRefused, LinkRefused) as refusal:
        event = seen_event(slug)
        return show_person(event, get_person(event, public_id), refused=refusal.complaints), 409
    if moved:
        flash(_("Corrected. The new address gets an e-mail with new links."), "success")
    else:
        flash(_("Corrected. No e-mail is sent for this."), "success")
    return redirect(url_for("organiser.person", slug=slug, public_id=public_id), 303)


def _page(slug: str, public_id: str, form: CorrectionForm, seen: str) -> str:
    event = seen_event(slug)
    return render_template(
        "organiser/registering/correct_person.html",
        event=event,
        person=get_person(event, public_id),
        form=form,
        seen=seen,
    )
