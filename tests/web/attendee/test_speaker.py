"""What speakers see and do behind their links: door, questions, upload; one purpose, one power."""

import io
import os
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from ikone_events.config import Settings
from ikone_events.domain.tokens import Purpose
from ikone_events.services.followup.files import delete_lost_files
from ikone_events.services.installation import get_installation
from ikone_events.store.db import db, transaction
from ikone_events.store.events.models import Event, Material
from ikone_events.store.events.speakers import Speaker
from ikone_events.store.rooms.models import AttendanceRecord
from ikone_events.web.shell.bodies import MEGABYTE
from tests.factories import (
    FixedClock,
    make_event,
    make_material,
    make_registration,
    make_settings,
    make_speaker,
    personal_path,
    speaker_path,
)
from tests.web.visitor import everything, press, token_of

PDF = b"%PDF-1.7\n1 0 obj"
ROOM = "https://video.example.org/raum-geheim"
MODERATORS = "https://video.example.org/moderation"


@pytest.fixture
def settings(data_dir: Path) -> Settings:
    """Uploads of at most one megabyte."""
    return make_settings(data_dir, max_upload_mb=1)


def send(client: FlaskClient, path: str, name: str, content: bytes, **more: str) -> TestResponse:
    token = token_of(client.get(path))
    data = {"csrf_token": token, "file": (io.BytesIO(content), name), **more}
    answer = client.post(path, data=data, content_type="multipart/form-data")
    answer.request.environ["wsgi.input"].close()  # a large body is a file of the test client
    return answer


def files(app: Flask) -> list[Material]:
    with app.app_context():
        return list(db.session.scalars(select(Material).order_by(Material.id)))


def at(clock: FixedClock, event: Event, minutes: int) -> None:
    clock.moment = event.starts_at + timedelta(minutes=minutes)


def test_page_shows_what_a_speaker_needs_without_names(app: Flask, client: FlaskClient) -> None:
    event = make_event(app)
    make_registration(app, event, question="Was kostet das?", last_name="Geheim")
    speaker = make_speaker(app, event)
    page = client.get(speaker_path(app, speaker) + "?lang=de")
    assert page.headers["Cache-Control"] == "no-store"
    assert page.headers["Referrer-Policy"] == "no-referrer"
    for words in ("Was kostet das?", "Eine Person ist angemeldet.", speaker.email, "/upload/"):
        assert words in page.text
    for secret in ("Geheim", "raum-geheim", "/speaker-door/"):
        assert secret not in page.text
    english = client.get(speaker_path(app, speaker) + "?lang=en").text
    assert "Questions to the speakers" in english


@pytest.mark.parametrize(
    ("minutes", "door"), [(-61, "waiting"), (-60, "open"), (150, "open"), (180, "over")]
)
def test_room_opens_earlier_and_without_access_links(
    app: Flask, client: FlaskClient, clock: FixedClock, minutes: int, door: str
) -> None:
    event = make_event(app)
    speaker = make_speaker(app, event)
    at(clock, event, minutes)
    for purpose in (Purpose.SPEAKER, Purpose.SPEAKER_DOOR):
        assert f'data-door="{door}"' in client.get(speaker_path(app, speaker, purpose)).text


@pytest.mark.parametrize(
    ("values", "door"),
    [
        ({"state": "cancelled"}, "called_off"),
        ({"state": "postponed"}, "called_off"),
        ({"format": "on_site", "place": "Rathaus"}, "on_site"),
        ({"room_url": ""}, "link_comes"),
        ({"state": "draft"}, "link_comes"),
        ({"state": "followed_up"}, "over"),
    ],
)
def test_door_shows_why_nobody_enters(
    app: Flask, client: FlaskClient, clock: FixedClock, values: dict[str, str], door: str
) -> None:
    event = make_event(app, **values)
    path = speaker_path(app, make_speaker(app, event), Purpose.SPEAKER_DOOR)
    at(clock, event, 0)
    page = client.get(path)
    assert f'data-door="{door}"' in page.text
    other = client.get(speaker_path(app, make_speaker(app, make_event(app))))
    answer = client.post(path, data={"csrf_token": token_of_any(client, app, clock)})
    assert other.status_code == 200
    assert "Refresh" not in answer.headers


def token_of_any(client: FlaskClient, app: Flask, clock: FixedClock) -> str:
    """The CSRF token of this client's session, from a page that has a button."""
    event = make_event(app, starts_at=clock.moment, ends_at=clock.moment + timedelta(hours=1))
    return token_of(client.get(speaker_path(app, make_speaker(app, event))))


@pytest.mark.parametrize("purpose", [Purpose.SPEAKER, Purpose.SPEAKER_DOOR])
@pytest.mark.parametrize("moderator_url", [MODERATORS, ""])
def test_press_leads_in_as_moderator_and_records_nothing(
    app: Flask,
    client: FlaskClient,
    clock: FixedClock,
    purpose: Purpose,
    moderator_url: str,
) -> None:
    event = make_event(app, moderator_url=moderator_url)
    path = speaker_path(app, make_speaker(app, event), purpose)
    at(clock, event, -30)
    before = everything(app)
    pressed = press(client, path)
    assert pressed.status_code == 303
    page = client.get(pressed.headers["Location"])
    assert page.headers["Refresh"] == f"0; url={moderator_url or ROOM}"
    assert page.headers["Cache-Control"] == "no-store"
    assert everything(app) == before
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(AttendanceRecord)) == 0


