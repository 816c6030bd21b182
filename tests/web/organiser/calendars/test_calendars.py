"""The page of calendars: what they show now, what after, and a test invitation to oneself."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from icalendar import Calendar
from sqlalchemy import select

from ikone_events.config import Settings
from ikone_events.domain.events.draft import EventDraft
from ikone_events.domain.incoming.mails import CalendarAnswer, Envelope, IncomingOutcome, Method
from ikone_events.domain.mails.kinds import MailKind
from ikone_events.services.events.editing import edit_event
from ikone_events.services.incoming.ingest import ingest
from ikone_events.services.mails.writing import write_mail
from ikone_events.store.db import db, transaction
from ikone_events.store.events.models import Event
from ikone_events.store.events.queries import lock_event
from ikone_events.store.incoming.models import UndeliverableAddress
from ikone_events.store.mails.models import OutboxMail
from ikone_events.store.registering.models import Registration
from tests.factories import NOW, PAST, FixedClock, make_event, make_registration, make_settings
from tests.rows import change_event
from tests.web.organiser.conftest import Browser, Person
from tests.web.visitor import Queries

OWN = "team@example.org"


def invite(
    app: Flask, person: Registration, kind: str = "confirmation", *, state: str = "sent"
) -> None:
    """Write somebody a mail through the service, and let it have left or failed."""
    with app.app_context(), transaction():
        registration = db.session.get_one(Registration, person.id)
        key = f"{kind}:{person.id}:{registration.calendar_sequence}"
        row = write_mail(MailKind(kind), registration, registration.event, key=key, now=NOW)
        row.state, row.sent_at = state, NOW if state == "sent" else None


def page_of(browser: Browser, event: Event, person: Registration | None = None) -> str:
    query = f"&person={person.public_id}" if person else ""
    answer = browser.get(f"/organise/events/{event.slug}/calendar?lang=en{query}")
    assert answer.status_code == 200
    return " ".join(re.sub(r"<[^>]+>", " ", answer.text).split())


def trials_in(app: Flask) -> list[OutboxMail]:
    with app.app_context():
        trials = OutboxMail.kind.in_(("trial_invitation", "trial_withdrawal"))
        return list(db.session.scalars(select(OutboxMail).where(trials).order_by(OutboxMail.id)))


def test_calendar_before_any_mail_shows_nothing_and_what_would_come(
    app: Flask, team: Browser
) -> None:
    event = make_event(app, title="Digitale Dörfer")
    make_registration(app, event)
    page = page_of(team, event)
    assert "This calendar shows nothing" in page
    assert "Adds the event to the calendar and asks for an answer." in page
    assert "Title changes – Digitale Dörfer" in page


def test_person_from_a_file_is_taken_to_have_the_entry(app: Flask, team: Browser) -> None:
    event = make_event(app)
    make_registration(app, event, calendar_sequence=0, calendar_method="REQUEST")

    page = team.get(f"/organise/events/{event.slug}/calendar?lang=en").text

    assert "the entry sent before is taken to be in this calendar" in page
    assert "Updates the event that is in the calendar." in page
    assert "People would see no difference." in page


def test_sent_invitation_is_shown_and_a_change_stands_beside_it(app: Flask, team: Browser) -> None:
    event = make_event(app, title="Digitale Dörfer")
    person = make_registration(app, event)
    invite(app, person)
    assert "People would see no difference." in page_of(team, event)

    change_event(app, event, title="Digitale Städte")

    page = page_of(team, event)
    assert "This calendar shows the event." in page
    assert "Title changes Digitale Dörfer Digitale Städte" in page
    assert "Updates the event that is in the calendar." in page
    assert "Where Online Online" in page


def test_answer_stands_beside_the_person_and_another_date_asks_again(
    app: Flask, team: Browser
) -> None:
    event = make_event(app)
    person = make_registration(app, event)
    invite(app, person)
    with app.app_context(), transaction():
        db.session.get_one(Registration, person.id).partstat = "ACCEPTED"
    page = page_of(team, event)
    assert "German, Accepted" in page
    assert "Updates the event that is in the calendar." in page

    draft = EventDraft(
        title=event.title,
        starts_at=event.starts_at + timedelta(days=1),
        ends_at=event.ends_at + timedelta(days=1),
        room_url=event.room_url,
    )
    with app.app_context(), transaction():
        edit_event(event.slug, draft, expected_edit_version=event.edit_version, now=NOW)

    assert "asks for the answer again: the date is another." in page_of(team, event)
    change_event(app, event, state="cancelled")
    assert "Removes the event from the calendar." in page_of(team, event)


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ("queued", "A newer entry is on its way."),
        ("failed", "A newer entry could not be delivered."),
        ("stopped", "A newer entry has been held back."),
    ],
)
def test_mail_that_no_server_took_changes_no_calendar(
    app: Flask, team: Browser, state: str, words: str
) -> None:
    event = make_event(app, title="Alt")
    person = make_registration(app, event)
    invite(app, person)
    change_event(app, event, title="Neu")
    invite(app, person, "moved", state=state)
    page = page_of(team, event)
    assert words in page
    assert "Title changes Alt Neu" in page


def test_cancelled_entry_is_removed_and_nothing_more_is_sent(app: Flask, team: Browser) -> None:
    event = make_event(app)
    person = make_registration(app, event)
    invite(app, person)
    change_event(app, event, state="cancelled")
    before = page_of(team, event)
    assert "Removes the event from the calendar." in before
    assert re.search(r"Title changes Workshop \d+ –", before)

    invite(app, person, "cancellation")

    after = page_of(team, event)
    assert "The entry has been taken out of this calendar." in after
    assert "Nothing is sent: the calendar stays as it is." in after


def test_event_that_is_over_writes_to_no_calendar(app: Flask, team: Browser) -> None:
    event = make_event(app, **PAST)
    make_registration(app, event)
    page = page_of(team, event)
    assert "Nothing is sent: the calendar stays as it is." in page
    assert "The event is over" in page


def test_sample_has_each_language_and_each_way_of_taking_part(app: Flask, team: Browser) -> None:
    event = make_event(app, format="hybrid", place="Rathaus, Saal 1")
    for number in range(3):
        for locale in ("de", "en"):
            for mode in ("online", "on_site"):
                name = f"{locale}-{mode}-{number}"
                make_registration(app, event, last_name=name, locale=locale, mode=mode)
    page = page_of(team, event)
    shown = {f"{locale}-{mode}-2" for locale in ("de", "en") for mode in ("online", "on_site")}
    assert set(re.findall(r"(?:de|en)-(?:online|on_site)-\d", page)) == shown
    assert "Where changes – Rathaus, Saal 1" in page
    assert "Where changes – Online" in page


def test_one_person_is_shown_by_link_and_a_stranger_is_not_found(app: Flask, team: Browser) -> None:
    event, other = make_event(app), make_event(app)
    anna = make_registration(app, event, last_name="Alpha")
    make_registration(app, event, last_name="Omega")
    stranger = make_registration(app, other)
    page = page_of(team, event, anna)
    assert "Alpha" in page
    assert "Omega" not in page
    path = f"/organise/events/{event.slug}/calendar?person={stranger.public_id}"
    assert team.get(path).status_code == 404
    invite(app, anna)
    person_page = team.get(f"/organise/events/{event.slug}/registrations/{anna.public_id}").text
    assert f"/organise/events/{event.slug}/calendar?person={anna.public_id}" in person_page


def test_personal_links_and_uids_stay_out_of_the_page(app: Flask, team: Browser) -> None:
    event = make_event(app, state="dispatched")
    person = make_registration(app, event)
    invite(app, person)
    text = team.get(f"/organise/events/{event.slug}/calendar").text
    assert "/door/…" in text
    assert not re.search(r"/(r|door)/[\w-]{10,}", text)
    assert person.calendar_uid not in text


def test_hints_are_shown_where_they_are_true(app: Flask, team: Browser) -> None:
    poor = make_event(app, title="T" * 80, room_url="", contact_name="", contact_email="")
    person = make_registration(app, poor, locale="en")
    with app.app_context(), transaction():
        db.session.add(UndeliverableAddress(email_key=person.email_key, since=NOW))
    page = page_of(team, poor)
    assert "The title has 80 characters." in page
    assert "There is no access link yet" in page
    assert "No contact is named" in page
    assert "no English title" in page
    assert "came back" in page
    good = make_event(app, title_en="Workshop")
    make_registration(app, good)
    assert "Please check" not in page_of(team, good)


def test_clocks_that_change_during_the_event_are_shown(app: Flask, team: Browser) -> None:
    night = NOW.replace(month=3, day=28, hour=21)  # 22:00 in Berlin, the night to 29 March
    event = make_event(app, starts_at=night, ends_at=night + timedelta(hours=8))
    make_registration(app, event)
    assert "it lasts 8 hours." in page_of(team, event)


def test_event_without_people_shows_what_the_first_will_get(app: Flask, team: Browser) -> None:
    event = make_event(app, title="Digitale Dörfer")
    page = page_of(team, event)
    assert "Nobody has a place yet." in page
    assert "Title Digitale Dörfer" in page
    assert "What the public calendar shows" in page
    draft = make_event(app, state="draft")
    assert "What the public calendar shows" not in page_of(team, draft)


def test_event_that_reveals_a_personal_link_is_missing_in_public_and_shows_why(
    app: Flask, team: Browser
) -> None:
    link = "http://localhost/r/abcdefghijklmnopqrstuvwxyz0123/room"
    event = make_event(app, summary=f"Hier hinein: {link}")
    page = page_of(team, event)
    assert "The public calendar leaves this event out" in page
    assert "somebody's personal link" in page.replace("&#39;", "'")


def test_queries_do_not_grow_with_people(app: Flask, team: Browser) -> None:
    event = make_event(app)

    def queries() -> int:
        with Queries(app) as counted:
            page_of(team, event)
        return len(counted)

    invite(app, make_registration(app, event))
    few = queries()
    for _ in range(12):
        invite(app, make_registration(app, event))
    assert queries() == few


def test_invitation_to_oneself_is_a_real_one_and_newer_when_pressed_again(
    app: Flask, team: Browser, clock: FixedClock
) -> None:
    event = make_event(app, title="Digitale Dörfer")
    path = f"/organise/events/{event.slug}/calendar/test"
    assert team.post(path, {"in": "de"}).status_code == 303
    clock.move(minutes=1)
    assert team.post(path, {"in": "de"}).status_code == 303
    first, second = trials_in(app)
    for mail in (first, second):
        assert (mail.recipient, mail.registration_id, mail.state) == (OWN, None, "queued")
        assert mail.calendar_method == "REQUEST"
        assert mail.subject.startswith("Test: Digitale Dörfer")
    assert first.calendar_uid == second.calendar_uid
    assert (first.calendar_sequence, second.calendar_sequence) == (0, 0)
    assert first.calendar_stamp < second.calendar_stamp
    assert second.references == first.message_id
    (entry,) = Calendar.from_ical(second.calendar or b"").events
    assert entry["SUMMARY"] == "Test: Digitale Dörfer"
    assert str(entry["ATTENDEE"]) == f"mailto:{OWN}"
    assert (entry["UID"], entry["SEQUENCE"]) == (second.calendar_uid, 0)


def test_test_invitation_to_a_moved_event_asks_again(app: Flask, team: Browser) -> None:
    event = make_event(app)
    path = f"/organise/events/{event.slug}/calendar/test"
    team.post(path)
    with app.app_context(), transaction():
        lock_event(event.slug).ends_at += timedelta(hours=1)
    team.post(path)
    first, second = trials_in(app)
    assert (second.calendar_uid, second.calendar_sequence) == (first.calendar_uid, 1)
    assert second.calendar_stamp > first.calendar_stamp, "although both are of one second"


def test_who_declined_is_shown_to_get_no_entry(app: Flask, team: Browser) -> None:
    event = make_event(app)
    invited = {"calendar_sequence": 0, "calendar_method": "REQUEST"}
    make_registration(app, event, **invited, partstat="DECLINED")
    assert "An e-mail without an entry" in page_of(team, event)


def test_test_is_taken_out_once_and_the_next_one_is_another_entry(
    app: Flask, team: Browser
) -> None:
    event = make_event(app)
    path = f"/organise/events/{event.slug}/calendar/test"
    for part in ("", "/remove", "/remove", ""):
        assert team.post(f"{path}{part}").status_code == 303
    first, withdrawal, again = trials_in(app)
    assert (withdrawal.calendar_method, withdrawal.calendar_uid) == ("CANCEL", first.calendar_uid)
    assert withdrawal.calendar_sequence == 1
    assert (again.calendar_method, again.calendar_sequence) == ("REQUEST", 0)
    assert again.calendar_uid != first.calendar_uid


def test_tests_of_two_organisers_are_two_entries(
    app: Flask,
    team: Browser,
    make_person: Callable[..., Person],
    browser_of: Callable[[Person], Browser],
) -> None:
    event = make_event(app)
    other = browser_of(make_person("zweite@example.org"))
    path = f"/organise/events/{event.slug}/calendar/test"
    team.post(path)
    other.post(path)
    first, second = trials_in(app)
    assert first.calendar_uid != second.calendar_uid
    assert "zweite@example.org" not in page_of(team, event)


def answered(mail: OutboxMail, partstat: str, at: datetime) -> CalendarAnswer:
    """What a calendar program writes back about a mail."""
    envelope = Envelope(
        digest=f"{partstat}-{at.isoformat()}",
        message_id=f"<{partstat.lower()}@example.org>",
        sender=OWN,
        received_at=at,
    )
    return CalendarAnswer(
        envelope=envelope,
        method=Method.REPLY,
        uid=mail.calendar_uid,
        attendee=OWN,
        partstat=partstat,
        sequence=mail.calendar_sequence,
        stamp=at,
    )


def test_answer_to_the_test_is_shown_with_its_time(app: Flask, team: Browser) -> None:
    event = make_event(app)
    team.post(f"/organise/events/{event.slug}/calendar/test")
    assert "Your answer no answer yet" in page_of(team, event)
    (mail,) = trials_in(app)
    for partstat, hours in (("TENTATIVE", 1), ("ACCEPTED", 2)):
        at = NOW + timedelta(hours=hours)
        with app.app_context(), transaction():
            assert ingest(answered(mail, partstat, at), now=at) is IncomingOutcome.TRIAL
    assert "Your answer Accepted, Mon, 2 March 2026, 12:00" in page_of(team, event)


def test_answer_to_a_former_test_is_none_to_the_next(app: Flask, team: Browser) -> None:
    event = make_event(app)
    path = f"/organise/events/{event.slug}/calendar/test"
    team.post(path)
    with app.app_context(), transaction():
        ingest(answered(trials_in(app)[0], "DECLINED", NOW), now=NOW)
    assert "Your answer Declined" in page_of(team, event)
    team.post(f"{path}/remove")
    team.post(path)
    assert "Your answer no answer yet" in page_of(team, event)


def test_long_title_still_makes_a_test(app: Flask, team: Browser) -> None:
    event = make_event(app, title="T" * 200)
    assert team.post(f"/organise/events/{event.slug}/calendar/test").status_code == 303
    assert len(trials_in(app)) == 1


def test_test_of_a_dispatched_event_leads_to_the_public_page(app: Flask, team: Browser) -> None:
    event = make_event(app, state="dispatched")
    team.post(f"/organise/events/{event.slug}/calendar/test")
    (mail,) = trials_in(app)
    (entry,) = Calendar.from_ical(mail.calendar or b"").events
    assert entry["LOCATION"] == entry["URL"] == f"http://localhost/events/{event.slug}"
    assert "raum-geheim" not in mail.text


def test_viewer_sees_calendars_and_sends_nothing(
    app: Flask, make_person: Callable[..., Person], browser_of: Callable[[Person], Browser]
) -> None:
    event = make_event(app)
    viewer = browser_of(make_person("gast@example.org", "viewer"))
    assert "Send a test invitation" not in page_of(viewer, event)
    viewer.token = "x"
    assert viewer.post(f"/organise/events/{event.slug}/calendar/test").status_code in (400, 403)
    assert trials_in(app) == []


def test_foreign_event_is_not_found(
    app: Flask, make_person: Callable[..., Person], browser_of: Callable[[Person], Browser]
) -> None:
    mine, foreign = make_event(app), make_event(app)
    limited = browser_of(make_person("nur@example.org", only=(mine.slug,)))
    for path in ("calendar", "calendar/test", "calendar/test/remove"):
        address = f"/organise/events/{foreign.slug}/{path}"
        answer = limited.get(address) if path == "calendar" else limited.post(address)
        assert answer.status_code == 404
    assert trials_in(app) == []


class TestRateLimits:
    """Testing is for looking at, not for filling mailboxes."""

    @pytest.fixture
    def settings(self, data_dir: Path) -> Settings:
        return make_settings(data_dir, rate_limits=True)

    def test_seventh_test_within_a_minute_is_refused(self, app: Flask, team: Browser) -> None:
        event = make_event(app)
        path = f"/organise/events/{event.slug}/calendar/test"
        answers = [team.post(path).status_code for _ in range(7)]
        assert answers == [303] * 6 + [429]
        assert len(trials_in(app)) == 6
