"""The page of one event: its state, its next steps, the possible actions; and its history."""

from collections.abc import Iterable
from datetime import datetime
from urllib.parse import urlsplit

from flask import redirect, render_template, url_for

from ikone_events.domain.events.facts import CALLED_OFF
from ikone_events.domain.events.lifecycle import ACTION_LABELS, State, next_action, offers
from ikone_events.domain.figures.channels import CHANNELS
from ikone_events.domain.refusals import Complaint, UnfitInput
from ikone_events.domain.rooms.door import is_link_out, is_room_known
from ikone_events.domain.rooms.providers import PROVIDER_LABELS, ProviderKind
from ikone_events.domain.words import series_slug
from ikone_events.services.events import editing as event_service
from ikone_events.services.events.transitions import facts_of
from ikone_events.services.events.undoing import past_of
from ikone_events.services.installation import get_installation, now
from ikone_events.services.mails.mailing_progress import running_mailings
from ikone_events.services.operating.retention import RETENTION
from ikone_events.services.registering.codes import codes_of
from ikone_events.services.rooms.check_in import no_entry_because
from ikone_events.services.rooms.registry import check_link_server
from ikone_events.store.db import transaction
from ikone_events.store.events.models import Event, StateChange
from ikone_events.store.events.queries import history_of
from ikone_events.store.figures.attendance import attendance_counts
from ikone_events.store.figures.counts import counts_of
from ikone_events.store.rooms.check_in import count_inside
from ikone_events.web.organiser.events.choices import choices_of
from ikone_events.web.organiser.events.lifecycle_steps import life_steps
from ikone_events.web.organiser.events.next_card import done_rows, next_card
from ikone_events.web.organiser.events.room_fields import RoomForm
from ikone_events.web.organiser.events.undo_words import pending_mails, undo_words
from ikone_events.web.organiser.events.update_words import is_mailed, saved_words, waiting_of
from ikone_events.web.organiser.frame import (
    Answer,
    actor,
    blueprint,
    event_url,
    flash_at,
    seen_event,
    show_complaints,
    translate_all,
)
from ikone_events.web.organiser.mails.mailing_words import counts_words, mailing_label
from ikone_events.web.organiser.plan.step_views import plan_view, rest_note
from ikone_events.web.organiser.plan.step_words import who_did
from ikone_events.web.shell.access import Permission, may, organiser, permission
from ikone_events.web.shell.i18n import gettext as _
from ikone_events.web.shell.i18n import translate
from ikone_events.web.shell.interrupted import keeps_input, refuse_shown_again
from ikone_events.web.shell.limits import limited

CHECKS = "30 per hour"  # of one account: each check calls another server


@blueprint.get("/events/<slug>")
@permission(Permission.SEE_EVENTS)
def event(slug: str) -> str:
    """Show the overview of an event."""
    return show_event(seen_event(slug))


def show_event(
    event: Event, *, form: RoomForm | None = None, refused: Iterable[Complaint] = ()
) -> str:
    """Render the page of an event, with the complaints of a refusal on top."""
    moment, counts, history = now(), counts_of(event), history_of(event)
    facts = facts_of(event, moment, numbers=counts.numbers, past=past_of(event, history))
    choices, view = choices_of(offers(facts), event), plan_view(event, facts)
    pending = pending_mails(event) if facts.undo_to is not None else None
    # A cancellation that can be undone is not to be archived next.
    final = pending is None or facts.state is not State.CANCELLED
    card = next_card(event, view, choices, next_action(facts)) if final else None
    apart = (*((card.choice, card.other) if card else ()), *(c for c in choices if c.moves))
    return render_template(
        "organiser/events/event.html",
        event=event,
        series_slug=series_slug,
        counts=counts,
        tabs=counts,
        steps=life_steps(event, history, moment),
        off_the_path=event.state in CALLED_OFF,
        last=history[-1] if history else None,
        card=card,
        undo_words=undo_words(pending) if pending else "",
        others=[choice for choice in choices if choice not in apart],
        draft_page=_draft_page(event),
        form=form or RoomForm(obj=event),
        **_room_of(event),
        **_today(event, moment),
        waiting=waiting_of(event),
        refused=translate_all(refused),
        no_code=event.by_code and not facts.over and not any(c.open for c in codes_of(event)),
        facts=facts,
        came=attendance_counts(event, moment) if facts.over and counts.confirmed else None,
        mailing_label=mailing_label,
        counts_words=counts_words,
        rests=rest_note(event) if view.resting else "",
        done=done_rows(event, view, history),
        coming=[*view.blocked, *view.coming],
        **_share(event),
    )


