"""Compressed responses: what is compressed, for whom, and that no size reveals a secret."""

import gzip
import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from ikone_events.store.db import transaction
from ikone_events.store.events.queries import lock_event
from ikone_events.web.shell.compression import PartCache, gzipped
from tests.accounts import PASSWORD, make_account
from tests.factories import make_event, make_registration, personal_path

PACKED = {"Accept-Encoding": "gzip, deflate, br"}
SECRETS = ("ImY0ZGU1.aQx7-w.kD3vJ_hw2", "IjZhOTkz.bRy8_x.Zs1uKphw3")


def test_public_page_is_compressed_for_who_accepts_it(app: Flask, client: FlaskClient) -> None:
    slug = make_event(app).slug
    for path in ("/", f"/events/{slug}", "/privacy", "/calendar.ics", "/feed.atom"):
        plain, packed = client.get(path), client.get(path, headers=PACKED)
        assert "Content-Encoding" not in plain.headers
        assert packed.headers["Content-Encoding"] == "gzip"
        assert gzip.decompress(packed.data) == plain.data
        assert int(packed.headers["Content-Length"]) == len(packed.data) < len(plain.data) * 0.7
        assert plain.headers["Vary"] == packed.headers["Vary"] == "Accept-Encoding"
        assert plain.headers["ETag"] == packed.headers["ETag"]


def test_compressed_page_is_not_sent_twice(app: Flask, client: FlaskClient) -> None:
    path = f"/events/{make_event(app).slug}"
    tag = client.get(path, headers=PACKED).headers["ETag"]
    for accepted in (PACKED, {}):
        again = client.get(path, headers={**accepted, "If-None-Match": tag})
        assert (again.status_code, again.data) == (304, b"")
        assert again.headers["Vary"] == "Accept-Encoding"
        assert "Content-Encoding" not in again.headers


def test_compressed_page_follows_every_change(app: Flask, client: FlaskClient) -> None:
    slug = make_event(app).slug
    for title in ("Dörfer", "Städte", "Dörfer"):
        with app.app_context(), transaction():
            lock_event(slug).title = title
        packed = gzip.decompress(client.get(f"/events/{slug}", headers=PACKED).data)
        assert packed == client.get(f"/events/{slug}").data
        assert title in packed.decode()


def test_head_of_a_compressed_page_has_its_length(client: FlaskClient) -> None:
    got, head = client.get("/", headers=PACKED), client.head("/", headers=PACKED)
    assert head.data == b""
    assert dict(head.headers) == dict(got.headers)


def test_token_of_a_public_form_is_not_compressed(app: Flask) -> None:
    path = f"/events/{make_event(app).slug}/register"
    bodies = []
    for _ in range(3):  # the parts around the token are compressed once
        answer = app.test_client().get(path, headers=PACKED)
        page = gzip.decompress(answer.data).decode()
        (token,) = re.findall(r'name="csrf_token"[^>]* value="([^"]+)"', page)
        assert token.encode() in answer.data
        bodies.append(answer.data.replace(token.encode(), b"")[:-8])
    assert len(set(bodies)) == 1


def test_size_does_not_depend_on_the_secret() -> None:
    """A guess that is right in part gives the same size as one that is wrong."""

    def size(secret: str, guess: str) -> int:
        page = f"<p>{guess}</p>" + "<p>Text</p>" * 50 + f"<input value={secret}><p>{guess}</p>"
        return len(gzipped(page.encode(), secret.encode()))

    first, second = SECRETS
    for length in range(1, len(first)):
        assert size(first, first[:length]) == size(second, first[:length])


CASES = (
    (b"", b""),
    (b"text", b""),
    (b"text", b"secret"),
    (b"secret", b"secret"),
    (b"secret text secretsecret text secret", b"secret"),
    (b"text " * 30_000, b"secret"),
    (b"secret ".join([b"text " * 20_000] * 3), b"secret"),
)


def test_parts_are_one_gzip_file_again() -> None:
    parts = PartCache()
    for body, secret in CASES:
        for kept in (None, parts, parts):
            assert gzip.decompress(gzipped(body, secret, kept)) == body


SITES = {None: True, "none": True, "same-origin": True, "same-site": False, "cross-site": False}


def test_private_page_is_not_compressed_for_another_site(app: Flask, client: FlaskClient) -> None:
    event = make_event(app)
    person = make_registration(app, event)
    make_account(app)
    token = re.search(r'name="csrf_token"[^>]* value="([^"]+)"', client.get("/login").text)
    assert token is not None
    form = {"email": "ada@example.org", "password": PASSWORD, "csrf_token": token[1]}
    assert client.post("/login", data=form).status_code in (302, 303)
    for visitor, path in ((client, "/organise/"), (app.test_client(), personal_path(app, person))):
        found = {}
        for site in SITES:
            asked = {**PACKED, **({"Sec-Fetch-Site": site} if site else {})}
            answer = visitor.get(path, headers=asked)
            assert answer.status_code == 200
            found[site] = "Content-Encoding" in answer.headers
        assert found == SITES, path


def test_public_page_is_compressed_whatever_site_led_to_it(client: FlaskClient) -> None:
    answer = client.get("/", headers={**PACKED, "Sec-Fetch-Site": "cross-site"})
    assert answer.headers["Content-Encoding"] == "gzip"


def test_error_page_is_compressed(client: FlaskClient) -> None:
    answer = client.get("/nothing", headers=PACKED)
    assert answer.status_code == 404
    assert b"</html>" in gzip.decompress(answer.data)


@pytest.mark.parametrize("path", ["/healthz", "/favicon.ico"])
def test_short_answers_and_images_stay_as_they_are(client: FlaskClient, path: str) -> None:
    assert "Content-Encoding" not in client.get(path, headers=PACKED).headers
