"""Events and people from a JSON file: read and checked whole before anything is stored."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from ikone_events.domain.address import looks_like_address
from ikone_events.domain.event_draft import EventDraft, ProgrammeItem, check_draft
from ikone_events.domain.header_text import header_complaint
from ikone_events.domain.lifecycle import EventFormat, State
from ikone_events.domain.refusals import N_, Complaint, UnfitInput
from ikone_events.domain.registration import Status
from ikone_events.domain.slug import is_slug

Record = Mapping[str, Any]
FAULTS_SHOWN = 20
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d.*[+-]\d\d:\d\d")


@dataclass(frozen=True, slots=True, kw_only=True)
class EventRecord:
    """One event of a file; `history` holds (moment, who, state reached)."""

    slug: str
    draft: EventDraft
    state: State
    materials: tuple[Record, ...]
    history: tuple[tuple[datetime, str, State], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistrationRecord:
    """One registration of a file, joined with its person."""

    event: str
    status: Status
    status_at: datetime
    registered_at: datetime
    person: Record
    organisation: str
    organisation_text: str
    question: str
    attended: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Dataset:
    """A whole file, in the order in which it is stored."""

    organisations: tuple[Record, ...]
    events: tuple[EventRecord, ...]
    registrations: tuple[RegistrationRecord, ...]


def read_dataset(data: object) -> Dataset:
    """Check a decoded file and raise UnfitInput with every fault (the first twenty are named)."""
    if not isinstance(data, Mapping):
        raise UnfitInput(Complaint(N_("The file does not hold a JSON object.")))
    return _Reader(data).dataset()


class _Reader:
    """Reads record by record; a fault is noted under the record's name and reading goes on."""

    def __init__(self, data: Record) -> None:
        self._data = data
        self._faults: list[Complaint] = []
        self._users = {str(u.get("id")): u for u in self._records("users")}

    def dataset(self) -> Dataset:
        organisations = tuple(self._each("organisations", _organisation))
        events = tuple(self._each("events", self._event))
        slugs = {event.slug for event in events}
        if len(slugs) != len(events):
            self._note("events", N_("Two events have the same slug."))
        people = {str(p.get("id")): p for p in self._records("people")}
        known = {str(o["id"]) for o in organisations}
        registrations = [
            found
            for found in self._each(
                "registrations", lambda record: _registration(record, people, known)
            )
            if found.event in slugs or self._lost(found)
        ]
        if self._faults:
            raise UnfitInput(self._faults[:FAULTS_SHOWN])
        registrations.sort(key=_line_order)
        return Dataset(
            organisations=organisations, events=events, registrations=tuple(registrations)
        )

    def _records(self, section: str) -> list[Record]:
        found = self._data.get(section, [])
        if not isinstance(found, list) or not all(isinstance(r, Mapping) for r in found):
            self._note(section, N_("This must be a list of objects."))
            return []
        return found

    def _each(self, section: str, read: Callable[[Record], Any]) -> Iterator[Any]:
        for number, record in enumerate(self._records(section), 1):
            name = f"{section} {record.get('slug') or record.get('id') or number}"
            try:
                yield read(record)
            except UnfitInput as refusal:
                for complaint in refusal.complaints:
                    about = f"{name}, {complaint.about}" if complaint.about else name
                    self._note(about, complaint.text, complaint.values)
            except (KeyError, TypeError, ValueError, AttributeError) as fault:
                what = f"{type(fault).__name__}: {fault}"
                self._note(name, N_("This can't be read (%(what)s)."), {"what": what})

    def _note(self, where: str, text: str, values: Mapping[str, object] | None = None) -> None:
        self._faults.append(Complaint(text, values or {}, where))

    def _lost(self, found: RegistrationRecord) -> bool:
        """Note a registration for no event at all; one of a faulty event is told there already."""
        if found.event not in {str(record.get("slug")) for record in self._records("events")}:
            self._note(f"registrations {found.event}", N_("There is no such event in the file."))
        return False

    def _event(self, record: Record) -> EventRecord:
        slug = str(record["slug"])
        if not is_slug(slug):
            raise UnfitInput(Complaint(N_("Only a-z, 0-9 and hyphens, please."), {}, "slug"))
        draft = self._draft(record)
        check_draft(draft)
        return EventRecord(
            slug=slug,
            draft=draft,
            state=State(record.get("state", "draft")),
            materials=tuple(record.get("materials") or ()),
            history=tuple(self._history(record)),
        )

    def _draft(self, record: Record) -> EventDraft:
        contact = self._users.get(str(record.get("organiser")), {})
        video = record.get("video") or {}
        question = record.get("registration_question")
        capacity = record.get("capacity")
        return EventDraft(
            title=_in(record["title"], "de"),
            title_en=_in(record["title"], "en"),
            summary=_in(record.get("abstract") or record.get("summary"), "de"),
            summary_en=_in(record.get("abstract") or record.get("summary"), "en"),
            description=_in(record.get("description"), "de"),
            description_en=_in(record.get("description"), "en"),
            series=str(record.get("series") or ""),
            programme=tuple(
                ProgrammeItem(str(i.get("time", "")), str(i["title"]))
                for i in record.get("agenda") or ()
            ),
            speakers=str(record.get("speakers") or self._moderation(record)),
            question_label=_in(question, "de"),
            question_label_en=_in(question, "en"),
            starts_at=_moment(record["starts_at"], "starts_at"),
            ends_at=_moment(record["ends_at"], "ends_at"),
            zone=_zone(str(record.get("timezone") or "Europe/Berlin")),
            format=_format(str(record.get("format") or "online")),
            place=_place(record.get("venue") or record.get("place")),
            room_url=str(video.get("url") or ""),
            dial_in=str(video.get("dial_in") or ""),
            deadline=_optional_moment(record.get("registration_closes_at"), "deadline"),
            capacity=None if capacity is None else int(capacity),
            waiting_list=bool(record.get("waiting_list", True)),
            accepts_late=bool(record.get("accepts_late", True)),
            contact_name=_name(contact),
            contact_email=str(contact.get("email") or ""),
            contact_phone=str(contact.get("phone") or ""),
            retention_days=int(record.get("retention_days") or 90),
        )

    def _moderation(self, record: Record) -> str:
        moderator = self._users.get(str(record.get("moderator")))
        return f"Moderation: {_name(moderator)}" if moderator else ""

    def _history(self, record: Record) -> Iterator[tuple[datetime, str, State]]:
        for step in record.get("history") or ():
            user = self._users.get(str(step.get("by")))
            by = str(user["email"]) if user else str(step.get("by") or "system")
            yield _moment(step["at"], "history"), by, State(step["state"])


