"""The page of video rooms: secrets go in and never come out, and a press asks the server."""

import html
import logging
import re
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select, text
from werkzeug.test import TestResponse

from ikone_events.domain.rooms.providers import ProviderKind
from ikone_events.services.operating.backups.archive import make_backup
from ikone_events.services.rooms import provider_settings as service
from ikone_events.services.rooms.outgoing import RESOLVER
from ikone_events.services.rooms.provider_settings import ProviderSettings
from ikone_events.store.db import db
from ikone_events.store.rooms.models import StoredProvider
from tests.factories import NOW, make_event, make_settings
from tests.lying_servers import LyingServer, saying, serving
from tests.services.operating.installations import call
from tests.web.organiser.conftest import Browser

PAGE = "/organise/settings/rooms"
SECRET = "Geheimnis-8f3kQzW"
BBB = {
    "provider": "bbb",
    "bbb-url": "https://meet.example.org/bigbluebutton/",
    "bbb-secret": SECRET,
}
JITSI = {
    "provider": "jitsi",
    "jitsi-url": "https://jitsi.example.org",
    "jitsi-app_id": "ikone",
    "jitsi-secret": "Jitsi-Geheimnis-77",
}
DAY = timedelta(days=1)
SECRETS = (SECRET, "Jitsi-Geheimnis-77")


@pytest.fixture(autouse=True)
def public_names(app: Flask) -> None:
    """All names lead to a public address."""
    app.extensions[RESOLVER] = lambda _host: [ip_address("93.184.215.14")]


@pytest.fixture
def server() -> Iterator[LyingServer]:
    """A server of Jitsi on loopback, which may be called."""
    with serving(saying(b"<html>Jitsi</html>")) as running:
        yield running


