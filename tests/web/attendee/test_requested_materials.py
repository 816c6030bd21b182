"""The link of a granted request: what registered people see, for its time, of one event alone."""

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from ikone_events.domain.tokens import LinkClaim, Purpose
from ikone_events.services.installation import get_installation
from ikone_events.store.db import db, transaction
from ikone_events.store.events.models import Event, Material
from ikone_events.store.followup.requests import MaterialRequest
from tests.factories import (
    NOW,
    PAST,
    FixedClock,
    make_event,
    make_material,
    make_registration,
    make_request,
    request_path,
)
from tests.web.visitor import press

UNTIL = NOW + timedelta(days=30)


@pytest.fixture
def event(app: Flask) -> Event:
    return make_event(app, state="followed_up", **PAST)


def granted(app: Flask, event: Event, **values: Any) -> MaterialRequest:
    return make_request(app, event, **{"state": "granted", "granted_until": UNTIL, **values})


def of_each_kind(app: Flask, event: Event) -> dict[str, Material]:
    kinds = ("public", "registered", "attended", "chosen")
    files = {
        kind: make_material(app, event, title=f"Datei {kind}", visibility=kind) for kind in kinds
    }
    later = {"availability": "at", "available_at": NOW + timedelta(days=1)}
    files["later"] = make_material(app, event, title="Datei later", **later)
    files["scanned"] = make_material(app, event, title="Datei scanned", scan="waiting")
    return files


def test_link_shows_and_hands_out_what_registered_people_see(
    app: Flask, client: FlaskClient, event: Event
) -> None:
    files, request = of_each_kind(app, event), granted(app, event)
    page = client.get(request_path(app, request))
    assert page.status_code == 200
    for headers in (page.headers, client.get(request_path(app, request, "/delete")).headers):
        assert headers["Cache-Control"] == "no-store"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert "noindex" in headers["X-Robots-Tag"]
    shown = {kind for kind, file in files.items() if file.title in page.text}
    answers = {
        kind: client.get(request_path(app, request, f"/{file.public_id}"), buffered=True)
        for kind, file in files.items()
    }
    handed_out = {kind for kind, answer in answers.items() if answer.status_code == 200}
    assert shown == handed_out == {"public", "registered"}
    assert {answers[kind].status_code for kind in files.keys() - handed_out} == {404}
    assert answers["registered"].data.startswith(b"%PDF")
    assert answers["registered"].headers["Content-Disposition"].startswith("attachment")
    assert answers["registered"].headers["Cache-Control"] == "no-store"


def test_link_opens_no_other_event_and_nothing_else(
    app: Flask, client: FlaskClient, event: Event
) -> None:
    request, other = granted(app, event), make_event(app, state="followed_up", **PAST)
    make_material(app, event)
    foreign = make_material(app, other)
    for name in (foreign.public_id, foreign.stored_name, "..%2f..%2fikone.db", "missing"):
        answer = client.get(request_path(app, request, f"/{name}"))
        assert (answer.status_code, foreign.title in answer.text) == (404, False)
    token = request_path(app, request).removeprefix("/materials/")
    for path in ("/r/", "/door/", "/upload/", "/speaker/"):
        assert client.get(path + token).status_code == 404


def signed(app: Flask, claim: LinkClaim, purpose: Purpose = Purpose.MATERIALS) -> str:
    with app.app_context():
        return f"/materials/{get_installation().signer.sign(purpose, claim)}"


def test_forged_links_open_nothing(app: Flask, client: FlaskClient, event: Event) -> None:
    file, request = make_material(app, event), granted(app, event)
    person = make_registration(app, event)
    whole = request_path(app, request)
    forged = [
        whole[:-2] + ("A" if whole[-2] != "A" else "B") + whole[-1],
        whole + "x",
        "/materials/x",
        signed(app, LinkClaim("unknown", 1)),
        signed(app, LinkClaim(request.public_id, 2)),  # an epoch that was never given
        signed(app, LinkClaim(person.public_id, 1), Purpose.REGISTRATION),
        signed(app, LinkClaim(request.public_id, 1), Purpose.UPLOAD),
    ]
    for path in forged:
        for part in ("", f"/{file.public_id}", "/delete"):
            answer = client.get(path + part)
            assert (answer.status_code, file.title in answer.text) == (404, False), path


def test_expired_link_offers_to_ask_again(
    app: Flask, client: FlaskClient, clock: FixedClock, event: Event
) -> None:
    file, request = make_material(app, event), granted(app, event)
    clock.moment = UNTIL - timedelta(seconds=1)
    assert client.get(request_path(app, request)).status_code == 200
    clock.moment = UNTIL
    page = client.get(request_path(app, request))
    assert (page.status_code, file.title in page.text) == (410, False)
    assert "Dieser Link ist abgelaufen" in page.text
    assert f'href="/events/{event.slug}/materials/request"' in page.text
    answer = client.get(request_path(app, request, f"/{file.public_id}"))
    assert (answer.status_code, answer.location) == (303, request_path(app, request))


@pytest.mark.parametrize(("state", "words"), [("open", "wartet"), ("refused", "abgelehnt")])
def test_undecided_and_refused_requests_open_nothing(
    app: Flask, client: FlaskClient, event: Event, state: str, words: str
) -> None:
    file, request = make_material(app, event), make_request(app, event, state=state)
    page = client.get(request_path(app, request))
    assert (page.status_code, file.title in page.text) == (410, False)
    assert words in page.text


def test_link_of_a_former_epoch_is_dead(app: Flask, client: FlaskClient, event: Event) -> None:
    file, request = make_material(app, event), granted(app, event)
    path = request_path(app, request)
    with app.app_context(), transaction():
        db.session.get_one(MaterialRequest, request.id).link_epoch = 2
    for part in ("", f"/{file.public_id}", "/delete"):
        answer = client.get(path + part)
        assert (answer.status_code, "zurückgezogen" in answer.text) == (410, True)


@pytest.mark.parametrize("state", ["cancelled", "postponed"])
def test_event_called_off_hands_out_nothing(app: Flask, client: FlaskClient, state: str) -> None:
    event = make_event(app, state=state, **PAST)
    file, request = make_material(app, event, availability="now"), granted(app, event)
    page = client.get(request_path(app, request))
    assert (page.status_code, file.title in page.text) == (200, False)
    assert client.get(request_path(app, request, f"/{file.public_id}")).status_code == 404


def test_link_of_a_discarded_event_is_not_valid(
    app: Flask, client: FlaskClient, event: Event
) -> None:
    path = request_path(app, granted(app, event))
    with app.app_context(), transaction():
        db.session.delete(db.session.get_one(Event, event.id))
    assert client.get(path).status_code == 404


def test_person_deletes_their_details_by_a_button(
    app: Flask, client: FlaskClient, event: Event
) -> None:
    request = granted(app, event, email="nora@example.org")
    path = request_path(app, request, "/delete")
    text = client.get(path).text
    assert "nora@example.org" in text
    answer = press(client, path)
    assert (answer.status_code, answer.location) == (303, "/deleted")
    with app.app_context():
        stored = db.session.scalars(select(MaterialRequest)).one()
        assert (stored.email, stored.name, stored.asked_at) == ("", "", None)
        assert (stored.state, stored.asked_on) == ("granted", NOW.date())
    assert client.get(path).status_code == 410
    assert client.get(request_path(app, request)).status_code == 410
