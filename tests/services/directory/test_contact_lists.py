"""Importing contacts: every row of a file gets its words before anything is written."""

import io
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from ikone_events.domain.refusals import UnfitInput, UploadRefused
from ikone_events.services.directory.contact_lists import (
    ContactListReport,
    RowResult,
    enter_list,
    keep_contacts,
    read_contacts,
    report_on,
)
from ikone_events.services.directory.contacts import (
    CONTACT_COLUMNS,
    contact_rows,
    remove_contact,
)
from ikone_events.services.directory.rematching import rematch
from ikone_events.services.documents.spreadsheets import write_csv, write_workbook
from ikone_events.store.accounts.models import Organiser
from ikone_events.store.db import db, transaction
from ikone_events.store.directory.models import Contact
from ikone_events.store.registering.models import ImportList
from tests.accounts import make_account
from tests.factories import NOW, make_contact, make_organisation

pytestmark = pytest.mark.both_databases

SOURCE = "Mitgliederliste, 2. März 2026"
HEAD = "Anrede;Vorname;Nachname;Funktion;Verwaltung;E-Mail;Sprache;Bemerkung"
Import = Callable[[bytes], ContactListReport]


@pytest.fixture
def enter(app: Flask) -> Import:
    """Check and keep a file, and enter it; returns the report that was shown before."""
    number = make_account(app)

    def run(content: bytes) -> ContactListReport:
        with app.app_context():
            found = read_contacts(content, source=SOURCE, legal_basis="consent")
            with transaction():
                organiser = db.session.get_one(Organiser, number)
                stored = keep_contacts(found, organiser, file_name="liste.csv", now=NOW)
            shown = report_on(stored)
            with transaction():
                enter_list(db.session.get_one(ImportList, stored.id), actor="Ada", now=NOW)
            return shown

    return run


def csv(*rows: str) -> bytes:
    return "\n".join([HEAD, *rows]).encode()


def results(report: ContactListReport) -> dict[int, RowResult]:
    return {row.line: row.result for row in report.rows}


def contacts(app: Flask) -> dict[str, Contact]:
    with app.app_context():
        return {contact.email: contact for contact in db.session.scalars(select(Contact))}


def test_same_person_three_times_is_entered_once_and_reported(app: Flask, enter: Import) -> None:
    rows = [f";Ada;Muster;Amt {n};;{address};;" for n, address in enumerate(
        ("ada@example.org", "ADA@example.org", "ada@Example.ORG")
    )]  # fmt: skip
    report = enter(csv(*rows))
    assert results(report) == {
        2: RowResult.NEW,
        3: RowResult.REPEATED,
        4: RowResult.REPEATED,
    }
    assert [row.first_line for row in report.rows] == [2, 2, 2]
    (contact,) = contacts(app).values()
    assert (contact.position, contact.source, contact.legal_basis, contact.entered_by) == (
        *("Amt 0", SOURCE, "consent", "Ada"),
    )


def test_who_unsubscribed_stays_out_for_ever(app: Flask, enter: Import) -> None:
    gone = make_contact(app, email="nie@example.org")
    with app.app_context(), transaction():
        remove_contact(gone.public_id, objects=True, now=NOW - timedelta(days=400))
    report = enter(csv(";Nie;Wieder;;;Nie@example.org;;", ";Neu;Person;;;neu@example.org;;"))
    assert results(report) == {2: RowResult.OBJECTED, 3: RowResult.NEW}
    assert set(contacts(app)) == {"neu@example.org"}


def test_objection_after_the_report_counts_too(app: Flask, enter: Import) -> None:
    contact = make_contact(app, email="nie@example.org")
    number = make_account(app, email="zwei@example.org")
    with app.app_context():
        found = read_contacts(
            csv(";Nie;Wieder;;;nie@example.org;;"), source=SOURCE, legal_basis="consent"
        )
        with transaction():
            organiser = db.session.get_one(Organiser, number)
            stored = keep_contacts(found, organiser, file_name="l.csv", now=NOW)
        with transaction():
            remove_contact(contact.public_id, objects=True, now=NOW)
        with transaction():
            done = enter_list(db.session.get_one(ImportList, stored.id), actor="Ada", now=NOW)
        assert done.count(RowResult.OBJECTED) == 1
    assert contacts(app) == {}


