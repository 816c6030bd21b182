"""Kinds, texts, order and choices of materials, and what an upload leaves that goes wrong."""

import io
import re
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from ikone_events.config import Settings
from ikone_events.services.followup.scanning import note_scan
from ikone_events.store.db import db, transaction
from ikone_events.store.events.models import Event, Material
from ikone_events.store.followup.access import MaterialRelease
from tests.factories import (
    PAST,
    make_event,
    make_material,
    make_registration,
    make_settings,
    personal_path,
)
from tests.web.organiser.conftest import Browser, token_of, upload

PDF = b"%PDF-1.7\n1 0 obj"


@pytest.fixture
def settings(data_dir: Path, database: str) -> Settings:
    """Two megabytes for all files; a scanner that is never asked, since no worker runs."""
    return make_settings(
        data_dir, database_url=database, max_upload_mb=1, upload_quota_mb=2, scan_command=("true",)
    )


def base(event: Event) -> str:
    """The address of an event's materials."""
    return f"/organise/events/{event.slug}/materials"


def stored(app: Flask) -> list[Material]:
    """All materials in their order."""
    with app.app_context():
        order = db.select(Material).order_by(Material.position, Material.id)
        return list(db.session.scalars(order))


def uploads(app: Flask) -> list[str]:
    """The names in the uploads folder."""
    return sorted(path.name for path in app.extensions["ikone_installation"].uploads_dir.glob("*"))