def test_link_of_a_calendar_shows_nothing_but_the_door(app: Flask, client: FlaskClient) -> None:
    event = make_event(app)
    make_registration(app, event, question="Was kostet das?")
    speaker = make_speaker(app, event)
    page = client.get(speaker_path(app, speaker, Purpose.SPEAKER_DOOR)).text
    for word in (speaker.name, speaker.email, "Was kostet das?", "/upload/", "/speaker/"):
        assert word not in page


def test_one_purpose_has_one_power(app: Flask, client: FlaskClient) -> None:
    event = make_event(app)
    speaker = make_speaker(app, event)
    tokens = {
        purpose: speaker_path(app, speaker, purpose).rpartition("/")[2]
        for purpose in (Purpose.SPEAKER, Purpose.SPEAKER_DOOR, Purpose.UPLOAD)
    }
    registered = personal_path(app, make_registration(app, event)).rpartition("/")[2]
    for page, purpose in (
        ("speaker", Purpose.SPEAKER),
        ("speaker-door", Purpose.SPEAKER_DOOR),
        ("upload", Purpose.UPLOAD),
    ):
        for owner, token in [*tokens.items(), (None, registered)]:
            status = 200 if owner is purpose else 404
            assert client.get(f"/{page}/{token}").status_code == status
    assert client.get(f"/r/{tokens[Purpose.SPEAKER]}").status_code == 404
    assert client.get("/speaker/x").status_code == 404


def test_replaced_and_deleted_links_are_explained(app: Flask, client: FlaskClient) -> None:
    speaker = make_speaker(app, make_event(app))
    paths = [speaker_path(app, speaker), speaker_path(app, speaker, Purpose.UPLOAD)]
    with app.app_context(), transaction():
        db.session.get_one(Speaker, speaker.id).link_epoch += 1
    for path in paths:
        answer = client.get(f"{path}?lang=en")
        assert answer.status_code == 410
        assert "has been replaced" in answer.text
    with app.app_context(), transaction():
        db.session.delete(db.session.get_one(Speaker, speaker.id))
    for path in paths:
        answer = client.get(f"{path}?lang=en")
        assert answer.status_code == 410
        assert "no longer entered" in answer.text


def test_slides_wait_until_the_office_releases_them(app: Flask, client: FlaskClient) -> None:
    event = make_event(app, state="followed_up")
    path = speaker_path(app, make_speaker(app, event), Purpose.UPLOAD)
    person = personal_path(app, make_registration(app, event), "/materials")
    answer = send(client, path, "Vortrag.pdf", PDF, title="Digitale Dörfer")
    assert answer.status_code == 303
    (file,) = files(app)
    assert (file.released, file.title, file.file_name) == (False, "Digitale Dörfer", "Vortrag.pdf")
    assert "Digitale Dörfer" in client.get(path).text
    assert "Digitale Dörfer" not in client.get(person).text
    assert client.get(f"{person}/{file.public_id}").status_code == 404
    assert client.get(f"/events/{event.slug}/materials/{file.public_id}").status_code == 404


def test_waiting_file_is_replaced_at_once_and_a_released_one_later(
    app: Flask, client: FlaskClient
) -> None:
    event = make_event(app)
    speaker = make_speaker(app, event)
    path = speaker_path(app, speaker, Purpose.UPLOAD)
    send(client, path, "a.pdf", PDF)
    (first,) = files(app)
    send(client, path, "b.pdf", PDF, replaces=first.public_id)
    (second,) = files(app)
    assert second.file_name == "b.pdf"
    with app.app_context(), transaction():
        db.session.get_one(Material, second.id).released = True
    send(client, path, "c.pdf", PDF, replaces=second.public_id)
    kept, third = files(app)
    assert (kept.id, third.replaces_id, third.released) == (second.id, second.id, False)


def test_foreign_files_are_neither_replaced_nor_deleted(app: Flask, client: FlaskClient) -> None:
    event = make_event(app)
    speaker, other = make_speaker(app, event), make_speaker(app, event)
    path = speaker_path(app, speaker, Purpose.UPLOAD)
    foreign = [
        make_material(app, event, speaker_id=other.id, released=False),
        make_material(app, event),
    ]
    for each in foreign:
        answer = send(client, path, "a.pdf", PDF, replaces=each.public_id)
        assert answer.status_code == 404
        removal = press(client, path, f"{path}/{each.public_id}/remove")
        assert removal.status_code == 404
    assert len(files(app)) == 2


