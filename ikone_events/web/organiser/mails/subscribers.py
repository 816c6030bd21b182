"""Who subscribed: how many, find one, take one off the list, take the list away.

The list belongs to no event, so only those who see all events see it.
"""

import io
import logging

from flask import Response, abort, flash, redirect, render_template, request, url_for

from ikone_events.services.mails.subscriber_list import (
    SUBSCRIBER_COLUMNS,
    count_subscribers,
    get_subscriber,
    search_subscribers,
    subscriber_rows,
)
from ikone_events.services.mails.subscribers import remove
from ikone_events.services.spreadsheets import write_csv
from ikone_events.store.db import transaction
from ikone_events.store.incoming.lists import undeliverable_among
from ikone_events.store.mails.subscribers import Subscriber
from ikone_events.web.organiser.frame import Answer, blueprint, page_number, page_url, pager
from ikone_events.web.organiser.words import gettext as _
from ikone_events.web.shell.access import Permission, organiser, permission
from ikone_events.web.shell.limits import limited

log = logging.getLogger(__name__)


def _see_all() -> None:
    if not organiser().sees_all:
        abort(403)


def _seen(public_id: str) -> Subscriber:
    _see_all()
    return get_subscriber(public_id)


@blueprint.get("/subscribers")
@permission(Permission.SEE_SUBSCRIBERS)
def subscribers() -> str:
    """The figures and the list, fifty at a time."""
    _see_all()
    words = request.args.get("q", "")[:200]
    page = search_subscribers(words, number=page_number())
    query = {"q": words} if words else {}
    return render_template(
        "organiser/mails/subscribers.html",
        numbers=count_subscribers(),
        page=page,
        pager=pager(page),
        page_url=page_url("organiser.subscribers", **query),
        words=words,
        dead=undeliverable_among([each.email_key for each in page.rows]),
    )


@blueprint.get("/subscribers/<public_id>/remove")
@permission(Permission.SEE_SUBSCRIBERS)
def ask_removal(public_id: str) -> str:
    """Ask before somebody is taken off the list."""
    return render_template("organiser/mails/subscriber_remove.html", subscriber=_seen(public_id))


@blueprint.post("/subscribers/<public_id>/remove")
@permission(Permission.SEE_SUBSCRIBERS)
def remove_subscriber(public_id: str) -> Answer:
    """Delete the address; nobody is written to."""
    number = _seen(public_id).id
    with transaction():
        remove(public_id)
    log.info("organiser %d removed subscriber %d", organiser().id, number)
    flash(_("The address has been deleted."), "success")
    return redirect(url_for("organiser.subscribers"), 303)


@blueprint.get("/subscribers.csv")
@permission(Permission.EXPORT_PEOPLE)
@limited("60 per hour", key_func=lambda: f"export:{organiser().id}")
def export_subscribers() -> Response:
    """All subscribers as CSV for a German Excel."""
    _see_all()
    stream = io.StringIO()
    number = write_csv(stream, SUBSCRIBER_COLUMNS, subscriber_rows(), excel=True)
    log.info("organiser %d exported %d subscribers", organiser().id, number)
    response = Response(stream.getvalue(), mimetype="text/csv")
    response.headers["Content-Disposition"] = 'attachment; filename="subscribers.csv"'
    return response
