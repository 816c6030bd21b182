"""Every fault of a mail server at every stage: nothing lost, nothing twice, nobody held up."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest
from flask import Flask

from ikone_events.config import Settings
from ikone_events.services.mails.delivery_log import notes_of
from ikone_events.services.operating.health import engine_health
from ikone_events.store.db import db
from ikone_events.store.mails.models import OutboxMail
from tests.effort import by_night
from tests.factories import FixedClock, make_event, make_mail, make_registration, make_settings
from tests.rows import work
from tests.scripted_smtp import DROP, SILENT, STAGES, ScriptedServer, Turn

PEOPLE = ["anna@example.org", "bo@example.org", "cy@example.org"]
ANNA, *OTHERS = PEOPLE
LATER = ["450 4.2.0 Greylisted", "451 4.3.0 Local error", "452 4.2.2 Mailbox full"]
GOING = "421 4.3.2 Shutting down"


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer() as running:
        yield running


@pytest.fixture
def lease() -> int:
    """Seconds; a silent server is left after three quarters of them."""
    return 120


@pytest.fixture
def settings(data_dir: Path, server: ScriptedServer, lease: int) -> Settings:
    """An installation that sends at full speed."""
    return make_settings(
        data_dir, smtp_url=server.url, mail_per_minute=600_000, lease_seconds=lease
    )


@pytest.fixture
def mails(app: Flask) -> list[OutboxMail]:
    return post(app, PEOPLE)


def post(app: Flask, people: list[str]) -> list[OutboxMail]:
    event = make_event(app, capacity=None)
    return [make_mail(app, make_registration(app, event, email=email)) for email in people]


def noted(app: Flask, mail: OutboxMail) -> tuple[str, int, list[str]]:
    """A mail's state, the tries it has lost, and what was noted of it."""
    with app.app_context():
        now = db.session.get_one(OutboxMail, mail.id)
        words = [f"{note.what}: {note.words}" for note in notes_of(now)]
        return now.state, now.tries - now.tries_before, words


def states(app: Flask, mails: list[OutboxMail]) -> list[str]:
    return [noted(app, mail)[0] for mail in mails]


def at(stage: str, line: str, *, to: str = "") -> Callable[[Turn], str]:
    """A script that says a line at one stage, to one recipient or (empty) to all.

    Before a recipient is named, the first mail of the first connection is meant.
    """

    def script(turn: Turn) -> str:
        if turn.stage != stage:
            return ""
        first = turn.recipient == to or (stage == "MAIL" and (turn.connection, turn.mail) == (1, 1))
        return line if first or not to else ""

    return script


def friendly(_turn: Turn) -> str:
    return ""


def everybody_gets_one(app: Flask, server: ScriptedServer, mails: list[OutboxMail]) -> None:
    assert states(app, mails) == ["sent"] * len(mails)
    assert sorted(taken.recipient for taken in server.taken) == sorted(
        mail.recipient for mail in mails
    )


def test_refused_connections_cost_no_mail_a_try_however_long_they_last(
    app: Flask, mails: list[OutboxMail], server: ScriptedServer, clock: FixedClock
) -> None:
    server.__exit__(None, None, None)
    for _ in range(40):
        assert work(app) == 0
        clock.move(hours=1)

    state, lost, words = noted(app, mails[0])
    assert (state, lost, len(words)) == ("queued", 0, 1)
    assert "refused" in words[0].lower()
    assert states(app, mails) == ["queued"] * 3

    server.__enter__()
    work(app)
    clock.move(minutes=2)
    work(app)
    everybody_gets_one(app, server, mails)