def test_own_waiting_file_can_be_deleted_a_released_one_not(
    app: Flask, client: FlaskClient
) -> None:
    event = make_event(app)
    speaker = make_speaker(app, event)
    path = speaker_path(app, speaker, Purpose.UPLOAD)
    waiting = make_material(app, event, speaker_id=speaker.id, released=False)
    released = make_material(app, event, speaker_id=speaker.id)
    assert press(client, path, f"{path}/{waiting.public_id}/remove").status_code == 303
    assert press(client, path, f"{path}/{released.public_id}/remove").status_code == 409
    assert [each.id for each in files(app)] == [released.id]


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.html", b"<script>", "This kind of file is not accepted."),
        ("a.pdf", b"<script>", "is not what its name"),
        ("a.pdf", b"", "The file is empty."),
        ("", b"", "Please choose a file."),
        ("a.pdf", PDF + b"x" * 1024 * 1024, "1 MB"),
        ("a.pdf", PDF + b"x" * 2 * 1024 * 1024, "1 MB"),
    ],
)
def test_unfit_file_is_refused_in_words(
    app: Flask, client: FlaskClient, name: str, content: bytes, words: str
) -> None:
    path = speaker_path(app, make_speaker(app, make_event(app)), Purpose.UPLOAD) + "?lang=en"
    answer = send(client, path, name, content)
    assert answer.status_code == (413 if len(content) > 1024 else 422)
    assert words in answer.text
    assert files(app) == []


@pytest.mark.parametrize(
    ("state", "words"), [("cancelled", "has been cancelled"), ("archived", "has been archived")]
)
def test_ended_event_takes_no_slides(
    app: Flask, client: FlaskClient, state: str, words: str
) -> None:
    running, event = make_event(app), make_event(app, state=state)
    token = token_of(client.get(speaker_path(app, make_speaker(app, running), Purpose.UPLOAD)))
    path = speaker_path(app, make_speaker(app, event), Purpose.UPLOAD) + "?lang=en"
    assert words in client.get(path).text
    data = {"csrf_token": token, "file": (io.BytesIO(PDF), "a.pdf")}
    answer = client.post(path, data=data, content_type="multipart/form-data")
    assert answer.status_code == 422
    assert files(app) == []


def test_nobody_fills_the_disk(app: Flask, client: FlaskClient) -> None:
    event = make_event(app)
    speaker = make_speaker(app, event)
    for _ in range(10):
        make_material(app, event, speaker_id=speaker.id, released=False)
    path = speaker_path(app, speaker, Purpose.UPLOAD) + "?lang=en"
    answer = send(client, path, "a.pdf", PDF)
    assert answer.status_code == 422
    assert "10 files are already waiting" in answer.text


def test_file_with_an_unfit_title_is_not_kept(app: Flask, client: FlaskClient) -> None:
    """Each refused file would lie on the disk for a day."""
    path = speaker_path(app, make_speaker(app, make_event(app)), Purpose.UPLOAD)
    assert send(client, path, "a.pdf", PDF, title="x" * 201).status_code == 422
    assert files(app) == []
    with app.app_context():
        folder = get_installation().uploads_dir
    assert list(folder.glob("*")) == []


def test_server_gives_room_for_a_file_to_signed_links_alone(app: Flask) -> None:
    """The server asks before it buffers a body; a megabyte is for everybody."""
    path = speaker_path(app, make_speaker(app, make_event(app)), Purpose.UPLOAD)
    other = speaker_path(app, make_speaker(app, make_event(app))).replace("speaker", "upload", 1)
    limit = app.extensions["ikone_body_limit"]
    assert limit("POST", path, "") > MEGABYTE
    assert [limit("POST", each, "") for each in (f"{path}x", other, "/upload/x")] == [MEGABYTE] * 3


def test_body_of_a_dead_link_is_not_read(app: Flask, client: FlaskClient) -> None:
    answer = client.post(
        "/upload/forged",
        data={"file": (io.BytesIO(PDF), "a.pdf")},
        content_type="multipart/form-data",
    )
    assert answer.status_code == 404


def test_lost_files_are_deleted_after_a_day(app: Flask) -> None:
    event = make_event(app)
    kept = make_material(app, event, stored_name="a" * 32)
    with app.app_context():
        folder = get_installation().uploads_dir
        for name in ("b" * 32, "c" * 32, "readme.txt"):
            (folder / name).write_bytes(PDF)
        for name in (kept.stored_name, "b" * 32, "readme.txt"):
            os.utime(folder / name, (0, 0))
        delete_lost_files()
        left = {path.name for path in folder.iterdir()}
    assert {kept.stored_name, "c" * 32, "readme.txt"} <= left
    assert "b" * 32 not in left


def test_page_asks_nobody_to_have_been_there(
    app: Flask, client: FlaskClient, clock: FixedClock
) -> None:
    event = make_event(app)
    path = speaker_path(app, make_speaker(app, event))
    at(clock, event, -16)
    asked = "Bitte seien Sie da: Mo., 16.\u00a0März\u00a02026, 9:45\u00a0Uhr."
    assert asked in client.get(path).text
    at(clock, event, -15)
    assert "Bitte seien Sie da" not in client.get(path).text