@pytest.fixture
def set_up(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Start the installation with these settings."""

    def start(**values: object) -> None:
        known = app.extensions["ikone_installation"]
        settings = replace(known.settings, **values)
        monkeypatch.setitem(app.extensions, "ikone_installation", replace(known, settings=settings))

    return start


def seen_of(page: TestResponse, kind: str = "bbb") -> str:
    found = re.search(rf'name="{kind}-seen"[^>]*value="(\d+)"', page.text)
    assert found is not None
    return found[1]


def save(browser: Browser, values: dict[str, str], **more: str) -> TestResponse:
    """Save as a person who has just opened the page."""
    kind = values["provider"]
    return browser.post(PAGE, {f"{kind}-seen": seen_of(browser.get(PAGE), kind), **values, **more})


def in_effect(app: Flask) -> ProviderSettings:
    with app.app_context():
        return service.provider_settings()


def row_of(app: Flask, kind: str = "bbb") -> StoredProvider | None:
    with app.app_context():
        return db.session.get(StoredProvider, kind)


def german(browser: Browser) -> str:
    return html.unescape(browser.get(f"{PAGE}?lang=de").text)


def test_both_providers_are_stored_and_in_effect(app: Flask, admin: Browser) -> None:
    assert save(admin, BBB).status_code == 303
    assert save(admin, JITSI).status_code == 303
    assert in_effect(app) == ProviderSettings(
        bbb_url=BBB["bbb-url"],
        bbb_secret=SECRET,
        jitsi_url=JITSI["jitsi-url"],
        jitsi_app_id="ikone",
        jitsi_secret="Jitsi-Geheimnis-77",
    )
    page = german(admin)
    assert 'data-page="rooms"' in page
    assert BBB["bbb-url"] in page
    assert "Ein Geheimnis ist gespeichert" in page


def test_secrets_are_nowhere_in_clear(
    app: Flask, admin: Browser, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    caplog.set_level(logging.DEBUG)
    shown = [save(admin, BBB).text, save(admin, JITSI).text, german(admin)]
    shown += [save(admin, {**BBB, "bbb-url": "kaputt"}).text]
    shown += [admin.post(f"{PAGE}/check", {"provider": kind}).text for kind in ("bbb", "jitsi")]
    shown += [german(admin), repr(in_effect(app)), caplog.text]
    shown += [call(app, name).output for name in ("doctor", "verify")]
    shown += [call(app, "rooms", "check").output]
    event = make_event(app)
    shown += [call(app, "export", "registrations", event.slug, "--format", "json").output]
    with app.app_context():
        backup = tmp_path / "all.zip"
        make_backup(backup, now=NOW)
        data = app.extensions["ikone_installation"].settings.data_dir
        dump = b"".join(path.read_bytes() for path in data.glob("ikone.db*"))
    with zipfile.ZipFile(backup) as archive:
        kept = b"".join(archive.read(name) for name in archive.namelist())
    assert b'"kind": "bbb"' in kept or b'"bbb"' in kept
    for secret in SECRETS:
        assert not [words for words in shown if secret in words]
        assert secret.encode() not in dump
        assert secret.encode() not in kept


def test_empty_secret_keeps_the_stored_one_and_another_replaces_it(
    app: Flask, admin: Browser
) -> None:
    save(admin, BBB)
    assert save(admin, {**BBB, "bbb-secret": ""}).status_code == 303
    other_path = {**BBB, "bbb-url": "https://meet.example.org/other/", "bbb-secret": ""}
    assert save(admin, other_path).status_code == 303
    assert in_effect(app).bbb_secret == SECRET
    assert save(admin, {**BBB, "bbb-secret": f"{SECRET}-2"}).status_code == 303
    assert in_effect(app).bbb_secret == f"{SECRET}-2"


def test_address_of_another_server_needs_the_secret_again(app: Flask, admin: Browser) -> None:
    """Whoever may change settings can't have a stored secret used for a server of their own."""
    admin.get(f"{PAGE}?lang=de")
    save(admin, BBB)
    elsewhere = {**BBB, "bbb-url": "https://elsewhere.example.org/", "bbb-secret": ""}
    answer = save(admin, elsewhere)
    assert answer.status_code == 422
    assert "führt zu einem anderen Server" in answer.text
    assert in_effect(app).bbb_url == BBB["bbb-url"]
    assert save(admin, {**elsewhere, "bbb-secret": "new"}).status_code == 303


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"bbb-url": ""}, "Adresse des Servers ein"),
        ({"bbb-secret": ""}, "Geheimnis ein"),
        ({"bbb-url": "meet.example.org"}, "keine vollständige Webadresse"),
        ({"bbb-url": "http://meet.example.org/"}, "mit https:// beginnt"),
        ({"bbb-url": "https://meet.example.org:8443/"}, "Port 8443"),
        ({"bbb-url": "https://u:p@meet.example.org/"}, "Benutzername und Passwort"),
        ({"bbb-url": "https://meet.example.org/?a=b"}, "ohne „?“"),
        ({"bbb-url": "https://localhost/"}, "IKONE_OUTGOING_HOSTS"),
        ({"bbb-url": "https://10.0.0.5/"}, "eigenen Netz"),
        ({"bbb-url": "https://[::ffff:127.0.0.1]/"}, "eigenen Netz"),
        ({"bbb-url": "https://2130706433/"}, "keine vollständige Webadresse"),
        ({"bbb-url": "https://meet.example.org/" + "x" * 500}, "höchstens 500 Zeichen"),
        ({"bbb-secret": "x" * 501}, "höchstens 500 Zeichen"),
        ({"bbb-secret": "a\x01b"}, "Steuerzeichen"),
    ],
)
def test_unfit_details_are_refused_in_words(
    app: Flask, admin: Browser, values: dict[str, str], words: str
) -> None:
    admin.get(f"{PAGE}?lang=de")
    answer = save(admin, {**BBB, **values})
    assert answer.status_code == 422
    assert words in html.unescape(answer.text)
    assert 'data-page="rooms"' in answer.text
    assert SECRET not in answer.text
    assert in_effect(app) == ProviderSettings()


