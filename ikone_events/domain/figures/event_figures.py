"""The figures of one event: every number, the rules they follow, and the JSON that is stored."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, NamedTuple

from ikone_events.domain.directory.administrations import AdministrationKind
from ikone_events.domain.refusals import N_

VERSION = 2
# The kinds that the funder counts: bodies with a full-time administration.
COUNTED_KINDS = (
    AdministrationKind.CITY.value,
    AdministrationKind.DISTRICT.value,
    AdministrationKind.MUNICIPAL_ASSOCIATION.value,
    AdministrationKind.TOWN.value,
    AdministrationKind.MUNICIPALITY.value,
)
RULES = {
    "de": (
        "Gezählt werden Verwaltungen, jede einmal, mit mindestens einer anwesenden Person:"
        " kreisfreie Städte, Landkreise, Verbandsgemeinden, verbandsfreie Städte und"
        " verbandsfreie Gemeinden. Eine Ortsgemeinde zählt zu ihrer Verbandsgemeinde, wenn das"
        " Verzeichnis sie nennt. Ministerien, Hochschulen, Zweckverbände und andere Stellen werden"
        " gesondert gezählt. Mitglied ist, wer es am Tag der Veranstaltung war. Zum ersten Mal"
        " dabei ist eine Verwaltung, die vorher an keiner Veranstaltung teilgenommen hat."
        " Unbestätigt sind Anmeldungen, deren E-Mail-Adresse nie bestätigt wurde. Was niemand"
        " erfasst hat, ist leer und nicht null."
    ),
    "en": (
        "Public bodies are counted once each, with at least one person who attended: cities"
        " without a district, districts, municipal associations, independent towns and independent"
        " municipalities. A local municipality counts towards its municipal association where the"
        " directory names it. Ministries, universities, special-purpose associations and other"
        " bodies are counted separately. Membership is as of the event's day. First-timers are"
        " public bodies that have attended no earlier event. Unconfirmed are registrations"
        " whose e-mail address was never confirmed. What nobody has recorded is empty, not zero."
    ),
}
# The numbers that are shown one below the other, in that order.
NUMBER_LABELS = {
    "registrations": N_("Registrations"),
    "confirmed": N_("Confirmed"),
    "waitlist": N_("Waiting list"),
    "cancelled": N_("Withdrawn"),
    "declined": N_("Declined"),
    "unconfirmed_email": N_("E-mail not confirmed"),
    "attended_people": N_("People present"),
    "attendance_unknown_people": N_("Attendance not known"),
    "administrations_confirmed": N_("Public bodies with a place"),
    "administrations_attended": N_("Public bodies that attended"),
    "administrations_attended_members": N_("Members that attended"),
    "administrations_attended_non_members": N_("Non-members that attended"),
    "first_timers": N_("Public bodies for the first time"),
    "other_bodies_attended": N_("Other bodies that attended"),
    "people_without_body_attended": N_("People of no known body that attended"),
    "materials_requested": N_("Materials requested"),
    "feedback_answers": N_("Feedback"),
}
# They mean nothing before an event has taken place.
_OF_ATTENDANCE = (
    *("attended_people", "administrations_attended", "administrations_attended_members"),
    *("administrations_attended_non_members", "first_timers", "other_bodies_attended"),
    "people_without_body_attended",
)
# Version 1 was written without a version, by these names.
_FIRST_NAMES = {"waitlisted": "waitlist"}


class BodyFigures(NamedTuple):
    """One body at an event: people with a place and, if known, how many of them attended.

    `id` is that of the organisation; `member` as of the event's day.
    """

    id: int
    kind: str
    member: bool
    confirmed: int
    attended: int | None

    @property
    def counts(self) -> bool:
        """Whether the funder counts it as an administration."""
        return self.kind in COUNTED_KINDS

    @property
    def came(self) -> bool:
        """Whether somebody of it is known to have attended."""
        return bool(self.attended)


@dataclass(frozen=True, slots=True, kw_only=True)
class EventFigures:
    """The figures of one event; None is not known, 0 is none.

    Numbers of `..._by_kind` go by AdministrationKind. `unconfirmed_email` are pending and expired
    registrations whose address was never confirmed. Whoever is of no body of the directory is in
    `people_without_body_attended`. `first_timers` are administrations. `by_channel` are
    registrations by the name in the link they came from ("" is the plain link). `bodies` is what
    periods need to count everybody once; figures of version 1 have it from the rows.
    """

    version: int = VERSION
    rules: Mapping[str, str] = field(default_factory=lambda: RULES)
    took_place: bool | None = None
    registrations: int | None = None
    confirmed: int | None = None
    waitlist: int | None = None
    cancelled: int | None = None
    declined: int | None = None
    unconfirmed_email: int | None = None
    administrations_confirmed: int | None = None
    administrations_confirmed_members: int | None = None
    administrations_confirmed_non_members: int | None = None
    administrations_confirmed_by_kind: Mapping[str, int] | None = None
    other_bodies_confirmed: int | None = None
    attended_people: int | None = None
    attendance_unknown_people: int | None = None
    administrations_attended: int | None = None
    administrations_attended_members: int | None = None
    administrations_attended_non_members: int | None = None
    administrations_attended_by_kind: Mapping[str, int] | None = None
    other_bodies_attended: int | None = None
    other_bodies_attended_by_kind: Mapping[str, int] | None = None
    people_attended_by_kind: Mapping[str, int] | None = None
    people_without_body_attended: int | None = None
    first_timers: int | None = None
    by_channel: Mapping[str, int] | None = None
    materials_requested: int | None = None
    feedback_answers: int | None = None
    bodies: tuple[BodyFigures, ...] | None = None

    @property
    def attendance_share(self) -> float | None:
        """Which part of the people with a place attended, from 0 to 1; None if not known."""
        if self.attended_people is None or not self.confirmed:
            return None
        return self.attended_people / self.confirmed

    def labelled(self) -> list[tuple[str, int | None]]:
        """The numbers with their labels; those of attendance only after the event."""
        hidden = () if self.took_place else _OF_ATTENDANCE
        return [
            (label, None if name in hidden else getattr(self, name))
            for name, label in NUMBER_LABELS.items()
        ]

    def as_dict(self) -> dict[str, Any]:
        """The figures with plain values, as they are stored and given to other programs."""
        return {one.name: getattr(self, one.name) for one in fields(self)}

    def as_json(self) -> str:
        """The figures as JSON of the present version."""
        return json.dumps(self.as_dict(), ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> "EventFigures":
        """Stored figures of any version; what an earlier one did not count is None.

        Raises ValueError for damaged JSON.
        """
        stored = json.loads(text)
        if not isinstance(stored, dict):
            raise ValueError("figures are an object")
        known = {one.name for one in fields(cls)}
        named = {_FIRST_NAMES.get(name, name): value for name, value in stored.items()}
        values: dict[str, Any] = {name: value for name, value in named.items() if name in known}
        if values.get("bodies") is not None:
            values["bodies"] = tuple(BodyFigures._make(row) for row in values["bodies"])
        beginnings: dict[str, Any] = {"version": 1, "rules": {}}
        return cls(**(beginnings | values))


def by_kind(bodies: Iterable[BodyFigures]) -> dict[str, int]:
    """How many bodies there are of each kind, in the order of kinds."""
    return in_order(Counter(one.kind for one in bodies))


def in_order(numbers: Mapping[str, int]) -> dict[str, int]:
    """Numbers by kind in the order of kinds; those of other versions last."""
    known = [kind.value for kind in AdministrationKind]
    return {
        kind: numbers[kind] for kind in (*known, *sorted({*numbers} - {*known})) if kind in numbers
    }


def counted(numbers: Mapping[str, int]) -> dict[str, int]:
    """Numbers by kind of those bodies that the funder counts."""
    return {kind: number for kind, number in numbers.items() if kind in COUNTED_KINDS}
