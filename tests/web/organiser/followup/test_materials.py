"""The mail log and what is handed out."""

from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from ikone_events.config import Settings
from ikone_events.domain.mails.kinds import MailKind
from ikone_events.services.mails import undeliverable_addresses
from ikone_events.services.mails.writing import write_mail
from ikone_events.store.db import db, transaction
from ikone_events.store.events.models import Material
from ikone_events.store.mails.models import OutboxMail
from ikone_events.store.registering.models import Registration
from tests.factories import (
    NOW,
    make_event,
    make_mail,
    make_material,
    make_registration,
    make_settings,
    personal_path,
)
from tests.web.organiser.conftest import Browser, upload

PDF = b"%PDF-1.7\n1 0 obj"


@pytest.fixture
def settings(data_dir: Path) -> Settings:
    """Uploads of at most one megabyte, so that a test can go over it."""
    return make_settings(data_dir, max_upload_mb=1)


def mail_in(app: Flask, mail: OutboxMail) -> OutboxMail:
    """The row as it is now."""
    with app.app_context():
        return db.session.get_one(OutboxMail, mail.id)


def test_mail_log_shows_failed_mails_first_in_the_servers_words(app: Flask, team: Browser) -> None:
    event = make_event(app)
    person = make_registration(app, event)
    failed = make_mail(app, person, state="failed", answer="550 5.1.1 <User> unknown", tries=1)
    make_mail(app, person, state="sent", sent_at=NOW)
    page = team.get(f"/organise/events/{event.slug}/mail/sent?lang=en").text
    assert page.index("550 5.1.1 &lt;User&gt; unknown") < page.index("Sent</span>")
    assert f"/mail/{failed.id}/retry" in page


def test_failed_mails_are_sent_again_one_or_all(app: Flask, team: Browser) -> None:
    event = make_event(app)
    person = make_registration(app, event)
    mails = [make_mail(app, person, state="failed", tries=1) for _ in range(3)]
    other = make_mail(app, make_registration(app, make_event(app)), state="failed")
    base = f"/organise/events/{event.slug}/mail"
    assert team.post(f"{base}/{mails[0].id}/retry").status_code == 303
    assert mail_in(app, mails[0]).state == "queued"
    assert mail_in(app, mails[1]).state == "failed"
    assert team.post(f"{base}/{mails[0].id}/retry").status_code == 404
    answer = team.post(f"{base}/retry?lang=en", follow_redirects=True)
    assert "2 e-mails are being sent again." in answer.text
    assert "not sent" not in answer.text
    assert mail_in(app, mails[2]).state == "queued"
    assert mail_in(app, other).state == "failed"


def test_failed_mails_that_are_not_sent_again_are_explained(app: Flask, team: Browser) -> None:
    event = make_event(app)
    person = make_registration(app, event)
    make_mail(app, person, state="failed")
    with app.app_context(), transaction():
        undeliverable_addresses.mark(person.email, code="5.1.1", words="unknown", now=NOW)
    path = f"/organise/events/{event.slug}/mail/retry?lang=en"
    answer = team.post(path, follow_redirects=True)
    assert "No e-mail is being sent again." in answer.text
    assert "One e-mail is not sent: e-mails to its address come back." in answer.text


def test_mail_is_shown_without_the_persons_own_link(app: Flask, team: Browser) -> None:
    event = make_event(app)
    person = make_registration(app, event)
    with app.app_context(), transaction():
        row = db.session.get_one(Registration, person.id)
        mail = write_mail(MailKind.CONFIRMATION, row, row.event, key="k", now=NOW)
        db.session.flush()
        number = mail.id
    token = personal_path(app, person).removeprefix("/r/")
    assert token in mail_in(app, mail).text
    page = team.get(f"/organise/events/{event.slug}/mail/{number}").text
    assert token not in page
    assert "/r/…" in page
    assert event.title in page
    assert person.email in page


def test_mail_that_was_never_composed_has_a_page(app: Flask, team: Browser) -> None:
    event = make_event(app)
    mail = make_mail(
        app, make_registration(app, event), state="failed", text="", subject="", message_id=""
    )
    assert team.get(f"/organise/events/{event.slug}/mail/{mail.id}").status_code == 200


def materials(app: Flask) -> list[Material]:
    """Everything that is handed out."""
    with app.app_context():
        return list(db.session.scalars(db.select(Material).order_by(Material.id)))


