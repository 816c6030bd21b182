"""A change of the settings is seen at once by pages, feeds and mails of every process."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event as sql
from sqlalchemy import select

from ikone_events.app import create_app
from ikone_events.config import Settings
from ikone_events.domain.identity import MOST_CHARACTERS
from ikone_events.domain.refusals import UploadRefused
from ikone_events.services.installation import get_identity
from ikone_events.services.operating.identity import (
    remove_logo,
    save_identity,
    set_logo,
    stored_settings,
)
from ikone_events.store.db import db, transaction
from ikone_events.store.mails.models import OutboxMail
from ikone_events.worker.work import Worker
from tests.factories import FixedClock, make_event, make_settings
from tests.logos import png
from tests.mailbox import Mailbox

UNSET = dict.fromkeys(MOST_CHARACTERS, "")
FIRST = {
    "organisation": "Erstes Amt",
    "accent": "#a4001e",
    "address": "Alte Straße 1",
    "privacy_contact": "alt@example.org",
}
SECOND = {
    "organisation": "Zweites Amt",
    "accent": "#006b2d",
    "address": "Neue Straße 2",
    "privacy_contact": "neu@example.org",
}
# Where each setting stands; each page is kept by the process that has shown it.
PAGES = {
    "organisation": ("/", "/events/{}", "/events/{}/register", "/imprint", "/calendar.ics",
                     "/events/{}/calendar.ics", "/feed.atom", "/embed/events"),
    "accent": ("/", "/events/{}", "/events/{}/register", "/accent.css", "/embed/events"),
    "address": ("/imprint", "/privacy"),
    "privacy_contact": ("/events/{}/register", "/privacy", "/.well-known/security.txt"),
}  # fmt: skip


@pytest.fixture
def settings(tmp_path: Path, mailbox: Mailbox, database: str) -> Settings:
    return make_settings(
        tmp_path / "data",
        database_url=database,
        smtp_url=mailbox.url,
        mail_per_minute=600_000,
        embed_origins=("https://www.example.org",),
        **UNSET,
    )


@pytest.fixture
def other(app: Flask, settings: Settings, clock: FixedClock) -> Iterator[Flask]:
    """The application of another process on the same database."""
    second = create_app(settings, clock=clock)
    yield second
    with second.app_context():
        db.session.remove()
        db.engine.dispose()


def enter(app: Flask, values: dict[str, str]) -> None:
    """Save settings as the form does."""
    with app.app_context(), transaction():
        save_identity(values, seen=stored_settings().edit_version)


def shown(value: str, name: str) -> str:
    """A value as it stands in an address of the style sheet."""
    return value[1:] if name == "accent" else value


@pytest.mark.both_databases
def test_every_page_of_another_process_follows_each_setting(app: Flask, other: Flask) -> None:
    slug = make_event(app).slug
    enter(app, FIRST)
    visitor = other.test_client()
    for name, paths in PAGES.items():
        pages = [path.format(slug) for path in paths]
        for page in pages:
            assert shown(FIRST[name], name) in visitor.get(page).text, (name, page)
        enter(app, {**FIRST, name: SECOND[name]})
        for page in pages:
            text = visitor.get(page).text
            assert shown(SECOND[name], name) in text, (name, page)
            assert shown(FIRST[name], name) not in text, (name, page)
        enter(app, FIRST)


def test_logo_appears_and_disappears_on_pages_of_another_process(app: Flask, other: Flask) -> None:
    page, visitor = f"/events/{make_event(app).slug}", other.test_client()
    assert 'class="logo"' not in visitor.get(page).text
    with app.app_context(), transaction():
        set_logo(png(), seen="")
        digest = stored_settings().logo_digest
    assert f"/logo?v={digest}" in visitor.get(page).text
    assert visitor.get(f"/logo?v={digest}").data == png()
    with app.app_context(), transaction():
        remove_logo(seen=digest)
    assert 'class="logo"' not in visitor.get(page).text


def sign_up(app: Flask, slug: str, name: str) -> OutboxMail:
    """Register through the form; returns the confirmation."""
    visitor = app.test_client()
    token = re.search(
        r'name="csrf_token"[^>]*value="([^"]+)"', visitor.get(f"/events/{slug}/register").text
    )
    assert token is not None
    form = {
        "first_name": "Eva",
        "last_name": name,
        "email": f"{name}@example.org",
        "organisation": "Trier",
        "csrf_token": token[1],
    }
    assert visitor.post(f"/events/{slug}/register", data=form).status_code == 303
    with app.app_context():
        return db.session.scalars(
            select(OutboxMail).where(OutboxMail.recipient == form["email"])
        ).one()


@pytest.mark.both_databases
def test_mails_written_and_sent_by_another_process_follow(
    app: Flask, other: Flask, settings: Settings, mailbox: Mailbox
) -> None:
    slug = make_event(app).slug
    worker = Worker(other, settings)
    for number, values in enumerate((FIRST, SECOND)):
        enter(app, values)
        mail = sign_up(other, slug, f"person{number}")
        for name in ("organisation", "address"):
            assert values[name] in mail.text
        assert values["accent"] in mail.html
        organiser = (mail.calendar or b"").decode().replace("\r\n ", "")
        assert f"CN={values['organisation']}:mailto:" in organiser.replace('"', "")
        worker.work_off()
        assert (
            mailbox.received[-1].message["From"].addresses[0].display_name
            == (values["organisation"])
        )
    enter(app, FIRST)  # after the mail was written, before it is sent
    sign_up(other, slug, "person3")
    enter(app, SECOND)
    worker.work_off()
    assert str(mailbox.received[-1].message["From"]).startswith("Zweites Amt")


def save_and_fail() -> None:
    """Save, read what has been saved, and undo everything."""
    save_identity(SECOND, seen=stored_settings().edit_version)
    assert get_identity().organisation == "Zweites Amt"
    set_logo(b"no picture", seen="")


def test_setting_that_is_rolled_back_is_seen_by_nobody(app: Flask) -> None:
    slug = make_event(app).slug
    enter(app, FIRST)
    with app.app_context():
        with pytest.raises(UploadRefused), transaction():
            save_and_fail()
        text = app.test_client().get(f"/events/{slug}").text
    assert "Erstes Amt" in text
    assert "Zweites Amt" not in text


def test_variables_win_and_defaults_do_not_count(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    enter(app, FIRST)
    known = app.extensions["ikone_installation"]
    settings = replace(known.settings, organisation="Vom Server")
    monkeypatch.setitem(app.extensions, "ikone_installation", replace(known, settings=settings))
    page = app.test_client().get("/imprint").text
    assert "Vom Server" in page
    assert "Erstes Amt" not in page
    assert "Alte Straße 1" in page


# What SQLite itself was asked: statements of store/plain.py pass SQLAlchemy by.
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_registration_reads_no_settings_once_its_event_is_known(app: Flask) -> None:
    """The sender is part of the snapshot of the event, so a rush costs no further statement."""
    slug = make_event(app).slug
    visitor = app.test_client()
    visitor.get(f"/events/{slug}")
    sign_up(app, slug, "first")
    asked: list[str] = []

    def trace(connection: Any, *_more: object) -> None:
        connection.set_trace_callback(asked.append)

    with app.app_context():
        sql.listen(db.engine.pool, "checkout", trace)
    sign_up(app, slug, "second")
    visitor.get(f"/events/{slug}")
    with app.app_context():
        sql.remove(db.engine.pool, "checkout", trace)
    assert any("INSERT INTO registration" in statement for statement in asked)
    assert not [statement for statement in asked if "installation_settings" in statement]
