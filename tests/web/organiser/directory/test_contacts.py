"""The pages of contacts: who may open them, what is kept of bad input, and the import's report."""

import io
import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from ikone_events.domain.directory.contact import CHECKED_FOR
from ikone_events.store.db import db, transaction
from ikone_events.store.directory.models import Contact
from ikone_events.store.incoming.models import UndeliverableAddress
from ikone_events.store.mails.objections import Objection
from tests.factories import (
    NOW,
    contact_path,
    make_contact,
    make_event,
    make_organisation,
    make_subscriber,
)
from tests.web.organiser.conftest import Browser, Person

LIST = "/organise/contacts/people"
FORM = {
    "salutation": "frau",
    "first_name": "Ada",
    "last_name": "Muster",
    "email": "ada@example.org",
    "organisation": "VG Landburg",
    "position": "Leitung",
    "locale": "de",
    "source": "Telefonat, 2. März 2026",
    "legal_basis": "consent",
    "edit_version": "0",
}


def stored(app: Flask) -> Contact:
    with app.app_context():
        return db.session.scalars(select(Contact)).one()


def upload(browser: Browser, content: bytes, **changes: Any) -> TestResponse:
    origin = {"source": "Messe, 1. März 2026", "legal_basis": "public_task"}
    data = {"file": (io.BytesIO(content), "liste.csv"), **origin, **changes}
    return browser.post(f"{LIST}/import", data, content_type="multipart/form-data")


def test_added_contact_stands_in_the_list_and_at_its_public_body(app: Flask, team: Browser) -> None:
    body = make_organisation(app, "Verbandsgemeindeverwaltung Landburg")
    page = team.get(f"{LIST}/new?organisation={body.name}").text
    assert f'value="{body.name}"' in page
    assert team.post(f"{LIST}/new", FORM).status_code == 303
    page = team.get(f"{LIST}?q=muster").text
    assert "Ada Muster" in page
    assert body.name in page
    assert f'href="{LIST}" aria-current="page"' in page
    assert "Ada Muster" in team.get(f"/organise/contacts/administrations/{body.id}").text
    assert "Ada Muster" not in team.get(f"{LIST}?show=unmatched").text


def test_bad_input_keeps_everything_typed(app: Flask, team: Browser) -> None:
    answer = team.post(f"{LIST}/new", {**FORM, "email": "kein", "legal_basis": "", "source": ""})
    assert answer.status_code == 422
    assert 'value="kein"' in answer.text
    for name in ("email", "legal_basis", "source"):
        assert f'id="{name}-error"' in answer.text
    assert team.post(f"{LIST}/new", {**FORM, "legal_basis": "weil"}).status_code == 422
    assert team.post(f"{LIST}/new", FORM).status_code == 303
    again = team.post(f"{LIST}/new", FORM)
    assert again.status_code == 422
    assert 'id="email-error"' in again.text


def test_second_of_two_editors_is_warned(app: Flask, team: Browser) -> None:
    team.post(f"{LIST}/new", FORM)
    path = f"{LIST}/{stored(app).public_id}"
    assert 'value="Leitung"' in team.get(path).text
    changed = {**FORM, "edit_version": "1", "position": "Amt 1"}
    assert team.post(path, changed).status_code == 303
    answer = team.post(path, {**changed, "position": "Amt 2"})
    assert answer.status_code == 409
    assert 'value="Amt 2"' in answer.text
    version = re.search(r'name="edit_version"[^>]*value="(\d+)"', answer.text)
    assert version is not None
    assert team.post(path, {**changed, "edit_version": version[1]}).status_code == 303


def test_objection_by_telephone_keeps_the_address_out(app: Flask, team: Browser) -> None:
    team.post(f"{LIST}/new", FORM)
    path = f"{LIST}/{stored(app).public_id}/remove"
    assert "nie wieder anschreiben" in team.get(path).text
    assert team.post(path, {"objects": "1"}).status_code == 303
    answer = team.post(f"{LIST}/new", FORM)
    assert answer.status_code == 422
    assert "Diese Person möchte keine Ankündigungen" in answer.text
    assert team.get(path).status_code == 404


def test_old_contact_is_shown_until_it_is_checked(app: Flask, team: Browser) -> None:
    contact = make_contact(app, checked_at=NOW - CHECKED_FOR)
    assert "seit drei Jahren" in team.get(LIST).text
    assert f"{LIST}?show=unchecked" in team.get("/organise/").text
    page = team.get(f"{LIST}?show=unchecked").text
    assert contact.last_name in page
    assert team.post(f"{LIST}/{contact.public_id}/check").status_code == 303
    assert "seit drei Jahren" not in team.get(LIST).text


def test_undeliverable_address_is_marked(app: Flask, team: Browser) -> None:
    contact = make_contact(app)
    with app.app_context(), transaction():
        db.session.add(UndeliverableAddress(email_key=contact.email_key, since=NOW))
    assert "E-Mails kommen zurück" in team.get(LIST).text


