"""One person's private calendar: asked for, read by programs, withdrawn."""

import logging
import re
from datetime import timedelta
from typing import Any

import pytest
import vobject
from flask import Flask
from flask.testing import FlaskClient
from icalendar import Calendar, Event
from sqlalchemy import select

from ikone_events.domain.events.lifecycle import Action
from ikone_events.domain.tokens import LinkClaim, Purpose
from ikone_events.services.events.transitions import Request, perform
from ikone_events.services.installation import get_installation
from ikone_events.services.mails.drafts import mask_links
from ikone_events.services.registering.status import withdraw
from ikone_events.store.calendars.personal_feeds import PersonalFeed
from ikone_events.store.db import db, transaction
from ikone_events.store.events.models import Event as EventRow
from ikone_events.store.events.queries import lock_event
from ikone_events.store.mails.models import OutboxMail
from ikone_events.store.registering.models import Registration
from ikone_events.web.shell.errors import hide_tokens
from tests.calendar_oracle import checked
from tests.factories import (
    NOW,
    PAST,
    FixedClock,
    make_event,
    make_registration,
    personal_path,
)
from tests.own_fields import make_change
from tests.rows import count
from tests.web.visitor import Queries, everything, press

EMAIL = "eva.muster@example.org"
WEEKS = timedelta(weeks=6)
ADDRESS = re.compile(r"https?://localhost(/feeds/\S+)")


def register(app: Flask, event: EventRow, **values: Any) -> Registration:
    """Eva at an event."""
    return make_registration(
        app, event, **{"email": EMAIL, "first_name": "Eva", "last_name": "Muster", **values}
    )


def mails(app: Flask) -> list[OutboxMail]:
    """The mails with calendar addresses, the first one first."""
    with app.app_context():
        wanted = select(OutboxMail).where(OutboxMail.kind == "calendar_address")
        return list(db.session.scalars(wanted.order_by(OutboxMail.id)))


def ask(app: Flask, person: Registration) -> str:
    """Press the button; returns the path that the mail brings."""
    answer = press(app.test_client(), personal_path(app, person, "/calendar"))
    assert answer.status_code == 303
    found = ADDRESS.search(mails(app)[-1].text)
    assert found
    return found[1]


def entries(client: FlaskClient, path: str) -> dict[str, Event]:
    """The entries of a calendar by their titles."""
    answer = client.get(path)
    assert answer.status_code == 200
    calendar = Calendar.from_ical(checked(answer.data))
    return {str(event["SUMMARY"]): event for event in calendar.events}


def statuses(client: FlaskClient, path: str) -> dict[str, str]:
    """Title and status of every entry."""
    return {title: str(entry["STATUS"]) for title, entry in entries(client, path).items()}


def act(app: Flask, event: EventRow, action: Action, now: Any = NOW, **more: Any) -> None:
    """Carry out an action of the lifecycle."""
    with app.app_context(), transaction():
        perform(event.slug, Request(action=action, actor="w", reason="Sturm", **more), now=now)


def test_address_goes_to_the_mailbox_and_to_no_page(app: Flask, client: FlaskClient) -> None:
    person = register(app, make_event(app))
    page = personal_path(app, person, "/calendar")
    assert count(app, PersonalFeed) == 0
    before = client.get(page).text
    answer = press(client, page)
    assert (answer.status_code, answer.location) == (303, page)
    after = client.get(page).text
    assert f"unterwegs an {EMAIL}" in after
    for text in (before, after, client.get(personal_path(app, person)).text):
        assert "/feeds/" not in text
    [mail] = mails(app)
    assert mail.recipient == EMAIL
    assert mail.calendar is None
    assert mail.state == "queued"
    path = ADDRESS.search(mail.text)
    assert path
    assert f"webcal://localhost{path[1]}\n" in mail.text
    assert f'href="webcal://localhost{path[1]}"' in mail.html
    assert client.get(path[1]).status_code == 200


def test_mail_comes_once_an_hour(app: Flask, client: FlaskClient, clock: FixedClock) -> None:
    first, second = (register(app, make_event(app)) for _number in range(2))
    paths = [ask(app, first), ask(app, first), ask(app, second)]
    assert len(mails(app)) == 1
    clock.move(hours=1)
    paths.append(ask(app, second))
    assert len(mails(app)) == 2
    assert len(set(paths)) == 1, "one address, whichever link asked for it"
    assert count(app, PersonalFeed) == 1


def test_page_is_the_same_with_and_without_a_calendar(app: Flask) -> None:
    person = register(app, make_event(app))

    def page() -> str:
        text = app.test_client().get(personal_path(app, person, "/calendar")).text
        return re.sub(r'name="csrf_token" value="[^"]+"', "", text)

    before = page()
    ask(app, person)
    assert page() == before


