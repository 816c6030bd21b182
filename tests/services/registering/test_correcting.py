"""Another address is another mailbox: the former one loses links and entry, the new gets both."""

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from icalendar import Calendar
from icalendar import Event as Entry
from sqlalchemy import select

from ikone_events.domain.events.lifecycle import Action
from ikone_events.domain.refusals import LinkGone, StaleForm, StatusRefused, UnfitInput
from ikone_events.domain.tokens import LinkClaim, Purpose
from ikone_events.services.calendars.feeds import get_feed
from ikone_events.services.events.transitions import Request, perform
from ikone_events.services.installation import get_installation
from ikone_events.services.mails.delivery_log import notes_of
from ikone_events.services.mails.outbox import mark_deferred
from ikone_events.services.operating.verification import faults
from ikone_events.services.privacy.forgetting import redact_name
from ikone_events.services.registering.corrections import (
    PersonDetails,
    correct_person,
    details_version,
)
from ikone_events.services.registering.hand_over import Deputy, hand_over
from ikone_events.services.registering.registrations import Applicant, register
from ikone_events.services.registering.status import confirm_address
from ikone_events.store.calendars.personal_feeds import lock_feed
from ikone_events.store.db import db, transaction
from ikone_events.store.events.models import Event
from ikone_events.store.mails.models import OutboxMail
from ikone_events.store.registering.models import Registration, StatusChange
from ikone_events.store.registering.queries import status_history
from tests.claims import claim_next
from tests.factories import (
    NOW,
    FixedClock,
    door_path,
    make_event,
    make_mail,
    make_organisation,
    make_registration,
    personal_path,
)
from tests.mailbox import Mailbox, Received
from tests.rows import work

OLD, NEW = "eva@exmaple.org", "eva@example.org"


def sign_up(app: Flask, event: Event, email: str = OLD) -> Registration:
    eva = Applicant(
        first_name="Eva", last_name="Muster", email=email, organisation="Stadt Trier", locale="de",
        salutation="frau",
    )  # fmt: skip
    with app.app_context(), transaction():
        register(event.slug, eva, now=NOW)
    return only(app)


def only(app: Flask) -> Registration:
    with app.app_context():
        return db.session.scalars(select(Registration)).one()


def correct(app: Flask, person: Registration, email: str = NEW, **changes: Any) -> None:
    with app.app_context():
        seen = changes.pop("seen", details_version(db.session.get_one(Registration, person.id)))
    same = {"salutation": "frau", "organisation_text": "Stadt Trier"}
    names = {"first_name": "Eva", "last_name": "Muster", **same, **changes}
    with app.app_context(), transaction():
        details = PersonDetails(email=email, **names)
        correct_person(person.public_id, details, seen=seen, actor="anna@example.org", now=NOW)


def entry_of(mail: Received) -> tuple[str, Entry]:
    assert mail.calendar is not None
    calendar = Calendar.from_ical(mail.calendar)
    return str(calendar["METHOD"]), calendar.events[0]


def clean(app: Flask, now: Any = NOW) -> list[str]:
    with app.app_context():
        found = list(faults(now))
    return [fault for fault in found if not fault.startswith("history:")]  # events of factories


@pytest.mark.both_databases
def test_corrected_address_gets_the_invitation_and_the_former_one_loses_all(
    app: Flask, mailbox: Mailbox
) -> None:
    event = make_event(app, state="dispatched", accepts_late=True)
    person = sign_up(app, event)
    work(app)
    links = [personal_path(app, person), personal_path(app, person, "/room")]
    links.append(door_path(app, person))

    correct(app, person)
    work(app)

    invited, withdrawn = mailbox.to(OLD)
    (method, first), (cancel, last) = entry_of(invited), entry_of(withdrawn)
    assert (method, cancel) == ("REQUEST", "CANCEL")
    assert (last["UID"], last["SEQUENCE"]) == (first["UID"], first["SEQUENCE"] + 1)
    (welcome,) = mailbox.to(NEW)
    method, entry = entry_of(welcome)
    assert (method, entry["SEQUENCE"]) == ("REQUEST", 0)
    assert entry["UID"] != first["UID"]
    assert welcome.message["References"] is None

    client = app.test_client()
    assert [client.get(link).status_code for link in links] == [410] * 3
    person = only(app)
    assert str(entry["URL"]).endswith(door_path(app, person))
    assert personal_path(app, person) in welcome.text
    assert client.get(door_path(app, person)).status_code == 200
    assert clean(app) == []


