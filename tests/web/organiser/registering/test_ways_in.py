"""Texts come in by many ways: each one cleans and checks them alike, before anything is stored."""

import io
import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from ikone_events.domain.mails.facts import Sender
from ikone_events.mail.sending.mime import mime_bytes
from ikone_events.store.accounts.models import Organiser
from ikone_events.store.db import db
from ikone_events.store.directory.models import Organisation
from ikone_events.store.events.models import Event, StateChange
from ikone_events.store.incoming.models import IncomingMail
from ikone_events.store.mails.models import MailText, OutboxMail
from ikone_events.store.registering.form_fields import Answer, FormField
from ikone_events.store.registering.models import Code, Registration
from tests.factories import NOW, make_event, make_registration, personal_path
from tests.own_fields import make_field
from tests.received import calendar_answer, receive
from tests.web.organiser.conftest import Browser
from tests.web.visitor import PERSON, colleague, sign_up, token_of

# What is typed as a last name, and what is stored; None where it is refused.
NAMES: dict[str, str | None] = {
    "=\ufeff?utf-8?q?Hi?=": None,
    "=\u200b?utf-8?q?Hi?=": None,
    "ev\u2060il.tk/login": None,
    "EVIL.TK/LOGIN": None,
    "evil．tk／login": None,
    "Ww\u00adW.evil.tk": None,
    "http\u200d://evil": None,
    "Familie \ufdd0": None,
    "Mu\u0308ller": "Müller",
    "Mu\u200b\u0308l\ufeffler": "Müller",
    "\u202eMüller\u202c\u200f": "Müller",
    "Anna\u00a0\u3000Maria ": "Anna Maria",
    "M.de Vries": "M.de Vries",
    "Abt.Info": "Abt.Info",
    "👩\u200d💻 Muster": "👩\u200d💻 Muster",
}
SENDER = Sender(name="Büro", address="events@example.org")
Way = Callable[[Flask, Browser, Path, str], object]


def _by_form(app: Flask, team: Browser, _folder: Path, name: str) -> None:
    sign_up(app.test_client(), make_event(app).slug, last_name=name)


def _as_colleague(app: Flask, team: Browser, _folder: Path, name: str) -> None:
    entries = {**colleague(2, last_name=name), "person": ["2"]}
    sign_up(app.test_client(), make_event(app).slug, **entries)


def _by_organiser(app: Flask, team: Browser, _folder: Path, name: str) -> None:
    path = f"/organise/events/{make_event(app).slug}/registrations/add"
    team.post(path, {**PERSON, "locale": "de", "last_name": name})


def _as_deputy(app: Flask, team: Browser, _folder: Path, name: str) -> None:
    client = app.test_client()
    leaving = make_registration(app, make_event(app), last_name=PERSON["last_name"])
    path = personal_path(app, leaving, "/hand-over")
    client.post(path, data={**PERSON, "last_name": name, "csrf_token": token_of(client.get(path))})


def _corrected(app: Flask, team: Browser, _folder: Path, name: str) -> None:
    client = app.test_client()
    person = make_registration(app, make_event(app), last_name=PERSON["last_name"])
    path = personal_path(app, person, "/change")
    client.post(path, data={**PERSON, "last_name": name, "csrf_token": token_of(client.get(path))})


def _by_list(app: Flask, team: Browser, _folder: Path, name: str) -> None:
    path = f"/organise/events/{make_event(app).slug}/registrations/import"
    rows = f"Vorname;Nachname;E-Mail\nEva;{name};eva@example.org\n".encode()
    answer = team.post(path, {"file": (io.BytesIO(rows), "liste.csv")})
    team.post(answer.location)


def _by_load(app: Flask, team: Browser, folder: Path, name: str) -> None:
    event = {
        "slug": "geladen",
        "title": "Geladen",
        "state": "open",
        "starts_at": (NOW + timedelta(days=9)).isoformat(),
        "ends_at": (NOW + timedelta(days=9, hours=2)).isoformat(),
    }
    person = {
        "event": "geladen",
        "first_name": "Eva",
        "last_name": name,
        "email": "e@example.org",
        "registered_at": NOW.isoformat(),
    }
    file = folder / "names.json"
    file.write_text(json.dumps({"events": [event], "registrations": [person]}), encoding="utf-8")
    app.test_cli_runner().invoke(args=["load", str(file)])


WAYS: dict[str, Way] = {
    "form": _by_form,
    "colleague": _as_colleague,
    "organiser": _by_organiser,
    "deputy": _as_deputy,
    "correction": _corrected,
    "list": _by_list,
    "load": _by_load,
}


def last_names(app: Flask) -> set[str]:
    with app.app_context():
        return set(db.session.scalars(select(Registration.last_name)))


@pytest.mark.slow
@pytest.mark.parametrize("way", WAYS)
def test_name_is_cleaned_and_checked_alike_on_every_way_in(
    app: Flask, team: Browser, tmp_path: Path, way: str
) -> None:
    found: dict[str, str | None] = {}
    for typed, wanted in NAMES.items():
        before = last_names(app)
        WAYS[way](app, team, tmp_path, typed)
        new = last_names(app) - before
        found[typed] = wanted if wanted in new else next(iter(new - {PERSON["last_name"]}), None)
        with app.app_context():
            db.session.query(Registration).filter_by(last_name=wanted).update({"last_name": "Alt"})
            db.session.query(Registration).filter_by(email="e@example.org").delete()
            db.session.query(Event).filter_by(slug="geladen").update({"slug": f"g{len(found)}"})
            db.session.commit()
    assert found == NAMES
    with app.app_context():
        mails = db.session.scalars(select(OutboxMail)).all()
        sent = [mime_bytes(mail, SENDER) for mail in mails]
    assert sent or way in ("load", "correction")