def test_english_mail_brings_an_english_calendar(app: Flask, client: FlaskClient) -> None:
    event = make_event(app, title="Dörfer", title_en="Villages")
    path = ask(app, register(app, event, locale="en", status="waitlisted", waiting_order=1))
    assert path.endswith(".ics?lang=en")
    answer = client.get(path, headers={"Accept-Language": "de"})
    assert "SUMMARY:Waiting list: Villages\r\n" in answer.text
    assert "NAME:IKONE DS: my events\r\n" in answer.text
    source = answer.text.replace("\r\n ", "")
    assert f"SOURCE;VALUE=URI:http://localhost{path}\r\n" in source
    assert "Set-Cookie" not in answer.headers


STATUSES = {
    "confirmed": ("CONFIRMED", ""),
    "pending": ("TENTATIVE", "Zusage steht aus: "),
    "waitlisted": ("TENTATIVE", "Warteliste: "),
    "offered": ("TENTATIVE", "Platz angeboten: "),
    "cancelled": ("CANCELLED", "Abgemeldet: "),
    "declined": ("CANCELLED", "Abgelehnt: "),
    "expired": ("CANCELLED", "Verfallen: "),
}


def test_calendar_shows_every_standing(app: Flask, client: FlaskClient) -> None:
    people = [
        register(app, make_event(app, title=status.title()), status=status) for status in STATUSES
    ]
    unsure = make_event(app, title="Ungewiss")
    register(app, unsure, status="pending", awaits="address")
    make_registration(app, make_event(app, title="Fremd"))
    expected = {f"{word}{name.title()}": state for name, (state, word) in STATUSES.items()}
    expected["E-Mail-Adresse nicht bestätigt: Ungewiss"] = "TENTATIVE"
    path = ask(app, people[0])
    assert statuses(client, path) == expected
    for title, entry in entries(client, path).items():
        cancelled = expected[title] == "CANCELLED"
        assert str(entry["TRANSP"]) == ("TRANSPARENT" if cancelled else "OPAQUE")


@pytest.mark.parametrize("state", ["cancelled", "postponed"])
def test_called_off_event_is_cancelled_for_all_who_hoped(
    app: Flask, client: FlaskClient, state: str
) -> None:
    word = {"cancelled": "Abgesagt", "postponed": "Verschoben"}[state]
    for status in STATUSES:
        event = make_event(app, title=status.title(), state=state)
        person = register(app, event, status=status)
    found = statuses(client, ask(app, person))
    assert set(found.values()) == {"CANCELLED"}
    hoped = {name for name, (kind, _word) in STATUSES.items() if kind != "CANCELLED"}
    for name, (_kind, own) in STATUSES.items():
        title = name.title()
        assert f"{word}: {title}" in found if name in hoped else f"{own}{title}" in found


def test_no_secret_stands_in_the_calendar(app: Flask, client: FlaskClient) -> None:
    event = make_event(app, state="dispatched", title="Offen")
    person = register(app, event, question="Geheimfrage", organisation_text="Amt Geheim")
    other = make_registration(app, event, first_name="Zenobia", email="zenobia@example.org")
    path = ask(app, person)
    text = client.get(path).text.replace("\r\n ", "")
    token = path.removeprefix("/feeds/").removesuffix(".ics")
    found = text.replace(token, "")
    secrets = (
        *("video.example.org", "631 000", "ATTENDEE", "ORGANIZER", "METHOD", "/r/", "/room"),
        *(EMAIL, "Muster", "Geheim", other.first_name, other.email, person.public_id),
        *(person.calendar_uid, other.calendar_uid, personal_path(app, person)),
    )
    assert [secret for secret in secrets if secret in found] == []
    assert f"URL:http://localhost/events/{event.slug}\r\n" in found
    assert vobject.readOne(client.get(path).text).vevent.summary.value == "Offen"


def test_uids_are_nobody_elses(app: Flask, client: FlaskClient) -> None:
    event = make_event(app)
    eva, ada = register(app, event), register(app, event, email="ada@example.org")
    uids = [
        {str(entry["UID"]) for entry in entries(client, path).values()}
        for path in (ask(app, eva), ask(app, ada), "/calendar.ics")
    ]
    copy = client.get(personal_path(app, eva, "/calendar.ics")).text
    everywhere = set().union(*uids)
    assert len(everywhere) == 3
    assert not {eva.calendar_uid, ada.calendar_uid} & everywhere
    assert not [uid for uid in everywhere if uid in copy]


