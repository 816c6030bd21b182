"""The facts a mail and its calendar object are written from.

Services fill these values from rows, `compose` and the calendar only read them. They are frozen and
hashable, so what is the same for ten thousand people is prepared once.
"""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from ikone_events.domain.mails.edited_text import EditedText
from ikone_events.domain.mails.kinds import NO_ANSWER, MailKind


@dataclass(frozen=True, slots=True, kw_only=True)
class EventSummary:
    """One event in one language, as mails and calendars show it.

    `room_mark` tells one video room from another without being its address.
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
    dial_in: str = ""
    room_mark: str = ""
    room_opens_at: datetime | None = None
    contact_name: str = ""
    contact_phone: str = ""
    feedback_url: str = ""

    @property
    def has_room(self) -> bool:
        """Whether people can take part by video."""
        return self.format in ("online", "hybrid")


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """The person a mail is for; `mail_salutation`, the Briefanrede, overrides the rules."""

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
    """The person's own absolute links; `room` is filled only once the room may be entered.

    Subscribers have no registration: their `manage` is the page to unsubscribe, and `confirm` the
    one that turns the mails on, empty once that is done. To registered people `confirm` confirms
    the address, `accept` takes an offered place.
    """

    manage: str
    privacy: str
    room: str = ""
    materials: str = ""
    confirm: str = ""
    accept: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    """The calendar side of one registration: secret UID, counter and moment of this very mail."""

    uid: str
    sequence: int
    stamp: datetime
    partstat: str = NO_ANSWER


@dataclass(frozen=True, slots=True, kw_only=True)
class MaterialLink:
    """A slide set or link as a follow-up names it; the address is absolute."""

    title: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactPerson:
    """Whom to ask about what after the event."""

    topic: str
    name: str
    email: str


class Fact(StrEnum):
    """What of an event people are told of when it changes."""

    TITLE = "title"
    WHEN = "when"
    WHERE = "where"
    ROOM = "room"
    DIAL_IN = "dial_in"


@dataclass(frozen=True, slots=True)
class Difference:
    """One fact that reads otherwise: `old` is empty where the old one says nothing to anybody."""

    fact: Fact
    label: str
    old: str
    new: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """The fixed From of all mails; its address is the ORGANIZER too and must read answers."""

    name: str
    address: str
    reply_to: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MailFacts:
    """All that one mail says to one person; `compose` needs nothing else.

    Every mail has the first five fields, the others may be empty. Without `invitation` there is no
    calendar object; `text` is what organisers wrote in place of the built-in text.

    `status` is the registration's status (moved, postponed, cancelled, repeated: people who wait
    must not read that they have a seat). `hold_until` is when a reserved or offered seat goes to
    the next person, `other_person` the deputy or the person whose seat was taken over,
    `registered_by` who filled in the form for a colleague. `changes` is what differs from the last
    version that this person was notified of, in the language of the mail. Only subscribers are told
    `deadline` and `free_places` (None: no limit); `for_event` says that they asked for this event.
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
    calendar_address: str = ""
    reserved_until: datetime | None = None
    changes: tuple[Difference, ...] = ()
    old_dates: tuple[datetime, datetime] | None = None
    materials: tuple[MaterialLink, ...] = ()
    contacts: tuple[ContactPerson, ...] = ()
    link_sent_on: date | None = None
    available_until: date | None = None
    delete_on: date | None = None
    deadline: datetime | None = None
    free_places: int | None = None
    for_event: bool = False
