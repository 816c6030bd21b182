"""The session cookie shows nothing of what it holds, and is never too large to be kept."""

import base64
import re
import zlib
from collections.abc import Callable

import pytest
from flask import Flask, flash, session
from flask.json.tag import TaggedJSONSerializer
from flask.testing import FlaskClient
from flask_wtf.csrf import generate_csrf
from itsdangerous import URLSafeTimedSerializer

from ikone_events.web.shell.forms import is_token_of
from ikone_events.web.shell.sessions import MOST_BYTES, Sessions
from tests.factories import make_event
from tests.web.visitor import sign_up, token_of


def readable(cookie: str) -> bytes:
    """What somebody reads in a cookie without the key: decoded, and inflated where possible."""
    found = b""
    for part in cookie.split("."):
        raw = base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)) if part else b""
        found += raw
        for start in (raw, raw[16:]):
            try:
                found += zlib.decompress(start)
            except zlib.error:
                continue
    return found + cookie.encode()


def cookie_of(client: FlaskClient) -> str:
    found = client.get_cookie("session")
    assert found is not None
    return found.value


def test_registration_leaves_no_readable_name_or_address(app: Flask, client: FlaskClient) -> None:
    event = make_event(app)
    person = {"first_name": "Margarete", "last_name": "Unverwechselbar"}
    answer = sign_up(client, event.slug, **person, email="margarete@rathaus.example.org")
    assert answer.status_code == 303

    seen = readable(cookie_of(client))
    assert b"Margarete" not in seen
    assert b"rathaus" not in seen
    page = client.get(answer.location).text
    assert "Margarete Unverwechselbar" in page
    assert "margarete@rathaus.example.org" in page


def test_subscription_leaves_no_readable_address(client: FlaskClient) -> None:
    token = token_of(client.get("/subscribe"))
    client.post("/subscribe", data={"email": "leserin@rathaus.example.org", "csrf_token": token})

    assert b"rathaus" not in readable(cookie_of(client))
    assert "leserin@rathaus.example.org" in client.get("/subscribed").text


def test_same_session_is_sealed_differently_each_time(app: Flask) -> None:
    """Equal key streams would give away the difference of two contents."""
    serializer = Sessions().get_signing_serializer(app)
    assert serializer is not None
    first, second = (serializer.dumps({"a": "b" * 40}) for _ in range(2))

    assert first.split(".")[0] != second.split(".")[0]
    assert serializer.loads(first) == serializer.loads(second) == {"a": "b" * 40}


def test_session_of_an_earlier_version_is_read(app: Flask) -> None:
    """Flask writes the types of messages into the cookie."""
    serializer = Sessions().get_signing_serializer(app)
    assert serializer is not None
    serializer.serializer = TaggedJSONSerializer()
    cookie = serializer.dumps({"_flashes": [("success", "Saved")], "csrf_token": "c"})

    assert opened(app, cookie) == {"_flashes": [("success", "Saved")], "csrf_token": "c"}


@pytest.fixture
def written(app: Flask) -> Callable[..., str]:
    """The cookie of a session with these contents and flashed messages."""

    def write(contents: dict[str, object], *messages: str) -> str:
        with app.test_request_context():
            session.update(contents)
            for message in messages:
                flash(message, "success")
            answer = app.process_response(app.make_response(""))
        return re.split("[=;]", answer.headers["Set-Cookie"])[1]

    return write


def opened(app: Flask, cookie: str) -> dict[str, object]:
    with app.test_request_context(headers={"Cookie": f"session={cookie}"}):
        return dict(session)


def varied(length: int, start: int = 0x4E00) -> str:
    """A text that is hard to compress."""
    return "".join(chr(start + (n * n * 31 + n * 17) % 20000) for n in range(length))


@pytest.mark.parametrize("messages", [[varied(9000)], [varied(700, 0x4E00 + n) for n in range(12)]])
def test_long_message_does_not_lose_the_session(
    app: Flask, written: Callable[..., str], messages: list[str]
) -> None:
    cookie = written({"_user_id": "f" * 64, "csrf_token": "c" * 40}, *messages)

    assert len(cookie) <= MOST_BYTES
    kept = opened(app, cookie)
    assert kept["_user_id"] == "f" * 64
    assert kept["csrf_token"] == "c" * 40
    assert kept["_flashes"]


def test_ten_long_names_fit_into_the_session(app: Flask, written: Callable[..., str]) -> None:
    people = [
        (varied(200, 0x4E00 + n), f"{'x' * 60}{n}@{'y' * 180}.example", "confirmed")
        for n in range(10)
    ]
    slug = "ein-sehr-langer-name-einer-veranstaltung-im-netzwerk-2026"
    cookie = written({"registered": {"slug": slug, "people": people, "at": 1}})

    assert len(cookie) <= MOST_BYTES
    kept = opened(app, cookie)["registered"]
    assert isinstance(kept, dict)
    assert kept["slug"] == slug
    assert len(kept["people"]) == 10


def test_foreign_broken_and_older_cookies_give_an_empty_session(
    app: Flask, written: Callable[..., str]
) -> None:
    good = written({"a": 1})
    flask_cookie = URLSafeTimedSerializer(
        app.secret_key, salt="cookie-session", signer_kwargs={"key_derivation": "hmac"}
    ).dumps({"a": 1})
    assert opened(app, good) == {"a": 1}
    other = "y" if good.startswith("x") else "x"
    for cookie in (flask_cookie, good[:-2], other + good[1:], "..", ""):
        assert opened(app, cookie) == {}


def test_token_of_a_form_is_the_one_of_flask_wtf(app: Flask) -> None:
    with app.test_request_context():
        token, secret = generate_csrf(), session["csrf_token"]
        others = (is_token_of("0" * 40, token, None), is_token_of(None, token, None))
        spoilt = (is_token_of(secret, f"{token}x", None), is_token_of(secret, "", None))
        ages = (is_token_of(secret, token, 60), is_token_of(secret, token, -1))
        assert is_token_of(secret, token, None)
    assert (others, spoilt, ages) == ((False, False), (False, False), (True, False))