def test_page_speaks_english_too(admin: Browser) -> None:
    admin.get(f"{PAGE}?lang=en")
    answer = save(admin, {**BBB, "bbb-url": "https://localhost/"})
    assert "inside your own network" in answer.text
    assert "Check connection" in answer.text or "Address of the server" in answer.text


def test_name_that_leads_inside_is_refused_when_saved_and_when_called_later(
    app: Flask, admin: Browser
) -> None:
    admin.get(f"{PAGE}?lang=de")
    app.extensions[RESOLVER] = lambda _host: [ip_address("10.0.0.5")]
    assert "eigenen Netz" in save(admin, JITSI).text
    app.extensions[RESOLVER] = lambda _host: [ip_address("93.184.215.14")]
    assert save(admin, JITSI).status_code == 303
    app.extensions[RESOLVER] = lambda _host: [ip_address("127.0.0.1")]
    admin.post(f"{PAGE}/check", {"provider": "jitsi"})
    assert "„jitsi.example.org“ liegt in Ihrem eigenen Netz" in german(admin)
    assert "inside your own network" in call(app, "rooms", "check").output


def test_press_asks_the_server_and_the_page_shows_what_it_answered(
    app: Flask, admin: Browser, set_up: Callable[..., None], server: LyingServer
) -> None:
    set_up(outgoing_hosts=("127.0.0.1",))
    save(admin, {**JITSI, "jitsi-url": f"http://127.0.0.1:{server.port}"})
    assert "Verbindung prüfen" in german(admin)
    assert server.heard == []  # nobody is called for a page or a save
    form = re.search(r'<form class="post"[^>]*/rooms/check">.*?</form>', german(admin), re.DOTALL)
    assert form is not None
    fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', form[0]))
    assert fields.pop("csrf_token")
    assert admin.post(f"{PAGE}/check", fields).status_code == 303
    assert "antwortet, die Verbindung funktioniert" in german(admin)
    assert len(server.heard) == 1
    result = call(app, "rooms", "check")
    assert (result.exit_code, "ok: jitsi" in result.output) == (0, True)


def test_fault_of_a_server_is_shown_in_words_and_by_the_command(
    app: Flask, admin: Browser, set_up: Callable[..., None]
) -> None:
    set_up(outgoing_hosts=("127.0.0.1",))
    with serving(saying(b"", status="503 Busy")) as server:
        save(admin, {**JITSI, "jitsi-url": f"http://127.0.0.1:{server.port}"})
        admin.post(f"{PAGE}/check", {"provider": "jitsi"})
        assert "503" in german(admin)
        result = call(app, "rooms", "check")
    assert result.exit_code == 1
    assert result.output.startswith("jitsi: ")
    assert "503" in result.output
    admin.post(f"{PAGE}/check", {"provider": "jitsi"})
    assert "ist nicht erreichbar" in german(admin)


def test_without_a_provider_nothing_is_checked(app: Flask, admin: Browser) -> None:
    result = call(app, "rooms", "check")
    assert (result.exit_code, result.output) == (0, "No provider is set up: rooms are links.\n")
    assert german(admin).count("Nicht eingerichtet") == 2
    assert "ok: rooms: no provider is set up: rooms are links" in call(app, "doctor").output
    admin.post(f"{PAGE}/check", {"provider": "bbb"})
    assert "Das Geheimnis fehlt." in german(admin)


def test_variable_wins_and_is_shown_read_only(
    app: Flask, admin: Browser, set_up: Callable[..., None]
) -> None:
    save(admin, BBB)
    set_up(bbb_url="https://server.example.org/b/", bbb_secret="aus-der-Variablen-99")
    page = german(admin)
    assert "https://server.example.org/b/" in page
    assert "IKONE_BBB_URL" in page
    assert "aus-der-Variablen" not in page
    assert 'name="bbb-url"' not in page
    assert (in_effect(app).bbb_url, in_effect(app).bbb_secret) == (
        "https://server.example.org/b/",
        "aus-der-Variablen-99",
    )
    set_up(bbb_url="https://server.example.org/b/", bbb_secret="")
    assert 'name="bbb-secret"' in german(admin)
    assert save(admin, {"provider": "bbb", "bbb-secret": "neu"}).status_code == 303
    assert in_effect(app).bbb_secret == "neu"
    row = row_of(app)
    assert row is not None
    assert row.url == BBB["bbb-url"]