@pytest.mark.parametrize(
    "fault", list(product(["CONNECT", "EHLO", "MAIL"], [GOING, "554 5.7.1 Not you"]))
)
def test_server_that_takes_nothing_from_us_is_asked_once_a_run(
    app: Flask,
    mails: list[OutboxMail],
    server: ScriptedServer,
    clock: FixedClock,
    fault: tuple[str, str],
) -> None:
    stage, line = fault
    server.script = at(stage, line)

    assert work(app) == 0

    assert noted(app, mails[0]) == ("queued", 0, [f"deferred: {line}"])
    assert [noted(app, mail) for mail in mails[1:]] == [("queued", 0, [])] * 2
    with app.app_context():
        assert engine_health(clock()).refusal == line

    server.script = friendly
    assert work(app) == 0
    clock.move(minutes=2)
    assert work(app) == 3
    everybody_gets_one(app, server, mails)
    with app.app_context():
        assert engine_health(clock()).refusal == ""


@pytest.mark.parametrize("fault", list(product(["MAIL", "RCPT", "DATA", "BODY"], LATER)))
def test_mail_that_is_put_off_holds_up_nobody(
    app: Flask,
    mails: list[OutboxMail],
    server: ScriptedServer,
    clock: FixedClock,
    fault: tuple[str, str],
) -> None:
    stage, line = fault
    server.script = at(stage, line, to=ANNA)

    assert work(app) == 2

    assert noted(app, mails[0]) == ("queued", 1, [f"deferred: {line}"])
    assert [noted(app, mail) for mail in mails[1:]] == [("sent", 1, [])] * 2
    assert server.connections == 1
    server.script = friendly
    clock.move(minutes=2)
    assert work(app) == 1
    assert noted(app, mails[0])[:2] == ("sent", 2)


@pytest.mark.parametrize("stage", ["RCPT", "DATA", "BODY"])
def test_server_that_goes_away_in_a_mail_gets_the_others_at_the_next_run(
    app: Flask, mails: list[OutboxMail], server: ScriptedServer, clock: FixedClock, stage: str
) -> None:
    server.script = at(stage, GOING, to=ANNA)

    assert work(app) == 0
    assert noted(app, mails[0]) == ("queued", 1, [f"deferred: {GOING}"])
    assert work(app) == 2

    server.script = friendly
    clock.move(minutes=2)
    assert work(app) == 1
    assert states(app, mails) == ["sent"] * 3


@pytest.mark.parametrize("stage", ["RCPT", "DATA", "BODY"])
def test_one_refused_of_fifty_stops_nobody(app: Flask, server: ScriptedServer, stage: str) -> None:
    people = [f"p{number}@example.org" for number in range(50)]
    mails = post(app, people)
    server.script = at(stage, "550 5.1.1 No such user", to=people[20])

    assert work(app) == 49

    assert noted(app, mails[20]) == ("failed", 1, ["failed: 550 5.1.1 No such user"])
    assert states(app, mails).count("sent") == 49
    assert server.connections == 1


def test_mail_whose_answer_was_lost_goes_once_more_under_the_same_number(
    app: Flask, mails: list[OutboxMail], server: ScriptedServer, clock: FixedClock
) -> None:
    server.script = at("BODY", DROP, to=ANNA)

    assert work(app) == 2
    state, lost, words = noted(app, mails[0])
    assert (state, lost, len(words)) == ("queued", 1, 1)

    server.script = friendly
    assert work(app) == 0
    clock.move(minutes=2)
    assert work(app) == 1
    assert work(app) == 0
    numbers = [taken.message_id for taken in server.taken if taken.recipient == ANNA]
    assert numbers == [mails[0].message_id] * 2
    assert len(server.taken) == 4


@pytest.mark.parametrize("stage", ["MAIL", "RCPT", "DATA", "BODY"])
def test_server_that_drops_one_after_another_counts_as_down(
    app: Flask, server: ScriptedServer, clock: FixedClock, stage: str
) -> None:
    mails = post(app, [f"p{number}@example.org" for number in range(10)])
    server.script = at(stage, DROP)

    assert work(app) == 0

    assert [noted(app, mail)[1] for mail in mails] == [1, 1, 1, *[0] * 7]
    server.script = friendly
    assert work(app) == 7
    clock.move(minutes=2)
    assert work(app) == 3
    assert states(app, mails) == ["sent"] * 10