def test_known_person_is_updated_or_left(app: Flask, enter: Import) -> None:
    body = make_organisation(app, "Stadtverwaltung Kusel")
    old = NOW - timedelta(days=2000)
    for name, locale in (("gleich", "en"), ("anders", "en")):
        make_contact(
            app, email=f"{name}@example.org", first_name="Ada", last_name="Muster", locale=locale,
            organisation_id=body.id, organisation_text="Kusel", checked_at=old, note="bleibt",
        )  # fmt: skip
    report = enter(
        csv(
            ";Ada;Muster;;Stadt Kusel;gleich@example.org;;",
            ";Ada;Muster;Leitung;;anders@example.org;;",
        )
    )
    assert results(report) == {2: RowResult.KNOWN, 3: RowResult.CHANGED}
    found = contacts(app)
    same, other = found["gleich@example.org"], found["anders@example.org"]
    assert (same.source, same.checked_at, same.edit_version) == (
        *("Website der Stadt, 2. Februar 2026", NOW, 1),
    )
    assert (other.position, other.source, other.legal_basis) == ("Leitung", SOURCE, "consent")
    for contact in (same, other):
        kept = (contact.locale, contact.note, contact.organisation_id)
        assert kept == ("en", "bleibt", body.id)


def test_public_bodies_are_matched_or_kept_as_text(app: Flask, enter: Import) -> None:
    body = make_organisation(app, "Verbandsgemeindeverwaltung Kusel-Altenglan")
    report = enter(
        csv(
            ";A;A;;VG Kusel Altenglan;a@example.org;;",
            ";B;B;;Zweckverband Unbekannt;b@example.org;;",
        )
    )
    assert [row.body.name if row.body else "" for row in report.rows] == [body.name, ""]
    found = contacts(app)
    assert found["a@example.org"].organisation_id == body.id
    assert found["b@example.org"].organisation_text == "Zweckverband Unbekannt"
    added = make_organisation(app, "Zweckverband Unbekannt")
    with app.app_context(), transaction():
        rematch(now=NOW)
    assert contacts(app)["b@example.org"].organisation_id == added.id


def test_bad_rows_are_reported_one_by_one(app: Flask, enter: Import) -> None:
    report = enter(
        csv(
            ";A;A;;;kein;;",
            ";B;B;;;;;",
            ";C;C;;;c@example.org;fr;",
            f";D;D;;;d@example.org;;{'x' * 2001}",
            ";www.spam.example;E;;;e@example.org;;",
            ";;;Poststelle;;f@example.org;en;",
        )
    )
    assert list(results(report).values()) == [RowResult.REFUSED] * 5 + [RowResult.NEW]
    assert all(row.complaints for row in report.rows[:5])
    contact = contacts(app)["f@example.org"]
    assert (contact.name, contact.locale) == ("f@example.org", "en")


@pytest.mark.parametrize("kind", ["csv", "xlsx", "ods"])
@pytest.mark.one_database_by_day
def test_own_export_can_be_imported(app: Flask, enter: Import, kind: str) -> None:
    body = make_organisation(app, "Stadtverwaltung Kusel")
    make_contact(app, organisation_id=body.id, organisation_text="Kusel", salutation="frau")
    make_contact(app, last_name="=Formel", note="+49", locale="en")
    with app.app_context():
        if kind == "csv":
            text = io.StringIO()
            write_csv(text, CONTACT_COLUMNS, contact_rows(), excel=True)
            content = text.getvalue().encode()
        else:
            binary = io.BytesIO()
            write_workbook(binary, CONTACT_COLUMNS, contact_rows(), kind, title="Kontakte")
            content = binary.getvalue()
    report = enter(content)
    assert report.left_out == []
    assert set(results(report).values()) == {RowResult.KNOWN}


def test_list_needs_source_legal_basis_and_addresses(app: Flask) -> None:
    with app.app_context():
        with pytest.raises(UnfitInput) as refused:
            read_contacts(csv(), source=" ", legal_basis="gut so")
        assert [each.about for each in refused.value.complaints] == ["source", "legal_basis"]
        with pytest.raises(UploadRefused):
            read_contacts(b"Vorname;Nachname\nA;B", source=SOURCE, legal_basis="consent")
