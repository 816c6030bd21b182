"""The page of the organisation: what is accepted, what is refused, and who may."""

import re
from io import BytesIO
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from ikone_events.store.operating.identity import stored_identity
from tests.logos import HTML, SVG, jpeg, png, webp
from tests.web.organiser.conftest import Browser
from tests.web.organiser.settings.conftest import set_variables

PAGE = "/organise/settings/organisation"
FIT = {
    "organisation": "Digitalbüro Pfalz",
    "accent": "#006b2d",
    "address": "Marktplatz 1, 67655 Kaiserslautern",
    "privacy_contact": "dsb@example.org",
}


def seen_of(page: TestResponse) -> str:
    """The version that the form on a page showed."""
    found = re.search(r'name="seen"[^>]*value="(\d+)"', page.text)
    assert found is not None
    return found[1]


def save(browser: Browser, **values: str) -> TestResponse:
    """Save the details as a person who has just opened the page."""
    seen = values.pop("seen", None) or seen_of(browser.get(PAGE))
    return browser.post(PAGE, {**FIT, "seen": seen, **values})


def upload(browser: Browser, content: bytes, name: str = "logo.png", **more: Any) -> TestResponse:
    """Upload a logo in place of the one that the page shows."""
    found = re.search(r'name="logo-seen"[^>]*value="(\w*)"', browser.get(PAGE).text)
    values = {"logo-seen": found[1] if found else "", "logo-file": (BytesIO(content), name), **more}
    return browser.post(f"{PAGE}/logo", values, content_type="multipart/form-data")


def test_details_are_stored_and_shown_again(app: Flask, admin: Browser) -> None:
    assert save(admin).status_code == 303
    page = admin.get(PAGE).text
    assert all(value in page for value in FIT.values())
    with app.app_context():
        stored = stored_identity()
    assert {name: getattr(stored, name) for name in FIT} == FIT


def test_empty_details_lead_back_to_the_defaults(app: Flask, admin: Browser) -> None:
    save(admin)
    assert save(admin, **dict.fromkeys(FIT, "")).status_code == 303
    with app.app_context():
        assert stored_identity().organisation == ""
    assert "IKONE DS" in admin.get("/").text


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"accent": "#fff"}, "kaum lesbar"),
        ({"accent": "red;}"}, "Das ist keine Farbe"),
        ({"organisation": "x" * 10_000}, "höchstens 100 Zeichen"),
        ({"organisation": "A\x1bB"}, "Steuerzeichen"),
        ({"privacy_contact": "x" * 201}, "höchstens 200 Zeichen"),
    ],
)
def test_unfit_details_are_refused_with_everything_kept(
    app: Flask, admin: Browser, values: dict[str, str], words: str
) -> None:
    answer = admin.post(f"{PAGE}?lang=de", {**FIT, "seen": "0", **values})
    assert answer.status_code == 422
    assert words in answer.text
    kept = FIT | values
    assert all(value in answer.text for name, value in kept.items() if name != "accent")
    with app.app_context():
        assert stored_identity().organisation == ""


def test_readable_colour_is_offered_and_taken_by_its_button(app: Flask, admin: Browser) -> None:
    answer = admin.post(PAGE, {**FIT, "seen": "0", "accent": "#fc0"})
    assert answer.status_code == 422
    offer = re.search(r'name="take" value="(#[0-9a-f]{6})"', answer.text)
    assert offer is not None
    assert 'value="#fc0"' in answer.text or 'value="#ffcc00"' in answer.text
    taken = admin.post(PAGE, {**FIT, "seen": "0", "accent": "#fc0", "take": offer[1]})
    assert taken.status_code == 303
    with app.app_context():
        assert stored_identity().accent == offer[1]


def test_markup_of_details_is_escaped_everywhere(admin: Browser) -> None:
    save(admin, organisation="<b>Amt</b>", address='"><script>x</script>', privacy_contact="<i>")
    for path in ("/", "/imprint", "/privacy", PAGE, "/organise/"):
        text = admin.get(path).text
        assert "<b>Amt" not in text.replace("<b><b>", "")
        assert "<script>x" not in text


def test_second_of_two_administrators_is_warned_and_keeps_what_was_typed(
    app: Flask, admin: Browser, colleague: Browser
) -> None:
    seen = seen_of(admin.get(PAGE))
    assert save(colleague, organisation="Amt der Kollegin").status_code == 303
    answer = admin.post(f"{PAGE}?lang=de", {**FIT, "organisation": "Mein Amt", "seen": seen})
    assert answer.status_code == 409
    assert "Amt der Kollegin" in answer.text
    assert 'value="Mein Amt"' in answer.text
    again = admin.post(PAGE, {**FIT, "organisation": "Mein Amt", "seen": seen_of(answer)})
    assert again.status_code == 303
    with app.app_context():
        assert stored_identity().organisation == "Mein Amt"


