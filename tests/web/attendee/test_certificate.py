"""The certificate of attendance: for whom there is one, what it says, and who can check it."""

import re
from datetime import timedelta
from io import BytesIO
from typing import Any

import pikepdf
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from ikone_events.domain.registering.registration import Attendance
from ikone_events.services.privacy.archiving import archive_persons
from ikone_events.services.rooms.attendance import state_attendance
from ikone_events.store.db import db, transaction
from ikone_events.store.events.models import Event
from ikone_events.store.registering.models import Registration
from ikone_events.store.rooms.models import AttendanceRecord
from tests.factories import NOW, make_event, make_registration, personal_path
from tests.web.attendee.test_ticket import HOSTILE, structure_of

BEGAN = NOW - timedelta(days=1)


def past_event(app: Flask, **values: Any) -> Event:
    """A dispatched event of yesterday, from 10 to half past eleven."""
    times = {"starts_at": BEGAN, "ends_at": BEGAN + timedelta(minutes=90)}
    return make_event(app, **{"state": "dispatched", "title": "Digitale Akte", **times, **values})


def attend(app: Flask, person: Registration, how: Attendance = Attendance.ATTENDED) -> None:
    with app.app_context(), transaction():
        state_attendance(person.public_id, how, now=NOW, by="office@example.org")


def guest(app: Flask, event: Event, **values: Any) -> Registration:
    """Dr. Ada Lob, who attended."""
    names = {"title": "Dr.", "first_name": "Ada", "last_name": "Lob"}
    person = make_registration(app, event, **{**names, **values})
    attend(app, person)
    return person


def code_of(app: Flask, client: FlaskClient, person: Registration) -> str:
    page = client.get(personal_path(app, person, "/certificate")).text
    (code,) = set(re.findall(r"/certificates/([\w%-]+)", page))
    return str(code)


@pytest.mark.parametrize(
    ("lang", "words"),
    [
        (
            "de",
            (
                "Teilnahmebescheinigung",
                "1,5 Stunden",
                "Ausgestellt am",
                "Inhalte",
                "Online (Videokonferenz)",
            ),
        ),
        (
            "en",
            (
                "Certificate of attendance",
                "1.5 hours",
                "Issued on",
                "Contents",
                "Online (video conference)",
            ),
        ),
    ],
)
def test_certificate_states_who_attended_what_and_how_long(
    app: Flask, client: FlaskClient, lang: str, words: tuple[str, ...]
) -> None:
    event = past_event(app, programme='[{"time": "10:00", "title": "Rechtsfragen"}]')
    person = guest(app, event)
    with app.app_context(), transaction():
        record = db.session.scalars(select(AttendanceRecord)).one()
        record.joined_at, record.left_at, record.minutes = BEGAN, BEGAN + timedelta(hours=1), 61
    page = client.get(personal_path(app, person, f"/certificate?lang={lang}"))
    assert (page.status_code, page.headers["Cache-Control"]) == (200, "no-store")
    shown = (
        "Dr. Ada Lob",
        "Stadtverwaltung Bendorf",
        "Digitale Akte",
        "Rechtsfragen",
        "10:00–\u206011:30",
        "61 Minuten",
    )
    for text in (*words, *shown) if lang == "de" else (*words, *shown[:-1], "61 minutes"):
        assert text in page.text
    assert person.email not in page.text


STATES: list[tuple[dict[str, Any], dict[str, Any], Attendance | None, str]] = [
    ({"state": "cancelled"}, {}, None, "called_off"),
    ({}, {"status": "waitlisted"}, None, "no_place"),
    ({}, {"status": "cancelled"}, None, "no_place"),
    ({"starts_at": NOW, "ends_at": NOW + timedelta(hours=1)}, {}, None, "early"),
    ({}, {}, None, "unknown"),
    ({}, {}, Attendance.MISSED, "missed"),
    ({}, {}, Attendance.ATTENDED, "valid"),
    ({"state": "followed_up"}, {}, Attendance.ATTENDED, "valid"),
]


@pytest.mark.parametrize("case", STATES)
def test_only_those_known_to_have_attended_get_one(
    app: Flask,
    client: FlaskClient,
    case: tuple[dict[str, Any], dict[str, Any], Attendance | None, str],
) -> None:
    event_values, person_values, how, state = case
    person = make_registration(app, past_event(app, **event_values), **person_values)
    if how is not None:
        attend(app, person, how)
    page = client.get(personal_path(app, person, "/certificate"))
    assert f'data-certificate="{state}"' in page.text
    assert ("/certificates/" in page.text) is (state == "valid")
    own = client.get(personal_path(app, person)).text
    assert (personal_path(app, person, "/certificate") in own) is (state == "valid")
    saved = client.get(personal_path(app, person, "/certificate.pdf"))
    assert saved.status_code == (200 if state == "valid" else 303)


def test_code_is_checked_by_anybody_and_shows_initials_alone(
    app: Flask, client: FlaskClient
) -> None:
    person = guest(app, past_event(app))
    code = code_of(app, client, person)
    page = client.get(f"/certificates/{code}?lang=de")
    assert page.status_code == 200
    for text in ("ist echt", "Digitale Akte", ">AL<"):
        assert text in page.text
    for secret in ("Lob", "Ada", person.email, person.public_id, "Bendorf"):
        assert secret not in page.text
    typed = client.get("/certificates", query_string={"code": code.lower().replace("-", " ")})
    assert client.get(typed.location).status_code == 200


