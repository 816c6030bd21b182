"""Wrong passwords slow down whoever tries them, and lock nobody out."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from argon2 import low_level
from flask import Flask
from flask.testing import FlaskClient
from flask_security.utils import hash_password
from limits.storage import memory
from werkzeug.test import TestResponse

from ikone_events.config import Settings
from ikone_events.store.accounts.models import Organiser
from ikone_events.store.db import db, transaction
from ikone_events.web.shell import hashing
from ikone_events.web.shell.hashing import MOST_AT_ONCE
from ikone_events.web.shell.login_attempts import DELAY_SECONDS
from tests.factories import make_settings
from tests.patience import PATIENCE, wait_for
from tests.web.organiser.conftest import PASSWORD, Person
from tests.web.visitor import outcome_of, token_of

WRONG = "falsch-aber-lang-genug"
HOME, OFFICE = "198.51.100.7", "203.0.113.20"


@pytest.fixture
def settings(data_dir: Path) -> Settings:
    return make_settings(data_dir, rate_limits=True)


class Time:
    """The clock of the counters, which a test moves."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def time(self) -> float:
        return self.now


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Time:
    moved = Time()
    monkeypatch.setattr(memory.time, "time", moved.time)
    return moved


def attempt(
    client: FlaskClient, email: str, password: str = WRONG, network: str = HOME
) -> TestResponse:
    base = {"REMOTE_ADDR": network}
    token = token_of(client.get("/login", environ_base=base))
    form = {"email": email, "password": password, "csrf_token": token}
    return client.post("/login", data=form, environ_base=base)


def attack(app: Flask, email: str, count: int = 12) -> list[int]:
    """Wrong passwords for one address, each from a network of its own."""
    client = app.test_client()
    return [
        attempt(client, email, network=f"192.0.2.{number}").status_code for number in range(count)
    ]


@pytest.mark.parametrize("known", [True, False])
def test_address_is_guarded_from_many_networks(
    app: Flask, time: Time, make_person: Callable[..., Person], known: bool
) -> None:
    """The same for an address without an account: the answers reveal to nobody which one has it."""
    email = make_person().email if known else "niemand@example.org"

    assert attack(app, email) == [200] * 10 + [429] * 2


def test_owner_waits_half_a_minute_whatever_strangers_do(
    app: Flask, time: Time, make_person: Callable[..., Person]
) -> None:
    person = make_person()
    attack(app, person.email)
    owner = app.test_client()

    first = attempt(owner, person.email, PASSWORD, OFFICE)
    assert (first.status_code, first.headers["Retry-After"]) == (429, str(DELAY_SECONDS))
    for _ in range(6):  # strangers go on all the time, from networks that have waited too
        time.now += 5
        attack(app, person.email)
    time.now += 1
    assert attempt(owner, person.email, PASSWORD, OFFICE).status_code == 303


def test_impatience_does_not_prolong_the_wait(
    app: Flask, time: Time, make_person: Callable[..., Person]
) -> None:
    person = make_person()
    attack(app, person.email)
    owner = app.test_client()

    waits = []
    for _ in range(4):
        answer = attempt(owner, person.email, PASSWORD, OFFICE)
        waits.append(int(answer.headers["Retry-After"]))
        time.now += 7
    assert waits == [30, 23, 16, 9]
    time.now += 3
    assert attempt(owner, person.email, PASSWORD, OFFICE).status_code == 303


def test_network_that_waits_gets_one_attempt_per_half_minute(
    app: Flask, time: Time, make_person: Callable[..., Person]
) -> None:
    person = make_person()
    attack(app, person.email)
    client = app.test_client()
    attempt(client, person.email, network=OFFICE)
    time.now += 31

    codes = [attempt(client, person.email, network=OFFICE).status_code for _ in range(3)]
    assert codes == [200, 429, 429]


def test_known_browser_logs_in_during_an_attack(
    app: Flask, time: Time, make_person: Callable[..., Person]
) -> None:
    person = make_person()
    owner = app.test_client()
    assert attempt(owner, person.email, PASSWORD).status_code == 303
    owner.delete_cookie("session")
    attack(app, person.email)
    for _ in range(12):  # somebody behind the same address tries too
        attempt(app.test_client(), person.email)

    assert attempt(app.test_client(), person.email, PASSWORD).status_code == 429
    assert attempt(owner, person.email, PASSWORD).status_code == 303


def test_known_browser_has_a_budget_too(
    app: Flask, time: Time, make_person: Callable[..., Person]
) -> None:
    person = make_person()
    owner = app.test_client()
    attempt(owner, person.email, PASSWORD)
    owner.delete_cookie("session")

    codes = [attempt(owner, person.email).status_code for _ in range(22)]
    assert codes == [200] * 20 + [429] * 2  # its own ten, then those of a stranger


def test_known_browser_counts_for_its_account_alone(
    app: Flask, time: Time, make_person: Callable[..., Person]
) -> None:
    mine, other = make_person(), make_person("andere@example.org")
    owner = app.test_client()
    attempt(owner, mine.email, PASSWORD)
    owner.delete_cookie("session")
    attack(app, other.email)

    assert attempt(owner, other.email, PASSWORD, OFFICE).status_code == 429


def test_browser_of_an_office_knows_several_accounts(
    app: Flask, time: Time, make_person: Callable[..., Person]
) -> None:
    people = [make_person(f"person{number}@example.org") for number in range(3)]
    shared = app.test_client()
    for person in people:
        attempt(shared, person.email, PASSWORD)
        shared.delete_cookie("session")
    for person in people:
        attack(app, person.email)

    codes = []
    for person in people:
        codes.append(attempt(shared, person.email, PASSWORD).status_code)
        shared.delete_cookie("session")
    assert codes == [303] * 3


