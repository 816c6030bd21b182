"""Materials of a loaded file: every kind, with everything that is said about them."""

from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from ikone_events.domain.operating.dataset import read_dataset
from ikone_events.domain.refusals import UnfitInput
from ikone_events.services.followup.sending import new_materials
from ikone_events.services.operating.loading import Loaded, store_dataset
from ikone_events.store.db import db, transaction
from ikone_events.store.events.models import Material
from tests.factories import NOW


def dataset(*materials: object) -> dict[str, Any]:
    """A file with one event."""
    event = {
        "slug": "workshop",
        "title": "Workshop",
        "starts_at": "2027-01-12T10:00:00+01:00",
        "ends_at": "2027-01-12T12:00:00+01:00",
        "materials": [*materials],
    }
    return {"events": [event]}


def load(app: Flask, folder: Path, *materials: object) -> tuple[Loaded, list[Material]]:
    """What loading says, and the materials in their order."""
    with app.app_context():
        read = read_dataset(dataset(*materials))
        with transaction():
            loaded = store_dataset(read, folder=folder, actor="load", now=NOW)
        order = db.select(Material).order_by(Material.position)
        return loaded, list(db.session.scalars(order))


def test_every_kind_is_loaded_with_what_is_said_about_it(app: Flask, tmp_path: Path) -> None:
    (tmp_path / "folien.pdf").write_bytes(b"%PDF-1.7")
    loaded, found = load(
        app, tmp_path,
        {"type": "slides", "file": "folien.pdf", "title": "Folien", "accessible": True},
        {"type": "file", "file": "fehlt.pdf"},
        {"type": "recording", "title": "Film", "url": "https://v.example.org", "language": "en",
         "visibility": "attended", "availability": "at",
         "available_at": "2027-02-01T09:00:00+01:00"},
        {"type": "note", "title": "Hinweis", "description": {"de": "Bitte\nlesen"},
         "visibility": "chosen", "availability": "now"},
        {"type": "contact", "title": "Frage", "name": "Bo", "email": "bo@example.org"},
        {"url": "https://example.org/ohne-titel"},
    )  # fmt: skip
    assert loaded.missing_files == ["fehlt.pdf"]
    assert [(each.kind, each.title, each.visibility, each.availability) for each in found] == [
        ("slides", "Folien", "registered", "follow_up"),
        ("recording", "Film", "attended", "at"),
        ("note", "Hinweis", "chosen", "now"),
        ("contact", "Frage", "registered", "follow_up"),
        ("link", "https://example.org/ohne-titel", "registered", "follow_up"),
    ]
    assert found[0].accessible
    assert found[1].language == "en"
    assert found[1].available_at is not None
    assert found[1].available_at.isoformat() == "2027-02-01T08:00:00+00:00"
    assert found[2].description == "Bitte\nlesen"


@pytest.mark.parametrize(
    ("material", "words"),
    [
        ({"type": "poster", "title": "x"}, "no kind of material"),
        ({"type": "link", "title": "x"}, "complete address"),
        ({"type": "contact", "name": "x", "email": "x"}, "name@example.org"),
        ({"type": "note", "title": "x"}, "enter a text"),
        ({"type": "slides", "file": "a.pdf", "visibility": "all"}, "one of the options"),
        ({"type": "slides", "file": "a.pdf", "availability": "at"}, "a date and a time"),
        ({"type": "slides", "file": "a.pdf", "language": "Deutsch"}, "as a tag"),
        ({"type": "slides", "file": "a" * 201}, "characters"),
        ({"type": "note", "title": "x", "description": "x" * 4001}, "characters"),
    ],
)
def test_unfit_material_refuses_the_whole_file(material: dict[str, str], words: str) -> None:
    with pytest.raises(UnfitInput, match=words):
        read_dataset(dataset(material))


@pytest.mark.parametrize(("state", "number"), [("dispatched", 1), ("followed_up", 0)])
def test_loaded_follow_up_has_notified_of_its_materials(
    app: Flask, tmp_path: Path, state: str, number: int
) -> None:
    """Else the first supplement would offer people what they have had for years."""
    link = {"title": "Leitfaden", "url": "https://example.org", "availability": "now"}
    file = dataset(link)
    file["events"][0] |= {
        "starts_at": "2026-01-12T10:00:00+01:00",
        "ends_at": "2026-01-12T12:00:00+01:00",
        "state": state,
    }
    with app.app_context():
        with transaction():
            store_dataset(read_dataset(file), folder=tmp_path, actor="load", now=NOW)
        (material,) = db.session.scalars(db.select(Material))
        assert len(new_materials(material.event, NOW)) == number
