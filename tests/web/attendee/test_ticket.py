"""The ticket: for whom there is one, what it carries, and the same as a PDF."""

import re
import sys
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from flask import Flask
from flask.testing import FlaskClient

from ikone_events.config import Settings
from ikone_events.domain.tokens import Purpose
from ikone_events.services.installation import get_installation
from ikone_events.store.db import db, transaction
from ikone_events.store.events.models import Event
from ikone_events.store.registering.models import Registration
from ikone_events.web.attendee.ticket import qr_svg
from tests.factories import (
    FixedClock,
    make_event,
    make_registration,
    make_settings,
    personal_path,
)
from tests.web.visitor import sign_up

ON_SITE: dict[str, Any] = {
    "format": "on_site",
    "title": "Digitale Akte",
    "place": "Rathaus, Saal 2",
    "directions": "Raum 204\nAufzug links",
    "bring": "Ausweis",
}
HOSTILE = (
    '#sys.inputs $x$ "z" \\ *fett* [a] <b>',
    "//comment /* _a_ */ @preview/cetz `raw` ~ --- @label",
    "محمد بن عبد الله",
    "Łukasz Ἀθηνᾶ Григорий",
    "Wolfeschlegelsteinhausenbergerdorff" * 5,
)


@pytest.fixture
def event(app: Flask) -> Event:
    """An event on site."""
    return make_event(app, **ON_SITE)


@pytest.fixture
def person(app: Flask, event: Event) -> Registration:
    """Somebody who comes."""
    return make_registration(app, event, title="Dr.", first_name="Ada", last_name="Lob")


def pdf_of(client: FlaskClient, path: str) -> pikepdf.Pdf:
    found = client.get(path)
    assert (found.status_code, found.mimetype) == (200, "application/pdf"), found.text[:500]
    assert found.headers["Cache-Control"] == "no-store"
    assert found.headers["Content-Disposition"].startswith("attachment;")
    return pikepdf.open(BytesIO(found.data))


def code_on(app: Flask, text: str) -> str:
    """The record that the only check-in code in a text names; the text has no personal link."""
    (token,) = set(re.findall(r"http://localhost/c/([\w.-]+)", text))
    assert "localhost/r/" not in text
    with app.app_context():
        return get_installation().signer.read(Purpose.CHECK_IN, token).public_id


@pytest.mark.parametrize(
    ("lang", "words"),
    [
        ("de", ("Raum und Anfahrt", "Bitte mitbringen", "Bitte zeigen Sie diesen Code")),
        ("en", ("Room and directions", "Please bring", "Please show this code")),
    ],
)
def test_ticket_shows_person_event_and_code(
    app: Flask, client: FlaskClient, person: Registration, lang: str, words: tuple[str, ...]
) -> None:
    page = client.get(personal_path(app, person, f"/ticket?lang={lang}"))
    assert page.status_code == 200
    assert page.headers["Cache-Control"] == "no-store"
    shown = ("Dr. Ada Lob", "Digitale Akte", "Rathaus, Saal 2", "Raum 204\nAufzug links")
    for text in (*shown, *words, "Stadtverwaltung Bendorf"):
        assert text in page.text
    article = page.text.partition("<article")[2].partition("</article>")[0]
    assert code_on(app, article) == person.public_id


def test_drawn_code_is_that_of_the_link(
    app: Flask, client: FlaskClient, person: Registration
) -> None:
    """The drawing itself was read by jsQR, from the screen, the print and the PDF."""
    with app.app_context():
        address = get_installation().check_in(person.public_id, person.link_epoch)
    for part in ("", "/ticket"):
        assert qr_svg(address) in client.get(personal_path(app, person, part)).text


STATES: list[tuple[dict[str, Any], dict[str, Any], timedelta, str, str]] = [
    ({}, {"status": "waitlisted"}, timedelta(0), "waiting", "noch kein Ticket"),
    ({}, {"status": "pending", "awaits": "approval"}, timedelta(0), "reserved", "noch kein Ticket"),
    ({}, {"status": "cancelled"}, timedelta(0), "gone", "kein Ticket"),
    ({"state": "cancelled"}, {}, timedelta(0), "called_off", "ist abgesagt"),
    ({"state": "postponed"}, {}, timedelta(0), "called_off", "verschoben"),
    ({}, {}, timedelta(days=15), "over", "vorbei"),
    ({"format": "online"}, {}, timedelta(0), "online", "Sie nehmen online teil"),
    ({"format": "hybrid"}, {"mode": "online"}, timedelta(0), "online", "brauchen kein Ticket"),
]


@pytest.mark.parametrize("case", STATES)
def test_people_without_ticket_are_shown_why(
    app: Flask,
    client: FlaskClient,
    clock: FixedClock,
    case: tuple[dict[str, Any], dict[str, Any], timedelta, str, str],
) -> None:
    event_values, person_values, later, state, words = case
    event = make_event(app, **{**ON_SITE, **event_values})
    person = make_registration(app, event, **person_values)
    clock.moment += later
    page = client.get(personal_path(app, person, "/ticket?lang=de"))
    assert f'data-ticket="{state}"' in page.text
    assert words in page.text
    assert "/c/" not in page.text
    assert "<svg" not in page.text
    assert "/ticket" not in client.get(personal_path(app, person)).text
    assert client.get(personal_path(app, person, "/ticket.pdf")).status_code == 303


def test_hybrid_event_has_tickets_for_people_on_site(app: Flask, client: FlaskClient) -> None:
    person = make_registration(
        app, make_event(app, **{**ON_SITE, "format": "hybrid"}), mode="on_site"
    )
    assert 'data-ticket="valid"' in client.get(personal_path(app, person, "/ticket")).text
    own = client.get(personal_path(app, person)).text
    assert personal_path(app, person, "/ticket") in own
    assert "Raum 204" in own


