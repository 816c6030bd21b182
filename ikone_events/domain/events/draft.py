"""The content of an event as organisers edit it, and its checks."""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field, fields
from datetime import datetime
from urllib.parse import urlsplit

from ikone_events.domain.address import looks_like_address
from ikone_events.domain.events.dates import order_complaint, year_complaint
from ikone_events.domain.events.facts import EventFormat, ProviderKind
from ikone_events.domain.events.registration_settings import (
    RegistrationSettings,
    settings_complaints,
)
from ikone_events.domain.header_text import (
    ascii_address,
    normalise,
    stored_text_complaints,
    text_complaint,
)
from ikone_events.domain.outgoing import link_complaint
from ikone_events.domain.refusals import N_, Complaint, UnfitInput
from ikone_events.domain.typed_links import links_in, text_link_complaints

# Lengths in characters, as in the database.
LINE_LENGTHS = {
    "title": 200,
    "title_en": 200,
    "series": 200,
    "place": 500,
    "room_provider": 10,
    "room_url": 2000,
    "room_pin": 50,
    "moderator_url": 2000,
    "feedback_url": 2000,
    "dial_in": 200,
    "question_label": 200,
    "question_label_en": 200,
    "contact_name": 200,
    "contact_email": 254,
    "contact_phone": 50,
}
TEXT_LENGTH = 20_000
# Shorter texts: they are printed on tickets and stand in calendar entries.
TEXT_LENGTHS = {"directions": 2000, "bring": 2000}
PROGRAMME_LINE_LENGTH = 300
PROGRAMME_TIME_LENGTH = 20
LONGEST_RETENTION_DAYS = 3650
_MOMENTS = ("starts_at", "ends_at", "deadline", "members_until")
# The plans to choose from: that of the format, or the round table's (domain/plan/templates.py).
CHOSEN_PLANS = ("", "round_table")
# Lines that are used in mail headers or calendar entries (security guide, R12).
HEADER_LINES = ("title", "title_en", "contact_name")
ROOM_LINKS = ("room_url", "moderator_url")
# Links that are typed: their hosts may be none of one's own network.
TYPED_LINKS = (*ROOM_LINKS, "feedback_url")
_TIME_AND_TITLE = re.compile(r"(\d{1,2}[:.]\d{2}(?:\s?[–-]\s?\d{1,2}[:.]\d{2})?)(?:\s+Uhr)?\s+(.*)")


@dataclass(frozen=True, slots=True)
class ProgrammeItem:
    """One line of the programme; `time` is local, as typed."""

    time: str
    title: str

    def __post_init__(self) -> None:
        """Normalise the texts."""
        normalise(self, ("time", "title"))


def programme_of(text: str) -> tuple[ProgrammeItem, ...]:
    """Parse one item per line, such as “10:00 Welcome”; the time may be missing."""
    lines = (line.strip() for line in text.splitlines())
    return tuple(_item(line) for line in lines if line)


def _item(line: str) -> ProgrammeItem:
    found = _TIME_AND_TITLE.fullmatch(line)
    return ProgrammeItem(found[1], found[2]) if found else ProgrammeItem("", line)


@dataclass(frozen=True, kw_only=True)
class RoomChoice:
    """The video room of an event alone: what makes it, and what is typed of a link."""

    room_provider: str = ProviderKind.LINK.value
    room_url: str = ""
    room_pin: str = ""
    moderator_url: str = ""
    dial_in: str = ""


@dataclass(frozen=True, kw_only=True)
class EventDraft(RegistrationSettings, RoomChoice):
    """The content of an event as in its form. Moments are aware UTC.

    An empty `plan` is that of the format. `feedback_url` leads to a survey.
    """

    title: str
    starts_at: datetime
    ends_at: datetime
    title_en: str = ""
    summary: str = ""
    summary_en: str = ""
    description: str = ""
    description_en: str = ""
    series: str = ""
    programme: tuple[ProgrammeItem, ...] = field(default=())
    speakers: str = ""
    question_label: str = ""
    question_label_en: str = ""
    zone: str = "Europe/Berlin"
    format: EventFormat = EventFormat.ONLINE
    place: str = ""
    directions: str = ""
    bring: str = ""
    contact_name: str = ""
    contact_email: str = ""
    contact_phone: str = ""
    retention_days: int = 90
    plan: str = ""
    feedback_url: str = ""

    def __post_init__(self) -> None:
        """Normalise the texts."""
        normalise(self, LINE_LENGTHS)


_ROOM_ADDRESS = N_("Please give the full address of the room, beginning with https://.")


def check_draft(
    draft: EventDraft, *, hosts: Collection[str] | None = None, kept: Collection[str] = ()
) -> None:
    """Raise UnfitInput with all complaints about a draft.

    Hosts of links may be in one's own network if they are among `hosts`; links among `kept` (those
    stored before) are not checked, and none if `hosts` is None (of a draft that is stored already).
    """
    found = [
        *_text_complaints(draft),
        *_value_complaints(draft),
        *settings_complaints(
            draft, form=draft.format, starts_at=draft.starts_at, ends_at=draft.ends_at
        ),
        *_address_complaints(draft),
        *(_link_complaints(draft, hosts, kept) if hosts is not None else ()),
        *_plan_complaints(draft),
    ]
    if found:
        raise UnfitInput(found)