def test_new_password_makes_the_browser_unknown(
    app: Flask, time: Time, make_person: Callable[..., Person]
) -> None:
    person = make_person()
    owner = app.test_client()
    attempt(owner, person.email, PASSWORD)
    owner.delete_cookie("session")
    with app.app_context(), transaction():
        db.session.get_one(Organiser, person.id).password = hash_password(PASSWORD)
    attack(app, person.email)

    assert attempt(owner, person.email, PASSWORD, OFFICE).status_code == 429


def test_known_browser_cookie_is_guarded_and_names_nobody(
    tmp_path: Path, app: Flask, make_person: Callable[..., Person]
) -> None:
    app.config["SESSION_COOKIE_SECURE"] = True
    person = make_person()
    answer = attempt(app.test_client(), person.email, PASSWORD)

    [cookie] = [c for c in answer.headers.getlist("Set-Cookie") if "known" in c]
    assert cookie.startswith("__Host-known=")
    for part in ("Secure", "HttpOnly", "Path=/", "SameSite=Lax", "Max-Age=31536000"):
        assert part in cookie
    assert "Domain" not in cookie
    assert person.email not in cookie
    refused = attempt(app.test_client(), person.email)
    assert not [c for c in refused.headers.getlist("Set-Cookie") if "known" in c]


@pytest.mark.parametrize("value", ["", "x", "a.b.c", "W10", "W1sxXV0.x.y"])
def test_forged_cookie_is_no_known_browser(
    app: Flask, time: Time, make_person: Callable[..., Person], value: str
) -> None:
    person = make_person()
    attack(app, person.email)
    client = app.test_client()
    client.set_cookie("known", value)

    assert attempt(client, person.email, PASSWORD, OFFICE).status_code == 429


def test_network_is_slowed_down_whatever_the_address(client: FlaskClient, time: Time) -> None:
    answers = [attempt(client, f"a{number}@example.org") for number in range(12)]

    assert [answer.status_code for answer in answers] == [200] * 10 + [429] * 2
    assert int(answers[-1].headers["Retry-After"]) <= 30
    assert client.get("/login").status_code == 200


def test_refused_attempt_shows_how_long_to_wait(client: FlaskClient, time: Time) -> None:
    for number in range(10):
        attempt(client, f"a{number}@example.org")
    time.now += 10
    page = attempt(client, "a@example.org")
    form = {"csrf_token": token_of(client.get("/login"))}
    english = client.post("/login?lang=en", data=form, environ_base={"REMOTE_ADDR": HOME})

    assert outcome_of(page) == "busy"
    assert "20 Sekunden" in page.text
    assert "nicht gesperrt" in page.text
    assert 'class="kern-btn kern-btn--primary" href="/login"' in page.text
    assert "Please wait 20 seconds" in english.text


class Gate:
    """Holds all hashes until it is opened, and counts how many run at the same time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.open = threading.Event()
        self.running = self.most = self.done = 0

    def guard(self, hash_it: Callable[..., Any]) -> Callable[..., Any]:
        """A function of argon2 that waits for the gate."""

        def guarded(*args: Any, **more: Any) -> Any:
            with self._lock:
                self.running += 1
                self.most = max(self.most, self.running)
            assert self.open.wait(PATIENCE)
            try:
                return hash_it(*args, **more)
            finally:
                with self._lock:
                    self.running -= 1
                    self.done += 1

        return guarded


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Gate:
    made = Gate()
    for name in ("hash_secret", "verify_secret"):
        monkeypatch.setattr(low_level, name, made.guard(getattr(low_level, name)))
    return made


def test_few_passwords_are_hashed_at_the_same_time(
    app: Flask, gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each takes 64 MB: twenty wrong logins took half a gigabyte."""
    monkeypatch.setattr(hashing, "WAIT_SECONDS", PATIENCE)
    tokens = []
    for number in range(8):
        client = app.test_client()
        tokens.append((client, token_of(client.get("/login")), f"192.0.2.{number}"))

    def wrong(client: FlaskClient, token: str, network: str) -> None:
        form = {"email": "niemand@example.org", "password": WRONG, "csrf_token": token}
        client.post("/login", data=form, environ_base={"REMOTE_ADDR": network})

    threads = [threading.Thread(target=wrong, args=each) for each in tokens]
    for thread in threads:
        thread.start()
    wait_for(lambda: gate.running == MOST_AT_ONCE)
    gate.open.set()
    for thread in threads:
        thread.join()

    assert (gate.done, gate.most) == (8, MOST_AT_ONCE)


def test_login_that_cannot_be_hashed_in_time_is_answered_with_words(
    app: Flask, gate: Gate, monkeypatch: pytest.MonkeyPatch, make_person: Callable[..., Person]
) -> None:
    gate.open.set()
    person = make_person()
    gate.open.clear()
    monkeypatch.setattr(hashing, "WAIT_SECONDS", 0.1)

    def hash_one() -> None:
        with app.app_context():
            hash_password(WRONG)

    threads = [threading.Thread(target=hash_one) for _ in range(MOST_AT_ONCE)]
    for thread in threads:
        thread.start()
    wait_for(lambda: gate.running == MOST_AT_ONCE)
    answer = attempt(app.test_client(), person.email, PASSWORD)
    gate.open.set()
    for thread in threads:
        thread.join()

    assert (answer.status_code, outcome_of(answer)) == (503, "busy")
    assert answer.headers["Retry-After"] == "5"
    assert "melden sich" in answer.text
    assert attempt(app.test_client(), person.email, PASSWORD).status_code == 303