KINDS = {
    "link": {"title": "Leitfaden", "url": "https://example.org/l", "language": "en"},
    "recording": {"title": "Mitschnitt", "url": "https://video.example.org/1", "accessible": "y"},
    "contact": {"title": "Förderung", "name": "Bo Bei", "email": "bo@example.org"},
    "note": {"title": "Hinweis", "description": "Bitte\nmitbringen"},
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_added_shown_changed_and_deleted(
    app: Flask, team: Browser, client: FlaskClient, kind: str
) -> None:
    event = make_event(app, state="followed_up", **PAST)
    assert team.get(f"{base(event)}/{kind}").status_code == 200
    fields = {f"{kind}-{name}": text for name, text in KINDS[kind].items()}
    fields[f"{kind}-visibility"] = "public"
    assert team.post(f"{base(event)}/{kind}", fields).status_code == 303
    (made,) = stored(app)
    assert (made.kind, made.title, made.visibility) == (kind, KINDS[kind]["title"], "public")
    public = client.get(f"/events/{event.slug}").text
    assert made.title in public
    assert KINDS[kind].get("url", "") in public

    path = f"{base(event)}/{made.public_id}"
    form = team.get(f"{path}/edit").text
    assert all(text.split("\n")[0] in form for text in KINDS[kind].values() if text != "y")
    changed = {**fields, f"{kind}-title": "Anders", f"{kind}-description": "Neu\nund lang"}
    assert team.post(f"{path}/edit", changed).status_code == 303
    assert [(each.title, each.description) for each in stored(app)] == [("Anders", "Neu\nund lang")]
    refused = team.post(f"{path}/edit", {**changed, f"{kind}-title": "=?utf-8?q?x?="})
    assert refused.status_code == 422
    assert "und lang" in refused.text
    assert team.post(f"{path}/remove").status_code == 303
    assert stored(app) == []


def test_missing_parts_are_asked_for(app: Flask, team: Browser) -> None:
    event = make_event(app)
    said = {}
    for kind, name in (("link", "url"), ("contact", "email"), ("contact", "name"), ("note", "")):
        fields = {f"{kind}-{key}": text for key, text in KINDS[kind].items()}
        fields[f"{kind}-{name or 'description'}"] = " "
        answer = team.post(f"{base(event)}/{kind}?lang=en", fields)
        said[f"{kind} {name}"] = (answer.status_code, "Please check 1 entry" in answer.text)
    assert set(said.values()) == {(422, True)}, said
    assert stored(app) == []


def test_moment_of_release_is_read_on_the_clocks_of_the_event(app: Flask, team: Browser) -> None:
    event = make_event(app)
    link = {
        "link-title": "Später",
        "link-url": "https://example.org",
        "link-availability": "at",
    }
    for typed in ("", "bald", "28.03.2027 02:30"):
        answer = team.post(f"{base(event)}/link", {**link, "link-available_at": typed})
        assert answer.status_code == 422, typed
    assert team.post(f"{base(event)}/link", {**link, "link-available_at": "12.01.2027 10:00"})
    (made,) = stored(app)
    assert made.available_at is not None
    assert made.available_at.isoformat() == "2027-01-12T09:00:00+00:00"
    assert "2027-01-12T10:00" in team.get(f"{base(event)}/{made.public_id}/edit").text


@pytest.mark.both_databases
def test_order_is_changed_by_buttons_and_shown_to_people(
    app: Flask, team: Browser, client: FlaskClient
) -> None:
    event = make_event(app, state="followed_up", **PAST)
    made = [
        make_material(app, event, title=name, visibility="public") for name in ("A1", "B2", "C3")
    ]
    for number, to, order in (
        (2, "up", "A1 C3 B2"),
        (0, "down", "C3 A1 B2"),
        (0, "up", "A1 C3 B2"),
    ):
        path = f"{base(event)}/{made[number].public_id}/move"
        assert team.post(path, {"to": to}).status_code == 303
        assert " ".join(each.title for each in stored(app)) == order
    for number, to in ((0, "up"), (1, "down")):  # already first and last
        assert team.post(f"{base(event)}/{made[number].public_id}/move", {"to": to})
    assert [each.title for each in stored(app)] == ["A1", "C3", "B2"]
    text = client.get(f"/events/{event.slug}").text
    assert text.index("A1</a>") < text.index("C3</a>") < text.index("B2</a>")
    assert team.post(f"{base(event)}/nothing/move").status_code == 404


@pytest.mark.both_databases
def test_people_are_chosen_one_by_one(app: Flask, team: Browser, client: FlaskClient) -> None:
    event = make_event(app, state="followed_up", **PAST)
    people = [make_registration(app, event) for _ in range(3)]
    other = make_registration(app, make_event(app))
    material = make_material(app, event, visibility="chosen")
    page = f"{base(event)}/{material.public_id}/people"

    def sees() -> list[bool]:
        return [
            material.title in client.get(personal_path(app, each, "/materials")).text
            for each in people
        ]

    def choose(*wanted: str) -> int:
        answer = team.client.post(page, data={"csrf_token": team.token, "person": [*wanted]})
        return answer.status_code

    assert people[0].last_name in team.get(page).text
    assert choose(people[0].public_id, people[2].public_id, other.public_id, "x") == 303
    assert sees() == [True, False, True]
    assert team.get(page).text.count(" checked") == 2
    assert choose(people[1].public_id) == 303
    assert sees() == [False, True, False]
    assert choose() == 303
    assert sees() == [False, False, False]
    with app.app_context():
        assert db.session.scalars(db.select(MaterialRelease)).all() == []


def test_new_material_for_chosen_people_leads_to_their_choice(app: Flask, team: Browser) -> None:
    event = make_event(app)
    fields = {**{f"note-{k}": v for k, v in KINDS["note"].items()}, "note-visibility": "chosen"}
    answer = team.post(f"{base(event)}/note", fields)
    (made,) = stored(app)
    assert answer.location.endswith(f"/{made.public_id}/people")


def test_files_wait_for_the_scanner_and_are_given_to_nobody(
    app: Flask, team: Browser, client: FlaskClient
) -> None:
    event = make_event(app, state="followed_up", **PAST)
    assert upload(team, event.slug, "a.pdf", PDF, **{"slides-visibility": "public"}) == 303
    (made,) = stored(app)
    public = f"/events/{event.slug}/materials/{made.public_id}"
    own = f"{base(event)}/{made.public_id}/file"
    words = {
        "waiting": "Being checked for viruses",
        "failed": "The virus check failed",
        "infected": "Virus found",
    }
    for state, shown in words.items():
        with app.app_context(), transaction():
            note_scan(made.id, state)
        assert client.get(public).status_code == 404
        assert team.get(own).status_code == 409
        assert shown in team.get(f"{base(event)}?lang=en").text
    todo = team.get("/organise/?lang=en").text
    assert "infected and held back" in todo
    with app.app_context(), transaction():
        note_scan(made.id, "")  # an infected file is judged for good
    assert client.get(public).status_code == 404


def test_quota_is_shown_before_and_when_it_is_used_up(app: Flask, team: Browser) -> None:
    event = make_event(app)
    big = PDF.ljust(900_000, b"x")
    assert upload(team, event.slug, "a.pdf", big) == 303
    assert "nearly used up" not in team.get(f"{base(event)}?lang=en").text
    assert upload(team, event.slug, "b.pdf", big) == 303
    page = team.get(f"{base(event)}?lang=en").text
    assert "nearly used up" in page
    assert "1.7\u00a0MB of 2.0\u00a0MB" in page
    assert upload(team, event.slug, "c.pdf", big, **{"slides-title": "Bleibt stehen"}) == 422
    assert len(uploads(app)) == len(stored(app)) == 2


@pytest.mark.filterwarnings("error")
def test_upload_that_breaks_off_leaves_nothing(app: Flask, team: Browser) -> None:
    """The connection ends at nine tenths, and nothing stays open or on the disk."""
    event = make_event(app)
    token = token_of(team.get("/organise/"))
    head = "--x\r\nContent-Disposition: form-data; name="
    body = f'{head}"csrf_token"\r\n\r\n{token}\r\n{head}"slides-file"; filename="a.pdf"\r\n\r\n'
    whole = body.encode() + PDF.ljust(500_000, b"x") + b"\r\n--x--\r\n"
    answer = team.client.post(
        f"{base(event)}/slides",
        input_stream=io.BytesIO(whole[: len(whole) * 9 // 10]),
        content_length=len(whole),
        content_type="multipart/form-data; boundary=x",
    )
    assert answer.status_code == 400
    assert uploads(app) == []
    assert stored(app) == []
    opened = {str(each.resolve()) for each in Path("/proc/self/fd").iterdir()}
    assert not [each for each in opened if ".part" in each]


def test_names_that_lead_elsewhere_are_only_names(app: Flask, team: Browser) -> None:
    event = make_event(app)
    for name in ("../../ikone.db.pdf", "/etc/passwd.pdf", "a\0b.pdf"):
        assert upload(team, event.slug, name, PDF) == 303, name
    assert {each.file_name for each in stored(app)} == {
        "ikone.db.pdf",
        "passwd.pdf",
        "ab.pdf",
    }
    assert all(re.fullmatch("[0-9a-f]{32}", name) for name in uploads(app))
    assert uploads(app) == sorted(each.stored_name for each in stored(app))


def test_viewers_see_and_change_nothing(app: Flask, viewer: Browser) -> None:
    event = make_event(app)
    material = make_material(app, event)
    page = viewer.get(f"{base(event)}?lang=en").text
    assert material.title in page
    assert 'type="file"' not in page
    for path in ("edit", "people", "remove"):
        assert viewer.get(f"{base(event)}/{material.public_id}/{path}").status_code == 403
        assert viewer.post(f"{base(event)}/{material.public_id}/{path}").status_code == 403
    assert viewer.post(f"{base(event)}/{material.public_id}/move").status_code == 403


def test_description_is_listed_without_its_marks(app: Flask, team: Browser) -> None:
    event = make_event(app)
    make_material(app, event, description="Mit **Vorlagen** & [Leitfaden](https://example.org/l)")
    page = team.get(f"/organise/events/{event.slug}/materials").text
    assert '<p class="lines">Mit Vorlagen &amp; Leitfaden</p>' in page
