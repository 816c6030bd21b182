"""Typed links, also in texts: none into one's own network, unless named or stored before."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from flask import Flask

from ikone_events.domain.events.draft import EventDraft, RoomChoice
from ikone_events.domain.followup.details import MaterialDetails, MaterialKind
from ikone_events.domain.operating.dataset_events import material_of
from ikone_events.domain.refusals import UnfitInput
from ikone_events.services.events.editing import (
    create_event,
    draft_of_event,
    edit_event,
    event_as_edited,
    set_room,
)
from ikone_events.services.followup.materials import add_entry, change_material
from ikone_events.store.db import db, transaction
from ikone_events.store.events.models import Event
from tests.factories import NOW, make_event, make_material
from tests.services.events.test_editing import DRAFT

INSIDE = ("https://127.0.0.1/raum", "https://10.0.0.5/raum", "https://video.internal/raum")


def name_host(app: Flask, monkeypatch: pytest.MonkeyPatch, *hosts: str) -> None:
    known = app.extensions["ikone_installation"]
    settings = replace(known.settings, outgoing_hosts=hosts)
    monkeypatch.setitem(app.extensions, "ikone_installation", replace(known, settings=settings))


def create(_slug: str, draft: EventDraft) -> None:
    create_event(draft, actor="anna", now=NOW)


def edit(slug: str, draft: EventDraft) -> None:
    edit_event(slug, draft, expected_edit_version=1, now=NOW)


def put_room(slug: str, draft: EventDraft) -> None:
    set_room(slug, RoomChoice(room_url=draft.room_url), now=NOW)


WAYS = pytest.mark.parametrize("save", [create, edit, put_room])


@WAYS
@pytest.mark.parametrize("link", INSIDE)
def test_link_into_ones_own_network_is_refused_at_its_field(
    app: Flask, save: Callable[[str, EventDraft], None], link: str
) -> None:
    event = make_event(app)
    draft = replace(DRAFT, room_url=link)
    with app.app_context(), pytest.raises(UnfitInput) as refusal, transaction():
        save(event.slug, draft)
    assert [complaint.about for complaint in refusal.value.complaints] == ["room_url"]
    with app.app_context():
        assert db.session.get_one(Event, event.id).room_url == event.room_url


@WAYS
def test_named_host_is_accepted(
    app: Flask, monkeypatch: pytest.MonkeyPatch, save: Callable[[str, EventDraft], None]
) -> None:
    name_host(app, monkeypatch, "video.internal")
    event = make_event(app)
    with app.app_context(), transaction():
        save(event.slug, replace(DRAFT, room_url="http://video.internal:8080/raum"))


@pytest.mark.parametrize("link", INSIDE)
def test_event_with_an_old_link_is_edited_in_other_respects(app: Flask, link: str) -> None:
    """The link was stored before hosts were checked, or the setting named it then."""
    event = make_event(app, room_url=link)
    with app.app_context():
        draft = replace(draft_of_event(db.session.get_one(Event, event.id)), title="Neuer Titel")
        assert event_as_edited(db.session.get_one(Event, event.id), draft).title == "Neuer Titel"
        with transaction():
            edit_event(event.slug, draft, expected_edit_version=1, now=NOW)
        with transaction():
            set_room(event.slug, RoomChoice(room_url=link, dial_in="0631 12345"), now=NOW)
        with pytest.raises(UnfitInput), transaction():
            set_room(event.slug, RoomChoice(room_url=link, moderator_url=f"{link}-2"), now=NOW)
        stored = db.session.get_one(Event, event.id)
    assert (stored.title, stored.room_url, stored.dial_in) == ("Neuer Titel", link, "0631 12345")


@pytest.mark.parametrize("save", [create, edit])
@pytest.mark.parametrize("link", [*INSIDE, "https://umfrage.example.org@127.0.0.1/"])
def test_survey_in_ones_own_network_is_refused_at_its_field(
    app: Flask, save: Callable[[str, EventDraft], None], link: str
) -> None:
    event = make_event(app)
    draft = replace(DRAFT, feedback_url=link)
    with app.app_context(), pytest.raises(UnfitInput) as refusal, transaction():
        save(event.slug, draft)
    assert [complaint.about for complaint in refusal.value.complaints] == ["feedback_url"]


def test_text_may_lead_to_our_own_pages_and_to_named_hosts(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    event = make_event(app)
    text = "Siehe [uns](http://localhost/events/a) und https://wiki.intranet/seite"
    with app.app_context():
        with pytest.raises(UnfitInput, match=r"^“wiki\.intranet” is inside"), transaction():
            edit(event.slug, replace(DRAFT, description=text))
        note = MaterialDetails(title="Notiz", description=text)
        with pytest.raises(UnfitInput, match=r"wiki\.intranet"), transaction():
            add_entry(event.slug, MaterialKind.NOTE, note, now=NOW)
    name_host(app, monkeypatch, "wiki.intranet")
    with app.app_context(), transaction():
        edit(event.slug, replace(DRAFT, description=text))


def test_text_with_an_old_link_is_edited_in_other_respects(app: Flask) -> None:
    event = make_event(app, description="[Wiki](https://wiki.intranet/seite), [Stadt](www.a.de)")
    with app.app_context(), transaction():
        draft = draft_of_event(db.session.get_one(Event, event.id))
        edit(event.slug, replace(draft, description=f"{draft.description}, neu"))


@pytest.mark.parametrize("kind", [MaterialKind.LINK, MaterialKind.RECORDING])
def test_material_in_ones_own_network_is_refused_unless_its_host_is_named(
    app: Flask, monkeypatch: pytest.MonkeyPatch, kind: MaterialKind
) -> None:
    event = make_event(app)
    link = MaterialDetails(title="Mitschnitt", url="https://wiki.intranet/seite")
    with app.app_context():
        for url in (*INSIDE, "https://wiki.example.org@127.0.0.1/", link.url):
            with pytest.raises(UnfitInput) as refusal, transaction():
                add_entry(event.slug, kind, replace(link, url=url), now=NOW)
            assert [complaint.about for complaint in refusal.value.complaints] == ["url"]
            with pytest.raises(UnfitInput, match=r"own network|user name"):
                material_of({"type": kind.value, "title": "a", "url": url}, hosts=())
    name_host(app, monkeypatch, "wiki.intranet")
    with app.app_context(), transaction():
        assert add_entry(event.slug, kind, link, now=NOW).url == link.url


def test_material_with_an_old_link_is_changed_in_other_respects(app: Flask) -> None:
    event = make_event(app)
    known = make_material(app, event, kind="link", title="Seite", url="https://wiki.intranet/seite")
    with app.app_context():
        details = MaterialDetails(title="Neuer Titel", url=known.url)
        with transaction():
            assert change_material(event.slug, known.public_id, details).title == "Neuer Titel"
        change = replace(details, url=f"{known.url}-2")
        with pytest.raises(UnfitInput, match="own network"), transaction():
            change_material(event.slug, known.public_id, change)
