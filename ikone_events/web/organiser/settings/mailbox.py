"""The page of the mailbox: how mails leave and come in, tests of both, and mails of no event."""

from datetime import datetime, timedelta
from typing import Any

from flask import Response, make_response, redirect, render_template, request, url_for

from ikone_events.domain.refusals import N_
from ikone_events.services.incoming.mailboxes import ask_for_reading, find_mailbox
from ikone_events.services.installation import get_installation, now
from ikone_events.services.operating.health import engine_health
from ikone_events.services.operating.mail_test import (
    find_test_mail,
    last_sent_at,
    send_test_mail,
)
from ikone_events.store.db import transaction
from ikone_events.store.incoming.lists import search_unknown
from ikone_events.store.incoming.models import Mailbox
from ikone_events.store.mails.models import OutboxMail
from ikone_events.web.organiser.frame import (
    Answer,
    blueprint,
    flash_at,
    page_number,
    page_url,
)
from ikone_events.web.organiser.incoming import answer_words
from ikone_events.web.organiser.mails.mailing_words import state_of
from ikone_events.web.shell.access import Permission, may, organiser, permission
from ikone_events.web.shell.i18n import gettext as _
from ikone_events.web.shell.i18n import page_locale
from ikone_events.web.shell.limits import limited

# Of one account, for each of the two tests.
TESTS = "10 per hour"
# How often browsers load the page again while a result is awaited, and how long.
REFRESH_SECONDS = 3
_AWAITED_FOR = timedelta(minutes=10)
_ENCRYPTION = {
    "starttls": N_("encrypted (STARTTLS)"),
    "implicit": N_("encrypted (TLS)"),
    "none": N_("not encrypted"),
}


@blueprint.get("/settings/mailbox")
@permission(Permission.SEE_INCOMING)
def mailbox() -> Response:
    """Show how mails leave and come in to administrators, and mails of no event to all."""
    moment, imap = now(), get_installation().settings.imap
    box = find_mailbox(imap.name) if imap else None
    test = find_test_mail(organiser()) if may(Permission.EDIT_SETTINGS) else None
    more = _server_values(moment, test) if may(Permission.EDIT_SETTINGS) else {}
    text = render_template(
        "organiser/settings/mailbox.html",
        page=search_unknown(number=page_number()),
        page_url=page_url("organiser.mailbox"),
        imap=imap,
        box=box,
        words=answer_words,
        **more,
    )
    response = make_response(text)
    if _is_awaited(test, box, moment) and not request.args:
        # With the address: an anchor would make it a jump within the page that is shown.
        response.headers["Refresh"] = f"{REFRESH_SECONDS}; url={url_for('organiser.mailbox')}"
    return response


def _server_values(moment: datetime, test: OutboxMail | None) -> dict[str, Any]:
    settings = get_installation().settings
    return {
        "engine": engine_health(moment),
        "last_sent_at": last_sent_at(),
        "smtp": settings.smtp,
        "encryption": lambda tls: _(_ENCRYPTION[tls]),
        "sender": settings.sender,
        "account": organiser(),
        "test": test,
        "test_state": state_of(test, moment) if test else "",
    }


def _is_awaited(test: OutboxMail | None, box: Mailbox | None, moment: datetime) -> bool:
    """Whether the result of a test is still to come."""
    began = (
        test.created_at if test is not None and test.state == "queued" else None,
        box.asked_at if box is not None and may(Permission.EDIT_SETTINGS) else None,
    )
    return any(at is not None and moment - at < _AWAITED_FOR for at in began)


def _whose() -> str:
    return str(organiser().id)


@blueprint.post("/settings/mailbox/test")
@permission(Permission.EDIT_SETTINGS)
@limited(TESTS, key_func=_whose)
def send_mail_test() -> Answer:
    """Send a test mail to the signed-in person; the page shows what becomes of it."""
    with transaction():
        send_test_mail(organiser(), locale=page_locale(), now=now())
    return redirect(url_for("organiser.mailbox", _anchor="test"), 303)


@blueprint.post("/settings/mailbox/read")
@permission(Permission.EDIT_SETTINGS)
@limited(TESTS, key_func=_whose)
def read_mailbox() -> Answer:
    """Have the mailbox read; the page shows what becomes of it."""
    imap = get_installation().settings.imap
    if imap is None:
        flash_at("reading", _("No mailbox is set up, so nothing can be read."), "warning")
    else:
        with transaction():
            ask_for_reading(imap.name, now=now())
    return redirect(url_for("organiser.mailbox", _anchor="reading"), 303)