def test_mail_to_the_former_address_names_nobody_and_no_link(app: Flask, mailbox: Mailbox) -> None:
    person = sign_up(app, make_event(app))
    work(app)
    correct(app, person, last_name="Neumann")
    work(app)
    mail = mailbox.to(OLD)[-1]
    whole = "".join(
        payload.decode()
        for part in mail.message.walk()
        if isinstance(payload := part.get_payload(decode=True), bytes)
    )
    whole = whole.replace("Musterstraße", "")  # where the office is
    for secret in ("Eva", "Muster", "Neumann", NEW, "/r/", "/door/"):
        assert secret not in whole
    assert mail.text.startswith("Guten Tag")


def test_history_shows_who_corrected_what(app: Flask) -> None:
    person = sign_up(app, make_event(app))
    correct(app, person, last_name="Muster-Neu")
    with app.app_context():
        last = status_history(db.session.get_one(Registration, person.id))[-1]
    assert (last.action, last.source, last.target) == ("correct", "confirmed", "confirmed")
    assert (last.actor, last.at) == ("anna@example.org", NOW)
    assert last.reason == f"Eva Muster → Eva Muster-Neu; {OLD} → {NEW}"


def test_address_that_got_nothing_yet_gets_nothing_at_all(app: Flask, mailbox: Mailbox) -> None:
    """A typing error noticed at once: the confirmation waits, and a stranger learns nothing."""
    person = sign_up(app, make_event(app))
    with app.app_context():
        waiting = db.session.scalars(select(OutboxMail)).one()
    correct(app, person)
    work(app)
    assert mailbox.to(OLD) == []
    (mail,) = mailbox.to(NEW)
    assert "Anmeldung bestätigt" in mail.subject
    with app.app_context():
        kept = db.session.get_one(OutboxMail, waiting.id)
        assert (kept.state, kept.recipient, kept.text) == ("stopped", OLD, waiting.text)
        assert [note.what for note in notes_of(kept)] == ["replaced"]
    assert clean(app) == []


def test_queued_mails_are_stopped_as_they_are_and_others_leave(
    app: Flask, mailbox: Mailbox
) -> None:
    person = sign_up(app, make_event(app))
    work(app)
    note = make_mail(app, only(app), kind="reminder_day", text="Alter Text", key="mailing:7:1")
    correct(app, person)
    work(app)
    assert [mail.subject.partition(":")[0] for mail in mailbox.to(OLD)] == [
        "Anmeldung bestätigt", "Andere E-Mail-Adresse",
    ]  # fmt: skip
    subjects = [mail.subject.partition(":")[0] for mail in mailbox.to(NEW)]
    assert sorted(subjects) == ["Anmeldung bestätigt", "Erinnerung"]
    assert personal_path(app, only(app)) in mailbox.to(NEW)[-1].text
    with app.app_context():
        kept = db.session.get_one(OutboxMail, note.id)
        assert (kept.state, kept.text, kept.recipient) == ("stopped", "Alter Text", OLD)


@pytest.mark.both_databases
def test_mail_that_is_deferred_after_the_correction_never_leaves_for_the_former_address(
    app: Flask, mailbox: Mailbox
) -> None:
    event = make_event(app)
    person = make_registration(app, event, email=OLD)
    going = make_mail(app, person, kind="reminder_day")
    with app.app_context(), transaction():
        claim = claim_next(now=NOW, lease=timedelta(minutes=2))
        assert claim is not None
    correct(app, person)
    with app.app_context(), transaction():
        assert mark_deferred(claim, now=NOW, answer="451 later")
        db.session.get_one(OutboxMail, going.id).due_at = NOW
    work(app)
    assert [mail.subject for mail in mailbox.to(OLD)] == [
        f"Andere E-Mail-Adresse: {event.title}, 16.03.2026"
    ]
    assert len(mailbox.to(NEW)) == 2
    with app.app_context():
        assert db.session.get_one(OutboxMail, going.id).state == "stopped"