def test_import_reports_before_it_writes(app: Flask, team: Browser) -> None:
    gone = make_contact(app, email="nie@example.org")
    team.post(f"{LIST}/{gone.public_id}/remove", {"objects": "1"})
    rows = b"Name;E-Mail;Verwaltung\nAda;ada@example.org;Nirgendwo\nAda;ADA@example.org;\n"
    answer = upload(team, rows + b"Nie;nie@example.org;\nBo;kein;\n")
    assert answer.status_code == 303
    page = team.get(answer.location).text
    for words in (
        "Zeile 2",
        "Diese Person möchte keine Ankündigungen",
        "nicht im Verzeichnis",
        "Eine Ansprechperson eintragen",
    ):
        assert words in page
    with app.app_context():
        assert db.session.scalar(select(func.count(Contact.id))) == 0
    done = team.post(answer.location, follow_redirects=True).text
    assert "1 neu, 0 geändert" in done
    assert stored(app).source == "Messe, 1. März 2026"
    assert team.get(answer.location).status_code == 404


def test_dropped_list_enters_nobody(app: Flask, team: Browser) -> None:
    answer = upload(team, b"E-Mail\na@example.org\n")
    assert team.post(f"{answer.location}/drop").status_code == 303
    assert team.get(answer.location).status_code == 404


@pytest.mark.parametrize(
    ("content", "changes"),
    [
        (b"", {}),
        (b"Vorname\nAda\n", {}),
        (b"PK\x03\x04kaputt", {}),
        (b"E-Mail\na@example.org\n", {"source": ""}),
        (b"E-Mail\na@example.org\n", {"legal_basis": "x"}),
        (b"E-Mail\n" + b"a@example.org\n" * 2001, {}),
    ],
)
def test_bad_list_is_refused(
    app: Flask, team: Browser, content: bytes, changes: dict[str, str]
) -> None:
    assert upload(team, content, **changes).status_code == 422


def test_export_is_a_file(app: Flask, team: Browser) -> None:
    make_contact(app, last_name="=1+1")
    text = team.get(f"{LIST}.csv")
    assert text.mimetype == "text/csv"
    assert ";'=1+1;" in text.text
    assert team.get(f"{LIST}.xlsx").data.startswith(b"PK")


def test_pages_are_closed_to_viewers_and_limited_accounts(
    app: Flask, viewer: Browser, stranger: Browser
) -> None:
    contact = make_contact(app)
    paths = ("", "/new", "/import", f"/{contact.public_id}", f"/{contact.public_id}/remove", ".csv")
    for browser in (viewer, stranger):
        assert [browser.get(f"{LIST}{path}").status_code for path in paths] == [403] * len(paths)
    assert app.test_client().get(LIST).status_code == 303


def test_limited_account_announces_to_subscribers_alone(
    app: Flask, make_person: Callable[..., Person], browser_of: Callable[[Person], Browser]
) -> None:
    make_contact(app)
    event = make_event(app, state="draft")
    browser = browser_of(make_person("limited@example.org", only=(event.slug,)))
    path = f"/organise/events/{event.slug}"
    assert 'value="contacts"' not in browser.get(f"{path}/preview/announce").text
    form = {"state": "draft", "recipients": "contacts"}
    assert browser.post(f"{path}/do/announce", form).status_code == 422
    preview = browser.post(f"{path}/preview/announce?lang=en", form)
    assert (preview.status_code, "Nobody is written to." in preview.text) == (200, True)


def test_limited_account_sees_the_announcement_without_its_readers(
    app: Flask, make_person: Callable[..., Person], browser_of: Callable[[Person], Browser]
) -> None:
    make_subscriber(app, email="leserin@example.org")
    event = make_event(app, state="draft")
    browser = browser_of(make_person("limited@example.org", only=(event.slug,)))
    path = f"/organise/events/{event.slug}/preview/announce?lang=en"
    for page in (browser.get(path).text, browser.post(path, {"q": "leserin"}).text):
        assert "One person gets this e-mail" in page
        assert "The e-mail as a subscriber gets it" in page
        assert "leserin@" not in page
    assert "leserin@" not in browser.post(path, {"q": "niemand"}).text


def test_person_objects_by_the_link_without_a_login(app: Flask) -> None:
    contact = make_contact(app)
    path = contact_path(app, contact)
    visitor = app.test_client()
    page = visitor.get(path).text
    assert contact.email in page
    with app.app_context():
        assert db.session.scalar(select(func.count(Contact.id))) == 1  # a GET changes nothing
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
    assert token is not None
    answer = visitor.post(path, data={"csrf_token": token[1]}, follow_redirects=True)
    assert 'data-outcome="unsubscribed"' in answer.text
    with app.app_context():
        assert db.session.scalar(select(func.count(Contact.id))) == 0


def test_provider_objects_with_one_click(app: Flask) -> None:
    contact = make_contact(app)
    data = {"List-Unsubscribe": "One-Click"}
    answer = app.test_client().post(contact_path(app, contact), data=data)
    assert answer.status_code == 200
    with app.app_context():
        assert db.session.scalars(select(Objection.address_hash)).all() == [contact.address_hash]
