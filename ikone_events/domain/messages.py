"""The kinds of letters, what each does to a calendar, and the facts a letter is written from.

A letter knows nothing but these values: services fill them from rows, compose and calendar only
read. They are frozen and hashable, so what is the same for ten thousand people is prepared once.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from types import MappingProxyType

from ikone_events.domain.refusals import N_


class MailKind(StrEnum):
    """Every letter this house writes to people who registered or subscribed."""

    CONFIRMATION = "confirmation"
    WAITLIST = "waitlist"
    PROMOTION = "promotion"
    WITHDRAWAL = "withdrawal"
    ACCESS_LINK = "access_link"
    MOVED = "moved"
    POSTPONED = "postponed"
    CANCELLATION = "cancellation"
    FOLLOW_UP = "follow_up"
    FOLLOW_UP_MISSED = "follow_up_missed"
    FOLLOW_UP_UNKNOWN = "follow_up_unknown"
    REPEAT = "repeat"
    REMINDER_DAY = "reminder_day"
    REMINDER_HOUR = "reminder_hour"
    FEEDBACK = "feedback"
    NOTE = "note"
    ANNOUNCEMENT = "announcement"
    OPENING = "opening"
    REMINDER_DEADLINE = "reminder_deadline"
    SUBSCRIPTION = "subscription"
    CONFIRM_ADDRESS = "confirm_address"
    AWAITING_APPROVAL = "awaiting_approval"
    DECLINED = "declined"
    OFFER = "offer"
    OFFER_LAPSED = "offer_lapsed"
    HANDED_OVER = "handed_over"
    TAKEN_OVER = "taken_over"
    CHANGED = "changed"
    TRIAL_INVITATION = "trial_invitation"
    TRIAL_WITHDRAWAL = "trial_withdrawal"
    NOT_COMING = "not_coming"
    CALENDAR_ADDRESS = "calendar_address"


REQUEST = "REQUEST"
CANCEL = "CANCEL"
# PARTSTAT of whom an object asks (RFC 5545 section 3.2.12).
NO_ANSWER = "NEEDS-ACTION"

# Kinds that are not here carry no calendar object.
CALENDAR_METHODS: Mapping[MailKind, str] = MappingProxyType(
    {
        MailKind.CONFIRMATION: REQUEST,
        MailKind.PROMOTION: REQUEST,
        MailKind.ACCESS_LINK: REQUEST,
        MailKind.MOVED: REQUEST,
        MailKind.WITHDRAWAL: CANCEL,
        MailKind.POSTPONED: CANCEL,
        MailKind.CANCELLATION: CANCEL,
        MailKind.DECLINED: CANCEL,
        MailKind.HANDED_OVER: CANCEL,
        MailKind.TAKEN_OVER: REQUEST,
        MailKind.CHANGED: REQUEST,
        MailKind.TRIAL_INVITATION: REQUEST,
        MailKind.TRIAL_WITHDRAWAL: CANCEL,
    }
)

LABELS: Mapping[MailKind, str] = MappingProxyType(
    {
        MailKind.CONFIRMATION: N_("Confirmation of registration"),
        MailKind.WAITLIST: N_("Waiting list notice"),
        MailKind.PROMOTION: N_("Moved up from the waiting list"),
        MailKind.WITHDRAWAL: N_("Confirmation of withdrawal"),
        MailKind.ACCESS_LINK: N_("Access link"),
        MailKind.MOVED: N_("New date"),
        MailKind.POSTPONED: N_("Postponement"),
        MailKind.CANCELLATION: N_("Cancellation of the event"),
        MailKind.FOLLOW_UP: N_("Follow-up to those who attended"),
        MailKind.FOLLOW_UP_MISSED: N_("Follow-up to those who were absent"),
        MailKind.FOLLOW_UP_UNKNOWN: N_("Follow-up, attendance not known"),
        MailKind.REPEAT: N_("Answer to a repeated registration"),
        MailKind.REMINDER_DAY: N_("Reminder of the event"),
        MailKind.REMINDER_HOUR: N_("Reminder shortly before the start"),
        MailKind.FEEDBACK: N_("Request for feedback"),
        MailKind.NOTE: N_("Message of the organisers"),
        MailKind.ANNOUNCEMENT: N_("Announcement"),
        MailKind.OPENING: N_("Registration is open"),
        MailKind.REMINDER_DEADLINE: N_("Reminder of the deadline"),
        MailKind.SUBSCRIPTION: N_("Confirmation of a subscription"),
        MailKind.CONFIRM_ADDRESS: N_("Request to confirm the address"),
        MailKind.AWAITING_APPROVAL: N_("Registration to be approved"),
        MailKind.DECLINED: N_("Registration declined"),
        MailKind.OFFER: N_("Offer of a place"),
        MailKind.OFFER_LAPSED: N_("Offer has lapsed"),
        MailKind.HANDED_OVER: N_("Place handed over"),
        MailKind.TAKEN_OVER: N_("Place taken over"),
        MailKind.CHANGED: N_("Registration changed"),
        MailKind.TRIAL_INVITATION: N_("Test invitation"),
        MailKind.TRIAL_WITHDRAWAL: N_("Withdrawal of a test invitation"),
        MailKind.NOT_COMING: N_("Question after a decline in the calendar"),
        MailKind.CALENDAR_ADDRESS: N_("Address of the private calendar"),
    }
)


def calendar_method(kind: MailKind) -> str | None:
    """REQUEST, CANCEL, or None for a letter without a calendar object."""
    return CALENDAR_METHODS.get(kind)


@dataclass(frozen=True, slots=True, kw_only=True)
class Occasion:
    """One event in one language, as letters and calendars tell it.

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
    """The person a letter is for; `letter_salutation`, the Briefanrede, overrides the rules."""

    email: str
    locale: str
    first_name: str = ""
    last_name: str = ""
    salutation: str = ""
    title: str = ""
    question: str = ""
    letter_salutation: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Links:
    """The person's own absolute links; `room` is filled only once the room may be entered.

    Subscribers have no registration: their `manage` is the page to unsubscribe, and `confirm` the
    one that turns the letters on, empty once that is done. To registered people `confirm` confirms
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
    """The calendar side of one registration: secret UID, counter and moment of this very letter."""

    uid: str
    sequence: int
    stamp: datetime
    partstat: str = NO_ANSWER


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
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
class Extras:
    """What only some kinds of letters tell; every field may stay empty.

    `status` is the registration's state (moved, postponed, cancellation, repeat: waiting people are
    told the truth).
    Subscribers learn until when one can register and how many places are free (None: no limit);
    `for_event` says that they asked about this event alone. `hold_until` is when a seat that is
    kept or offered goes to the next, `other_person` the deputy or whose place was taken over,
    `registered_by` who filled in the form for a colleague. `changes` is what this person has been
    told otherwise, in the letter's language.
    """

    reason: str = ""
    changes: tuple[Difference, ...] = ()
    old_starts_at: datetime | None = None
    old_ends_at: datetime | None = None
    delete_on: date | None = None
    link_sent_on: date | None = None
    materials: tuple[Material, ...] = ()
    contacts: tuple[ContactPerson, ...] = ()
    available_until: date | None = None
    status: str = ""
    deadline: datetime | None = None
    free_places: int | None = None
    for_event: bool = False
    hold_until: datetime | None = None
    other_person: str = ""
    registered_by: str = ""
    calendar_address: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """The fixed From of all letters; its address is the ORGANIZER too and must read answers."""

    name: str
    address: str
    reply_to: str = ""
