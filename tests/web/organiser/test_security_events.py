"""The security log: who did what from where, no names, and no flood of lines."""

import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from ikone_events.commands import common
from ikone_events.config import Settings
from ikone_events.services.accounts.security_log import LOGGER, SecurityEvent, log_security
from ikone_events.web.shell import security_events
from ikone_events.web.shell.security_events import FloodFilter, RefusalKind
from tests.factories import make_event, make_settings
from tests.web.organiser.conftest import PASSWORD, Browser, Person
from tests.web.organiser.test_login import log_in
from tests.web.visitor import token_of


@pytest.fixture
def settings(data_dir: Path) -> Settings:
    return make_settings(data_dir, rate_limits=True, trusted_proxies=1)


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture) -> Callable[[], list[dict[str, Any]]]:
    """The lines of the security log so far."""
    caplog.set_level(logging.INFO, logger=LOGGER)
    return lambda: [json.loads(r.getMessage()) for r in caplog.records if r.name == LOGGER]


Lines = Callable[[], list[dict[str, Any]]]


def test_logins_and_logouts_are_logged_without_addresses(
    client: FlaskClient, make_person: Callable[..., Person], lines: Lines
) -> None:
    person = make_person()
    proxied = {"HTTP_X_FORWARDED_FOR": "2001:db8:1:2:3:4:5:6"}
    client.environ_base.update(proxied)
    log_in(client, person.email, "falsch")
    log_in(client, person.email)
    client.post("/logout", data={"csrf_token": token_of(client.get("/organise/"))})

    found = [(line["event"], line["account"], line["network"]) for line in lines()]
    network = "2001:db8:1:2::/64"
    assert found == [
        ("sign_in_refused", None, network),
        ("signed_in", person.id, network),
        ("signed_out", person.id, network),
    ]
    assert person.email not in json.dumps(lines())
    assert PASSWORD not in json.dumps(lines())


def test_refusals_are_logged_with_their_reason(
    client: FlaskClient, viewer: Browser, app: Flask, lines: Lines
) -> None:
    event = make_event(app)
    client.post("/login", data={"email": "a@example.org"})
    client.get("/", headers={"Host": "evil.example"})
    viewer.get(f"/organise/events/{event.slug}/registrations.csv")

    found = [(line["status"], line["reason"], line["account"]) for line in lines()]
    assert found == [(400, "csrf", None), (400, "host", None), (403, "", 1)]
    assert {line["event"] for line in lines()} == {"refused"}
    assert "evil" not in json.dumps(lines())


def test_flood_of_refusals_is_one_line_a_minute(
    app: Flask, client: FlaskClient, lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    app.config["WTF_CSRF_ENABLED"] = False
    refused = [client.post("/r/nobody/confirm").status_code for _ in range(160)].count(429)
    assert refused == 100
    assert [line["count"] for line in lines()] == [1]

    monkeypatch.setattr(security_events, "WINDOW_SECONDS", -1)  # the minute is over
    client.get("/", headers={"Host": "evil.example"})
    assert [(line["status"], line["count"]) for line in lines()] == [(429, 1), (429, 99), (400, 1)]


def test_flood_from_many_networks_is_bounded() -> None:
    floods = FloodFilter()
    reported = [
        each
        for number in range(5000)
        for each in floods.to_report(
            RefusalKind(SecurityEvent.REFUSED, str(number), "login", 429, "", None)
        )
    ]
    assert len(reported) == security_events._MOST_KINDS + 1
    assert reported[-1][0].network == "others"


def test_line_of_serve_is_json_with_its_moment_and_no_control_characters() -> None:
    records: list[logging.LogRecord] = []
    handler = logging.Handler()
    handler.emit = records.append  # type: ignore[method-assign]
    logger = logging.getLogger(LOGGER)
    logger.addHandler(handler)
    level = logger.level
    logger.setLevel(logging.INFO)
    try:
        log_security(SecurityEvent.EXPORTED, account=3, network="x\r\n\x1b[2J\u2028y", rows=2)
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)

    text = common._Lines().format(records[0])
    assert text.isprintable()
    line = json.loads(text)
    assert set(line) == {"at", "event", "account", "network", "rows"}
    assert line["network"] == "x\r\n\x1b[2J\u2028y"
