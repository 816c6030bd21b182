"""Incoming mails: calendar answers, bounces and absence notices."""

from flask import flash, redirect, render_template, url_for

from ikone_events.services.incoming.answers import tick_off
from ikone_events.services.installation import now
from ikone_events.services.mails import undeliverable_addresses
from ikone_events.store.db import transaction
from ikone_events.store.figures.counts import Table, counts_of
from ikone_events.store.incoming.lists import search_received, unseen
from ikone_events.store.incoming.registration_search import get_person
from ikone_events.web.organiser.frame import (
    Answer,
    actor,
    blueprint,
    page_number,
    page_url,
    seen_event,
)
from ikone_events.web.organiser.incoming import answer_words
from ikone_events.web.shell.access import Permission, permission
from ikone_events.web.shell.i18n import gettext as _


@blueprint.get("/events/<slug>/mail/returned")
@permission(Permission.SEE_EVENTS)
def answers(slug: str) -> str:
    """Show the calendar answers, the mails to check, and all incoming mails of an event."""
    event = seen_event(slug)
    page = search_received(event, number=page_number())
    return render_template(
        "organiser/incoming/answers.html",
        event=event,
        numbers=counts_of(event, Table.PEOPLE).answers,
        unseen=unseen(event),
        page=page,
        page_url=page_url("organiser.answers", slug=slug),
        words=answer_words,
    )


@blueprint.post("/events/<slug>/mail/returned/<int(max=2147483647):received_id>/done")
@permission(Permission.EDIT_EVENTS)
def tick_answer_off(slug: str, received_id: int) -> Answer:
    """Mark an incoming mail as checked."""
    event = seen_event(slug)
    with transaction():
        tick_off(event, received_id, actor=actor(), now=now())
    flash(_("Ticked off."), "success")
    return redirect(url_for("organiser.answers", slug=slug), 303)


@blueprint.post("/events/<slug>/registrations/<public_id>/works-again")
@permission(Permission.EDIT_EVENTS)
def address_works_again(slug: str, public_id: str) -> Answer:
    """Mark a person's address as deliverable again."""
    person = get_person(seen_event(slug), public_id)
    with transaction():
        undeliverable_addresses.lift(person.email)
    flash(_("The address counts as reachable again."), "success")
    return redirect(url_for("organiser.person", slug=slug, public_id=public_id), 303)
