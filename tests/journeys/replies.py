"""What came back about one event: one of each kind, so that every word of the page is seen."""

from collections.abc import Iterator
from datetime import timedelta

from flask import Flask

from ikone_events.domain.incoming.mails import Damaged, Envelope, Incoming, Method
from ikone_events.store.events.models import Event
from ikone_events.store.mails.models import OutboxMail
from ikone_events.store.registering.models import Registration
from tests.factories import NOW, make_event, make_mail, make_registration, personal_path
from tests.received import absence, bounce, calendar_answer, receive

ELSEWHERE = "vorzimmer.der.verbandsbuergermeisterin@verbandsgemeinde-nachbarort.example.org"
COMMENT = "Komme etwas später, der Zug um 8:12 Uhr fällt aus. <b>Bitte</b> einen Platz freihalten!"


def replies(app: Flask) -> dict[str, str]:
    """An event whose people and servers have answered in every way there is."""
    event = make_event(app, slug="replies", title="Barrierefreie Dokumente in der Verwaltung")
    people = [_invited(app, event, number) for number in range(8)]
    mails = [_mail(app, person) for person in people]
    for minute, found in enumerate(_mails(people, mails)):
        receive(app, found, now=NOW + timedelta(minutes=minute))
    make_registration(app, event, partstat="ACCEPTED")
    return {"unreached": people[6].public_id, "declined_by_calendar": personal_path(app, people[2])}


def _invited(app: Flask, event: Event, number: int) -> Registration:
    return make_registration(
        app, event, last_name=f"Beispiel-{number}", calendar_sequence=0, calendar_method="REQUEST"
    )


def _mail(app: Flask, person: Registration) -> OutboxMail:
    return make_mail(
        app, person, state="sent", sent_at=NOW, calendar_uid=person.calendar_uid,
        calendar_sequence=0,
    )  # fmt: skip


def _mails(people: list[Registration], mails: list[OutboxMail]) -> Iterator[Incoming]:
    yield calendar_answer(people[0], "ACCEPTED")
    yield calendar_answer(people[1], "TENTATIVE", comment=COMMENT)
    yield calendar_answer(people[2], "DECLINED")
    yield calendar_answer(people[3], "DECLINED", sender=ELSEWHERE, attendee=ELSEWHERE)
    proposed = {"proposed_starts_at": NOW, "proposed_ends_at": NOW + timedelta(hours=2)}
    yield calendar_answer(people[4], "TENTATIVE", method=Method.COUNTER, comment="Da?", **proposed)
    yield calendar_answer(people[5], "DELEGATED")
    yield bounce(mails[6], words=f"550 5.1.1 <{people[6].email}>: Recipient address rejected")
    yield bounce(mails[7], lost=False, code="4.4.7", words="delivery delayed: timeout")
    yield bounce(mails[0], recipient=ELSEWHERE)
    yield absence(mails[1], words="Ich bin bis zum 14. März nicht im Haus.\nIn Eile: 0631 0000")
    yield calendar_answer(people[0], "", method=Method.REFRESH)
    yield calendar_answer(people[0], "ACCEPTED", method=Method.OTHER)
    yield calendar_answer(people[0], "DECLINED", uid="guessed@localhost", sender=ELSEWHERE)
    envelope = Envelope(digest="damaged", message_id="", sender=ELSEWHERE, received_at=NOW)
    yield Damaged(envelope=envelope, fault="The calendar object is larger than 512 kB.")