def test_return_is_the_same_entry_with_a_higher_sequence(
    app: Flask, client: FlaskClient, clock: FixedClock
) -> None:
    event = make_event(app, title="Dörfer")
    person = register(app, event)
    path = ask(app, person)
    seen = [entries(client, path)["Dörfer"]]
    clock.move(hours=2)
    with app.app_context(), transaction():
        withdraw(person.public_id, now=clock.moment)
    seen.append(entries(client, path)["Abgemeldet: Dörfer"])
    clock.move(hours=2)
    register(app, event, status_at=clock.moment, registered_at=clock.moment)
    seen.append(entries(client, path)["Dörfer"])
    act(app, event, Action.POSTPONE, clock.moment + timedelta(hours=1))
    seen.append(entries(client, path)["Verschoben: Dörfer"])
    later = NOW + timedelta(days=40)
    dates = {"new_starts_at": later, "new_ends_at": later + timedelta(hours=1)}
    act(app, event, Action.RESCHEDULE, clock.moment + timedelta(hours=2), **dates)
    seen.append(entries(client, path)["Dörfer"])
    assert len({str(entry["UID"]) for entry in seen}) == 1
    sequences = [int(entry["SEQUENCE"]) for entry in seen]
    assert sequences == sorted(set(sequences))
    stamps = [entry["DTSTAMP"].dt for entry in seen]
    assert stamps == sorted(set(stamps))


def test_change_of_mode_is_a_change(app: Flask, client: FlaskClient) -> None:
    event = make_event(app, title="Beides", format="hybrid", place="Rathaus, Saal 2")
    person = register(app, event, mode="on_site")
    path = ask(app, person)
    on_site = entries(client, path)["Beides"]
    make_change(app, person, action="switch_mode", at=NOW + timedelta(hours=1))
    with app.app_context(), transaction():
        lock_event(event.slug)
        db.session.get_one(Registration, person.id).mode = "online"
    online = entries(client, path)["Beides"]
    assert (str(on_site["LOCATION"]), str(online["LOCATION"])) == ("Rathaus, Saal 2", "Online")
    assert int(online["SEQUENCE"]) > int(on_site["SEQUENCE"])


def test_endings_stay_six_weeks_and_hopes_until_the_event(
    app: Flask, client: FlaskClient, clock: FixedClock
) -> None:
    event = make_event(app, title="Bald")
    person = register(app, event, status="cancelled")
    waits = make_event(app, title="Wartet")
    register(app, waits, status="waitlisted", waiting_order=1)
    path = ask(app, person)
    assert len(entries(client, path)) == 2
    clock.moment = waits.ends_at
    assert list(entries(client, path)) == ["Abgemeldet: Bald"]
    clock.moment = event.ends_at + WEEKS - timedelta(seconds=1)
    assert list(entries(client, path)) == ["Abgemeldet: Bald"]
    clock.moment = event.ends_at + WEEKS
    assert entries(client, path) == {}


def test_past_events_stay_as_long_as_they_are_known(app: Flask, client: FlaskClient) -> None:
    event = make_event(app, title="Gewesen", state="followed_up", retention_days=1, **PAST)
    path = ask(app, register(app, event))
    assert statuses(client, path) == {"Gewesen": "CONFIRMED"}
    register(app, make_event(app, title="Neu"))
    act(app, event, Action.ARCHIVE)
    assert statuses(client, path) == {"Neu": "CONFIRMED"}


def test_unchanged_calendar_is_not_sent_again(app: Flask, client: FlaskClient) -> None:
    event = make_event(app)
    path = ask(app, register(app, event))
    first = client.get(path)
    assert client.get(path).data == first.data
    headers = {"If-None-Match": first.headers["ETag"]}
    for method in ("GET", "HEAD"):
        assert client.open(path, method=method, headers=headers).status_code == 304
    make_registration(app, event)
    assert client.get(path, headers=headers).status_code == 304
    act(app, event, Action.CANCEL)
    assert client.get(path, headers=headers).status_code == 200


def test_calendar_leaves_no_trace(app: Flask, client: FlaskClient) -> None:
    path = ask(app, register(app, make_event(app)))
    answer = client.get(path)
    assert answer.headers["Cache-Control"] == "private, no-cache"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert "noindex" in answer.headers["X-Robots-Tag"]
    assert "Set-Cookie" not in answer.headers
    record = logging.LogRecord("x", 20, "x", 1, "GET %s 200", (path,), None)
    assert hide_tokens(record)
    assert record.getMessage() == "GET /feeds/… 200"


def test_refusal_at_a_secret_address_leaves_no_trace(app: Flask, client: FlaskClient) -> None:
    """The address is secret even where it leads to nothing, and where no view is called."""
    path = ask(app, register(app, make_event(app)))
    wrong = client.get(path.removesuffix(".ics")), client.post(path), client.get(f"{path}/x")
    assert [answer.status_code for answer in wrong] == [404, 405, 404]
    for answer in wrong:
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert "noindex" in answer.headers["X-Robots-Tag"]


