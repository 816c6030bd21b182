"""Facts that the tests of mails share."""

from dataclasses import replace
from datetime import UTC, date, datetime

from ikone_events.domain.mails.edited_text import EditedText
from ikone_events.domain.mails.facts import (
    AnsweredQuestion,
    Briefing,
    BriefingQuestion,
    ContactPerson,
    EventSummary,
    Invitation,
    Links,
    MailFacts,
    MaterialLink,
    NewPeople,
    OfficeEntry,
    Recipient,
    Sender,
)
from ikone_events.domain.mails.kinds import MailKind
from ikone_events.mail.writing.compose import ComposedMail, compose

EVENT = EventSummary(
    title="Digitale Dörfer",
    summary="Was ein Dorf braucht.",
    starts_at=datetime(2021, 1, 12, 9, tzinfo=UTC),
    ends_at=datetime(2021, 1, 12, 11, tzinfo=UTC),
    zone="Europe/Berlin",
    format="online",
    organisation="Netzwerk IKONE",
    contact_name="Dr. Ada Muster",
    contact_email="fragen@ikone.example.org",
    contact_phone="+49 631 1",
    public_url="https://x.example/events/d",
    register_url="https://x.example/events/d/register",
    dial_in="+49 631 99, PIN 4",
    room_opens_at=datetime(2021, 1, 12, 8, 45, tzinfo=UTC),
)
LINKS = Links(manage="https://x.example/r/t", privacy="https://x.example/privacy")
# What people have who are asked for something: to confirm the address, or to take a place.
CONFIRM = replace(LINKS, confirm="https://x.example/r/t/confirm")
ACCEPT = replace(LINKS, accept="https://x.example/r/t/accept")
DOOR = replace(LINKS, room="https://x.example/r/t/room", door="https://x.example/door/t")
SENDER = Sender(
    name="IKONE Veranstaltungen",
    address="events@ikone.example.org",
    reply_to="fragen@ikone.example.org",
)
INVITATION = Invitation(uid="u-1", sequence=1, stamp=datetime(2021, 1, 4, tzinfo=UTC))


def person(locale: str = "de", **changes: str) -> Recipient:
    known = Recipient(
        email="anna@example.org",
        locale=locale,
        salutation="frau",
        title="Dr.",
        first_name="Anna",
        last_name="Beispiel",
        question="Geht das auch offline?",
    )
    return replace(known, **changes)


BARE = MailFacts(
    kind=MailKind.CONFIRMATION,
    event=EVENT,
    recipient=person(),
    links=LINKS,
    sender=SENDER,
)
# With everything that any kind of mail can contain.
FACTS = replace(
    BARE,
    reason="Die Referentin ist erkrankt.",
    old_dates=(datetime(2021, 1, 5, 9, tzinfo=UTC), datetime(2021, 1, 5, 11, tzinfo=UTC)),
    delete_on=date(2021, 2, 12),
    link_sent_on=date(2021, 1, 10),
    materials=(MaterialLink(title="Folien: Teil 1. Anfang", url="https://x.example/m/1"),),
    contacts=(ContactPerson(topic="DorfFunk", name="Bo Bei", email="bo@example.org"),),
    questions=(
        AnsweredQuestion(text="Geht das auch offline?", answer="Ja.\nMit Zettel."),
        AnsweredQuestion(text="Und www.evil.example?"),
        AnsweredQuestion(text="Wie teuer?", answer="Zehn Euro.", changed=True),
    ),
    available_until=date(2021, 4, 12),
    status="confirmed",
    reserved_until=datetime(2021, 1, 8, 14, tzinfo=UTC),
    other_person="Bo Bei",
    registered_by="Kai Kollege",
    standing_series="Runder Tisch",
    calendar_address="https://x.example/feeds/t.ics",
    briefing=Briefing(
        role="Referentin/Referent",
        ready_at="9:45",
        registered="41",
        bodies="17",
        questions=(
            BriefingQuestion(text="Was kostet das?", body="Stadt Kusel"),
            BriefingQuestion(text="Wann www.evil.example kommt?"),
        ),
        more=2,
    ),
    entries=(
        OfficeEntry(
            text="Der Zugangslink fehlt.",
            url="https://x.example/organise/events/d/to-do/link_missing",
            label="Link eintragen",
            urgent=True,
        ),
        OfficeEntry(text="Es warten zwei.", url="https://x.example/organise/", label="Ansehen"),
    ),
    new_people=(
        NewPeople(
            title="Digitale Dörfer",
            when="Dienstag, 12. Januar 2021, 10:00 Uhr",
            url="https://x.example/organise/events/d/registrations",
            number=3,
            people=("Bo Bei, Stadt Kusel", "Kai www.evil.example Kollege (Warteliste)"),
            more=1,
        ),
    ),
)


def written(
    kind: MailKind,
    locale: str = "de",
    *,
    event: EventSummary = EVENT,
    recipient: Recipient | None = None,
    links: Links = LINKS,
    facts: MailFacts = FACTS,
    invitation: Invitation | None = INVITATION,
    sender: Sender = SENDER,
    edited: EditedText | None = None,
) -> ComposedMail:
    changed = replace(
        facts,
        kind=kind,
        event=event,
        recipient=recipient or person(locale),
        links=links,
        sender=sender,
        invitation=invitation,
        text=edited,
    )
    return compose(changed)
