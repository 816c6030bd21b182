"""The live board: who is in, who is missing, who came late, and by administration."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import cached_property

from ikone_events.domain.events.facts import CALLED_OFF, Mode, State
from ikone_events.domain.registering.form_fields import FieldKind, OwnField
from ikone_events.domain.registering.registration import Attendance
from ikone_events.domain.words import plain_words

# Whoever comes within this time after the start is not late.
GRACE = timedelta(minutes=5)
# Words of labels that ask for a number to call.
_TELEPHONE = ("telefon", "telephone", "phone", "handy", "mobil", "rufnummer")


class BoardPhase(StrEnum):
    """Whether the board of an event can be used."""

    BEFORE = "before"
    OPEN = "open"
    OVER = "over"
    CALLED_OFF = "called_off"
    FORGOTTEN = "forgotten"


def board_phase(state: str, *, today: date, day: date, over: bool) -> BoardPhase:
    """The phase at a moment; `today` and `day` (of the event) in the event's time zone."""
    if state == State.ARCHIVED:
        return BoardPhase.FORGOTTEN
    if state == State.DRAFT or state in CALLED_OFF:
        return BoardPhase.CALLED_OFF
    if today < day:
        return BoardPhase.BEFORE
    return BoardPhase.OVER if over or state == State.FOLLOWED_UP else BoardPhase.OPEN


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardPerson:
    """One confirmed person; `stated`, `stated_at` and `stated_by` are what the office said.

    `checked_in_at` is the same moment where that was said at the entrance; else the office may have
    said it long after the person had come.
    """

    public_id: str
    name: str
    administration: str
    email: str
    mode: Mode
    attendance: Attendance | None
    stated: str = ""
    stated_at: datetime | None = None
    stated_by: str = ""
    door_at: datetime | None = None
    joined_at: datetime | None = None
    left_at: datetime | None = None
    checked_in_at: datetime | None = None

    @property
    def came_at(self) -> datetime | None:
        """When the door, the room or the entrance saw the person first."""
        moments = (self.door_at, self.joined_at, self.checked_in_at)
        return min((each for each in moments if each), default=None)

    @property
    def came(self) -> bool:
        """Whether the person is or was there."""
        return self.attendance is Attendance.ATTENDED

    @property
    def has_left(self) -> bool:
        """Whether the person was there, and the room has seen them leave since."""
        if not self.came or self.left_at is None:
            return False
        return self.stated_at is None or self.stated_at <= self.left_at

    @property
    def is_in(self) -> bool:
        """Whether the person is there now."""
        return self.came and not self.has_left


@dataclass(frozen=True, slots=True)
class Tally:
    """How many of some people are there; `name` is an administration or a mode."""

    name: str
    present: int
    expected: int


@dataclass(frozen=True)
class Board:
    """The confirmed people of an event by name, in the groups that the office asks for."""

    people: Sequence[BoardPerson]
    starts_at: datetime

    @cached_property
    def present(self) -> list[BoardPerson]:
        """Who is in."""
        return [each for each in self.people if each.is_in]

    @cached_property
    def came(self) -> list[BoardPerson]:
        """Who is or was there."""
        return [each for each in self.people if each.came]

    @cached_property
    def missing(self) -> list[BoardPerson]:
        """Who has not come; those whom the office has noted as absent among them."""
        return [each for each in self.people if not each.came]

    @cached_property
    def absent(self) -> list[BoardPerson]:
        """Of whom it is known that they did not come; after the end it may follow."""
        return [each for each in self.missing if each.attendance is Attendance.MISSED]

    @cached_property
    def unknown(self) -> list[BoardPerson]:
        """Of whom nothing is known."""
        return [each for each in self.missing if each.attendance is None]

    @cached_property
    def left(self) -> list[BoardPerson]:
        """Who has gone again."""
        return [each for each in self.people if each.has_left]

    @cached_property
    def late(self) -> list[BoardPerson]:
        """Who came more than five minutes after the start, the latest first."""
        limit = self.starts_at + GRACE
        found = [(each.came_at, each) for each in self.people if each.came and each.came_at]
        late = [(at, each) for at, each in found if at > limit]
        return [each for _at, each in sorted(late, key=lambda row: row[0], reverse=True)]

    @cached_property
    def by_administration(self) -> list[Tally]:
        """By name, people without one last."""
        return sorted(
            self._tallies("administration"), key=lambda each: (not each.name, each.name.casefold())
        )

    @cached_property
    def by_mode(self) -> list[Tally]:
        """Online, then on site; for hybrid events."""
        return sorted(self._tallies("mode"), key=lambda each: each.name)

    def _tallies(self, what: str) -> list[Tally]:
        numbers: dict[str, list[int]] = {}
        for each in self.people:
            row = numbers.setdefault(getattr(each, what), [0, 0])
            row[0] += each.is_in
            row[1] += 1
        return [Tally(name, present, expected) for name, (present, expected) in numbers.items()]


def asks_for_telephone(field: OwnField) -> bool:
    """Whether an own field of the form asks for a number to call, by the words of its label."""
    words = plain_words(f"{field.label} {field.label_en}", " ")
    return field.kind in (FieldKind.SHORT_TEXT, FieldKind.NUMBER) and any(
        each in words for each in _TELEPHONE
    )
