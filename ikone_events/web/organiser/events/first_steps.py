"""The card with the first steps of a new installation, for administrators."""

from typing import NamedTuple

from flask import flash, redirect, url_for

from ikone_events.services.installation import now
from ikone_events.services.operating.first_steps import first_steps
from ikone_events.services.operating.identity import close_setup
from ikone_events.store.db import transaction
from ikone_events.web.organiser.frame import Answer, blueprint
from ikone_events.web.shell.access import Permission, may, permission
from ikone_events.web.shell.i18n import gettext as _


class FirstStep(NamedTuple):
    """One row of the card: what is to do, why, and where; `done` once it is a fact."""

    done: bool
    title: str
    why: str
    url: str
    link: str


def first_step_rows() -> list[FirstStep]:
    """The rows of the card; none for others, and none when all is done or put aside."""
    steps = first_steps() if may(Permission.EDIT_SETTINGS) else None
    if steps is None:
        return []
    contact = url_for("organiser.organisation", _anchor="privacy_contact")
    return [
        FirstStep(
            steps.privacy_contact,
            _("Contact for data protection"),
            _("Without it no event can be announced."),
            contact,
            _("Enter contact"),
        ),
        FirstStep(
            steps.mail,
            _("Test e-mail"),
            _("See whether e-mails are sent and arrive."),
            url_for("organiser.mailbox", _anchor="test"),
            _("Test e-mails"),
        ),
        FirstStep(
            steps.directory,
            _("Directory of public bodies"),
            _("The form then suggests their names, and members are counted."),
            url_for("organiser.choose_list"),
            _("Import public bodies"),
        ),
        FirstStep(
            steps.event,
            _("First event"),
            _("A new event begins as a draft that nobody else sees."),
            url_for("organiser.new_event"),
            _("New event"),
        ),
    ]


@blueprint.post("/settings/first-steps/close")
@permission(Permission.EDIT_SETTINGS)
def close_first_steps() -> Answer:
    """Put the first steps aside, for all administrators."""
    with transaction():
        close_setup(now=now())
    flash(_("The first steps are hidden. What is missing stays in the to-do list."), "success")
    return redirect(url_for("organiser.dashboard"), 303)
