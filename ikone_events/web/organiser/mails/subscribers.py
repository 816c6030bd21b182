"""Subscribers: search, remove, export."""

import logging

from flask import Response, flash, redirect, render_template, request, url_for

from ikone_events.services.installation import now
from ikone_events.services.mails.subscribers import (
    SUBSCRIBER_COLUMNS,
    count_subscribers,
    get_subscriber,
    remove,
    search_subscribers,
    subscriber_rows,
)
from ikone_events.store.db import transaction
from ikone_events.store.incoming.lists import undeliverable_among
from ikone_events.web.organiser.exports import export_table, limit_exports
from ikone_events.web.organiser.frame import Answer, blueprint, page_number, page_url
from ikone_events.web.shell.access import Permission, organiser, permission
from ikone_events.web.shell.forms import typed_line
from ikone_events.web.shell.i18n import gettext as _

log = logging.getLogger(__name__)


@blueprint.get("/contacts/subscribers")
@permission(Permission.SEE_SUBSCRIBERS)
def subscribers() -> str:
    """Show the numbers and one page of the list."""
    words = typed_line(request.args.get("q"))[:200]
    page = search_subscribers(words, number=page_number())
    query = {"q": words} if words else {}
    return render_template(
        "organiser/mails/subscribers.html",
        numbers=count_subscribers(),
        page=page,
        page_url=page_url("organiser.subscribers", **query),
        words=words,
        undeliverable=undeliverable_among([each.email_key for each in page.rows]),
    )


@blueprint.get("/contacts/subscribers/<public_id>/remove")
@permission(Permission.SEE_SUBSCRIBERS)
def ask_removal(public_id: str) -> str:
    """Ask before a subscriber is removed."""
    return render_template(
        "organiser/mails/subscriber_remove.html", subscriber=get_subscriber(public_id)
    )


@blueprint.post("/contacts/subscribers/<public_id>/remove")
@permission(Permission.SEE_SUBSCRIBERS)
def remove_subscriber(public_id: str) -> Answer:
    """Delete the address without sending a mail."""
    number = get_subscriber(public_id).id
    with transaction():
        remove(public_id, now=now())
    log.info("organiser %d removed subscriber %d", organiser().id, number)
    flash(_("The address has been deleted."), "success")
    return redirect(url_for("organiser.subscribers"), 303)


@blueprint.get("/contacts/subscribers.csv")
@permission(Permission.SEE_SUBSCRIBERS)
@limit_exports
def export_subscribers() -> Response:
    """Export all subscribers as CSV that German Excel opens."""
    rows = subscriber_rows()
    return export_table("subscribers", SUBSCRIBER_COLUMNS, rows, "subscribers.csv")
