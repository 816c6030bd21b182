"""The dossier: everything for a successor, nobody who registered, on any machine."""

import io
import json
import os
import re
import resource
import signal
import zipfile
from datetime import timedelta
from http import HTTPStatus
from pathlib import Path

import pytest
from flask import Flask

from ikone_events.domain.events.lifecycle import Action
from ikone_events.services.events.dossier import name_files
from ikone_events.services.events.dossier_file import write_dossier
from ikone_events.services.events.transitions import Request, perform
from ikone_events.services.followup.materials import path_of
from ikone_events.services.operating.retention import forget_event
from ikone_events.store.db import db, transaction
from ikone_events.store.events.models import Event, Material, StateChange
from ikone_events.store.events.queries import find_event
from ikone_events.store.followup.answers import PublishedAnswer
from ikone_events.store.mails.models import Mailing
from tests.factories import (
    NOW,
    PAST,
    make_event,
    make_mail,
    make_material,
    make_registration,
    stored,
)
from tests.own_fields import make_answer, make_field
from tests.services.operating.installations import call, lay_event, sign_up
from tests.web.organiser.conftest import Browser

PERSON = {
    "first_name": "Zwetschgine", "last_name": "Quittenbaum", "title": "Dr.",
    "email": "zq@example.org", "question": "Stachelbeerfrage", "note": "Notiz-7",
}  # fmt: skip
HOSTILE = "../../Folien: 1/2.PDF"


@pytest.fixture
def event(app: Flask) -> Event:
    event = make_event(
        app, **PAST, state="followed_up", title="Kreditsteuerung & <Co>", contact_name="Jutta Amt",
        contact_email="jutta@example.org", description="## Ziele\n\nSehr *wichtig*",
        programme=json.dumps([{"time": "10:00", "title": "Begrüßung"}]),
    )  # fmt: skip
    person = make_registration(app, event, **PERSON)
    make_answer(app, person, make_field(app, event), "vegan-77")
    make_mail(app, person, state="sent", sent_at=NOW, text="Guten Tag Zwetschgine")
    make_material(app, event, b"%PDF-1.7 Folien", file_name=HOSTILE, title="Folien")
    make_material(app, event, b"%PDF-1.7 Folien", file_name=HOSTILE, title="Zwei")
    make_material(
        app, event, kind="link", stored_name="", url="https://example.org/x", title="Link"
    )
    why = "Frau Zwetschgine Quittenbaum (zq@example.org) hat darum gebeten"
    stored(app, StateChange(event_id=event.id, action="open", source="announced", target="open",
                            actor="wilma@example.org", reason=why, at=NOW))  # fmt: skip
    texts = json.dumps(
        {"de": {"subject": "Für Zwetschgine Quittenbaum: 50 %", "body": "Guten Tag"}}
    )
    for days in (2, 1):
        stored(app, Mailing(event_id=event.id, kind="reminder_day", audience="confirmed",
                            texts=texts, last_id=9,
                            created_at=NOW - timedelta(days=days)))  # fmt: skip
    return event


def made(app: Flask, event: Event, locale: str = "de") -> dict[str, bytes]:
    """The members of the dossier."""
    file = io.BytesIO()
    with app.app_context():
        found = find_event(event.slug)
        assert found is not None
        write_dossier(found, file, locale=locale, now=NOW)
        db.session.remove()
    with zipfile.ZipFile(file) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def test_dossier_has_everything_a_successor_needs(app: Flask, event: Event) -> None:
    members = made(app, event)
    page = members["index.html"].decode()
    for words in (
        "Kreditsteuerung &amp; &lt;Co&gt;", "<em>wichtig</em>", "Begrüßung", "Jutta Amt",
        "jutta@example.org", "https://example.org/x", "wilma@example.org", "50 %",
        "Verlauf", "Unterlagen",
    ):  # fmt: skip
        assert words in page, words
    assert page.count("50 %") == 1, "one version of a text stands once"
    assert members["calendar.ics"].startswith(b"BEGIN:VCALENDAR")
    assert "index.html" in members["README.txt"].decode()
    assert members["materials/01-Folien_ 1_2.pdf"] == b"%PDF-1.7 Folien"
    assert set(members) == {
        "index.html", "README.txt", "calendar.ics", "materials/01-Folien_ 1_2.pdf",
        "materials/02-Folien_ 1_2.pdf",
    }  # fmt: skip
    for forbidden in ("<script", "<link", "<img", "@import", "url("):
        assert forbidden not in page


def test_dossier_runs_nothing_that_somebody_has_typed(app: Flask, event: Event) -> None:
    """It is opened from the disk, where no header of ours protects the reader."""
    make_material(app, event, title="<script>x</script>", description="<img src=x onerror=x>")
    page = made(app, event)["index.html"].decode()
    assert "<script" not in page
    assert "<img" not in page
    (policy,) = re.findall(r'<meta http-equiv="([^"]*)" content="([^"]*)">', page)
    assert policy[0] == "Content-Security-Policy"
    assert policy[1].startswith("default-src 'none'; style-src 'unsafe-inline';")


@pytest.mark.parametrize("locale", ["de", "en"])
def test_no_attendee_is_in_the_dossier(app: Flask, event: Event, locale: str) -> None:
    everything = b"".join(made(app, event, locale).values()).decode(errors="replace")
    for word in (*PERSON.values(), "vegan-77"):
        if word != "Dr.":
            assert word not in everything, word