TYPED, CLEAN = "Mu\u200b\u0308ller \u202eGru\u0308n\ufeff", "Müller Grün"
LONG, CLEAN_LONG = "Gru\u0308n\u202e\r\n\u200bzwei\u2028drei", "Grün\n\u200bzwei\ndrei"


def test_own_answers_are_cleaned(app: Flask, client: FlaskClient) -> None:
    event = make_event(app)
    make_field(app, event, key="essen", kind="short_text")
    make_field(app, event, key="wunsch", kind="long_text", required=True)
    make_field(app, event, key="zweite", kind="email")
    answers = {"f_essen": TYPED, "f_wunsch": LONG, "f_zweite": " a\u200b@example.org\ufeff"}
    assert sign_up(client, event.slug, **answers, question=LONG).status_code == 303
    with app.app_context():
        assert set(db.session.scalars(select(Answer.value))) == {
            *(CLEAN, CLEAN_LONG, "a@example.org"),
        }
        assert db.session.scalar(select(Registration.question)) == CLEAN_LONG


def test_invisible_characters_are_no_answer(app: Flask, client: FlaskClient) -> None:
    event = make_event(app)
    make_field(app, event, key="essen", kind="short_text", required=True)
    assert sign_up(client, event.slug, f_essen="\u200b").status_code == 422
    assert sign_up(client, event.slug, f_essen="x", last_name="\u200b").status_code == 422


def test_address_is_cleaned_and_code_may_be_decomposed(app: Flask, client: FlaskClient) -> None:
    event = make_event(app, by_code=True)
    with app.app_context():
        db.session.add(Code(event_id=event.id, text="GRÜNSTADT", created_at=NOW))
        db.session.commit()
    entries = {"code": "gru\u0308n-stadt\u200b", "email": "\u200bEva\u2060@example.org\ufeff"}
    assert sign_up(client, event.slug, **entries).status_code == 303
    with app.app_context():
        assert db.session.scalar(select(Registration.email)) == "Eva@example.org"


def test_texts_of_organisers_are_cleaned(app: Flask, team: Browser) -> None:
    times = {"starts_at": "2026-04-14T10:00", "ends_at": "2026-04-14T12:00"}
    entries = {"title": TYPED, "summary": LONG, "programme": f"10:00 {TYPED}", "place": TYPED}
    common = {"zone": "Europe/Berlin", "format": "online", "retention_days": "90"}
    team.post("/organise/events/new", {**entries, **times, **common})
    with app.app_context():
        event = db.session.scalars(select(Event)).one()
        assert (event.title, event.summary, event.place) == (CLEAN, CLEAN_LONG, CLEAN)
        assert event.programme_items == [{"time": "10:00", "title": CLEAN}]
        slug = event.slug
    field = {"kind": "short_text", "keep": "person", "seen_by": "viewer", "condition": ""}
    entries = {**field, "label": TYPED, "help": LONG, "edit_version": "1"}
    team.post(f"/organise/events/{slug}/form/new", entries)
    texts = {"subject_de": TYPED, "body_de": LONG, "subject_en": TYPED, "body_en": LONG}
    team.post(f"/organise/events/{slug}/mail/texts/confirmation", texts)
    office = {"name": TYPED, "kind": "verbandsgemeinde", "edit_version": "0"}
    team.post("/organise/contacts/administrations/new", office)
    with app.app_context():
        fields = db.session.execute(select(FormField.label, FormField.help)).all()
        assert [tuple(row) for row in fields] == [(CLEAN, CLEAN_LONG)]
        texts = db.session.execute(select(MailText.subject, MailText.body)).all()
        assert {tuple(row) for row in texts} == {(CLEAN, CLEAN_LONG)}
        assert db.session.scalars(select(Organisation.name)).all() == [CLEAN]


def test_notes_and_reasons_are_cleaned_and_checked(app: Flask, team: Browser) -> None:
    event = make_event(app)
    person = make_registration(app, event, status="pending", awaits="approval")
    path = f"/organise/events/{event.slug}/registrations/{person.public_id}"
    assert team.post(f"{path}/note", {"note": "Nu\0ll"}).status_code == 422
    assert team.post(f"{path}/note", {"note": LONG}).status_code == 303
    decline = {"expected": "to_be_approved", "reason": "Nu\0ll"}
    assert team.post(f"{path}/do/decline", decline).status_code == 422
    words = ["event", "do", event.slug, "cancel", "--reason"]
    refused = app.test_cli_runner().invoke(args=[*words, "Nu\x07ll"])
    assert (refused.exit_code, "control characters" in refused.output) == (1, True)
    app.test_cli_runner().invoke(args=[*words, LONG])
    with app.app_context():
        assert db.session.get_one(Registration, person.id).note == CLEAN_LONG
        reasons = db.session.scalars(select(StateChange.reason)).all()
        assert CLEAN_LONG in reasons


def test_name_of_an_account_is_cleaned(app: Flask) -> None:
    words = ["organiser", "add", "\ufeffneu@example.org", "--role", "viewer", "--name"]
    more = ["--password-stdin"]
    for name in ("=\ufeff?utf-8?q?x?=", TYPED):
        app.test_cli_runner().invoke(args=[*words, name, *more], input="ein langes Kennwort!\n")
    with app.app_context():
        found = db.session.execute(select(Organiser.email, Organiser.name)).all()
        assert [tuple(row) for row in found] == [("neu@example.org", CLEAN)]


def test_comment_of_an_answer_is_cleaned(app: Flask) -> None:
    person = make_registration(app, make_event(app), calendar_sequence=0)
    receive(app, calendar_answer(person, comment=LONG))
    with app.app_context():
        assert CLEAN_LONG in db.session.scalars(select(IncomingMail.words)).all()