def test_guessed_and_changed_codes_are_not_found(app: Flask, client: FlaskClient) -> None:
    code = code_of(app, client, guest(app, past_event(app)))
    last = "A" if code[-1] != "A" else "B"
    for wrong in (
        f"{code[:-1]}{last}",
        f"BL{code[2:]}",
        code[3:],
        "AL",
        "A" * 300,
        "Ω" * 30,
    ):
        page = client.get(f"/certificates/{wrong}")
        assert page.status_code == 404, wrong
        assert 'data-outcome="not-found"' in page.text
    assert client.get("/certificates").status_code == 200


def test_correcting_the_attendance_revokes_the_code(app: Flask, client: FlaskClient) -> None:
    person = guest(app, past_event(app))
    code = code_of(app, client, person)
    attend(app, person, Attendance.MISSED)
    assert client.get(f"/certificates/{code}").status_code == 404


def test_calling_the_event_off_revokes_the_code(app: Flask, client: FlaskClient) -> None:
    person = guest(app, past_event(app))
    code = code_of(app, client, person)
    with app.app_context(), transaction():
        db.session.get_one(Event, person.event_id).state = "cancelled"
    assert client.get(f"/certificates/{code}").status_code == 404


def test_code_stays_good_when_the_details_are_deleted(app: Flask, client: FlaskClient) -> None:
    person = guest(app, past_event(app, state="followed_up"))
    path, code = personal_path(app, person, "/certificate"), code_of(app, client, person)
    with app.app_context(), transaction():
        event = db.session.get_one(Event, person.event_id)
        archive_persons(event, now=NOW)
        event.state = "archived"
    assert client.get(path).status_code == 410
    page = client.get(f"/certificates/{code}")
    assert page.status_code == 200
    assert ">AL<" in page.text


def test_series_sums_the_hours_of_what_was_attended(app: Flask, client: FlaskClient) -> None:
    others = {"series": "Runder Tisch", "title": "Zweiter Termin", "slug": "zwei"}
    later = {
        "starts_at": BEGAN - timedelta(days=30),
        "ends_at": BEGAN - timedelta(days=29, hours=22),
    }
    first = past_event(app, series="Runder Tisch", title="Erster Termin")
    second = past_event(app, **others, **later)
    missed = past_event(app, **{**others, "slug": "drei", "title": "Versäumt"})
    other = past_event(app, series="Andere Reihe", title="Fremd", slug="fremd")
    person = guest(app, first, email="ada@bendorf.de")
    guest(app, second, email="Ada@Bendorf.de")
    guest(app, other, email="ada@bendorf.de")
    attend(app, make_registration(app, missed, email="ada@bendorf.de"), Attendance.MISSED)
    guest(app, missed, email="someone@else.de")
    single = client.get(personal_path(app, person, "/certificate?lang=de")).text
    assert "über 2 Veranstaltungen" in single
    page = client.get(personal_path(app, person, "/certificate/series?lang=de")).text
    for text in ("Erster Termin", "Zweiter Termin", "Gesamt: 3,5 Stunden"):
        assert text in page
    for text in ("Versäumt", "Fremd"):
        assert text not in page
    codes = re.findall(r"/certificates/([\w%-]+)", page)
    assert [client.get(f"/certificates/{code}").status_code for code in set(codes)] == [200, 200]
    pdf = saved(client, personal_path(app, person, "/certificate/series.pdf?lang=de"))
    kinds, _ = structure_of(pdf)
    assert {"/Table", "/TH", "/TD"} <= kinds


def test_series_of_one_leads_to_the_single_certificate(app: Flask, client: FlaskClient) -> None:
    person = guest(app, past_event(app, series="Runder Tisch"))
    answer = client.get(personal_path(app, person, "/certificate/series"))
    assert answer.location == personal_path(app, person, "/certificate")


def saved(client: FlaskClient, path: str) -> pikepdf.Pdf:
    found = client.get(path)
    assert (found.status_code, found.mimetype) == (200, "application/pdf"), found.text[:300]
    assert found.headers["Content-Disposition"].startswith("attachment;")
    return pikepdf.open(BytesIO(found.data))


@pytest.mark.parametrize("lang", ["de", "en"])
def test_pdf_is_accessible_and_leads_to_its_check(
    app: Flask, client: FlaskClient, lang: str
) -> None:
    person = guest(app, past_event(app, programme='[{"time": "10:00", "title": "Rechtsfragen"}]'))
    pdf = saved(client, personal_path(app, person, f"/certificate.pdf?lang={lang}"))
    assert str(pdf.Root.Lang) == lang
    assert pdf.Root.MarkInfo.Marked
    assert str(pdf.docinfo["/Title"]).endswith(": Digitale Akte")
    metadata = pdf.open_metadata()
    assert (metadata["pdfuaid:part"], metadata["pdfaid:conformance"]) == ("1", "A")
    kinds, _ = structure_of(pdf)
    assert {"/H1", "/H2", "/H3", "/P", "/L", "/Link"} <= kinds
    (link,) = {str(note.A.URI) for page in pdf.pages for note in page.get("/Annots", [])}
    assert client.get(link.removeprefix("http://localhost")).status_code == 200


@pytest.mark.parametrize("name", HOSTILE)
def test_any_name_is_only_text(app: Flask, client: FlaskClient, name: str) -> None:
    person = guest(app, past_event(app, title=name), first_name=name[:100], last_name="Ös-Tür")
    saved(client, personal_path(app, person, "/certificate.pdf"))
    code = code_of(app, client, person)
    assert client.get(f"/certificates/{code}").status_code == 200