def test_number_of_queries_does_not_grow(app: Flask, client: FlaskClient) -> None:
    person = register(app, make_event(app))
    path = ask(app, person)

    def cost() -> int:
        with Queries(app) as queries:
            assert client.get(path).status_code == 200
        return len(queries.statements)

    few = cost()
    for _number in range(10):
        event = make_event(app)
        make_change(app, register(app, event))
        make_registration(app, event)
    assert cost() == few == 2


def test_forged_foreign_and_unknown_addresses_open_nothing(app: Flask, client: FlaskClient) -> None:
    person = register(app, make_event(app))
    path = ask(app, person)
    token = path.removeprefix("/feeds/").removesuffix(".ics")
    own = personal_path(app, person).removeprefix("/r/")
    with app.app_context():
        feed = db.session.scalars(select(PersonalFeed)).one()
        sign = get_installation().signer.sign
        wrong = [
            sign(Purpose.CALENDAR, LinkClaim("unbekannt", 1)),
            sign(Purpose.CALENDAR, LinkClaim(person.public_id, 1)),
            sign(Purpose.CALENDAR, LinkClaim(feed.public_id, feed.link_epoch + 1)),
            sign(Purpose.SUBSCRIPTION, LinkClaim(feed.public_id, feed.link_epoch)),
        ]
    for other in (*wrong, own, token[:-1], f"{token}x", "x", feed.public_id):
        answer = client.get(f"/feeds/{other}.ics")
        assert answer.status_code == 404, other
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert "BEGIN:VCALENDAR" not in answer.text
    assert client.get(f"/r/{token}").status_code == 404
    assert client.get(f"/feeds/{token}").status_code == 404


def test_withdrawn_address_shows_nothing_and_the_next_is_another(
    app: Flask, client: FlaskClient, clock: FixedClock
) -> None:
    person = register(app, make_event(app, title="Dörfer"))
    old = ask(app, person)
    uid = entries(client, old)["Dörfer"]["UID"]
    page = personal_path(app, person, "/calendar")
    for _twice in range(2):
        answer = press(client, page, f"{page}/withdraw")
        assert (answer.status_code, answer.location) == (303, page)
    assert "zeigt nichts mehr" in client.get(page).text
    gone = client.get(old)
    assert gone.status_code == 410
    assert "Dörfer" not in gone.text
    clock.move(hours=1)
    new = ask(app, person)
    assert new != old
    assert client.get(old).status_code == 410
    assert entries(client, new)["Dörfer"]["UID"] == uid, "programs know the entry again"


def test_withdrawing_what_nobody_has_is_answered_alike(app: Flask, client: FlaskClient) -> None:
    page = personal_path(app, register(app, make_event(app)), "/calendar")
    assert press(client, page, f"{page}/withdraw").status_code == 303
    assert count(app, PersonalFeed) == 0
    assert "zeigt nichts mehr" in client.get(page).text


@pytest.mark.parametrize("part", ["/calendar", "/calendar/withdraw"])
def test_dead_link_asks_for_nothing(app: Flask, client: FlaskClient, part: str) -> None:
    person = register(app, make_event(app), status="cancelled")
    dead = register(app, make_event(app), status="cancelled", anonymised_at=NOW)
    form = client.get(personal_path(app, person, "/calendar"))
    token = re.search(r'name="csrf_token" value="([^"]+)"', form.text)
    assert token
    before = everything(app)
    for path, status in ((personal_path(app, dead), 410), (f"{personal_path(app, person)}x", 404)):
        answer = client.post(f"{path}{part}", data={"csrf_token": token[1]})
        assert answer.status_code == status
    without = client.post(personal_path(app, person, part))
    assert without.status_code == 400
    assert everything(app) == before


def test_own_data_state_that_there_is_a_calendar(app: Flask, client: FlaskClient) -> None:
    person = register(app, make_event(app))
    data = personal_path(app, person, "/data.json")
    assert client.get(data).json["calendar"]["private_calendar_since"] is None
    path = ask(app, person)
    assert client.get(data).json["calendar"]["private_calendar_since"] == NOW.isoformat()
    assert path not in client.get(data).text


def test_organisers_never_see_the_address(app: Flask) -> None:
    person = register(app, make_event(app))
    path = ask(app, person)
    mail = mails(app)[0]
    token = path.removeprefix("/feeds/").removesuffix(".ics")
    assert token in mail.text
    assert token not in mask_links(mail.text)
    assert token not in mask_links(mail.html)