def test_private_calendar_of_the_former_address_dies_unless_others_use_it(app: Flask) -> None:
    person = sign_up(app, make_event(app))
    shared = make_registration(app, make_event(app), email="zwei@exmaple.org")
    make_registration(app, make_event(app), email="zwei@exmaple.org")
    tokens = []
    with app.app_context(), transaction():
        for key in (OLD, "zwei@exmaple.org"):
            feed = lock_feed(key, now=NOW)
            claim = LinkClaim(feed.public_id, feed.link_epoch)
            tokens.append(get_installation().signer.sign(Purpose.CALENDAR, claim))
    with app.app_context(), transaction():
        row = db.session.get_one(Registration, person.id)
        details = PersonDetails(first_name="Eva", last_name="M", email=NEW)
        correct_person(row.public_id, details, seen=details_version(row), actor="a", now=NOW)
    with app.app_context(), transaction():
        row = db.session.get_one(Registration, shared.id)
        details = PersonDetails(first_name="Eva", last_name="M", email="zwei@example.org")
        correct_person(row.public_id, details, seen=details_version(row), actor="a", now=NOW)
    with app.app_context():
        with pytest.raises(LinkGone):
            get_feed(tokens[0])
        assert get_feed(tokens[1]).email_key == "zwei@exmaple.org"


@pytest.mark.both_databases
def test_new_address_is_confirmed_anew_where_the_event_asks_for_it(
    app: Flask, clock: FixedClock, mailbox: Mailbox
) -> None:
    event = make_event(app, confirm_hours=24, capacity=1)
    person = sign_up(app, event)
    with app.app_context(), transaction():
        confirm_address(person.public_id, now=NOW)
    work(app)
    assert only(app).status == "confirmed"

    correct(app, person)

    now = only(app)
    assert (now.status, now.awaits) == ("pending", "address")
    assert now.reserved_until == NOW + timedelta(hours=24)
    assert now.address_confirmed_at is None
    work(app)
    (asked,) = mailbox.to(NEW)
    assert asked.subject.startswith("Bitte bestätigen Sie Ihre E-Mail-Adresse")
    assert asked.calendar is None
    assert entry_of(mailbox.to(OLD)[-1])[0] == "CANCEL"
    with app.app_context():
        steps = [each.action for each in status_history(now)]
    assert steps == ["register", "confirm_address", "correct", "ask_address"]
    assert clean(app) == []

    with app.app_context(), transaction():
        confirm_address(person.public_id, now=NOW)
    work(app)
    method, entry = entry_of(mailbox.to(NEW)[-1])
    assert (method, entry["SEQUENCE"]) == ("REQUEST", 0)
    assert clean(app) == []


def test_confirmation_that_waits_begins_anew(app: Flask, mailbox: Mailbox) -> None:
    event = make_event(app, confirm_hours=24)
    person = sign_up(app, event)
    work(app)
    with app.app_context(), transaction():
        db.session.get_one(Registration, person.id).reserved_until = NOW + timedelta(hours=1)
    correct(app, person)
    work(app)
    assert only(app).reserved_until == NOW + timedelta(hours=24)
    assert "bestätigen" in mailbox.to(NEW)[0].subject
    assert mailbox.to(OLD)[-1].calendar is None
    assert clean(app) == []


