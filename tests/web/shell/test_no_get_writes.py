"""Mail gateways open every link before people do: no GET changes anything."""

import re
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.factories import (
    NOW,
    PAST,
    FixedClock,
    door_path,
    make_event,
    make_heartbeat,
    make_material,
    make_registration,
    personal_path,
)
from tests.own_fields import make_field
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
                # Numbers of what is not there answer 404, which is a GET like any other.
                path = re.sub(rf"<(?:[^<>]*:)?{name}>", values.get(name, "1"), path)
            found.append(path)
    return found


@pytest.mark.slow
def test_walk_over_all_links_changes_nothing(
    app: Flask, client: FlaskClient, clock: FixedClock
) -> None:
    make_heartbeat(app)
    past = make_event(app, state="followed_up", **PAST)
    running = make_event(app, state="dispatched", capacity=1)
    clock.moment = running.starts_at
    walked = 0
    for event in (past, running):
        make_field(app, event, key="essen")
        material = make_material(app, event, visibility="public")
        person = make_registration(app, event, attendance=None)
        values = {
            "slug": event.slug,
            "token": personal_path(app, person).removeprefix("/r/"),
            "public_id": material.public_id,
            "action": "cancel",
            "filename": "app.css",
            "kind": "reminder_day",
            "key": "essen",
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


OFFER = {"reserved_until": NOW + timedelta(days=1), "waiting_order": 1}
HELD = {"reserved_until": NOW + timedelta(days=1), "awaits": "address"}
STATUSES: list[dict[str, Any]] = [
    {"status": "confirmed"},
    {"status": "pending", **HELD},
    {"status": "pending", "awaits": "approval"},
    {"status": "waitlisted", "waiting_order": 2},
    {"status": "offered", **OFFER},
    {"status": "cancelled"},
    {"status": "declined"},
    {"status": "expired"},
]


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("status", STATUSES, ids=lambda status: str(status["status"]))
def test_scanner_opens_every_personal_link_in_vain(
    app: Flask, client: FlaskClient, status: dict[str, Any], method: str
) -> None:
    event = make_event(
        app, format="hybrid", place="Rathaus", capacity_online=5, capacity_on_site=5,
        confirm_hours=24, approval=True, offer_hours=24,
    )  # fmt: skip
    person = make_registration(app, event, **status)
    token = personal_path(app, person).removeprefix("/r/")
    values = {"token": token, "public_id": "nothing"}
    paths = [path for path in addresses(app, values) if path.startswith("/r/")]
    assert len(paths) > 12
    paths += [door_path(app, person), f"{door_path(app, person)}?go=1"]
    before = everything(app)
    for path in paths:
        with client.open(path, method=method) as answer:
            assert answer.status_code in (200, 303, 404), path
    assert everything(app) == before