def test_slides_are_stored_and_handed_back_as_a_download(app: Flask, team: Browser) -> None:
    event = make_event(app)
    content = PDF + b"x" * 900_000  # more than any other form may weigh
    data = {"slides-title": "Auftakt", "slides-visibility": "public", "slides-accessible": "y"}
    assert upload(team, event.slug, "../Folien <1>.pdf", content, **data) == 303
    [slides] = materials(app)
    assert (slides.title, slides.visibility, slides.accessible) == ("Auftakt", "public", True)
    assert slides.file_name == "Folien 1.pdf"
    path = f"/organise/events/{event.slug}/materials/{slides.public_id}/file"
    with team.get(path) as answer:
        assert answer.data == content
        assert answer.headers["Content-Disposition"].startswith("attachment;")
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert slides.title in team.get(f"/organise/events/{event.slug}/materials").text


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("bild.svg", b"<svg onload='alert(1)'/>"),
        ("seite.html", b"<script>alert(1)</script>"),
        ("folien.pdf", b"<script>alert(1)</script>"),
        ("folien.pptx", b"PK\x03\x04 not really"),
        ("folien.pdf", b""),
        ("", b"x"),
    ],
)
def test_other_kinds_of_files_are_refused(
    app: Flask, team: Browser, name: str, content: bytes
) -> None:
    event = make_event(app)
    assert upload(team, event.slug, name, content) == 422
    assert materials(app) == []


def test_file_over_the_limit_is_refused(app: Flask, team: Browser) -> None:
    event = make_event(app)
    assert upload(team, event.slug, "gross.pdf", PDF + b"x" * 1_200_000) == 413
    assert materials(app) == []


def test_file_is_read_for_those_who_may_upload_only(
    app: Flask, viewer: Browser, client: FlaskClient
) -> None:
    event = make_event(app)
    for size in (500_000, 1_000_000, 5_000_000):
        assert upload(viewer, event.slug, "folien.pdf", PDF + b"x" * size) == 403
        answer = client.post(
            f"/organise/events/{event.slug}/materials/slides",
            data=b"x" * size,
            content_type="multipart/form-data; boundary=x",
        )
        assert (answer.status_code, answer.location[:7]) == (303, "/login?")


def test_links_and_contacts_are_added_and_checked(app: Flask, team: Browser) -> None:
    event = make_event(app)
    base = f"/organise/events/{event.slug}/materials"
    link = {"link-title": "Leitfaden", "link-url": "https://example.org/l", "link-visibility": "x"}
    assert team.post(f"{base}/link", link).status_code == 303
    for bad in ("javascript:alert(1)", "//example.org", "https://", "ftp://x.org/"):
        answer = team.post(f"{base}/link", {**link, "link-url": bad})
        assert answer.status_code == 422
        assert "Leitfaden" in answer.text
    assert team.post(f"{base}/link", {**link, "link-title": " "}).status_code == 422
    contact = {
        "contact-title": "Förderung",
        "contact-name": "Anna",
        "contact-email": "a@example.org",
    }
    assert team.post(f"{base}/contact", contact).status_code == 303
    assert team.post(f"{base}/contact", {**contact, "contact-email": "a"}).status_code == 422
    unfit = {**contact, "contact-name": "=?utf-8?q?x?="}
    assert team.post(f"{base}/contact", unfit).status_code == 422
    assert [(m.kind, m.visibility) for m in materials(app)] == [
        ("link", "registered"),
        ("contact", "registered"),
    ]


def test_removed_slides_are_gone_with_their_file(app: Flask, team: Browser) -> None:
    event = make_event(app)
    slides = make_material(app, event)
    stored = app.extensions["ikone_installation"].uploads_dir / slides.stored_name
    assert stored.exists()
    path = f"/organise/events/{event.slug}/materials/{slides.public_id}"
    page = team.get(f"{path}/remove?lang=en")
    assert slides.title in page.text
    assert "deleted for good" in page.text
    assert stored.exists()
    assert team.post(f"{path}/remove").status_code == 303
    assert not stored.exists()
    assert team.get(f"{path}/file").status_code == 404


def test_mail_with_an_endless_number_is_missing(app: Flask, team: Browser) -> None:
    event = make_event(app)
    page = team.get(f"/organise/events/{event.slug}/mail/99999999999999999999")
    assert page.status_code == 404


@pytest.mark.parametrize(("days", "offered"), [(14, False), (-1, True)])
def test_page_leads_to_the_follow_up_once_the_event_is_over(
    app: Flask, team: Browser, days: int, offered: bool
) -> None:
    start = NOW + timedelta(days=days)
    event = make_event(app, state="dispatched", starts_at=start, ends_at=start + timedelta(hours=2))
    make_material(app, event)

    page = team.get(f"/organise/events/{event.slug}/materials?lang=en").text

    assert ("View and send the follow-up" in page) is offered
    assert f"/organise/events/{event.slug}/follow-up" in page
