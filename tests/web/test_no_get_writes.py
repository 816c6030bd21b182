"""Mail gateways open every link before people do: no GET changes anything."""

import re

from flask import Flask
from flask.testing import FlaskClient

from tests.factories import (
    PAST,
    FixedClock,
    make_event,
    make_heartbeat,
    make_material,
    make_registration,
    personal_path,
)
from tests.web.visitor import everything


def addresses(app: Flask, values: dict[str, str]) -> list[str]:
    """Every GET route with its blanks filled."""
    found = []
    for rule in app.url_map.iter_rules():
        if "GET" not in (rule.methods or set()):
            continue
        with app.test_request_context():
            path = str(rule)
            for name in rule.arguments:
                path = re.sub(rf"<(?:[^<>]*:)?{name}>", values[name], path)
            found.append(path)
    return found


def test_walk_over_all_links_changes_nothing(
    app: Flask, client: FlaskClient, clock: FixedClock
) -> None:
    make_heartbeat(app)
    past = make_event(app, state="followed_up", **PAST)
    running = make_event(app, state="dispatched", capacity=1)
    clock.moment = running.starts_at
    walked = 0
    for event in (past, running):
        material = make_material(app, event, visibility="public")
        person = make_registration(app, event, attendance=None)
        values = {
            "slug": event.slug,
            "token": personal_path(app, person).removeprefix("/r/"),
            "public_id": material.public_id,
            "action": "cancel",
            "filename": "app.css",
            "letter_id": "1",
            "step_id": "1",
            "mailing_id": "1",
            "kind": "reminder_day",
        }
        before = everything(app)
        for path in addresses(app, values):
            for query in ("", "?go=1", "?lang=en"):
                with client.get(path + query) as answer:
                    assert answer.status_code < 500 or path == "/readyz", path
                walked += 1
            client.head(path).close()
        assert everything(app) == before
    assert walked > 150
