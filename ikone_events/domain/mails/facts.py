"""The facts a mail and its calendar object are written from.

Services fill these values from rows; `compose` and the calendar read them. They are frozen and
hashable, so the parts that are the same for many people are cached.
"""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from ikone_events.domain.colours import ACCENT
from ikone_events.domain.mails.edited_text import EditedText
from ikone_events.domain.mails.kinds import NO_ANSWER, MailKind


@dataclass(frozen=True, slots=True, kw_only=True)
class EventSummary:
    """One event in one language, as mails and calendars show it.

    `room_known`: there is a video room behind the door, or will be when the first person comes.
    `place`, `directions` (room and way there) and `bring` are empty for people online; the last two
    are in German only.
    """

    title: str
    starts_at: datetime
    ends_at: datetime
    zone: str
    format: str
    organisation: str
    contact_email: str
    public_url: str
    register_url: str
    summary: str = ""
    place: str = ""
    directions: str = ""
    bring: str = ""
    dial_in: str = ""
    room_known: bool = False
    room_opens_at: datetime | None = None
    contact_name: str = ""
    contact_phone: str = ""
    postal_address: str = ""

    @property
    def has_room(self) -> bool:
        """Whether people can take part by video."""
        return self.format in ("online", "hybrid")


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """The recipient of a mail; `mail_salutation` overrides the rules."""

    email: str
    locale: str
    first_name: str = ""
    last_name: str = ""
    salutation: str = ""
    title: str = ""
    question: str = ""
    mail_salutation: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Links:
    """The personal absolute links of a recipient; `room` is empty until the access link is sent.

    `door` leads to the same room and is the only one that a calendar entry may contain. `ticket` is
    the page with the code for the entrance, of confirmed people who come on site.

    `feedback` is the person's own page for feedback, else the address of a survey, or empty.

    `speaker` is the page of a speaker, and `upload` where they hand in slides. `standing` is the
    page of the standing sign-up that led to a registration. `certificate` is empty for whoever did
    not attend, and `request` where nobody can ask for the materials of the event.

    For subscribers and contacts `manage` is the page to unsubscribe, and `confirm` the one to
    confirm a subscription, empty once confirmed. For registered people `confirm` confirms the
    address, and `accept` accepts an offered place.
    """

    manage: str
    privacy: str
    room: str = ""
    door: str = ""
    ticket: str = ""
    materials: str = ""
    confirm: str = ""
    accept: str = ""
    feedback: str = ""
    speaker: str = ""
    upload: str = ""
    standing: str = ""
    certificate: str = ""
    request: str = ""

    @property
    def change(self) -> str:
        """The page on which registered people correct and complete their details."""
        return f"{self.manage}/change"

    @property
    def withdraw(self) -> str:
        """The page on which registered people give up their place."""
        return f"{self.manage}/cancel"


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    """The calendar data of one mail: secret UID, SEQUENCE and DTSTAMP.

    `updates` an entry of the same UID; `replaces` one that has been withdrawn, which may still be
    in the calendar.
    """

    uid: str
    sequence: int
    stamp: datetime
    partstat: str = NO_ANSWER
    updates: bool = False
    replaces: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class BriefingQuestion:
    """A question that somebody asked; `body` is their administration, "" if unknown."""

    text: str
    body: str = ""
    answered: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Briefing:
    """What a speaker gets to know: role, numbers of people and administrations, questions, the way.

    `more` questions are left out of the mail.
    """

    role: str = ""
    ready_at: str = ""
    registered: str = ""
    bodies: str = ""
    questions: tuple[BriefingQuestion, ...] = ()
    more: int = 0
    directions: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MaterialLink:
    """Slides or a link in a follow-up; the address is absolute."""

    title: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactPerson:
    """A contact for a topic after the event."""

    topic: str
    name: str
    email: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AnsweredQuestion:
    """A question that the recipient asked; `answer` is "" while it is open.

    `changed`: they were sent another answer before.
    """

    text: str
    answer: str = ""
    changed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficeEntry:
    """Something that the office has to do: a sentence, and the link to where it is settled."""

    text: str
    url: str
    label: str
    urgent: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPeople:
    """The people who have registered for an event, one line each; `more` are left out."""

    title: str
    when: str
    url: str
    number: int
    people: tuple[str, ...]
    more: int = 0


class Fact(StrEnum):
    """A property of an event whose changes are announced."""

    TITLE = "title"
    WHEN = "when"
    WHERE = "where"
    DIRECTIONS = "directions"
    BRING = "bring"
    DIAL_IN = "dial_in"


@dataclass(frozen=True, slots=True)
class Difference:
    """One changed fact; `old` is empty if the old value means nothing to people."""

    fact: Fact
    label: str
    old: str
    new: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """The From of all mails; its address is also the ORGANIZER and receives answers.

    `accent` is the colour of links and buttons.
    """

    name: str
    address: str
    reply_to: str = ""
    accent: str = ACCENT


@dataclass(frozen=True, slots=True, kw_only=True)
class MailFacts:
    """All facts of one mail to one person; the first five fields are required.

    Without `invitation` there is no calendar object; `text` is an edited text. `status` is the
    registration's status, `reserved_until` when a reserved or offered seat goes to the next person,
    `other_person` the deputy or the person whose seat was taken over, `registered_by` the colleague
    who filled in the form, `standing_series` the series whose standing sign-up led to the
    registration. `changes` are the differences from the last version that the person was
    notified of. `has_open_fields` means that they have to complete their details. `deadline`,
    `free_places` (None: no limit) and `for_event` (subscribed to this event alone) are for
    subscribers; `legal_basis` and `contact_source` (who gave the address) for contacts. `entries`
    and `new_people` are for the office. `briefing` is for speakers, whose `status` says why a date
    is withdrawn: "cancelled", "postponed", "removed" or "address". `asks_questions`: feedback is
    given to questions of the event's own, without a name.
    """

    kind: MailKind
    event: EventSummary
    recipient: Recipient
    links: Links
    sender: Sender
    invitation: Invitation | None = None
    text: EditedText | None = None
    status: str = ""
    reason: str = ""
    other_person: str = ""
    registered_by: str = ""
    standing_series: str = ""
    calendar_address: str = ""
    reserved_until: datetime | None = None
    changes: tuple[Difference, ...] = ()
    old_dates: tuple[datetime, datetime] | None = None
    materials: tuple[MaterialLink, ...] = ()
    contacts: tuple[ContactPerson, ...] = ()
    questions: tuple[AnsweredQuestion, ...] = ()
    link_sent_on: date | None = None
    available_until: date | None = None
    delete_on: date | None = None
    deadline: datetime | None = None
    free_places: int | None = None
    for_event: bool = False
    legal_basis: str = ""
    contact_source: str = ""
    asks_questions: bool = False
    has_open_fields: bool = False
    entries: tuple[OfficeEntry, ...] = ()
    new_people: tuple[NewPeople, ...] = ()
    briefing: Briefing = Briefing()