def check_room(room: RoomChoice, *, hosts: Collection[str], kept: Collection[str] = ()) -> None:
    """Raise UnfitInput unless it can be stored; an empty `room_url` removes the link.

    `hosts` and `kept` as in `check_draft`.
    """
    found = [*_room_complaints(room), *_link_complaints(room, hosts, kept)]
    for name in ("room_pin", "dial_in"):
        found += stored_text_complaints(getattr(room, name), LINE_LENGTHS[name], name)
    if found:
        raise UnfitInput(found)


def _room_complaints(room: RoomChoice) -> list[Complaint]:
    found: list[Complaint] = []
    if room.room_provider not in tuple(ProviderKind):
        found.append(Complaint(N_("There is no such kind of room."), about="room_provider"))
    for name in ROOM_LINKS:
        address = getattr(room, name)
        if address and not is_web_address(address):
            found.append(Complaint(_ROOM_ADDRESS, about=name))
    return found


def _link_complaints(
    room: RoomChoice, hosts: Collection[str], kept: Collection[str]
) -> Iterator[Complaint]:
    """Complaints about new links, in fields of their own and in texts."""
    for name, text in _texts_of(room):
        if name not in TYPED_LINKS:
            yield from text_link_complaints(text, hosts, name, kept)
        elif text not in kept and is_web_address(text):
            yield from filter(None, [link_complaint(text, hosts, name)])


def links_of(draft: RoomChoice) -> set[str]:
    """All links of a draft, in fields of their own and in texts."""
    texts = list(_texts_of(draft))
    return {text for name, text in texts if name in TYPED_LINKS} | links_in(*(t for _, t in texts))


def _texts_of(draft: RoomChoice) -> Iterator[tuple[str, str]]:
    for name in (f.name for f in fields(draft)):
        if type(value := getattr(draft, name)) is str:
            yield name, value
        elif name == "programme":
            yield from ((name, item.title) for item in value)


def _text_complaints(draft: EventDraft) -> list[Complaint]:
    found: list[Complaint] = []
    for name in (f.name for f in fields(draft)):
        value = getattr(draft, name)
        if type(value) is not str:
            continue
        limit = LINE_LENGTHS.get(name) or TEXT_LENGTHS.get(name, TEXT_LENGTH)
        found += stored_text_complaints(value, limit, name, header=name in HEADER_LINES)
    if any(not _fits(item) for item in draft.programme):
        text = N_("A line of the programme is too long or holds characters that can't be stored.")
        found.append(Complaint(text, about="programme"))
    return found


def _fits(item: ProgrammeItem) -> bool:
    long = len(item.title) > PROGRAMME_LINE_LENGTH or len(item.time) > PROGRAMME_TIME_LENGTH
    return not long and text_complaint(item.time + item.title) is None


def _value_complaints(draft: EventDraft) -> list[Complaint]:
    found: list[Complaint] = []
    if not draft.title.strip():
        found.append(Complaint(N_("The title is missing."), about="title"))
    moments = ((name, getattr(draft, name)) for name in _MOMENTS)
    far = [year_complaint(moment, name) for name, moment in moments if moment is not None]
    found += filter(None, far)
    # Near year 9999 there may be no local time to name.
    if not any(far) and (order := order_complaint(draft.starts_at, draft.ends_at, draft.zone)):
        found.append(order)
    if not 1 <= draft.retention_days <= LONGEST_RETENTION_DAYS:
        text = N_("Please enter a number of days between 1 and 3650.")
        found.append(Complaint(text, about="retention_days"))
    return found


def _address_complaints(draft: EventDraft) -> list[Complaint]:
    found = _room_complaints(draft)
    if draft.feedback_url and not is_web_address(draft.feedback_url):
        text = N_("Please give a complete address, beginning with https://.")
        found.append(Complaint(text, about="feedback_url"))
    if draft.contact_email and not can_be_written_to(draft.contact_email):
        text = N_("Please enter an address like name@example.org.")
        found.append(Complaint(text, about="contact_email"))
    return found


def _plan_complaints(draft: EventDraft) -> list[Complaint]:
    found: list[Complaint] = []
    if draft.plan not in CHOSEN_PLANS:
        found.append(Complaint(N_("There is no such plan."), about="plan"))
    elif draft.plan and draft.format is EventFormat.ON_SITE:
        text = N_("An event on site has no access link; only the steps of its format apply.")
        found.append(Complaint(text, about="plan"))
    return found


def can_be_written_to(address: str) -> bool:
    """Whether mails can be sent to this address."""
    try:
        return looks_like_address(address) and bool(ascii_address(address))
    except UnfitInput:
        return False


def is_web_address(text: str) -> bool:
    """Whether the text is a complete http(s) address."""
    try:
        parts = urlsplit(text)
        whole = parts.scheme in ("https", "http") and bool(parts.hostname)
        return whole and " " not in text and text.isprintable() and len(text) <= 2000  # noqa: PLR2004
    except ValueError:
        return False
