"""Reads and checks single records of a JSON file; raises UnfitInput for each fault."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from ikone_events.domain.address import email_key
from ikone_events.domain.directory.administrations import AdministrationKind
from ikone_events.domain.directory.contact import LENGTHS, ContactDraft, check_contact
from ikone_events.domain.directory.draft import AdministrationDraft, check_administration
from ikone_events.domain.events.draft import TEXT_LENGTH, can_be_written_to
from ikone_events.domain.events.facts import EventFormat, ProviderKind
from ikone_events.domain.header_text import name_complaint, normal_line, normal_text, text_complaint
from ikone_events.domain.refusals import N_, Complaint, UnfitInput
from ikone_events.domain.registering.registration import Status

Record = Mapping[str, Any]
_NAMES = ("first_name", "last_name")
# Texts of several lines; all others are names of people and offices, and ids.
_LONG = ("question",)
# Per column the longest text and its names in a file; the first filled one counts.
_Columns = Mapping[str, tuple[int, tuple[str, ...]]]
_OF_PERSON: _Columns = {
    "title": (50, ("title",)),
    "first_name": (100, ("first_name",)),
    "last_name": (100, ("last_name",)),
    "position": (200, ("function", "position")),
}
_OF_REGISTRATION: _Columns = {
    "organisation_text": (200, ("organisation_as_typed", "organisation")),
    "question": (TEXT_LENGTH, ("question",)),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistrationRecord:
    """One registration of a file with its person; `values` are the columns of its row.

    `organisation` is an id of the file or empty, `place` the position on the waiting list.
    """

    event: str
    values: Mapping[str, Any]
    organisation: str
    place: int
    attended: bool | None
    subscribed: bool
    answers: Mapping[str, list[str]] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """The normalised address of the person."""
        return str(self.values["email_key"])

    @property
    def registered_at(self) -> datetime:
        """When they registered, aware."""
        moment: datetime = self.values["registered_at"]
        return moment


@dataclass(frozen=True, slots=True, kw_only=True)
class OrganisationRecord:
    """One organisation of a file; registrations of the file refer to its `id`."""

    id: str
    draft: AdministrationDraft


def organisation_of(record: Record) -> OrganisationRecord:
    """An organisation of a file; raises UnfitInput."""
    if not str(record["id"]) or not str(record["name"]).strip():
        raise UnfitInput(Complaint(N_("An organisation needs an id and a name.")))
    number = _texts(record, {"id": (100, ("id",))})["id"]
    since, until = (_day_of(record.get(name), name) for name in ("member_since", "member_until"))
    draft = AdministrationDraft(
        name=str(record["name"]).strip(),
        short_name=str(record.get("short") or ""),
        kind=_kind_of(record.get("kind")),
        official_key=str(record.get("key") or ""),
        district=str(record.get("district") or record.get("landkreis") or ""),
        aliases=tuple(_texts_of(record.get("aliases"), "aliases")),
        member=bool(record.get("member", since or until)),
        member_since=since,
        member_until=until,
    )
    check_administration(draft)
    return OrganisationRecord(id=number, draft=draft)


def _kind_of(value: object) -> str:
    """The kind; unknown kinds become OTHER."""
    return str(value) if value in set(AdministrationKind) else AdministrationKind.OTHER.value


def _day_of(value: object, about: str) -> date | None:
    if value in (None, ""):
        return None
    try:
        return date.fromisoformat(str(value))
    except ValueError as fault:
        text = N_("“%(text)s” is not a day; please write it like 2026-01-31.")
        raise UnfitInput(Complaint(text, {"text": value}, about)) from fault


def _texts_of(value: object, about: str) -> list[str]:
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(text, str) for text in value):
        raise UnfitInput(Complaint(N_("This must be a list of texts."), {}, about))
    return [text.strip() for text in value if text.strip()]


def _texts(
    record: Record,
    columns: _Columns,
    *,
    complain: Callable[[str, str], Complaint | None] = name_complaint,
) -> dict[str, str]:
    """The texts of a record by column; raises UnfitInput with all complaints.

    `complain` checks those of one line.
    """
    texts: dict[str, str] = {}
    found: list[Complaint] = []
    for column, (most, names) in columns.items():
        name = next((name for name in names if record.get(name)), names[0])
        text = str((record[name] if name in _NAMES else record.get(name)) or "")
        texts[column] = text = normal_text(text) if column in _LONG else normal_line(text)
        if len(text) > most:
            too_long = N_("At most %(limit)d characters, please.")
            found.append(Complaint(too_long, {"limit": most}, name))
        check = text_complaint if column in _LONG else complain
        found += [unfit] if (unfit := check(text, name)) else []
    if found:
        raise UnfitInput(found)
    return texts


def registration_of(
    record: Record, people: Mapping[str, Record], organisations: set[str]
) -> RegistrationRecord:
    """One registration with its person; raises UnfitInput."""
    person = people.get(str(record["person"])) if "person" in record else record
    if person is None:
        raise UnfitInput(Complaint(N_("There is no such person in the file."), {}, "person"))
    texts = {**_texts(person, _OF_PERSON), **_texts(record, _OF_REGISTRATION)}
    email, salutation = normal_line(str(person["email"])), str(person.get("salutation") or "")
    if not can_be_written_to(email):
        text = N_("Please enter an address like name@example.org.")
        raise UnfitInput(Complaint(text, {}, "email"))
    registered_at = moment_of(record["registered_at"], "registered_at")
    organisation = str(record.get("organisation") or "")
    attended = (record.get("after_event") or {}).get("attended")
    values = {
        **texts,
        "salutation": salutation if salutation in ("frau", "herr", "divers") else "",
        "email": email,
        "email_key": email_key(email),
        "locale": "en" if person.get("language") == "en" else "de",
        "status": Status(record.get("status", "confirmed")),
        "status_at": optional_moment_of(record.get("cancelled_at"), "cancelled_at")
        or registered_at,
        "registered_at": registered_at,
    }
    return RegistrationRecord(
        event=str(record["event"]),
        values=values,
        organisation=organisation if organisation in organisations else "",
        place=int(record.get("waitlist_position") or 0),
        attended=attended if isinstance(attended, bool) else None,
        subscribed=_has_subscribed(record),
    )


def _has_subscribed(record: Record) -> bool:
    """Whether the owner of the address has confirmed the subscription."""
    consent = record.get("consent")
    return isinstance(consent, Mapping) and consent.get("newsletter_confirmed") is True


def text_in(value: object, locale: str) -> str:
    """A text in a language, from an object by language or a plain German text."""
    if isinstance(value, Mapping):
        return str(value.get(locale) or "")
    return str(value or "") if locale == "de" else ""


def in_both(name: str, value: object) -> dict[str, Any]:
    """A text in both languages, by the names of a draft."""
    return {name: text_in(value, "de"), f"{name}_en": text_in(value, "en")}


def name_of(user: Record) -> str:
    """A user's name with the title."""
    parts = (user.get("title"), user.get("first_name"), user.get("last_name"))
    return " ".join(str(part) for part in parts if part)