def test_variable_is_shown_read_only_and_not_overwritten(
    app: Flask, admin: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    save(admin)
    set_variables(app, monkeypatch, organisation="Amt vom Server", accent="#6b3fa0")
    page = admin.get(PAGE).text
    assert "Amt vom Server" in page
    assert "IKONE_ORGANISATION" in page
    assert 'name="organisation"' not in page
    assert "IKONE_ADDRESS" not in page  # a default, or nothing, is not set
    assert save(admin, organisation="Anderes", address="Neue Straße 2").status_code == 303
    with app.app_context():
        stored = stored_identity()
    assert (stored.organisation, stored.address) == (FIT["organisation"], "Neue Straße 2")


def test_only_administrators_open_the_page(
    admin: Browser, team: Browser, viewer: Browser, stranger: Browser, app: Flask
) -> None:
    seen = seen_of(admin.get(PAGE))
    for other in (team, viewer, stranger):
        assert other.get(PAGE).status_code == 403
        assert other.post(PAGE, {**FIT, "seen": seen}).status_code == 403
        assert upload(other, png()).status_code == 403
        assert other.post(f"{PAGE}/logo/remove").status_code == 403
        assert PAGE not in other.get("/organise/").text
    assert app.test_client().get(PAGE).status_code == 303


@pytest.mark.parametrize(
    ("make", "content_type"), [(png, "image/png"), (jpeg, "image/jpeg"), (webp, "image/webp")]
)
def test_logo_is_served_as_it_is_for_ever_under_its_version(
    app: Flask, admin: Browser, make: Any, content_type: str
) -> None:
    assert upload(admin, make()).status_code == 303
    stranger = app.test_client()
    shown = r'<img class="logo" src="(/logo\?v=\w+)" alt="IKONE DS"'
    address = re.search(shown, stranger.get("/").text)
    assert address is not None
    answer = stranger.get(address[1])
    assert answer.data == make()
    assert answer.content_type == content_type
    assert "immutable" in answer.headers["Cache-Control"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert stranger.get("/logo?v=other").headers["Cache-Control"] == "no-cache"
    etag = answer.headers["ETag"]
    assert stranger.get("/logo", headers={"If-None-Match": etag}).status_code == 304
    assert "/logo?v=" in admin.get("/organise/").text


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (HTML, "Das ist kein Bild"),
        (SVG, "Das ist kein Bild"),
        (b"", "Die Datei ist leer"),
        (png(20_000, 20_000), "20000 × 20000 Pixel"),
        (png()[:-9], "unvollständig"),
    ],
)
def test_unfit_logo_is_refused_with_words(
    app: Flask, admin: Browser, content: bytes, words: str
) -> None:
    admin.get(f"{PAGE}?lang=de")
    answer = upload(admin, content)
    assert answer.status_code == 422
    assert words in answer.text
    assert app.test_client().get("/logo").status_code == 404


def test_logo_of_50_megabytes_is_refused_with_words(admin: Browser) -> None:
    head = b'--x\r\nContent-Disposition: form-data; name="logo-file"; filename="a.png"\r\n\r\n'
    body = head + png() + b"\0" * 50_000_000 + b"\r\n--x--\r\n"
    answer = admin.client.post(
        f"{PAGE}/logo", data=body, content_type="multipart/form-data; boundary=x"
    )
    assert answer.status_code == 413
    assert "1\xa0MB" in answer.text or "1 MB" in answer.text


def test_upload_without_a_file_is_refused(admin: Browser) -> None:
    admin.get(f"{PAGE}?lang=de")
    answer = admin.post(f"{PAGE}/logo", {"logo-seen": ""}, content_type="multipart/form-data")
    assert answer.status_code == 422
    assert "Bitte wählen Sie eine Datei" in answer.text


def test_logo_is_removed_and_not_by_somebody_who_saw_another(
    app: Flask, admin: Browser, colleague: Browser
) -> None:
    upload(admin, png())
    known = re.search(r'name="seen" value="(\w{64})"', admin.get(PAGE).text)
    assert known is not None
    upload(colleague, png(60, 60))
    assert admin.post(f"{PAGE}/logo/remove", {"seen": known[1]}).status_code == 409
    assert app.test_client().get("/logo").data == png(60, 60)
    newer = re.search(r'name="seen" value="(\w{64})"', admin.get(PAGE).text)
    assert newer is not None
    assert admin.post(f"{PAGE}/logo/remove", {"seen": newer[1]}).status_code == 303
    assert app.test_client().get("/logo").status_code == 404
    assert 'class="logo"' not in admin.get("/").text


def test_colour_is_a_small_style_sheet_for_both_themes(app: Flask, admin: Browser) -> None:
    stranger = app.test_client()
    assert stranger.get("/accent.css").status_code == 404
    assert "accent.css" not in stranger.get("/").text
    save(admin)
    for path in ("/", "/organise/"):
        assert 'href="/accent.css?v=006b2d"' in admin.get(path).text
    answer = stranger.get("/accent.css?v=006b2d")
    assert answer.content_type == "text/css; charset=utf-8"
    assert "immutable" in answer.headers["Cache-Control"]
    assert "--kern-color-action-default:#006b2d" in answer.text
    assert "prefers-color-scheme:dark" in answer.text
    assert stranger.get("/accent.css?v=123456").headers["Cache-Control"] == "no-cache"