def _organisation(record: Record) -> Record:
    if not str(record["id"]) or not str(record["name"]).strip():
        raise UnfitInput(Complaint(N_("An organisation needs an id and a name.")))
    return record


def _registration(
    record: Record, people: Mapping[str, Record], organisations: set[str]
) -> RegistrationRecord:
    person = people.get(str(record["person"])) if "person" in record else record
    if person is None:
        raise UnfitInput(Complaint(N_("There is no such person in the file."), {}, "person"))
    _check_person(person)
    registered_at = _moment(record["registered_at"], "registered_at")
    organisation = str(record.get("organisation") or "")
    attended = (record.get("after_event") or {}).get("attended")
    question = str(record.get("question") or "")
    return RegistrationRecord(
        event=str(record["event"]),
        status=Status(record.get("status", "confirmed")),
        status_at=_optional_moment(record.get("cancelled_at"), "cancelled_at") or registered_at,
        registered_at=registered_at,
        person={**person, "waitlist_position": record.get("waitlist_position")},
        organisation=organisation if organisation in organisations else "",
        organisation_text=str(record.get("organisation_as_typed") or organisation),
        question=question,
        attended=attended if isinstance(attended, bool) else None,
    )


def _check_person(person: Record) -> None:
    for name in ("first_name", "last_name"):
        if complaint := header_complaint(str(person[name])):
            raise UnfitInput(Complaint(complaint.text, complaint.values, name))
    if not looks_like_address(str(person["email"])):
        text = N_("Please enter an address like name@example.org.")
        raise UnfitInput(Complaint(text, {}, "email"))


def _line_order(record: RegistrationRecord) -> tuple[str, int, datetime]:
    return record.event, int(record.person["waitlist_position"] or 0), record.registered_at


def _in(value: object, locale: str) -> str:
    if isinstance(value, Mapping):
        return str(value.get(locale) or "")
    return str(value or "") if locale == "de" else ""


def _name(user: Record) -> str:
    parts = (user.get("title"), user.get("first_name"), user.get("last_name"))
    return " ".join(str(part) for part in parts if part)


def _place(venue: object) -> str:
    if isinstance(venue, Mapping):
        town = f"{venue.get('postcode') or ''} {venue.get('city') or ''}".strip()
        parts = (venue.get("name"), venue.get("street"), town)
        return ", ".join(str(part) for part in parts if part)
    return str(venue or "")


def _format(name: str) -> EventFormat:
    return EventFormat.ON_SITE if name == "praesenz" else EventFormat(name)


def _zone(name: str) -> str:
    ZoneInfo(name)
    return name


def _moment(text: object, about: str) -> datetime:
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


def _optional_moment(text: object, about: str) -> datetime | None:
    return None if text in (None, "") else _moment(text, about)


def shift_weeks(value: Any, weeks: int, zone: str = "Europe/Berlin") -> Any:
    """Move every moment of a decoded file by whole weeks; clock times and weekdays stay.

    The move happens on the clocks of the zone: ten o'clock stays ten o'clock across a DST night.
    """
    if isinstance(value, Mapping):
        return {key: shift_weeks(item, weeks, zone) for key, item in value.items()}
    if isinstance(value, list):
        return [shift_weeks(item, weeks, zone) for item in value]
    if isinstance(value, str) and _MOMENT.fullmatch(value):
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            return value
        tz = ZoneInfo(zone)
        local = moment.astimezone(tz).replace(tzinfo=None) + timedelta(weeks=weeks)
        return local.replace(tzinfo=tz).isoformat()
    return value