def place_of(venue: object) -> str:
    """A venue in one line."""
    if isinstance(venue, Mapping):
        town = f"{venue.get('postcode') or ''} {venue.get('city') or ''}".strip()
        parts = (venue.get("name"), venue.get("street"), town)
        return ", ".join(str(part) for part in parts if part)
    return str(venue or "")


def format_of(name: str) -> EventFormat:
    """The format; “praesenz” is also accepted for on site."""
    return EventFormat.ON_SITE if name == "praesenz" else EventFormat(name)


def room_of(video: Record) -> dict[str, Any]:
    """The video room; “static” is another name of a plain link."""
    kind = str(video.get("provider") or ProviderKind.LINK)
    named = {
        "room_url": "url",
        "room_pin": "pin",
        "moderator_url": "moderator_url",
        "dial_in": "dial_in",
    }
    texts = {column: str(video.get(name) or "") for column, name in named.items()}
    return {"room_provider": ProviderKind.LINK.value if kind == "static" else kind, **texts}


def moment_of(text: object, about: str) -> datetime:
    """An aware moment from ISO 8601; raises UnfitInput."""
    try:
        moment = datetime.fromisoformat(str(text))
    except ValueError as fault:
        raise UnfitInput(
            Complaint(N_("“%(text)s” is not a moment in time."), {"text": text}, about)
        ) from fault
    if moment.tzinfo is None:
        complaint = Complaint(N_("“%(text)s” says no time zone."), {"text": text}, about)
        raise UnfitInput(complaint)
    return moment


def optional_moment_of(text: object, about: str) -> datetime | None:
    """A moment, or nothing."""
    return None if text in (None, "") else moment_of(text, about)


def contact_of(record: Mapping[str, Any]) -> ContactDraft:
    """A contact of a file; `organisation` is a name of the directory. Raises UnfitInput."""
    texts = {name: str(record.get(name) or "") for name in LENGTHS}
    salutation = str(record.get("salutation") or "")
    draft = ContactDraft(
        **texts,
        salutation=salutation if salutation in ("frau", "herr", "divers") else "",
        locale="en" if record.get("language") == "en" else "de",
        legal_basis=str(record.get("legal_basis") or ""),
    )
    check_contact(draft)
    if not can_be_written_to(draft.email):
        text = N_("Please enter an address like name@example.org.")
        raise UnfitInput(Complaint(text, {}, "email"))
    return draft
