"""Reads and checks a JSON file of events and people before anything is stored."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from ikone_events.domain.directory.contact import ContactDraft
from ikone_events.domain.events.draft import EventDraft, ProgrammeItem, check_draft
from ikone_events.domain.events.facts import State
from ikone_events.domain.events.registration_settings import NUMBERS, TICKS, RegistrationSettings
from ikone_events.domain.operating.dataset_events import EventRecord, material_of
from ikone_events.domain.operating.dataset_records import (
    OrganisationRecord,
    Record,
    RegistrationRecord,
    contact_of,
    format_of,
    in_both,
    moment_of,
    name_of,
    optional_moment_of,
    organisation_of,
    place_of,
    registration_of,
    room_of,
    text_in,
)
from ikone_events.domain.refusals import N_, Complaint, UnfitInput
from ikone_events.domain.registering.field_rules import FieldContext, field_complaints, plain_field
from ikone_events.domain.registering.form_fields import (
    NO,
    YES,
    FieldChoice,
    FieldKind,
    OwnField,
    is_key,
    key_of,
)
from ikone_events.domain.registering.own_values import values_from
from ikone_events.domain.registering.registration import ACTIVE
from ikone_events.domain.times import BERLIN, known_zone
from ikone_events.domain.words import is_slug

FAULTS_SHOWN = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Dataset:
    """The content of a file, in the order of storing."""

    organisations: tuple[OrganisationRecord, ...]
    events: tuple[EventRecord, ...]
    registrations: tuple[RegistrationRecord, ...]
    contacts: tuple[ContactDraft, ...] = ()


def read_dataset(data: object, *, hosts: Collection[str] | None = None) -> Dataset:
    """Check a decoded file; raises UnfitInput with at most twenty faults.

    `hosts` may be in one's own network, see `check_draft`.
    """
    if not isinstance(data, Mapping):
        raise UnfitInput(Complaint(N_("The file does not hold a JSON object.")))
    return _DatasetReader(data, hosts).dataset()


class _DatasetReader:
    """Reads record by record and collects faults under the record's name."""

    def __init__(self, data: Record, hosts: Collection[str] | None) -> None:
        self._data, self._hosts = data, hosts
        self._faults: list[Complaint] = []
        self._users = {str(u.get("id")): u for u in self._records("users")}

    def dataset(self) -> Dataset:
        organisations = tuple(self._each("organisations", organisation_of))
        events = tuple(self._each("events", self._event))
        slugs = {event.slug for event in events}
        if len(slugs) != len(events):
            self._note("events", N_("Two events have the same short name."))
        people = {str(p.get("id")): p for p in self._records("people")}
        known = {organisation.id for organisation in organisations}
        fields = {event.slug: event.fields for event in events}

        def read(record: Record) -> RegistrationRecord:
            found = registration_of(record, people, known)
            if found.event not in fields:
                return found  # a faulty or missing event is reported once
            return replace(found, answers=_answers_in(record, fields[found.event]))

        registrations = [
            found
            for found in self._each("registrations", read)
            if found.event in slugs or self._lost(found)
        ]
        self._note_repeats(registrations)
        contacts = tuple(self._each("contacts", contact_of))
        if self._faults:
            raise UnfitInput(self._faults[:FAULTS_SHOWN])
        registrations.sort(key=lambda found: (found.event, found.place, found.registered_at))
        return Dataset(
            organisations=organisations,
            events=events,
            registrations=tuple(registrations),
            contacts=contacts,
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
            except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as fault:
                what = f"{type(fault).__name__}: {fault}"
                self._note(name, N_("This can't be read (%(what)s)."), {"what": what})

    def _note(self, where: str, text: str, values: Mapping[str, object] | None = None) -> None:
        self._faults.append(Complaint(text, values or {}, where))

    def _note_repeats(self, registrations: list[RegistrationRecord]) -> None:
        """Note people who are registered twice for an event."""
        seen: set[tuple[str, str]] = set()
        for found in registrations:
            key = (found.event, found.key)
            if found.values["status"] in ACTIVE and key in seen:
                text = N_("“%(email)s” is registered twice.")
                email = found.values["email"]
                self._note(f"registrations {found.event}", text, {"email": email})
            if found.values["status"] in ACTIVE:
                seen.add(key)

    def _lost(self, found: RegistrationRecord) -> bool:
        """Note a registration for an unknown event; faulty events are reported themselves."""
        if found.event not in {str(record.get("slug")) for record in self._records("events")}:
            self._note(f"registrations {found.event}", N_("There is no such event in the file."))
        return False

    def _event(self, record: Record) -> EventRecord:
        slug = str(record["slug"])
        if not is_slug(slug):
            raise UnfitInput(Complaint(N_("Only a-z, 0-9 and hyphens, please."), {}, "slug"))
        draft = self._draft(record)
        check_draft(draft, hosts=self._hosts)
        return EventRecord(
            slug=slug,
            draft=draft,
            state=State(record.get("state", "draft")),
            materials=tuple(
                material_of(item, hosts=self._hosts) for item in record.get("materials") or ()
            ),
            history=tuple(self._history(record)),
            fields=_fields_in(record),
        )

    def _draft(self, record: Record) -> EventDraft:
        contact = self._users.get(str(record.get("organiser")), {})
        return EventDraft(
            **in_both("title", record["title"]),
            **in_both("summary", record.get("abstract") or record.get("summary")),
            **in_both("description", record.get("description")),
            **in_both("question_label", record.get("registration_question")),
            series=str(record.get("series") or ""),
            programme=tuple(
                ProgrammeItem(str(i.get("time", "")), str(i["title"]))
                for i in record.get("agenda") or ()
            ),
            speakers=str(record.get("speakers") or self._moderation(record)),
            starts_at=moment_of(record["starts_at"], "starts_at"),
            ends_at=moment_of(record["ends_at"], "ends_at"),
            zone=known_zone(str(record.get("timezone") or BERLIN)).key,
            format=format_of(str(record.get("format") or "online")),
            place=place_of(record.get("venue") or record.get("place")),
            directions=str(record.get("directions") or ""),
            bring=str(record.get("bring") or ""),
            **room_of(record.get("video") or {}),
            **_settings_in(record),
            contact_name=name_of(contact),
            contact_email=str(contact.get("email") or ""),
            contact_phone=str(contact.get("phone") or ""),
            retention_days=int(record.get("retention_days") or 90),
            plan=str(record.get("plan") or ""),
            feedback_url=str(record.get("feedback_url") or ""),
        )

    def _moderation(self, record: Record) -> str:
        moderator = self._users.get(str(record.get("moderator")))
        return f"Moderation: {name_of(moderator)}" if moderator else ""

    def _history(self, record: Record) -> Iterator[tuple[datetime, str, State]]:
        for step in record.get("history") or ():
            user = self._users.get(str(step.get("by")))
            by = str(user["email"]) if user else str(step.get("by") or "system")
            yield moment_of(step["at"], "history"), by, State(step["state"])


def _settings_in(record: Record) -> dict[str, Any]:
    """The registration settings of a record; missing ones have defaults."""
    defaults = RegistrationSettings()
    return {
        "deadline": optional_moment_of(record.get("registration_closes_at"), "deadline"),
        "members_until": optional_moment_of(record.get("members_until"), "members_until"),
        **{name: _number(record, name) for name in NUMBERS},
        **{name: bool(record.get(name, getattr(defaults, name))) for name in TICKS},
    }


def _number(record: Record, name: str) -> int | None:
    value = record.get(name)
    try:
        return None if value is None else int(value)
    except (TypeError, ValueError) as fault:
        raise UnfitInput(Complaint(N_("This is no whole number."), about=name)) from fault


def _fields_in(record: Record) -> tuple[OwnField, ...]:
    """The own fields of an event in order; raises UnfitInput."""
    fields: list[OwnField] = []
    for number, item in enumerate(record.get("fields") or (), 1):
        field = _field(item, {field.key for field in fields})
        found = field_complaints(field, FieldContext(before=fields))
        if not is_key(field.key) or field.key in {other.key for other in fields}:
            found.append(Complaint(N_("Only a-z, 0-9 and _, and each key once, please.")))
        if found:
            where = f"fields {number}"
            raise UnfitInput([Complaint(c.text, c.values, where) for c in found])
        fields.append(field)
    return tuple(fields)


def _field(item: Mapping[str, Any], taken: set[str]) -> OwnField:
    shown, days = item.get("shown_if"), item.get("keep_days")
    return plain_field(
        OwnField(
            key=str(item.get("key") or key_of(text_in(item["label"], "de"), taken)),
            kind=FieldKind(item["kind"]),
            **in_both("label", item["label"]),
            **in_both("help", item.get("help")),
            required=bool(item.get("required", False)),
            choices=tuple(_choices(item.get("choices") or ())),
            shown_if=str(shown["field"]) if shown else "",
            shown_value=str(shown["value"]) if shown else "",
            keep_days=None if days is None else int(days),
            seen_by=str(item.get("seen_by") or "viewer"),
            retired=bool(item.get("retired", False)),
        )
    )


def _choices(items: Sequence[Any]) -> list[FieldChoice]:
    """Choices from objects or plain texts; missing values are made from the labels."""
    choices: list[FieldChoice] = []
    for item in items:
        record = item if isinstance(item, Mapping) else {"label": item}
        label = text_in(record["label"], "de")
        places = record.get("places")
        choice = FieldChoice(
            value=str(record.get("value") or key_of(label, {c.value for c in choices})),
            **in_both("label", record["label"]),
            places=None if places is None else int(places),
            retired=bool(record.get("retired", False)),
        )
        choices.append(choice)
    return choices


def _answers_in(record: Record, fields: Sequence[OwnField]) -> dict[str, list[str]]:
    """The answers of a registration by key; raises UnfitInput."""
    by_key = {field.key: field for field in fields}
    answers: dict[str, list[str]] = {}
    for key, given in (record.get("answers") or {}).items():
        if key not in by_key:
            text = N_("The event has no field “%(field)s”.")
            raise UnfitInput(Complaint(text, {"field": key}, "answers"))
        if values := _answer_values(by_key[key], given):
            answers[key] = values
    return answers


def _answer_values(field: OwnField, given: object) -> list[str]:
    if field.kind is FieldKind.CONSENT:
        return [YES] if given in (True, YES) else []
    if isinstance(given, bool):
        given = YES if given else NO
    items = given if isinstance(given, list) else [given]
    return [value for item in items for value in values_from(field, str(item))]