def test_connection_that_died_between_two_mails_costs_no_mail(
    app: Flask, mails: list[OutboxMail], server: ScriptedServer
) -> None:
    server.script = lambda turn: GOING if (turn.stage, turn.mail) == ("MAIL", 2) else ""

    assert work(app) == 3

    everybody_gets_one(app, server, mails)
    assert [noted(app, mail)[2] for mail in mails] == [[], [], []]
    assert server.connections == 3


@pytest.mark.slow
@pytest.mark.parametrize("lease", [by_night(6, 3)])
@pytest.mark.parametrize("stage", by_night(STAGES, ("EHLO", "BODY")))  # a lease and more each
def test_silent_server_is_left_after_a_while_and_asked_again_later(
    app: Flask, server: ScriptedServer, clock: FixedClock, stage: str
) -> None:
    mails = post(app, [f"p{number}@example.org" for number in range(6)])
    server.script = at(stage, SILENT)

    assert work(app) == 0

    in_mails = stage not in ("CONNECT", "EHLO")
    assert (
        [noted(app, mail)[1] for mail in mails] == [1, 1, 0, 0, 0, 0][:6] if in_mails else [0] * 6
    )
    assert "timed out" in noted(app, mails[0])[2][0]
    server.script = friendly
    work(app)
    clock.move(minutes=2)
    work(app)
    assert states(app, mails) == ["sent"] * 6


@pytest.mark.slow
@pytest.mark.parametrize("lease", [by_night(6, 3)])
def test_server_that_is_silent_to_one_is_patient_with_the_others(
    app: Flask, mails: list[OutboxMail], server: ScriptedServer
) -> None:
    server.script = at("RCPT", SILENT, to=ANNA)

    assert work(app) == 2

    assert noted(app, mails[0])[:2] == ("queued", 1)


class TestWithPassword:
    @pytest.fixture
    def server(self) -> Iterator[ScriptedServer]:
        with ScriptedServer(features=("AUTH PLAIN",)) as running:
            yield running

    @pytest.fixture
    def settings(self, settings: Settings, server: ScriptedServer) -> Settings:
        return replace(settings, smtp_url=f"smtp://me:wrong@127.0.0.1:{server.port}?tls=none")

    def test_wrong_password_fails_no_mail_and_is_reported_in_the_servers_words(
        self, app: Flask, mails: list[OutboxMail], server: ScriptedServer, clock: FixedClock
    ) -> None:
        server.script = at("AUTH", "535 5.7.8 Authentication failed")
        for _ in range(30):
            assert work(app) == 0
            clock.move(hours=1)

        work(app)
        words = ["deferred: 535 5.7.8 Authentication failed"]
        assert noted(app, mails[0]) == ("queued", 0, words)
        assert states(app, mails) == ["queued"] * 3
        with app.app_context():
            assert "535" in engine_health(clock()).refusal

        server.script = lambda turn: "235 welcome" if turn.stage == "AUTH" else ""
        work(app)
        clock.move(hours=1)
        work(app)
        everybody_gets_one(app, server, mails)


class TestWithoutTLS:
    @pytest.fixture
    def settings(self, settings: Settings, server: ScriptedServer) -> Settings:
        return replace(settings, smtp_url=f"smtp://127.0.0.1:{server.port}?tls=starttls")

    def test_server_without_starttls_gets_no_mail(
        self, app: Flask, mails: list[OutboxMail], server: ScriptedServer
    ) -> None:
        assert work(app) == 0

        state, lost, words = noted(app, mails[0])
        assert (state, lost) == ("queued", 0)
        assert "STARTTLS" in words[0]
        assert server.taken == []


class TestWithFewMailsAConnection:
    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return replace(settings, mail_per_connection=3)

    def test_connection_is_renewed_after_its_mails(
        self, app: Flask, server: ScriptedServer
    ) -> None:
        post(app, [f"p{number}@example.org" for number in range(7)])

        assert work(app) == 7

        assert server.connections == 3