def test_published_answers_are_in_the_dossier_without_attendees(app: Flask, event: Event) -> None:
    stored(app, PublishedAnswer(event_id=event.id, question="Was <kostet> das?\n\nUnd wann?",
                                answer="Nichts, sagt Zwetschgine Quittenbaum.",
                                published_at=NOW))  # fmt: skip
    page = made(app, event)["index.html"].decode()
    assert 'href="#answers"' in page
    assert "Was &lt;kostet&gt; das?" in page
    assert "Nichts, sagt" in page
    assert "Quittenbaum" not in page


def test_dossier_without_published_answers_shows_it(app: Flask, event: Event) -> None:
    assert "No answers were published." in made(app, event, "en")["index.html"].decode()


def test_archived_event_has_its_stored_figures(app: Flask, event: Event) -> None:
    with app.app_context(), transaction():
        forget_event(event.slug, actor="system", now=NOW + timedelta(days=365))
    page = made(app, event)["index.html"].decode()
    assert "Die Namen sind gelöscht" in page
    assert "Folien" in page
    assert "Archiv" in page


def test_figures_are_in_the_dossier(app: Flask, event: Event) -> None:
    page = made(app, event, "en")["index.html"].decode()
    assert '<td>Confirmed</td><td class="number">1</td>' in page
    assert '<td>People present</td><td class="number">not known</td>' in page


def test_history_of_an_event_from_the_services(app: Flask) -> None:
    lay_event(app, "workshop")
    sign_up(app, "workshop", "anna")
    with app.app_context():
        event = find_event("workshop")
        assert event is not None
        with transaction():
            perform("workshop", Request(action=Action.CLOSE, actor="test"), now=NOW)
        db.session.remove()
    page = made(app, event, "en")["index.html"].decode()
    for words in ("Draft created", "Open registration", "Close registration"):
        assert words in page, words
    assert "anna@example.org" not in page


def test_missing_file_is_named(app: Flask, event: Event, tmp_path: Path) -> None:
    with app.app_context():
        found = find_event(event.slug)
        assert found is not None
        path_of(found.materials[0]).unlink()
        db.session.remove()
    target = tmp_path / "dossier.zip"
    result = call(app, "dossier", event.slug, str(target))
    assert result.exit_code == 0
    assert "missing, so not in the dossier: the file of “Folien”" in result.output
    page = zipfile.ZipFile(target).read("index.html").decode()
    assert "die Datei fehlt" in page


def test_command_writes_a_whole_file_or_none(app: Flask, event: Event, tmp_path: Path) -> None:
    target = tmp_path / "dossier.zip"
    assert call(app, "dossier", event.slug, str(target), "--language", "en").exit_code == 0
    assert target.stat().st_mode & 0o077 == 0
    assert call(app, "dossier", event.slug, str(target)).exit_code == 1, "nothing is replaced"
    assert call(app, "dossier", "unknown", str(tmp_path / "x.zip")).exit_code == 1
    assert call(app, "dossier", event.slug, str(tmp_path / "no" / "x.zip")).exit_code == 1
    assert [path.name for path in tmp_path.iterdir() if path.suffix != ""] == ["dossier.zip"]


def test_names_of_files_are_safe_and_apart() -> None:
    names = ["../../etc/passwd", "CON.pdf", "ä" * 300 + ".odp", ".htaccess", "a.pdf", "a.pdf", ""]
    files = name_files(Material(stored_name="x", file_name=name) for name in names)
    assert [file.name for file in files] == [
        "01-file.etcpassw",
        "02-CON.pdf", f"03-{'ä' * 80}.odp", "04-file.htaccess", "05-a.pdf", "06-a.pdf", "07-file",
    ]  # fmt: skip
    assert "/" not in files[0].name
    assert ".." not in files[0].name


def test_team_gets_the_file_and_others_do_not(
    app: Flask, event: Event, team: Browser, viewer: Browser
) -> None:
    with team.get(f"/organise/events/{event.slug}/dossier.zip?lang=de") as answer:
        assert (answer.status_code, answer.mimetype) == (200, "application/zip")
        assert f"{event.slug}-dossier.zip" in answer.headers["Content-Disposition"]
        assert "index.html" in zipfile.ZipFile(io.BytesIO(answer.data)).namelist()
    assert team.get("/organise/events/unknown/dossier.zip").status_code == 404
    assert viewer.get(f"/organise/events/{event.slug}/dossier.zip").status_code == 403
    assert app.test_client().get(f"/organise/events/{event.slug}/dossier.zip").status_code == 303


def test_full_disk_is_an_outage_and_no_fault(app: Flask, event: Event, team: Browser) -> None:
    """The disk is full for this process: its files may not grow beyond a few pages."""
    make_material(app, event, content=b"%PDF-" + b"x" * 300_000, stored_name="gross")
    team.get("/organise/")
    child = os.fork()
    if child == 0:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
        failed = 1
        try:
            answer = team.get(f"/organise/events/{event.slug}/dossier.zip")
            failed = answer.status_code != HTTPStatus.SERVICE_UNAVAILABLE
        finally:
            os._exit(failed)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