def test_secret_of_another_key_is_reported_and_breaks_nothing(
    app: Flask, admin: Browser, set_up: Callable[..., None], tmp_path: Path
) -> None:
    """After a restore with another IKONE_SECRET_KEY. Sessions stay: only settings change."""
    save(admin, BBB)
    save(admin, JITSI)
    other = make_settings(tmp_path, secret_key="pW3xK8vN1mR6tY4bZ9cQ2hJ7fL5dS0gA").secret_key
    set_up(secret_key=other)
    found = in_effect(app)
    assert found.unreadable == (ProviderKind.BIGBLUEBUTTON, ProviderKind.JITSI)
    assert (found.bbb_url, found.bbb_secret) == (BBB["bbb-url"], "")
    assert "Das gespeicherte Geheimnis ist nicht lesbar" in german(admin)
    assert "fault: rooms: BigBlueButton: The stored secret can’t be read" in (
        call(app, "doctor").output
    )
    assert call(app, "rooms", "check").exit_code == 1
    assert save(admin, {**BBB, "bbb-secret": ""}).status_code == 422
    assert save(admin, BBB).status_code == 303
    assert in_effect(app).bbb_secret == SECRET


def test_damaged_row_breaks_no_page(app: Flask, admin: Browser) -> None:
    save(admin, BBB)
    for sealed in ("v1.", "v1.!!", "v1.AAAA", "plain", "v2.xyz"):
        with app.app_context(), db.engine.begin() as link:
            link.execute(text("UPDATE provider_settings SET secret = :s"), {"s": sealed})
        assert in_effect(app).unreadable == (ProviderKind.BIGBLUEBUTTON,)
        assert admin.get(PAGE).status_code == 200


def test_sealed_secret_of_one_provider_is_of_no_use_for_another(app: Flask, admin: Browser) -> None:
    save(admin, BBB)
    save(admin, JITSI)
    with app.app_context(), db.engine.begin() as link:
        sealed = link.scalar(text("SELECT secret FROM provider_settings WHERE kind = 'bbb'"))
        link.execute(
            text("UPDATE provider_settings SET secret = :s WHERE kind = 'jitsi'"), {"s": sealed}
        )
    assert in_effect(app).unreadable == (ProviderKind.JITSI,)


def test_same_secret_is_sealed_differently_each_time(app: Flask, admin: Browser) -> None:
    save(admin, BBB)
    first = row_of(app)
    admin.post(f"{PAGE}/remove", {"provider": "bbb", "seen": "1"})
    save(admin, BBB)
    second = row_of(app)
    assert first is not None
    assert second is not None
    assert first.secret != second.secret


def test_second_of_two_administrators_is_warned(
    app: Flask, admin: Browser, colleague: Browser
) -> None:
    seen = seen_of(admin.get(f"{PAGE}?lang=de"))
    assert save(colleague, {**BBB, "bbb-url": "https://hers.example.org/"}).status_code == 303
    answer = admin.post(PAGE, {**BBB, "bbb-seen": seen})
    assert answer.status_code == 409
    assert "Inzwischen hat jemand anderes" in answer.text
    assert "https://hers.example.org/" in answer.text
    assert SECRET not in answer.text
    assert in_effect(app).bbb_url == "https://hers.example.org/"
    assert admin.post(PAGE, {**BBB, "bbb-seen": seen_of(answer)}).status_code == 303
    admin.post(f"{PAGE}/remove", {"provider": "bbb", "seen": seen})
    assert in_effect(app).bbb_url == BBB["bbb-url"]
    assert "Inzwischen hat jemand anderes" in german(admin)


