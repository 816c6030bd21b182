"""Standard texts and previews for the editor of texts.

Registrations and events are copies or samples: nothing is stored or sent.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from ikone_events.domain.events.lifecycle import State
from ikone_events.domain.events.speakers import SpeakerRole
from ikone_events.domain.mails.edited_text import EditedText
from ikone_events.domain.mails.facts import (
    BriefingQuestion,
    ContactPerson,
    MailFacts,
    MaterialLink,
)
from ikone_events.domain.mails.kinds import FOLLOW_UPS, TO_SPEAKERS, MailKind
from ikone_events.domain.registering.registration import Awaits, Status
from ikone_events.mail.writing.compose import ComposedMail, compose
from ikone_events.mail.writing.templates import starting_text
from ikone_events.services.installation import get_installation
from ikone_events.services.mails.drafts import with_masked_links
from ikone_events.services.mails.facts import facts_for
from ikone_events.services.mails.news_facts import facts_for_subscriber
from ikone_events.services.mails.speaker_facts import facts_for_speaker
from ikone_events.store.events.models import Event
from ikone_events.store.events.speakers import Speaker
from ikone_events.store.mails.event_versions import as_if
from ikone_events.store.mails.models import Subscriber
from ikone_events.store.registering.models import Registration

_TO_SUBSCRIBERS = (MailKind.ANNOUNCEMENT, MailKind.OPENING, MailKind.REMINDER_DEADLINE)
# The status of a person who gets such a mail; other kinds keep the person's own status.
_STATUS = {
    MailKind.WAITLIST: Status.WAITLISTED,
    MailKind.CONFIRM_ADDRESS: Status.PENDING,
    MailKind.AWAITING_APPROVAL: Status.PENDING,
    MailKind.OFFER: Status.OFFERED,
    MailKind.DECLINED: Status.DECLINED,
    MailKind.OFFER_LAPSED: Status.EXPIRED,
    MailKind.HANDED_OVER: Status.CANCELLED,
}
_KEPT_FOR = timedelta(days=2)
_SAMPLE_ROOM = "https://video.example.org/raum"
_SAMPLE_EMAIL = "erika.beispiel@example.org"


def standard_text(kind: str, locale: str) -> EditedText:
    """The standard text with placeholders; for an own message, a skeleton."""
    return starting_text(_mail_kind(kind), locale)


def preview(
    kind: str,
    text: EditedText,
    locale: str,
    *,
    event: Event | None,
    person: Registration | None,
    now: datetime,
) -> ComposedMail:
    """The mail for a person about an event; without them, for samples."""
    mail_kind, shown = _mail_kind(kind), event or _sample_event(now)
    if mail_kind in _TO_SUBSCRIBERS:
        reader = _sample_subscriber(locale, now)
        facts = facts_for_subscriber(mail_kind, reader, shown, now=now)
    elif mail_kind in TO_SPEAKERS:
        facts = _facts_of_speaker(mail_kind, locale, shown, now)
    else:
        facts = _facts(mail_kind, person or _sample_person(shown, now), locale, shown, now)
    return with_masked_links(compose(replace(facts, text=text)))


def _facts(
    kind: MailKind, person: Registration, locale: str, event: Event, now: datetime
) -> MailFacts:
    """Facts as if event and person had the status for this mail, with every optional part."""
    state = State.FOLLOWED_UP if kind in FOLLOW_UPS else State.DISPATCHED
    changes = {"state": state.value, "room_url": event.room_url or _SAMPLE_ROOM}
    then = as_if(event, changes, materials=event.materials)
    status = _STATUS.get(kind, person.status)
    awaits = Awaits.ADDRESS if kind is MailKind.CONFIRM_ADDRESS else Awaits.NOTHING
    reader = as_if(
        person,
        {
            "locale": locale,
            "status": status,
            "awaits": awaits if kind in _STATUS else person.awaits,
            "reserved_until": person.reserved_until or now + _KEPT_FOR,
            "calendar_sequence": person.calendar_sequence or 0,
            "calendar_method": "",
            "partstat": "",
        },
        event=then,
    )
    week = timedelta(days=7)
    before = {"starts_at": event.starts_at - week, "ends_at": event.ends_at - week}
    known = as_if(then, before) if kind is MailKind.MOVED else then
    facts = facts_for(kind, reader, then, now=now, known=known, other_person="Kai Beispiel")
    slides = MaterialLink(title="Folien", url=get_installation().page("/"))
    contact = ContactPerson(topic="Förderung", name="Erika Beispiel", email="e@example.org")
    return replace(
        facts,
        reason="Die Referentin ist erkrankt.",
        materials=facts.materials or (slides,),
        contacts=facts.contacts or (contact,),
    )


def _facts_of_speaker(kind: MailKind, locale: str, event: Event, now: datetime) -> MailFacts:
    speaker = Speaker(
        id=0,
        public_id="beispiel",
        link_epoch=1,
        role=SpeakerRole.SPEAKER.value,
        name="Dr. Erika Beispiel",
        email=_SAMPLE_EMAIL,
        locale=locale,
        calendar_uid="preview",
        calendar_method="",
        partstat="",
    )
    facts = facts_for_speaker(kind, speaker, as_if(event, {}), now=now)
    asked = BriefingQuestion(text="Was kostet das?", body="Stadt Kusel")
    questions = facts.briefing.questions or (asked,)
    return replace(facts, briefing=replace(facts.briefing, questions=questions))


def _sample_subscriber(locale: str, now: datetime) -> Subscriber:
    return Subscriber(
        public_id="beispiel",
        link_epoch=1,
        email=_SAMPLE_EMAIL,
        locale=locale,
        created_at=now,
        confirmed_at=now,
    )


def _sample_person(event: Event, now: datetime) -> Registration:
    return Registration(
        id=0,
        event_id=event.id,
        public_id="beispiel",
        link_epoch=1,
        status=Status.CONFIRMED.value,
        status_at=now,
        awaits=Awaits.NOTHING.value,
        mode="online",
        registered_at=now,
        registered_by="Kim Beispiel",
        salutation="frau",
        title="Dr.",
        first_name="Erika",
        last_name="Beispiel",
        email=_SAMPLE_EMAIL,
        organisation_text="",
        question="Geht das auch ohne eigene IT-Abteilung?",
        calendar_uid="preview",
        partstat="",
        thread_id="",
    )


def _sample_event(now: datetime) -> Event:
    starts_at = now.replace(hour=9, minute=0, second=0, microsecond=0) + timedelta(days=14)
    settings = get_installation().settings
    return Event(
        id=0,
        slug="beispiel",
        state=State.OPEN.value,
        title="Beispiel-Veranstaltung",
        title_en="Example event",
        summary="Worum es geht, in einem Satz.",
        summary_en="What it is about, in one sentence.",
        starts_at=starts_at,
        ends_at=starts_at + timedelta(hours=2),
        zone=settings.timezone,
        format="online",
        place="",
        dial_in="+49 631 000 000",
        capacity=30,
        seats_kept=0,
        waiting_list=True,
        accepts_late=True,
        feedback_url="",
        directions="",
        contact_name="Erika Beispiel",
        contact_email=settings.sender,
        contact_phone="",
        retention_days=90,
    )


def _mail_kind(kind: str) -> MailKind:
    return MailKind(kind) if kind in set(MailKind) else MailKind.NOTE
