"""Who may download what: every kind of person and link, every kind of material, every path."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import product

import pytest
from flask import Flask
from flask.testing import FlaskClient

from ikone_events.services.followup.materials import release_to
from ikone_events.services.privacy.archiving import archive_persons
from ikone_events.services.privacy.forgetting import forget
from ikone_events.store.db import db, transaction
from ikone_events.store.events.models import Event, Material
from ikone_events.store.registering.models import Registration
from tests.effort import NIGHT, by_night
from tests.factories import NOW, PAST, make_event, make_material, make_registration, personal_path

pytestmark = pytest.mark.slow

CONTENT = b"%PDF-1.7 " + b"x" * 100
VISIBILITIES = ("public", "registered", "attended", "chosen")
# Times and states in which a material is handed out to whomever it is for.
THERE = ("now", "at, since yesterday", "with the follow-up, after it")
NOT_THERE = ("at, from tomorrow", "with the follow-up, before it", "draft")
HELD_BACK = ("waiting", "infected", "failed", "not released")
PEOPLE = ("anybody", "came", "missed", "chosen", "waits", "withdrawn", "of another event", "gone")

# What somebody sees of a material that is there.
SEES = {
    "anybody": {"public"},
    "came": {"public", "registered", "attended"},
    "missed": {"public", "registered"},
    "chosen": {"public", "registered", "chosen"},
    "waits": {"public"},
    "withdrawn": {"public"},
    "of another event": set[str](),
    "gone": set[str](),
}


@dataclass
class House:
    """An event whose materials are all alike, and the addresses of those who ask for them."""

    event: Event
    files: dict[str, Material]
    pages: dict[str, str]


def lay(app: Flask, when: str) -> House:
    """An event with one file per visibility, in a state and at a time."""
    state = "draft" if when == "draft" else "dispatched" if "before" in when else "followed_up"
    event = make_event(app, state=state, **PAST)
    days = timedelta(days=1 if "tomorrow" in when else -1)
    columns = {
        "availability": "follow_up" if "follow-up" in when else "at" if "at," in when else "now",
        "available_at": NOW + days if "at," in when else None,
        "scan": when if when in HELD_BACK[:3] else "",
        "released": when != "not released",
    }
    files = {
        each: make_material(app, event, content=CONTENT, visibility=each, **columns)
        for each in VISIBILITIES
    }
    people = {
        "came": make_registration(app, event, attendance="attended"),
        "missed": make_registration(app, event, attendance="missed"),
        "chosen": make_registration(app, event, attendance="missed"),
        "waits": make_registration(app, event, status="waitlisted"),
        "withdrawn": make_registration(app, event, status="cancelled"),
        "of another event": make_registration(app, make_event(app, state="followed_up", **PAST)),
    }
    with app.app_context(), transaction():
        release_to(event.slug, files["chosen"].public_id, [people["chosen"].public_id])
    pages = {name: personal_path(app, person, "/materials") for name, person in people.items()}
    pages["anybody"] = f"/events/{event.slug}/materials"
    pages["gone"] = _of_somebody_gone(app, event)
    return House(event, files, pages)


def _of_somebody_gone(app: Flask, event: Event) -> str:
    """The address of a person whose data were deleted."""
    person = make_registration(app, event, attendance="attended")
    page = personal_path(app, person, "/materials")
    with app.app_context(), transaction():
        forget(db.select(Registration.id).where(Registration.id == person.id), now=NOW)
    return page


def answers(client: FlaskClient, path: str, *, may: bool) -> Iterator[tuple[str, int, bytes]]:
    """Status and body for each way to ask; by day two of them for what is refused."""
    whole = client.get(path, buffered=True)
    yield "GET", whole.status_code, whole.data
    any_tag = client.get(path, headers={"If-None-Match": "*"}, buffered=True)
    yield "any tag", any_tag.status_code, any_tag.data
    if may or NIGHT:
        head = client.head(path, buffered=True)
        yield "HEAD", head.status_code, head.data
        part = client.get(path, headers={"Range": "bytes=0-3"}, buffered=True)
        yield "Range", part.status_code, part.data
        tag = whole.headers.get("ETag", '"guessed"')
        same = client.get(path, headers={"If-None-Match": tag}, buffered=True)
        yield "conditional", same.status_code, same.data


GIVEN = {"GET": 200, "HEAD": 200, "Range": 206, "conditional": 304, "any tag": 304}


@pytest.mark.parametrize("when", [*THERE, *NOT_THERE, *HELD_BACK])
def test_files_are_given_to_whom_they_are_for_by_every_path(
    app: Flask, client: FlaskClient, when: str
) -> None:
    house = lay(app, when)
    wrong = []
    for who, visibility in product(PEOPLE, VISIBILITIES):
        material = house.files[visibility]
        path = f"{house.pages[who]}/{material.public_id}"
        may = when in THERE and visibility in SEES[who]
        for way, status, body in answers(client, path, may=may):
            as_expected = status == GIVEN[way] if may else status in (404, 410)
            if not as_expected or (not may and CONTENT[:9] in body):
                wrong.append((who, visibility, way, status))
    assert wrong == []


def test_public_address_of_an_event_is_not_there_for_files_of_others(
    app: Flask, client: FlaskClient
) -> None:
    mine, other = lay(app, "now"), lay(app, "now")
    wrong = []
    for who, visibility in product(PEOPLE, by_night(VISIBILITIES, ("public", "chosen"))):
        foreign = other.files[visibility]
        for name in (foreign.public_id, foreign.stored_name, str(foreign.id), "0" * 32, "..%2f"):
            for way, status, _body in answers(client, f"{mine.pages[who]}/{name}", may=False):
                if status not in (404, 410):
                    wrong.append((who, visibility, way, status))
    assert wrong == []


@pytest.mark.parametrize("when", [*THERE, *NOT_THERE, *HELD_BACK])
def test_lists_name_what_may_be_downloaded_and_nothing_else(
    app: Flask, client: FlaskClient, when: str
) -> None:
    house = lay(app, when)
    for who in PEOPLE:
        page = house.pages[who] if who != "anybody" else f"/events/{house.event.slug}"
        text = client.get(page).text
        named = {each for each in VISIBILITIES if house.files[each].title in text}
        assert named == (SEES[who] if when in THERE else set()), who


KINDS = {
    "link": {"url": "https://example.org/leitfaden"},
    "recording": {"url": "https://video.example.org/1"},
    "contact": {"contact_name": "Bo Bei", "contact_email": "bo@example.org"},
    "note": {"description": "Bitte mitbringen"},
    "answers": {},
}


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_no_file_is_listed_by_the_same_rules_and_never_downloaded(
    app: Flask, client: FlaskClient, kind: str
) -> None:
    house = lay(app, "now")
    marks = {each: f"Nur {kind} {each}" for each in VISIBILITIES}
    made = {
        each: make_material(
            app, house.event, kind=kind, title=marks[each], visibility=each, stored_name="",
            file_name="", availability="now", **KINDS[kind],
        )
        for each in VISIBILITIES
    }  # fmt: skip
    with app.app_context(), transaction():
        person = db.session.get_one(Registration, _id_of(app, house, "chosen"))
        release_to(house.event.slug, made["chosen"].public_id, [person.public_id])
    for who in PEOPLE:
        page = house.pages[who] if who != "anybody" else f"/events/{house.event.slug}"
        text = client.get(page).text
        assert {each for each in VISIBILITIES if marks[each] in text} == SEES[who], who
        for each in VISIBILITIES:
            path = f"{house.pages[who]}/{made[each].public_id}"
            assert client.get(path).status_code in (404, 410)


def _id_of(app: Flask, house: House, who: str) -> int:
    """The registration behind an address."""
    token = house.pages[who].split("/")[2]
    for person in db.session.scalars(db.select(Registration)):
        if personal_path(app, person).removeprefix("/r/") == token:
            return person.id
    raise AssertionError(who)


def test_releases_to_single_people_go_with_the_people(
    app: Flask, client: FlaskClient, forgotten: Callable[[Event], None]
) -> None:
    house = lay(app, "now")
    forgotten(house.event)
    assert client.get(house.pages["chosen"]).status_code in (404, 410)
    with app.app_context():
        assert db.session.scalars(db.select(db.metadata.tables["material_release"])).all() == []
    public = f"/events/{house.event.slug}/materials/{house.files['public'].public_id}"
    assert client.get(public, buffered=True).status_code == 200


@pytest.fixture
def forgotten(app: Flask) -> Callable[[Event], None]:
    """Forgets the people of an event, as archiving does."""

    def archive(event: Event) -> None:
        with app.app_context(), transaction():
            archive_persons(db.session.get_one(Event, event.id), now=NOW)

    return archive
