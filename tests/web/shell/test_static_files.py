"""Static files: which variant is answered, and how long browsers keep it."""

import gzip
import hashlib
import re
from pathlib import Path
from urllib.parse import urljoin

import pytest
from flask import Flask
from flask.testing import FlaskClient

from ikone_events.web.shell.compression import chosen_coding
from ikone_events.web.shell.static_files import static_files
from tests.factories import make_event

CHOICES = {
    "": "",
    "identity": "",
    "gzip": "gzip",
    "gzip, deflate, br, zstd": "br",
    "GZIP": "gzip",
    "br;q=0, gzip": "gzip",
    "br;q=0.2, gzip;q=0.9": "gzip",
    "gzip;q=0": "",
    "*": "br",
    "*;q=0": "",
    "br;q=0, *": "gzip",
    "gzip;q=0.3, identity": "",
    "gzip;q=0.3, identity;q=0.1": "gzip",
    "zstd, deflate": "",
    "br;q=x, gzip": "gzip",
}


def version_of(name: str) -> str:
    return static_files(Path("ikone_events/static").resolve())[name].version


def current(name: str) -> str:
    return f"/static/{name}?v={version_of(name)}"


def test_coding_is_the_best_that_the_client_accepts() -> None:
    assert {given: chosen_coding(given, ("", "br", "gzip")) for given in CHOICES} == CHOICES
    assert chosen_coding("br, gzip;q=0.5", ("", "gzip")) == "gzip"
    assert chosen_coding("br", ("", "gzip")) == ""


def test_file_is_answered_in_the_accepted_coding(client: FlaskClient) -> None:
    path = current("vendor/kern/kern.css")
    plain = client.get(path)
    packed = client.get(path, headers={"Accept-Encoding": "gzip"})
    smallest = client.get(path, headers={"Accept-Encoding": "gzip, br"})

    codings = [answer.headers.get("Content-Encoding") for answer in (plain, packed, smallest)]
    assert codings == [None, "gzip", "br"]
    assert gzip.decompress(packed.data) == plain.data
    assert len(smallest.data) < len(packed.data) < len(plain.data) / 5
    for answer in (plain, packed, smallest):
        assert answer.headers["Vary"] == "Accept-Encoding"
        assert answer.headers["Content-Type"] == "text/css; charset=utf-8"
        assert int(answer.headers["Content-Length"]) == len(answer.data)
    assert len({answer.headers["ETag"] for answer in (plain, packed, smallest)}) == 3


def test_font_is_not_compressed_again(client: FlaskClient) -> None:
    answer = client.get(
        current("vendor/fonts/ikone-sans-400.woff2"), headers={"Accept-Encoding": "gzip, br"}
    )
    assert answer.data.startswith(b"wOF2")
    assert answer.headers["Content-Type"] == "font/woff2"
    assert "Content-Encoding" not in answer.headers
    assert "Vary" not in answer.headers


def test_only_the_version_that_is_answered_is_kept_for_a_year(client: FlaskClient) -> None:
    kept = {
        address: client.get(address).headers["Cache-Control"]
        for address in (current("app.css"), "/static/app.css?v=0123456789ab", "/static/app.css")
    }
    assert list(kept.values()) == [
        "public, max-age=31536000, immutable",
        "no-cache",
        "public, max-age=300",
    ]


def test_each_coding_is_revalidated_for_itself(client: FlaskClient) -> None:
    path = current("app.css")
    packed = {"Accept-Encoding": "gzip"}
    tag = client.get(path, headers=packed).headers["ETag"]

    again = client.get(path, headers={**packed, "If-None-Match": tag})
    assert (again.status_code, again.data) == (304, b"")
    assert again.headers["ETag"] == tag
    assert again.headers["Vary"] == "Accept-Encoding"
    assert "immutable" in again.headers["Cache-Control"]
    assert client.get(path, headers={"If-None-Match": tag}).status_code == 200, "not what it has"


def test_part_of_a_file_is_a_part_of_the_file_itself(client: FlaskClient) -> None:
    path = current("app.css")
    whole = client.get(path)
    asked = {"Accept-Encoding": "gzip, br", "Range": "bytes=10-19"}
    part = client.get(path, headers=asked)
    assert (part.status_code, part.data) == (206, whole.data[10:20])
    assert part.headers["Content-Range"] == f"bytes 10-19/{len(whole.data)}"
    assert "Content-Encoding" not in part.headers

    newer = client.get(path, headers={**asked, "If-Range": '"older"'})
    assert (newer.status_code, newer.data) == (200, whole.data)
    beyond = client.get(path, headers={"Range": "bytes=99999999-"})
    assert beyond.status_code == 416