def _share(event: Event) -> dict[str, object]:
    """What the card says that is about passing the event on."""
    return {
        "address": get_installation().page(f"/events/{event.slug}"),
        "channels": CHANNELS,
    }


def _room_of(event: Event) -> dict[str, object]:
    """What the card of the video room says besides its form."""
    out = is_link_out(event.state)
    return {
        "room_known": is_room_known(event.room_provider, event.room_url),
        "room_words": _(PROVIDER_LABELS[ProviderKind(event.room_provider)]),
        "link_out": out,
        "is_mailed": out and is_mailed(event),
    }


def _today(event: Event, moment: datetime) -> dict[str, object]:
    """What the page says on the day: the entrance and the live board."""
    return {"entrance": _entrance_today(event), "running": running_mailings(event, moment)}


def _entrance_today(event: Event) -> dict[str, int] | None:
    """Who is in, on the day of an event with an entrance; None for those who may not check in."""
    if not may(Permission.CHECK_IN) or no_entry_because(event, now()) is not None:
        return None
    present, expected = count_inside(event)
    return {"present": present, "expected": expected}


def _draft_page(event: Event) -> str:
    """The address of the preview of a draft's public page; "" for other events."""
    is_draft = event.state == State.DRAFT.value
    return url_for("organiser.public_preview", slug=event.slug) if is_draft else ""


@blueprint.post("/events/<slug>/room")
@permission(Permission.EDIT_EVENTS)
@keeps_input
def set_room(slug: str) -> Answer:
    """Save what makes the video room, and its link."""
    event = seen_event(slug)
    form = RoomForm(obj=event)
    try:
        refuse_shown_again()
        if not form.room_provider.validate(form):
            return show_event(event, form=form), 422
        silent = bool(form.silent.data)
        with transaction():
            event = event_service.set_room(
                slug, form.choice, now=now(), actor=actor(), silent=silent
            )
    except UnfitInput as refusal:
        show_complaints(form, refusal.complaints)
        return show_event(event, form=form), 422
    if event.update_due_at is not None:
        words = saved_words(event)
    elif not form.is_link:
        words = _("The video room has been saved.")
    else:
        removed = not event.room_url
        words = _("The link has been removed.") if removed else _("The link has been saved.")
    flash_at("next-step", words)
    return redirect(event_url(event), 303)


@blueprint.post("/events/<slug>/room/check")
@permission(Permission.EDIT_EVENTS)
@limited(CHECKS, key_func=lambda: str(organiser().id))
def check_room(slug: str) -> Answer:
    """Ask the server of the typed link whether it answers, and say so on the event's page."""
    event = seen_event(slug)
    back = redirect(event_url(event), 303)
    typed = (event.room_url, event.moderator_url) if event.room_provider == "link" else ()
    for host, link in {urlsplit(link).netloc: link for link in typed if link}.items():
        if complaint := check_link_server(link):
            flash_at("next-step", translate(complaint), "warning")
        else:
            words = _(
                "“%(host)s” answers. Whether the room exists can only be seen by opening the link.",
                host=host,
            )
            flash_at("next-step", words)
    return back


@blueprint.get("/events/<slug>/history")
@permission(Permission.SEE_EVENTS)
def history(slug: str) -> str:
    """Show all changes of the event's state."""
    event = seen_event(slug)
    return render_template(
        "organiser/events/history.html",
        event=event,
        changes=history_of(event)[::-1],
        labels=ACTION_LABELS,
        who_did=who_did,
        reason_of=_reason_of,
    )


def _reason_of(change: StateChange) -> str:
    """Return why a change was made; the clock has no words of its own."""
    return _("The retention period is over.") if change.reason == RETENTION else change.reason
