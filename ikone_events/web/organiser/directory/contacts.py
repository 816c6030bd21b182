"""Contacts of the office: the list, checking, removing, and the export."""

import logging

from flask import Response, flash, redirect, render_template, request, url_for

from ikone_events.services.directory.administrations import get_administration
from ikone_events.services.directory.contacts import (
    CONTACT_COLUMNS,
    check_again,
    contact_rows,
    get_contact,
    remove_contact,
)
from ikone_events.services.installation import now
from ikone_events.store.db import transaction
from ikone_events.store.directory.contacts import ContactSearch, count_unchecked, search_contacts
from ikone_events.store.incoming.lists import undeliverable_among
from ikone_events.web.organiser.exports import export_table, limit_exports
from ikone_events.web.organiser.frame import Answer, blueprint, page_number, page_url
from ikone_events.web.shell.access import Permission, organiser, permission
from ikone_events.web.shell.forms import typed_line
from ikone_events.web.shell.i18n import gettext as _

# Lists of the chips above the table.
UNMATCHED, UNCHECKED = "unmatched", "unchecked"
log = logging.getLogger(__name__)


@blueprint.get("/contacts/people")
@permission(Permission.EDIT_ADMINISTRATIONS)
def contacts() -> str:
    """Show one page of the list, searched by words, administration or what is to be done."""
    words = typed_line(request.args.get("q"))[:200]
    show, number = request.args.get("show", ""), request.args.get("body", type=int)
    body = get_administration(number) if number and number < 2**31 else None
    moment = now()
    wish = ContactSearch(
        words=words,
        body=body.id if body else None,
        unmatched=show == UNMATCHED,
        unchecked_at=moment if show == UNCHECKED else None,
    )
    page = search_contacts(wish, number=page_number())
    query = {"q": words, "show": show, "body": body.id if body else ""}
    chosen = {name: value for name, value in query.items() if value}
    return render_template(
        "organiser/directory/contacts.html",
        page=page,
        page_url=page_url("organiser.contacts", **chosen),
        words=words,
        show=show,
        body=body,
        filtered=bool(chosen),
        unchecked=count_unchecked(moment),
        undeliverable=undeliverable_among([each.email_key for each in page.rows]),
    )


@blueprint.post("/contacts/people/<public_id>/check")
@permission(Permission.EDIT_ADMINISTRATIONS)
def check_contact(public_id: str) -> Answer:
    """Note that a contact is still right, and go on with the others."""
    with transaction():
        contact = check_again(public_id, now=now())
    flash(_("“%(name)s” is marked as checked today.", name=contact.name), "success")
    return redirect(url_for("organiser.contacts", show=UNCHECKED), 303)


@blueprint.get("/contacts/people/<public_id>/remove")
@permission(Permission.EDIT_ADMINISTRATIONS)
def ask_contact_removal(public_id: str) -> str:
    """Ask before a contact is removed, and whether the person has objected."""
    contact = get_contact(public_id)
    return render_template("organiser/directory/contact_remove.html", contact=contact)


@blueprint.post("/contacts/people/<public_id>/remove")
@permission(Permission.EDIT_ADMINISTRATIONS)
def delete_contact(public_id: str) -> Answer:
    """Delete a contact; with `objects` nobody can enter the address again."""
    contact, objects = get_contact(public_id), request.form.get("objects") == "1"
    number, name = contact.id, contact.name
    with transaction():
        remove_contact(public_id, objects=objects, now=now())
    log.info("organiser %d removed contact %d", organiser().id, number)
    words = _("“%(name)s” has been deleted.", name=name)
    if objects:
        words += " " + _(
            "The address gets no announcements any more, and no import brings it back."
        )
    flash(words, "success")
    return redirect(url_for("organiser.contacts"), 303)


@blueprint.get("/contacts/people.<any(csv, xlsx, ods):file_type>")
@permission(Permission.EDIT_ADMINISTRATIONS)
@limit_exports
def export_contacts(file_type: str) -> Response:
    """Export all contacts as CSV that German Excel opens, or as a workbook."""
    name, title = f"contacts.{file_type}", _("Contact persons")
    return export_table("contacts", CONTACT_COLUMNS, contact_rows(), name, title=title)
