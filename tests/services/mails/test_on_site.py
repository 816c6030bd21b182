"""Room, directions, what to bring and the ticket: in mails and calendars of people on site."""

from typing import Any

import pytest
import vobject
from flask import Flask
from sqlalchemy import select

from ikone_events.domain.events.facts import EventFormat
from ikone_events.domain.mails.kinds import MailKind
from ikone_events.domain.mails.placeholders import placeholders_of
from ikone_events.mail.writing.templates import starting_text
from ikone_events.store.db import db
from ikone_events.store.events.models import Event, EventVersion
from tests.factories import FixedClock, make_event, make_text, personal_path
from tests.mailbox import Mailbox, Received
from tests.services.events.edits import DRAFT, Edit, entry, invite, wait_and_work, work

WAY, BRING = "Raum 204; Aufzug, links\nLinie 101 – „Rathaus“", "Ausweis\nLaptop"
PLACE: dict[str, Any] = {"place": "Rathaus", "directions": WAY, "bring": BRING}


@pytest.fixture
def event(app: Flask) -> Event:
    """A hybrid event as `edit` saves it with PLACE."""
    return make_event(app, title=DRAFT.title, format="hybrid", **PLACE)


def text_of(mail: Received) -> str:
    """The plain text, with the line ends of a program."""
    return mail.text.replace("\r\n", "\n")


def description_of(mail: Received) -> str:
    """What a parser that is not ours reads."""
    assert mail.calendar is not None
    mail.check_calendar()
    return str(vobject.readOne(mail.calendar.decode()).vevent.description.value)


def test_people_on_site_read_way_and_ticket_in_the_confirmation(
    app: Flask, event: Event, mailbox: Mailbox
) -> None:
    person = invite(app, event, mode="on_site")
    work(app)
    (mail,) = mailbox.to(person.email)
    assert f"Raum und Anfahrt:\n{WAY}\n" in text_of(mail)
    assert f"Bitte mitbringen:\n{BRING}\n" in text_of(mail)
    ticket = personal_path(app, person, "/ticket")
    assert ticket in text_of(mail)
    assert ticket in (mail.part("text/html") or b"").decode()
    assert f"Raum und Anfahrt:\n{WAY}\n\nBitte mitbringen:\n{BRING}\n" in description_of(mail)
    assert "/r/" not in description_of(mail)


def test_english_mail_states_that_the_texts_are_german(
    app: Flask, event: Event, mailbox: Mailbox
) -> None:
    person = invite(app, event, mode="on_site", locale="en")
    work(app)
    (mail,) = mailbox.to(person.email)
    assert f"Room and directions, in German:\n{WAY}\n" in text_of(mail)
    assert ' lang="de"' in (mail.part("text/html") or b"").decode()
    assert f"Room and directions:\n{WAY}\n" in description_of(mail)


def test_people_online_get_neither(app: Flask, event: Event, mailbox: Mailbox) -> None:
    person = invite(app, event, mode="online")
    work(app)
    (mail,) = mailbox.to(person.email)
    assert "Raum 204" not in text_of(mail) + description_of(mail)
    assert "/ticket" not in text_of(mail)


def test_edited_text_has_them_where_its_placeholders_stand(
    app: Flask, event: Event, mailbox: Mailbox
) -> None:
    body = "Bis bald.\n\n{{vor_ort}}\n\nKarte: {{ticketlink}}"
    make_text(app, "confirmation", event, body=body)
    on_site, online = invite(app, event, mode="on_site"), invite(app, event, mode="online")
    work(app)
    assert WAY in text_of(mailbox.to(on_site.email)[0])
    assert mailbox.to(on_site.email)[0].text.count("/ticket") == 2
    assert "Raum 204" not in mailbox.to(online.email)[0].text
    assert "/ticket" not in mailbox.to(online.email)[0].text


@pytest.mark.parametrize("locale", ["de", "en"])
def test_standard_texts_of_seated_people_carry_the_block(locale: str) -> None:
    known = [kind for kind in MailKind if "vor_ort" in placeholders_of(kind)]
    with_block = [kind for kind in known if "{{vor_ort}}" in starting_text(kind, locale).body]
    assert set(with_block) == {
        *(MailKind.CONFIRMATION, MailKind.PROMOTION, MailKind.CHANGED, MailKind.TAKEN_OVER),
        *(MailKind.MOVED, MailKind.REMINDER_DAY, MailKind.REMINDER_HOUR),
    }
    assert with_block == known


def test_new_room_in_the_building_is_mailed_to_people_on_site(
    app: Flask, event: Event, edit: Edit, mailbox: Mailbox, clock: FixedClock
) -> None:
    on_site, online = invite(app, event, mode="on_site"), invite(app, event, mode="online")
    edit(format=EventFormat.HYBRID, **{**PLACE, "directions": "Raum 310"})
    wait_and_work(app, clock)

    confirmed, update = mailbox.to(on_site.email)
    assert update.subject.startswith("Geändert")
    change = "– Raum und Anfahrt: Raum 310 (bisher: Raum 204; Aufzug, links Linie 101 – „Rathaus“)"
    assert change in update.text
    assert "Raum 310" in description_of(update)
    assert entry(update) == ("REQUEST", entry(confirmed)[1])  # nobody is asked again
    assert len(mailbox.to(online.email)) == 1
    with app.app_context():
        (former,) = db.session.scalars(select(EventVersion))
        assert (former.directions, former.bring) == (WAY, BRING)


def test_removed_or_long_text_is_summarised_in_the_mail(
    app: Flask, event: Event, edit: Edit, mailbox: Mailbox, clock: FixedClock
) -> None:
    person = invite(app, event, mode="on_site")
    edit(format=EventFormat.HYBRID, place="Rathaus", directions="Treppe " * 200, bring="")
    wait_and_work(app, clock)
    update = mailbox.to(person.email)[1].text
    assert "– Bitte mitbringen: keine Angabe mehr (bisher: Ausweis Laptop)" in update
    (line,) = [each for each in update.splitlines() if each.startswith("– Raum und Anfahrt:")]
    assert "…" in line
    assert len(line) < 400


def test_texts_kept_behind_an_online_format_concern_nobody(
    app: Flask, event: Event, edit: Edit, mailbox: Mailbox, clock: FixedClock
) -> None:
    online = {**PLACE, "format": EventFormat.ONLINE}
    person = invite(app, event)
    edit(silent=True, **online)
    edit(**{**online, "directions": "Raum 310"})
    with app.app_context():
        assert db.session.get_one(Event, event.id).update_due_at is None
    wait_and_work(app, clock)
    assert len(mailbox.to(person.email)) == 1
