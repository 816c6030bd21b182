"""Presses that the script of the check-in sends, at once or when the network is back.

Each press has a key of its own, so that it may be sent again when the answer was lost.
"""

import math
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from flask import Response, abort, jsonify, render_template, request

from ikone_events.domain.header_text import one_line
from ikone_events.services.installation import now
from ikone_events.services.rooms.check_in import Press
from ikone_events.store.events.models import Event
from ikone_events.web.organiser.frame import actor, blueprint, seen_event
from ikone_events.web.organiser.registering.check_in import entrance
from ikone_events.web.organiser.registering.check_in_words import (
    PressOutcome,
    press_code,
    press_person,
)
from ikone_events.web.shell.access import Permission, permission
from ikone_events.web.shell.bodies import FORM_TYPES, content_types

# As many as a page sends at once; the rest follows.
_MOST_PRESSES = 50
_MOST_CHARACTERS = 2000
_KEY = re.compile(r"[0-9A-Za-z-]{8,36}", re.ASCII)


class SentPress(NamedTuple):
    """A press as it was sent: a public id or a code, and how many seconds it has waited."""

    key: str
    person: str
    code: str
    seconds_ago: float


@blueprint.post("/events/<slug>/check-in/presses")
@permission(Permission.CHECK_IN)
@content_types("application/json", *FORM_TYPES)  # a form is refused like any other body
def presses(slug: str) -> Response:
    """Carry out presses in their order, each for itself, and answer with the page as it is now."""
    event, moment = seen_event(slug), now()
    outcomes = [(press, _carry_out(event, press, moment)) for press in _read()]
    last = outcomes[-1][1] if outcomes else PressOutcome("", "")
    words = [each for _press, each in outcomes if not each.on_card or len(outcomes) > 1]
    shown = entrance(event, person=last.person, is_new=last.is_new, outcomes=words)
    page = render_template("organiser/registering/_check_in.html", event=event, **shown)
    return jsonify(
        done=[press.key for press, _outcome in outcomes],
        outcomes=[{"kind": each.kind, "text": each.text} for _press, each in outcomes],
        page=page,
    )


def _carry_out(event: Event, sent: SentPress, moment: datetime) -> PressOutcome:
    press = Press(by=actor(), key=sent.key, seconds_ago=sent.seconds_ago)
    if sent.person:
        return press_person(event, sent.person, press, moment)
    return press_code(event, sent.code, press, moment)


def _read() -> list[SentPress]:
    """The presses of the body; 400 for anything that our script does not send."""
    try:
        body = request.get_json(silent=True)
    except RecursionError:  # a hundred thousand brackets
        abort(400)
    sent = body.get("presses") if isinstance(body, dict) else None
    if not isinstance(sent, list) or len(sent) > _MOST_PRESSES:
        abort(400)
    return list(_presses(sent))


def _presses(sent: list[Any]) -> Iterator[SentPress]:
    for each in sent:
        if not isinstance(each, dict):
            abort(400)
        key, ago = each.get("key"), each.get("ago", 0)
        if not isinstance(key, str) or not _KEY.fullmatch(key):
            abort(400)
        yield SentPress(key, _text(each, "person"), _text(each, "code"), _seconds(ago))


def _seconds(ago: object) -> float:
    if isinstance(ago, bool) or not isinstance(ago, int | float):
        abort(400)
    try:
        seconds = float(ago)
    except OverflowError:  # JSON's integers have no end
        abort(400)
    if not math.isfinite(seconds):
        abort(400)
    return seconds


def _text(sent: Mapping[str, Any], name: str) -> str:
    """What was scanned, cleaned: a code of somebody else's must not hold up the other presses."""
    text = sent.get(name, "")
    if not isinstance(text, str):
        abort(400)
    return one_line(text)[:_MOST_CHARACTERS]
