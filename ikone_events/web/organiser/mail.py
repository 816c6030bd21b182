"""The letters of an event: what became of each, what it says, and sending failed ones again."""

import re
from datetime import datetime

from flask import flash, redirect, render_template, url_for
from sqlalchemy import select

from ikone_events.domain.calendar_words import calendar_words
from ikone_events.domain.messages import LABELS
from ikone_events.domain.refusals import N_, Complaint, NotFound
from ikone_events.services import outbox
from ikone_events.services.office import now
from ikone_events.store.counts import counts_for
from ikone_events.store.db import db, transaction
from ikone_events.store.letters import OutboxMail
from ikone_events.store.queries import mail_of
from ikone_events.web.access import Permission, permission
from ikone_events.web.i18n import page_locale
from ikone_events.web.organiser.frame import (
    Answer,
    blueprint,
    page_number,
    page_url,
    pager,
    seen_event,
)
from ikone_events.web.organiser.words import gettext as _
from ikone_events.web.organiser.words import ngettext

# The person's own link lets whoever holds it act as that person.
_PERSONAL_LINK = re.compile(r"(/r/)[^/\s>\")\]]+")


@blueprint.get("/events/<slug>/mail")
@permission(Permission.SEE_EVENTS)
def mail(slug: str) -> str:
    """The mail log, failed letters first."""
    event = seen_event(slug)
    page = mail_of(event, number=page_number())
    return render_template(
        "organiser/mail.html",
        event=event,
        counts=counts_for([event.id])[event.id],
        page=page,
        pager=pager(page),
        page_url=page_url("organiser.mail", slug=slug),
        labels=LABELS,
        state_of=_state_at(now()),
    )


@blueprint.get("/events/<slug>/mail/<int(max=2147483647):letter_id>")
@permission(Permission.SEE_EVENTS)
def letter(slug: str, letter_id: int) -> str:
    """One letter as its recipient reads it, without the recipient's own link."""
    event = seen_event(slug)
    found = db.session.scalar(
        select(OutboxMail).where(OutboxMail.event_id == event.id, OutboxMail.id == letter_id)
    )
    if found is None:
        raise NotFound(Complaint(N_("There is no such letter.")))
    return render_template(
        "organiser/letter.html",
        event=event,
        counts=counts_for([event.id])[event.id],
        letter=found,
        text=_without_link(found.text),
        entry=_entry(found, event.zone),
        labels=LABELS,
        state=_state_at(now())(found),
    )


@blueprint.post("/events/<slug>/mail/<int(max=2147483647):letter_id>/retry")
@permission(Permission.EDIT_EVENTS)
def retry_letter(slug: str, letter_id: int) -> Answer:
    """Send one failed letter again."""
    event = seen_event(slug)
    with transaction():
        outbox.retry(event, letter_id, now=now())
    flash(_("The letter is being sent again."), "success")
    return redirect(url_for("organiser.mail", slug=slug), 303)


@blueprint.post("/events/<slug>/mail/retry")
@permission(Permission.EDIT_EVENTS)
def retry_letters(slug: str) -> Answer:
    """Send every failed letter of the event again."""
    event = seen_event(slug)
    with transaction():
        number = outbox.retry_all(event, now=now())
    words = ngettext(
        "One letter is being sent again.", "%(num)d letters are being sent again.", number
    )
    flash(words, "success")
    return redirect(url_for("organiser.mail", slug=slug), 303)


def _without_link(text: str) -> str:
    return _PERSONAL_LINK.sub(r"\1…", text)


def _entry(letter: OutboxMail, zone: str) -> list[tuple[str, str]]:
    """The calendar part in plain words; empty when there is none."""
    if not letter.calendar:
        return []
    words = calendar_words(letter.calendar, locale=page_locale(), zone=zone)
    return [
        (_(label), _(value) if label == "Effect" else _without_link(value))
        for label, value in words
    ]


def _state_at(moment: datetime):  # type: ignore[no-untyped-def]  # a function for a template
    def state(letter: OutboxMail) -> str:
        leased = letter.lease_until is not None and letter.lease_until > moment
        return "sending" if letter.state == "queued" and leased else letter.state

    return state
