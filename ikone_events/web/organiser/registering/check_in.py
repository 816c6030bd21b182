"""The check-in of an event: a field for scanners and names, lists with a button each, undo.

Before it stands the page with the check-ins that a helper may open.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from flask import Response, make_response, redirect, render_template, request, session, url_for

from ikone_events.domain.events.facts import TAKES_PLACE, EventFormat
from ikone_events.domain.refusals import Refusal
from ikone_events.domain.rooms.check_in import is_code
from ikone_events.services.installation import now
from ikone_events.services.rooms.check_in import (
    Press,
    get_at_entrance,
    no_entry_because,
    undo_check_in,
)
from ikone_events.store.db import transaction
from ikone_events.store.events.models import Event
from ikone_events.store.events.queries import events_of
from ikone_events.store.rooms.check_in import count_inside, last_entries, not_in_yet, people_named
from ikone_events.web.organiser.frame import (
    Answer,
    actor,
    blueprint,
    flash_at,
    seen_event,
    translate_all,
)
from ikone_events.web.organiser.registering.check_in_words import (
    PressOutcome,
    card_of,
    in_since,
    press_code,
    press_person,
)
from ikone_events.web.shell.access import Permission, organiser, permission
from ikone_events.web.shell.headers import allow_camera
from ikone_events.web.shell.i18n import gettext as _
from ikone_events.web.shell.i18n import translate
from ikone_events.web.shell.interrupted import AGAIN, is_shown_again, keeps_input

_MOST_COMING = 10


@blueprint.get("/entrances")
@permission(Permission.CHECK_IN)
def entrances() -> str:
    """Show the events of today with an entrance, and when the next ones are."""
    moment = now()
    found = [each for each in events_of(organiser()) if each.format != EventFormat.ONLINE.value]
    today = [event for event in found if no_entry_because(event, moment) is None]
    coming = [event for event in found if event.state in TAKES_PLACE and event.starts_at > moment]
    return render_template(
        "organiser/registering/entrances.html",
        today=[(event, *count_inside(event)) for event in today],
        coming=[event for event in coming if event not in today][:_MOST_COMING],
    )


_PATH = "/events/<slug>/check-in"
# The event at whose entrance a helper stands: the check-in that this browser has opened last.
ENTRANCE = "entrance"
_MOST_LISTED = 200
_MOST_FOUND = 30
_LONGEST_NAME = 500
_MOST_ENTRIES = 8


@blueprint.get(_PATH)
@permission(Permission.CHECK_IN)
def check_in(slug: str) -> Response:
    """Show who is in and who is not, and the person who has just come."""
    event = seen_event(slug)
    if session.get(ENTRANCE) != event.slug:
        session[ENTRANCE] = event.slug
    shown = entrance(
        event,
        person=request.args.get("person", ""),
        is_new="new" in request.args,
        words=request.args.get("q", "").strip(),
    )
    page = render_template("organiser/registering/check_in.html", event=event, **shown)
    return allow_camera(make_response(page))


def entrance(
    event: Event,
    *,
    person: str = "",
    is_new: bool = False,
    words: str = "",
    outcomes: Sequence[PressOutcome] = (),
) -> dict[str, Any]:
    """What the page shows, also in answer to the presses of its script."""
    present, expected = count_inside(event)
    closed = no_entry_because(event, now())
    return {
        "card": _card(event, person),
        "is_new": is_new,
        "outcomes": outcomes,
        "words": words,
        "present": present,
        "expected": expected,
        "closed": translate(closed) if closed else "",
        "found": people_named(event, words, _MOST_FOUND) if words else [],
        "missing": not_in_yet(event, _MOST_LISTED),
        "latest": last_entries(event, _MOST_ENTRIES),
        "in_since": lambda each: in_since(event, each),
    }


def _card(event: Event, person: str) -> object:
    try:
        return card_of(event, get_at_entrance(event, person)) if person else None
    except Refusal:
        return None


@blueprint.post(_PATH)
@permission(Permission.CHECK_IN)
@keeps_input
def press_in(slug: str) -> Answer:
    """Check in a person of a list, or the holder of a typed code; look for a typed name."""
    event, moment = seen_event(slug), now()
    person, typed = _sent("person"), _sent("typed")
    if is_shown_again():
        flash_at("entry", translate(AGAIN), "warning")
        return _back(event, person=person)
    if person:
        return _show(event, press_person(event, person, Press(by=actor()), moment))
    if not is_code(typed):
        return _back(event, q=typed[:_LONGEST_NAME])  # no address may be much longer
    return _show(event, press_code(event, typed, Press(by=actor()), moment))


@blueprint.post(f"{_PATH}/undo")
@permission(Permission.CHECK_IN)
@keeps_input
def undo_press(slug: str) -> Answer:
    """Take an entry back, also that of another helper."""
    event, person = seen_event(slug), _sent("person")
    if is_shown_again():
        flash_at("entry", translate(AGAIN), "warning")
        return _back(event, person=person)
    press = Press(by=actor(), since=_read_moment(request.form.get("since", "")))
    try:
        with transaction():
            found = undo_check_in(event, person, press, now=now())
    except Refusal as refusal:
        flash_at("entry", " ".join(translate_all(refusal.complaints)), "warning")
        return _back(event, person=person)
    flash_at("entry", _("Undone: %(name)s is not checked in.", name=found.person.name))
    return _back(event, person=person)


def _sent(name: str) -> str:
    """An entry of the form, without NUL bytes, which PostgreSQL refuses."""
    return request.form.get(name, "").replace("\0", "").strip()


def _read_moment(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def _show(event: Event, outcome: PressOutcome) -> Answer:
    if not outcome.on_card:
        flash_at("entry", outcome.text, outcome.kind)
    return _back(event, person=outcome.person, new="1" if outcome.is_new else "")


def _back(event: Event, **query: str) -> Answer:
    """Return to the page that was pressed on: that of a code, or the check-in of the event."""
    if code := _sent("code"):
        query = {"new": query.get("new", "")}
        return redirect(url_for("shared.code", token=code, **_given(query)), 303)
    return redirect(url_for("organiser.check_in", slug=event.slug, **_given(query)), 303)


def _given(query: dict[str, str]) -> dict[str, Any]:
    return {name: value for name, value in query.items() if value}