def test_details_are_removed(app: Flask, admin: Browser) -> None:
    save(admin, BBB)
    form = re.search(r"/rooms/remove.*?</form>", german(admin), re.DOTALL)
    assert form is not None
    seen = re.search(r'name="seen" value="(\d+)"', form[0])
    assert seen is not None
    assert admin.post(f"{PAGE}/remove", {"provider": "bbb", "seen": seen[1]}).status_code == 303
    assert "Die Angaben sind entfernt" in german(admin)
    row = row_of(app)
    assert row is not None
    assert (row.url, row.secret) == ("", "")


def test_removal_names_the_coming_events_that_have_no_room_now(app: Flask, admin: Browser) -> None:
    save(admin, BBB)
    make_event(app, title="Sensoren", room_provider="bbb")
    make_event(app, title="Abgesagt", room_provider="bbb", state="cancelled")
    make_event(app, title="Vorbei", room_provider="bbb", starts_at=NOW - DAY, ends_at=NOW)
    make_event(app, title="Vor Ort", room_provider="bbb", format="on_site")
    make_event(app, title="Mit Link")
    assert admin.post(f"{PAGE}/remove", {"provider": "bbb", "seen": "1"}).status_code == 303
    page = german(admin)
    assert "Eine kommende Veranstaltung hat jetzt keinen Raum: Sensoren." in page
    assert "Abgesagt" not in page


def test_edits_are_in_the_security_log_without_their_values(
    admin: Browser, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="ikone_events.security")
    save(admin, BBB)
    save(admin, {**BBB, "bbb-secret": ""})  # nothing has changed
    admin.post(f"{PAGE}/remove", {"provider": "bbb", "seen": "1"})
    lines = [line for line in caplog.messages if "rooms_bbb" in line]
    assert len(lines) == 2
    assert '"fields": "url,secret"' in lines[0]
    assert '"fields": "removed"' in lines[1]
    assert not [line for line in caplog.messages if SECRET in line or "meet.example" in line]


def test_only_administrators_open_the_page(
    app: Flask, admin: Browser, team: Browser, viewer: Browser, stranger: Browser
) -> None:
    for other in (team, viewer, stranger):
        assert other.get(PAGE).status_code == 403
        assert PAGE not in other.get("/organise/").text
        for path in ("", "/check", "/remove"):
            assert other.post(f"{PAGE}{path}", {**BBB, "bbb-seen": "0"}).status_code == 403
    assert app.test_client().get(PAGE).status_code == 303
    assert PAGE in admin.get("/organise/settings/organisation").text
    with app.app_context():
        assert db.session.scalars(select(StoredProvider)).all() == []


def test_unknown_provider_is_not_found(admin: Browser) -> None:
    for path in ("", "/check", "/remove"):
        for kind in ("link", "zoom", ""):
            assert admin.post(f"{PAGE}{path}", {"provider": kind}).status_code == 404


def test_page_changes_nothing_and_calls_nobody(app: Flask, admin: Browser) -> None:
    def resolve(_host: str) -> list[object]:
        raise AssertionError("a page has asked for a name")

    save(admin, BBB)
    app.extensions[RESOLVER] = resolve
    assert admin.get(PAGE).status_code == 200
    assert admin.get(f"{PAGE}/check").status_code in (404, 405)


def test_doctor_looks_at_settings_and_calls_nobody(
    app: Flask, admin: Browser, set_up: Callable[..., None], server: LyingServer
) -> None:
    address = f"http://127.0.0.1:{server.port}/"
    set_up(jitsi_url=address, jitsi_secret="geheim-17")
    found = call(app, "doctor").output
    assert "fault: rooms: Jitsi Meet: The app id is missing." in found
    assert "fault: rooms: Jitsi Meet: “127.0.0.1” is inside your own network" in found
    set_up(jitsi_app_id="ikone", outgoing_hosts=("127.0.0.1",))
    found = call(app, "doctor").output
    assert f"ok: rooms: Jitsi Meet: {address} (from IKONE_JITSI_URL, " in found
    assert "geheim-17" not in found
    assert server.heard == []