def test_head_answers_like_get(client: FlaskClient) -> None:
    for accepted in ("identity", "gzip", "br"):
        got = client.get(current("app.css"), headers={"Accept-Encoding": accepted})
        head = client.head(current("app.css"), headers={"Accept-Encoding": accepted})
        assert head.data == b""
        assert dict(head.headers) == dict(got.headers)


@pytest.mark.parametrize(
    "name",
    ["nothing.css", "../config.py", "..%2fconfig.py", "vendor/packed", "vendor/", "app.css/"],
)
def test_nothing_but_static_files_is_answered(client: FlaskClient, name: str) -> None:
    assert client.get(f"/static/{name}").status_code == 404


def test_compressed_files_have_no_address(client: FlaskClient) -> None:
    assert client.get(f"/static/vendor/packed/{version_of('app.css')}.br").status_code == 404


def test_version_changes_with_the_content_alone(tmp_path: Path) -> None:
    contents = {"one": "a{}", "same": "a{}", "other": "b{}"}
    for name, content in contents.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "app.css").write_text(content)
    one, same, other = (static_files(tmp_path / name)["app.css"].version for name in contents)
    assert one == same != other


def test_edited_file_is_never_answered_as_it_was_built(tmp_path: Path) -> None:
    before, after = tmp_path / "before", tmp_path / "after"
    for folder, content in ((before, "old{}"), (after, "new{}")):
        (folder / "vendor" / "packed").mkdir(parents=True)
        (folder / "app.css").write_text(content)
    old = static_files(before)["app.css"].version
    for suffix in (".br", ".gz"):
        (after / "vendor" / "packed" / f"{old}{suffix}").write_bytes(b"old")

    variants = static_files(after)["app.css"].variants

    assert set(variants) == {"", "gzip"}
    assert gzip.decompress(variants["gzip"]) == variants[""] == b"new{}"


def test_everything_that_pages_load_is_kept_for_a_year(app: Flask, client: FlaskClient) -> None:
    slug = make_event(app).slug
    pages = ("/", f"/events/{slug}", f"/events/{slug}/register", "/login", "/nothing")
    loaded = {
        each for page in pages for each in re.findall(r'"(/static/[^"]+)"', _page(client, page))
    }
    sheet = next(each for each in loaded if "kern.css" in each)
    faces = re.findall(r'url\("?(\.\.[^")]+)', _page(client, sheet))
    fonts = {urljoin(sheet, face) for face in faces}

    assert len(fonts) == 2
    assert fonts <= loaded, "what a page preloads is what the style sheet asks for"
    for address in loaded:
        assert "immutable" in client.get(address).headers["Cache-Control"], address


def _page(client: FlaskClient, path: str) -> str:
    return client.get(path).text


def test_first_view_loads_little(app: Flask, client: FlaskClient) -> None:
    """On the wire, as Chromium asks for it: 200 kB and nine requests at most."""
    slug = make_event(app).slug
    accepted = {"Accept-Encoding": "gzip, deflate, br, zstd"}
    for path in (f"/events/{slug}", f"/events/{slug}/register"):
        page = _page(client, path)
        first = client.get(path, headers=accepted)
        loaded = set(re.findall(r'"(/static/[^"]+)"', page))
        sizes = [len(client.get(each, headers=accepted).data) for each in loaded]
        assert len(sizes) + 1 <= 9
        assert len(first.data) + sum(sizes) < 120_000


def test_scanner_is_unchanged_and_brings_its_licence(client: FlaskClient) -> None:
    """jsQR 1.4.0 as npm has it; nothing on PyPI carries it, so it lies in the repository."""
    scanner = client.get("/static/jsqr.js")
    assert hashlib.sha256(scanner.data).hexdigest() == (
        "bc40c8a15196236b2314db0856f72ca0b49980cd5413b8c852a7349f5fee0859"
    )
    assert "Apache License" in client.get("/static/jsqr-LICENSE.txt").text
    packed = client.get("/static/jsqr.js", headers={"Accept-Encoding": "gzip"})
    assert len(packed.data) < len(scanner.data) / 4
