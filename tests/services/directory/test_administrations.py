"""The directory: kept by hand and from lists, its names in step, and nobody left unmatched."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from ikone_events.domain.directory.draft import AdministrationDraft
from ikone_events.domain.refusals import NotFound, StaleForm, UnfitInput
from ikone_events.services.directory.administrations import (
    add_administration,
    delete_administration,
    draft_of,
    edit_administration,
    get_administration,
)
from ikone_events.services.directory.importing import Imported, check_list, import_list
from ikone_events.store.db import db, transaction
from ikone_events.store.directory.models import Organisation, OrganisationName
from ikone_events.store.directory.naming import find_by_name, organisation_names
from ikone_events.store.registering.models import Registration
from tests.administrations import CLASS_OF, FILE, ROWS, WAYS, without_umlauts
from tests.factories import NOW, make_event, make_organisation, make_registration

pytestmark = pytest.mark.both_databases

LATER = NOW + timedelta(hours=1)
LIST = FILE.read_bytes()
HEADER = "schluessel;name;art;aliase;mitglied;mitglied_von;mitglied_bis\n"


def take(app: Flask, content: bytes | str) -> Imported:
    """Import a list in a transaction of its own."""
    raw = content.encode() if isinstance(content, str) else content
    with app.app_context(), transaction():
        return import_list(raw, now=LATER)


def refused(app: Flask, content: bytes | str) -> dict[str, str]:
    """What is wrong with a list, by line; nothing was stored of it."""
    with app.app_context():
        before = db.session.query(Organisation).count()
    with pytest.raises(UnfitInput) as refusal:
        take(app, content)
    with app.app_context():
        assert db.session.query(Organisation).count() == before
    return {complaint.about or "": str(complaint) for complaint in refusal.value.complaints}


def found(app: Flask, text: str) -> str | None:
    """The name of the body that a typed text belongs to."""
    with app.app_context():
        body = find_by_name(text)
        return body.name if body else None


def body_of(app: Flask, registration: Registration) -> int | None:
    with app.app_context():
        return db.session.get_one(Registration, registration.id).organisation_id


def draft(name: str, **values: Any) -> AdministrationDraft:
    return AdministrationDraft(name=name, **{"kind": "verbandsgemeinde", **values})


def test_list_is_imported_whole_and_a_second_time_changes_nothing(app: Flask) -> None:
    first, second = take(app, LIST), take(app, LIST)
    assert (len(first.added), first.changed, first.unchanged) == (len(ROWS), [], 0)
    assert (second.added, second.changed, second.unchanged) == ([], [], len(ROWS))
    with app.app_context():
        bodies = {body.name: body for body in db.session.scalars(select(Organisation))}
        assert {body.edit_version for body in bodies.values()} == {1}
        ended = bodies["Stadtverwaltung Neuburg an der Weinstraße"]
        assert (ended.member_since, ended.member_until) == (date(2020, 1, 1), date(2022, 12, 31))
        assert bodies["Kreisverwaltung Südliche Hügelstraße"].aliases == ["SÜH", "Landkreis SÜH"]
        assert bodies["Gemeindeverwaltung Haßfeld"].member


def test_every_spelling_of_the_list_finds_its_body_in_the_database(app: Flask) -> None:
    take(app, LIST)
    for row in ROWS:
        for way in WAYS[CLASS_OF[row["art"]]]:
            text = without_umlauts(way.format(row["kurzname"])).upper()
            assert found(app, text) == row["name"], text
    assert found(app, "Lautersheim") is None


@pytest.mark.parametrize(
    "content",
    [
        LIST.decode().encode("cp1252"),
        LIST.decode().encode("utf-8-sig"),
        LIST.replace(b";", b","),
        LIST.replace(b";", b"\t"),
        LIST.replace(b"\n", b"\r\n"),
    ],
    ids=["cp1252", "bom", "comma", "tab", "crlf"],
)
@pytest.mark.one_database_by_day
def test_list_is_read_however_it_was_saved(app: Flask, content: bytes) -> None:
    take(app, LIST)
    with app.app_context():
        assert check_list(content).unchanged == len(ROWS)


def test_wrong_lines_are_all_named_and_nothing_is_stored(app: Flask) -> None:
    faults = refused(
        app,
        HEADER + "07;Stadtverwaltung Gut;kreisfreie_stadt;;;;\n"
        "08;;landkreis;;;;\n\n"
        "09;Kreis Falsch;grafschaft;;;;\n"
        "10;Kreis Tag;landkreis;;;31.02.2020;\n"
        "11;Kreis Ende;landkreis;;;2021-01-01;2020-01-01\n"
        "12;Kreis Nein;landkreis;;nein;2021-01-01;\n"
        "07;Kreis Doppelt;landkreis;;;;\n"
        "13;Kreis Viel;landkreis;;;;;zu;viel\n",
    )
    assert list(faults) == ["3", "5", "6", "7", "8", "9", "10"]
    assert "name" in faults["3"]
    assert "grafschaft" in faults["5"]
    assert "31.02.2020" in faults["6"]
    assert "line 2" in faults["9"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"name;art\n", "empty"),
        (b"ort;art\nA;landkreis\n", "at least"),
        (b"name;name\nA;B\n", "same name"),
        (b'name\n"offen\nund weiter', "quotation mark"),
        ("name\nKreis A\n".encode("utf-16"), "UTF-8"),
        (b"name\nA\0B\n", "no CSV"),
        (b"name\nKreis A\nKREIS A\n", "line 2"),
        (b"x" * 5_000_001, "too large"),
    ],
)
@pytest.mark.one_database_by_day
def test_file_that_is_no_list_is_refused(app: Flask, content: bytes, words: str) -> None:
    assert words in " ".join(refused(app, content).values())


def test_list_updates_by_key_then_by_name_and_empty_cells_change_nothing(app: Flask) -> None:
    keyed = make_organisation(app, "Kreis Alt", official_key="01", member_since=date(2020, 1, 1))
    named = make_organisation(app, "Kreis Ohne", aliases=["KO"])
    done = take(app, HEADER + "01;Kreis Neu;landkreis;;;;\n02;Kreis Ohne;;Ohneland;;;\n")
    assert (done.added, sorted(done.changed)) == ([], ["Kreis Neu", "Kreis Ohne"])
    with app.app_context():
        first, second = (db.session.get_one(Organisation, o.id) for o in (keyed, named))
        assert (first.name, first.member, first.member_since) == (
            "Kreis Neu",
            True,
            date(2020, 1, 1),
        )
        assert (second.official_key, second.kind) == ("02", "verbandsgemeinde")
        assert second.aliases == ["KO", "Ohneland"]
    assert found(app, "Kreis Alt") is None


def test_list_with_no_member_ends_the_membership(app: Flask) -> None:
    body = make_organisation(app, "Kreis A", member_since=date(2020, 1, 1))
    take(app, HEADER + ";Kreis A;;;nein;;\n")
    with app.app_context():
        stored = db.session.get_one(Organisation, body.id)
        assert (stored.member, stored.member_since) == (False, None)


def test_places_that_share_a_name_are_distinguished_by_their_keys(app: Flask) -> None:
    rows = "01;Ortsgemeinde Hausen;ortsgemeinde;;;;\n02;Ortsgemeinde Hausen;ortsgemeinde;;;;\n"
    assert len(take(app, HEADER + rows).added) == 2
    assert take(app, HEADER + rows).unchanged == 2
    assert found(app, "Ortsgemeinde Hausen") is None
    assert "several" in refused(app, HEADER + ";Ortsgemeinde Hausen;;;;;\n")["2"].lower()
    assert (
        "02"
        in refused(app, HEADER + "01;Kreis X;landkreis;;;;\n03;Ortsgemeinde Hausen;;;;;\n")["3"]
    )


def test_line_that_is_two_bodies_is_refused(app: Flask) -> None:
    make_organisation(app, "Kreis A", official_key="01")
    make_organisation(app, "Kreis B", official_key="02")
    assert "Kreis A" in refused(app, HEADER + "01;Kreis B;;;;;\n")["2"]
    assert "02" in refused(app, HEADER + "03;Kreis B;;;;;\n")["2"]


def test_check_writes_nothing(app: Flask) -> None:
    make_organisation(app, "Kreis A", official_key="01")
    with app.app_context():
        checked = check_list((HEADER + "01;Kreis B;;;;;\n02;Kreis C;;;;;\n").encode())
        assert (checked.added, checked.changed) == (["Kreis C"], ["Kreis B"])
        assert not db.session.dirty
        assert not db.session.new


def test_names_follow_every_edit(app: Flask) -> None:
    with app.app_context():
        with transaction():
            body = add_administration(draft("VG Alt", aliases=("Oberland",)), now=NOW)
        number = body.id
        with transaction():
            new = draft("VG Neu", short_name="Neu", aliases=("Unterland",))
            edit_administration(number, new, edit_version=1, now=LATER)
    assert found(app, "VG Alt") is None
    assert found(app, "Oberland") is None
    assert found(app, "Verbandsgemeinde Neu") == "VG Neu"
    assert found(app, "neu") == "VG Neu"
    assert found(app, "UNTERLAND") == "VG Neu"
    with app.app_context():
        stored = get_administration(number)
        assert (stored.edit_version, stored.changed_at) == (2, LATER)
        assert draft_of(stored) == new


def test_edit_of_an_older_version_is_refused(app: Flask) -> None:
    body = make_organisation(app, "VG A", edit_version=3)
    with app.app_context(), pytest.raises(StaleForm), transaction():
        edit_administration(body.id, draft("VG B"), edit_version=2, now=NOW)


@pytest.mark.parametrize(
    ("values", "about"),
    [
        ({"name": "verbandsgemeindeverwaltung aue"}, "name"),
        ({"name": "VG B", "official_key": "01"}, "official_key"),
        ({"name": "VG B", "aliases": ("Verbandsgemeinde Aue",)}, "aliases"),
        ({"name": "VG B", "aliases": ("?",)}, "aliases"),
        ({"name": "VG B", "kind": "grafschaft"}, "kind"),
        ({"name": "–"}, "name"),
        ({"name": "VG B", "official_key": "=1"}, "official_key"),
        ({"name": "VG B", "member": True, "member_until": date(2000, 1, 1),
          "member_since": date(2001, 1, 1)}, "member_until"),
        ({"name": "VG B", "member_since": date(2001, 1, 1)}, "member"),
        ({"name": "x" * 201}, "name"),
        ({"name": "VG\0B"}, "name"),
    ],
)  # fmt: skip
@pytest.mark.one_database_by_day
def test_draft_that_does_not_fit_is_refused(app: Flask, values: dict[str, Any], about: str) -> None:
    make_organisation(app, "Verbandsgemeindeverwaltung Aue", official_key="01")
    with app.app_context(), pytest.raises(UnfitInput) as refusal, transaction():
        add_administration(AdministrationDraft(**values), now=NOW)
    assert {complaint.about for complaint in refusal.value.complaints} == {about}


def test_body_is_deleted_only_when_nobody_refers_to_it(app: Flask) -> None:
    used, free = make_organisation(app, "VG Aue"), make_organisation(app, "VG Bau")
    make_registration(app, make_event(app), organisation_id=used.id)
    with app.app_context():
        with pytest.raises(UnfitInput), transaction():
            delete_administration(used.id)
        with transaction():
            delete_administration(free.id)
        with pytest.raises(NotFound):
            get_administration(free.id)
        owners = set(db.session.scalars(select(OrganisationName.organisation_id)))
        assert owners == {used.id}


def test_registrations_find_their_body_when_the_directory_learns_of_it(app: Flask) -> None:
    event, archived = make_event(app), make_event(app, state="archived")
    waits = make_registration(app, event, organisation_text="VG Landburg")
    other = make_registration(app, event, organisation_text="Landburger Verein")
    old = make_registration(app, archived, organisation_text="VG Landburg")
    assert take(app, LIST).matched == 1
    with app.app_context():
        body = find_by_name("VG Landburg")
        assert body is not None
    assert body_of(app, waits) == body.id
    assert body_of(app, other) is None
    assert body_of(app, old) is None
    with app.app_context(), transaction():
        given = draft_of(get_administration(body.id))
        new = AdministrationDraft(
            **{
                **{name: getattr(given, name) for name in given.__slots__},
                "aliases": ("Landburger Verein",),
            }
        )
        edit_administration(body.id, new, edit_version=body.edit_version, now=LATER)
    assert body_of(app, other) == body.id


def test_new_member_gets_the_seat_that_is_kept_for_members(app: Flask) -> None:
    body = make_organisation(app, "Stadt Worms", member=False)
    rule = {"members_until": NOW + timedelta(days=1)}
    event, before = make_event(app, **rule), make_event(app, state="announced", **rule)
    waits = {"status": "waitlisted", "waiting_order": 1, "organisation_id": body.id}
    comes, stands = (make_registration(app, each, **waits) for each in (event, before))
    with app.app_context(), transaction():
        new = replace(draft_of(get_administration(body.id)), member=True)
        edit_administration(body.id, new, edit_version=body.edit_version, now=NOW)
    with app.app_context():
        assert db.session.get_one(Registration, comes.id).status == "confirmed"
        assert db.session.get_one(Registration, stands.id).status == "waitlisted"


def test_offered_names_follow_every_change(app: Flask) -> None:
    with app.app_context():
        assert list(organisation_names()) == []
        with transaction():
            first = add_administration(draft("VG B"), now=NOW)
        assert list(organisation_names()) == ["VG B"]
        with transaction():
            add_administration(draft("VG A"), now=NOW)
        assert list(organisation_names()) == ["VG A", "VG B"]
        with transaction():
            edit_administration(first.id, draft("VG C"), edit_version=1, now=NOW)
        assert list(organisation_names()) == ["VG A", "VG C"]
        with transaction():
            delete_administration(first.id)
        assert list(organisation_names()) == ["VG A"]
