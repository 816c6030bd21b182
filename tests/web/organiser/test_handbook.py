"""The handbook behind the menu of the person: chapters, pictures, who may read it."""

import re
from collections.abc import Callable

import pytest

from tests.source import ROOT
from tests.web.organiser.conftest import Browser, Person

FOLDER = ROOT / "docs" / "handbuch"


def test_menu_leads_to_the_handbook(viewer: Browser) -> None:
    assert 'href="/organise/help"' in viewer.get("/organise/").text


def test_handbook_has_an_index_of_its_chapters(viewer: Browser) -> None:
    page = viewer.get("/organise/help").text
    ids = re.findall(r'<h2 id="([\w-]+)">', page)
    assert (
        len(ids) == len(set(ids)) == (ROOT / "docs/handbuch.md").read_text("utf-8").count("\n## ")
    )
    assert re.findall(r'<li><a href="#([\w-]+)">', page) == ids


def test_handbook_shows_pictures_of_the_package(viewer: Browser) -> None:
    page = viewer.get("/organise/help").text
    shown = re.findall(r'<img[^>]* src="([^"]+)"', page)
    assert "/organise/help/heute.webp" in shown
    assert page.count('width="1000" height=') > len(shown) / 2
    for address in shown:
        with viewer.get(address) as answer:
            assert (answer.status_code, answer.content_type) == (200, "image/webp")
            assert answer.data == (FOLDER / address.rpartition("/")[2]).read_bytes()


def test_handbook_sends_only_its_pictures(viewer: Browser) -> None:
    for name in ("nichts.webp", "..%2Fevent.webp", "heute.png"):
        assert viewer.get(f"/organise/help/{name}").status_code == 404


@pytest.mark.parametrize("role", ["viewer", "door"])
def test_every_account_may_read_the_handbook(
    make_person: Callable[..., Person], browser_of: Callable[[Person], Browser], role: str
) -> None:
    assert browser_of(make_person(role=role)).get("/organise/help").status_code == 200


def test_handbook_is_behind_the_login(client) -> None:
    for path in ("/organise/help", "/organise/help/heute.webp"):
        assert client.get(path).headers["Location"].startswith("/login")


def test_english_pages_state_that_the_handbook_is_german(viewer: Browser) -> None:
    assert "The handbook is in German" not in viewer.get("/organise/help").text
    page = viewer.get("/organise/help?lang=en").text
    assert "The handbook is in German" in page
    assert '<div class="indexed" lang="de">' in page