@pytest.mark.parametrize(
    ("values", "subject"),
    [
        ({"status": "waitlisted", "waiting_order": 1}, "Warteliste"),
        (
            {"status": "offered", "waiting_order": 1, "reserved_until": NOW + timedelta(days=1)},
            "Ein Platz ist frei",
        ),
        ({"status": "pending", "awaits": "approval"}, "Anmeldung eingegangen"),
    ],
)
def test_people_who_wait_keep_their_place_and_are_written_to(
    app: Flask, mailbox: Mailbox, values: dict[str, Any], subject: str
) -> None:
    event = make_event(app, approval=True, offer_hours=24, capacity=1)
    make_registration(app, event)
    person = make_registration(app, event, email=OLD, **values)
    correct(app, person)
    work(app)
    with app.app_context():
        row = db.session.get_one(Registration, person.id)
        now = (row.status, row.awaits, row.waiting_order)
        assert now == (person.status, person.awaits, person.waiting_order)
    (mail,) = mailbox.to(NEW)
    assert mail.subject.startswith(subject)
    assert mailbox.to(OLD) == []


@pytest.mark.parametrize("state", ["postponed", "cancelled"])
def test_event_that_is_called_off_puts_no_entry_into_the_new_calendar(
    app: Flask, mailbox: Mailbox, state: str
) -> None:
    event = make_event(app, state=state)
    person = make_registration(app, event, email=OLD, calendar_sequence=1, calendar_method="CANCEL")
    correct(app, person)
    work(app)
    (mail,) = mailbox.to(NEW)
    assert mail.subject.startswith("Neue Links zu Ihrer Anmeldung")
    assert mail.calendar is None
    assert "Kalendereintrag liegt" not in mail.text


def test_entry_of_an_imported_person_is_withdrawn_too(app: Flask, mailbox: Mailbox) -> None:
    person = make_registration(app, make_event(app), email=OLD, calendar_sequence=4)
    correct(app, person)
    work(app)
    method, entry = entry_of(mailbox.to(OLD)[0])
    assert (method, entry["UID"], entry["SEQUENCE"]) == ("CANCEL", person.calendar_uid, 5)


def test_entry_is_withdrawn_although_a_newer_one_is_under_way(
    app: Flask, clock: FixedClock, mailbox: Mailbox
) -> None:
    """Postponed and set anew before anything left: the calendar still has the first entry."""
    event = make_event(app)
    person = sign_up(app, event)
    work(app)
    first = entry_of(mailbox.to(OLD)[0])[1]
    mailbox.answer = lambda _recipient: "451 later"
    start = NOW + timedelta(days=60)
    for request in (
        Request(action=Action.POSTPONE, actor="w", reason="Sturm"),
        Request(
            action=Action.RESCHEDULE, actor="w",
            new_starts_at=start, new_ends_at=start + timedelta(hours=2),
        ),
    ):  # fmt: skip
        with app.app_context(), transaction():
            perform(event.slug, request, now=clock.moment)
        work(app)
    mailbox.answer = lambda _recipient: None
    mailbox.received.clear()
    clock.move(days=1)
    correct(app, person)
    work(app)
    method, entry = entry_of(mailbox.to(OLD)[-1])
    assert (method, entry["UID"]) == ("CANCEL", first["UID"])
    assert entry["SEQUENCE"] > first["SEQUENCE"]
    (invited,) = [mail for mail in mailbox.to(NEW) if mail.calendar is not None]
    assert entry_of(invited)[1].start == start


def test_address_of_somebody_else_here_is_refused_kindly(app: Flask) -> None:
    event = make_event(app)
    make_registration(app, event, email="Eva@Example.org")
    gone = make_registration(app, event, email="frei@example.org", status="cancelled")
    person = make_registration(app, event, email=OLD)
    with pytest.raises(UnfitInput) as refused:
        correct(app, person)
    assert refused.value.complaints[0].about == "email"
    correct(app, person, gone.email)


@pytest.mark.both_databases
def test_second_of_two_corrections_is_refused(app: Flask) -> None:
    person = sign_up(app, make_event(app))
    with app.app_context():
        seen = details_version(db.session.get_one(Registration, person.id))
    correct(app, person, OLD, last_name="Anders")
    with pytest.raises(StaleForm):
        correct(app, person, seen=seen)
    assert (only(app).last_name, only(app).email) == ("Anders", OLD)