def test_link_to_another_page_or_a_renewed_one_opens_no_ticket(
    app: Flask, client: FlaskClient, person: Registration
) -> None:
    with app.app_context():
        code = get_installation().check_in(person.public_id, person.link_epoch)
    token = code.rpartition("/")[2]
    for part in ("ticket", "ticket.pdf"):
        assert client.get(f"/r/{token}/{part}").status_code == 404
        assert client.get(f"/r/falsch/{part}").status_code == 404
    old = personal_path(app, person, "/ticket.pdf")
    with app.app_context(), transaction():
        db.session.get_one(Registration, person.id).link_epoch += 1
    assert client.get(old).status_code == 410


def test_confirmation_page_shows_where_the_ticket_comes_from(
    app: Flask, client: FlaskClient, event: Event
) -> None:
    sign_up(client, event.slug)
    page = client.get(f"/events/{event.slug}/registered")
    assert "ticket" in page.text.lower()
    assert "/r/" not in page.text


@pytest.mark.parametrize("lang", ["de", "en"])
def test_pdf_is_tagged_and_has_language_and_title(
    app: Flask, client: FlaskClient, person: Registration, lang: str
) -> None:
    pdf = pdf_of(client, personal_path(app, person, f"/ticket.pdf?lang={lang}"))
    assert str(pdf.Root.Lang) == lang
    assert pdf.Root.MarkInfo.Marked
    assert pdf.Root.ViewerPreferences.DisplayDocTitle
    assert str(pdf.docinfo["/Title"]) == "Ticket: Digitale Akte"
    metadata = pdf.open_metadata()
    assert (metadata["pdfuaid:part"], metadata["pdfaid:part"]) == ("1", "2")
    assert metadata["pdfaid:conformance"] == "A"
    kinds, alternatives = structure_of(pdf)
    assert {"/H1", "/H2", "/P", "/Figure", "/Link"} <= kinds
    (alternative,) = alternatives
    assert "QR" in alternative
    assert len(pdf.pages) == 1


def test_pdf_carries_the_code_and_our_fonts_alone(
    app: Flask, client: FlaskClient, person: Registration
) -> None:
    pdf = pdf_of(client, personal_path(app, person, "/ticket.pdf"))
    links = [str(note.A.URI) for note in pdf.pages[0].Annots]
    assert {code_on(app, link) for link in links} == {person.public_id}
    fonts = {str(font.BaseFont) for font in pdf.pages[0].Resources.Font.values()}
    assert all("IkoneSans" in font for font in fonts), fonts


@pytest.mark.parametrize("name", HOSTILE)
def test_names_are_data_in_the_pdf(
    app: Flask, client: FlaskClient, event: Event, name: str
) -> None:
    person = make_registration(app, event, first_name=name[:100], last_name=name[100:] or "Ende")
    pdf = pdf_of(client, personal_path(app, person, "/ticket.pdf"))
    assert pdf.open_metadata()["pdfuaid:part"] == "1"
    assert len(pdf.pages) == 1


def test_name_that_no_font_can_draw_still_gets_a_ticket(
    app: Flask, client: FlaskClient, event: Event
) -> None:
    """The standards forbid it, so the document claims none; its page is whole."""
    person = make_registration(app, event, first_name="Ada 🎉", last_name="王小明")
    pdf = pdf_of(client, personal_path(app, person, "/ticket.pdf"))
    assert pdf.Root.MarkInfo.Marked


def test_longest_texts_run_on_to_further_pages(app: Flask, client: FlaskClient) -> None:
    event = make_event(app, **{**ON_SITE, "directions": "Weg " * 500, "bring": "Ding\n" * 400})
    person = make_registration(app, event)
    assert len(pdf_of(client, personal_path(app, person, "/ticket.pdf")).pages) > 1


def test_without_typst_the_page_is_there_to_print(
    app: Flask, client: FlaskClient, person: Registration, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "typst", None)
    page = client.get(personal_path(app, person, "/ticket"))
    assert "ticket.pdf" not in page.text
    assert "data-print" in page.text
    answer = client.get(personal_path(app, person, "/ticket.pdf?lang=de"), follow_redirects=True)
    assert "Bitte drucken Sie stattdessen diese Seite" in answer.text
    assert 'data-ticket="valid"' in answer.text


class TestRates:
    """With limits of rates."""

    @pytest.fixture
    def settings(self, data_dir: Path) -> Settings:
        return make_settings(data_dir, rate_limits=True)

    def test_one_person_cannot_use_up_the_limit_of_a_town_hall(
        self, app: Flask, client: FlaskClient, event: Event, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setitem(sys.modules, "typst", None)  # leads back to the page: no effort
        paths = [personal_path(app, make_registration(app, event), "/ticket.pdf") for _ in range(2)]
        status = [client.get(paths[0]).status_code for _ in range(70)]
        assert (status[0], status[-1]) == (303, 429)
        assert client.get(paths[1]).status_code == 303


def structure_of(pdf: pikepdf.Pdf) -> tuple[set[str], list[str]]:
    """The kinds of tags, and the alternative texts of figures."""
    tags = [item for item in pdf.objects if isinstance(item, pikepdf.Dictionary) and "/S" in item]
    kinds = {str(tag.S) for tag in tags if isinstance(tag.S, pikepdf.Name)}
    return kinds, [str(tag.Alt) for tag in tags if "/Alt" in tag]
