"""Which text is in force, on both databases, and what became of a mail written with it."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from ikone_events.domain.mails.edited_text import EditedText
from ikone_events.domain.mails.kinds import MailKind
from ikone_events.domain.refusals import StaleForm, UnfitInput
from ikone_events.mail.writing.compose import compose
from ikone_events.services.mails.drafts import mask_links
from ikone_events.services.mails.facts import facts_for
from ikone_events.services.mails.text_preview import preview, standard_text
from ikone_events.services.mails.texts import (
    INSTALLATION,
    TextChange,
    find_text,
    from_snapshot,
    reset_text,
    save_text,
    series_scope,
    snapshot,
)
from ikone_events.services.mails.writing import write_mail
from ikone_events.store.db import db, transaction
from ikone_events.store.events.models import Event
from ikone_events.store.mails.models import Mailing, MailText
from ikone_events.store.registering.models import Registration
from tests.at_once import at_once
from tests.factories import NOW, make_event, make_material, make_registration, make_text

OWN = EditedText("Neu: {{titel}}", "Hallo {{vorname}}")


def test_nearest_text_counts_language_by_language(app: Flask) -> None:
    event = make_event(app, series="Reihe")
    other = make_event(app)
    make_text(app, "waitlist", body="alle")
    make_text(app, "waitlist", body="all", locale="en")
    make_text(app, "waitlist", body="Reihe", scope=series_scope("Reihe"))
    with app.app_context():
        assert find_text(event, "waitlist", "de") == EditedText("Eigener Betreff", "Reihe")
        assert find_text(event, "waitlist", "en") == EditedText("Eigener Betreff", "all")
        assert find_text(other, "waitlist", "de") == EditedText("Eigener Betreff", "alle")
        assert find_text(None, "waitlist", "de") == EditedText("Eigener Betreff", "alle")
        assert find_text(event, "moved", "de") is None
    make_text(app, "waitlist", event, body="hier")
    with app.app_context():
        assert find_text(event, "waitlist", "de") == EditedText("Eigener Betreff", "hier")
        assert find_text(other, "waitlist", "de") == EditedText("Eigener Betreff", "alle")


def test_snapshot_keeps_the_text_a_mailing_began_with(app: Flask) -> None:
    event = make_event(app)
    make_text(app, "follow_up", body="für alle")
    make_text(app, "follow_up_missed", body="gefehlt")
    with app.app_context():
        kept = snapshot(event, "follow_up")
        assert snapshot(event, "access_link") == ""
    assert from_snapshot(kept, "de") == EditedText("Eigener Betreff", "für alle")
    assert from_snapshot(kept, "de", "follow_up") == EditedText("Eigener Betreff", "für alle")
    assert from_snapshot(kept, "de", "follow_up_missed") == EditedText("Eigener Betreff", "gefehlt")
    assert from_snapshot(kept, "de", "follow_up_unknown") is None
    assert from_snapshot(kept, "en") is None
    assert from_snapshot("", "de") is None


def test_own_message_in_one_language_goes_to_everybody(app: Flask) -> None:
    event = make_event(app)
    make_text(app, "own-1", event, body="Bus 5")
    with app.app_context():
        kept = snapshot(event, "own-1")
    assert from_snapshot(kept, "en") == from_snapshot(kept, "de") != None  # noqa: E711


def test_text_is_saved_once_and_by_the_latest_form(app: Flask) -> None:
    event = make_event(app)
    scope = f"event:{event.id}"
    with app.app_context():
        with transaction():
            save_text(scope, "moved", TextChange("de", OWN), event=event, actor="A", now=NOW)
        with pytest.raises(StaleForm), transaction():
            save_text(scope, "moved", TextChange("de", OWN), event=event, actor="B", now=NOW)
        later, newer = NOW + timedelta(hours=1), EditedText("x", "y")
        with transaction():
            change = TextChange("de", newer, NOW)
            save_text(scope, "moved", change, event=event, actor="B", now=later)
        assert find_text(event, "moved", "de") == newer
        with pytest.raises(StaleForm, match="B"), transaction():
            reset_text(scope, "moved", "de", seen=NOW)
        with transaction():
            reset_text(scope, "moved", "de", seen=later)
        assert find_text(event, "moved", "de") is None


def test_unfit_text_is_not_stored(app: Flask) -> None:
    with app.app_context():
        change = TextChange("de", EditedText("x", "{{titl}}"))
        with pytest.raises(UnfitInput), transaction():
            save_text(INSTALLATION, "moved", change, event=None, actor="A", now=NOW)
        assert db.session.scalar(select(MailText)) is None


@pytest.mark.both_databases
def test_two_who_begin_the_same_text_leave_one_row(app: Flask) -> None:
    change = TextChange("de", OWN)

    def write(name: str) -> str:
        try:
            with app.app_context(), transaction():
                save_text(INSTALLATION, "moved", change, event=None, actor=name, now=NOW)
        except StaleForm:
            return "stale"
        return "saved"

    assert sorted(at_once(write, "AB")) == ["saved", "stale"]
    with app.app_context():
        assert len(list(db.session.scalars(select(MailText)))) == 1


def test_texts_of_an_event_leave_with_it(app: Flask) -> None:
    event = make_event(app)
    make_text(app, "moved", event)
    with app.app_context():
        with transaction():
            db.session.delete(db.session.get_one(Event, event.id))
        assert db.session.scalar(select(MailText)) is None


def test_single_mails_have_the_text_in_force_and_mailings_their_own(app: Flask) -> None:
    event = make_event(app, title="Dörfer")
    person = make_registration(app, event, first_name="Jördis")
    make_text(app, "confirmation", event, subject=OWN.subject, body=OWN.body)
    with app.app_context(), transaction():
        registration = db.session.get_one(Registration, person.id)
        seen = registration.event
        single = write_mail(MailKind.CONFIRMATION, registration, seen, key="1", now=NOW)
        assert (single.subject, "Hallo Jördis" in single.text) == ("Neu: Dörfer", True)
        mailing = Mailing(
            event_id=seen.id, kind="confirmation", audience="confirmed", texts="", created_at=NOW
        )
        db.session.add(mailing)
        db.session.flush()
        facts = facts_for(MailKind.CONFIRMATION, registration, seen, now=NOW, mailing=mailing)
        of_many = compose(facts)
        assert of_many.subject.startswith("Anmeldung bestätigt: Dörfer")
        repeat = write_mail(MailKind.REPEAT, registration, seen, key="3", now=NOW)
        assert repeat.subject.startswith("Ihre Anmeldung")


@pytest.mark.parametrize("attendance", ["attended", "missed", "unknown"])
def test_follow_ups_of_one_mailing_have_each_their_own_text(app: Flask, attendance: str) -> None:
    event = make_event(app)
    person = make_registration(app, event)
    make_text(app, "follow_up", subject="Danke")
    make_text(app, "follow_up_missed", subject="Schade")
    kind = {"attended": "follow_up", "missed": "follow_up_missed"}.get(
        attendance, "follow_up_unknown"
    )
    with app.app_context(), transaction():
        registration = db.session.get_one(Registration, person.id)
        texts = snapshot(registration.event, "follow_up")
        mailing = Mailing(
            event_id=event.id, kind="follow_up", audience="confirmed", texts=texts, created_at=NOW
        )
        db.session.add(mailing)
        db.session.flush()
        facts = facts_for(
            MailKind(kind), registration, registration.event, now=NOW, mailing=mailing
        )
        mail = compose(facts)
        expected = {"follow_up": "Danke", "follow_up_missed": "Schade"}.get(kind, "Unterlagen: ")
        assert mail.subject.startswith(expected)


def test_own_message_keeps_its_german_text(app: Flask) -> None:
    """Without it the step would send an empty mail; the whole message can be deleted."""
    with pytest.raises(UnfitInput), app.app_context(), transaction():
        reset_text("event:1", "own-0123456789abcdef", "de", seen=None)


@pytest.mark.parametrize(
    "kind",
    [
        MailKind.CONFIRMATION,
        MailKind.WITHDRAWAL,
        MailKind.ACCESS_LINK,
        MailKind.FOLLOW_UP,
        MailKind.REMINDER_DAY,
        MailKind.CHANGED,
    ],
)
@pytest.mark.parametrize("locale", ["de", "en"])
def test_editor_shows_a_person_what_the_mail_then_says(
    app: Flask, kind: MailKind, locale: str
) -> None:
    state = "followed_up" if kind is MailKind.FOLLOW_UP else "dispatched"
    event = make_event(app, state=state, title_en="Villages", dial_in="+49 631 99")
    make_material(app, event)
    make_material(app, event, kind="contact", contact_name="Bo", contact_email="bo@example.org")
    made = make_registration(app, event, locale=locale, calendar_sequence=0, question="Wozu?")
    text = standard_text(kind, locale)
    make_text(app, kind, event, locale=locale, subject=text.subject, body=text.body)
    with app.app_context(), transaction():
        person = db.session.get_one(Registration, made.id)
        shown = preview(kind, text, locale, event=person.event, person=person, now=NOW)
        sent = write_mail(kind, person, person.event, key="1", now=NOW)
        assert shown.subject == sent.subject
        assert shown.text == mask_links(sent.text)
        assert shown.html == mask_links(sent.html)