@pytest.mark.parametrize("status", ["cancelled", "declined", "expired"])
def test_registration_that_is_over_is_not_corrected(app: Flask, status: str) -> None:
    person = make_registration(app, make_event(app), email=OLD, status=status)
    with pytest.raises(StatusRefused):
        correct(app, person)


def test_name_alone_or_another_spelling_sends_nothing_and_keeps_the_links(
    app: Flask, mailbox: Mailbox
) -> None:
    person = sign_up(app, make_event(app))
    work(app)
    correct(app, person, OLD.title(), last_name="Neu")
    assert work(app) == 0
    now = only(app)
    assert (now.link_epoch, now.email, now.last_name) == (1, OLD.title(), "Neu")
    with app.app_context():
        count = len(status_history(now))
        correct_again = details_version(now)
    correct(app, person, OLD.title(), last_name="Neu", seen=correct_again)
    with app.app_context():
        assert len(status_history(now)) == count, "no difference, no entry"
    assert clean(app) == []


def test_forgetting_finds_a_corrected_name_at_the_colleague(app: Flask) -> None:
    event = make_event(app)
    person = sign_up(app, event)
    same_press = {"registered_at": NOW, "registered_by": "Eva Muster"}
    colleague = make_registration(app, event, **same_press)
    of_namesake = make_registration(app, event, registered_by="Eva Muster")
    correct(app, person, last_name="Neu")
    with app.app_context():
        by = {each.id: each.registered_by for each in db.session.scalars(select(Registration))}
        assert (by[colleague.id], by[of_namesake.id]) == ("Eva Neu", "Eva Muster")
        with transaction():
            redact_name(db.session.get_one(Registration, person.id))
        assert db.session.get_one(Registration, colleague.id).registered_by == ""


def test_handed_over_registration_opens_nothing_any_more(
    app: Flask, clock: FixedClock, mailbox: Mailbox
) -> None:
    """The deputy has a registration of their own: the leaving person's links show no more of it."""
    event = make_event(app, state="dispatched", accepts_late=True)
    person = sign_up(app, event)
    deputy = Deputy(first_name="Kim", last_name="Neu", email=NEW)
    with app.app_context(), transaction():
        hand_over(person.public_id, deputy, now=NOW)
    work(app)
    clock.moment = event.starts_at
    client = app.test_client()
    for path in (door_path(app, person), personal_path(app, person, "/room")):
        page = client.get(path)
        assert 'data-door="not_confirmed"' in page.text
        assert "Kim" not in page.text + client.get(f"{path}?go=1").text
    assert entry_of(mailbox.to(OLD)[-1])[0] == "CANCEL"
    assert entry_of(mailbox.to(NEW)[0])[0] == "REQUEST"


def test_decline_from_the_former_calendar_no_longer_counts(app: Flask, mailbox: Mailbox) -> None:
    """Its entry has another UID than the registration."""
    person = sign_up(app, make_event(app))
    work(app)
    before = only(app).calendar_uid
    correct(app, person)
    now = only(app)
    assert now.calendar_uid != before
    assert now.partstat == ""
    with app.app_context():
        assert db.session.scalars(select(StatusChange.action)).all()[-1] == "correct"


@pytest.mark.both_databases
def test_corrected_administration_frees_its_place_for_who_waits(app: Flask) -> None:
    """The person keeps the seat; a colleague of the former administration moves up."""
    worms, trier = make_organisation(app, "Stadt Worms"), make_organisation(app, "Stadt Trier")
    event = make_event(app, per_administration=1)
    person = sign_up(app, event)
    adam = Applicant(
        first_name="Adam", last_name="M", email="adam@example.org", organisation="Stadt Trier",
        locale="de",
    )  # fmt: skip
    with app.app_context(), transaction():
        register(event.slug, adam, now=NOW)

    correct(app, person, email=OLD, organisation_text="Stadt Worms")

    with app.app_context():
        found = db.session.scalars(select(Registration).order_by(Registration.id)).all()
    assert [(each.status, each.organisation_id) for each in found] == [
        ("confirmed", worms.id),
        ("confirmed", trier.id),
    ]
    assert clean(app) == []
