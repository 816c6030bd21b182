"""Who may see a material of an event, and from when."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol, TypeVar

from ikone_events.domain.events.facts import AFTER_FOLLOW_UP, State


class Visibility(StrEnum):
    """Who may see a material. CHOSEN: the people to whom it was released one by one."""

    PUBLIC = "public"
    REGISTERED = "registered"
    ATTENDED = "attended"
    CHOSEN = "chosen"


class Availability(StrEnum):
    """From when a material may be seen: at once, from a moment on, or with the follow-up."""

    NOW = "now"
    AT = "at"
    FOLLOW_UP = "follow_up"


class HandedOut(Protocol):
    """What decides about a material; `scan` is empty once a file may be handed out."""

    id: int
    visibility: str
    availability: str
    available_at: datetime | None
    scan: str


M = TypeVar("M", bound=HandedOut)


@dataclass(frozen=True, slots=True)
class Viewer:
    """Somebody who wants to see materials.

    `registered`: confirmed, or granted what registered people see. `chosen` are the ids of the
    materials that were released to this person.
    """

    registered: bool = False
    attended: bool = False
    chosen: frozenset[int] = frozenset()


ANYBODY = Viewer()


def is_available(material: HandedOut, state: State, now: datetime) -> bool:
    """Whether a material is handed out by now, to whomever it is for."""
    if material.scan or state is State.DRAFT:
        return False
    if material.availability == Availability.NOW:
        return True
    if material.availability == Availability.AT:
        return material.available_at is not None and now >= material.available_at
    return state in AFTER_FOLLOW_UP


def _may_see(material: HandedOut, viewer: Viewer) -> bool:
    """Whether a material is for this person, once it is available."""
    return {
        Visibility.PUBLIC.value: True,
        Visibility.REGISTERED.value: viewer.registered,
        Visibility.ATTENDED.value: viewer.attended,
    }.get(material.visibility, material.id in viewer.chosen)


def visible(materials: Iterable[M], viewer: Viewer, state: State, now: datetime) -> list[M]:
    """The materials that this person may see now, in their order."""
    return [m for m in materials if is_available(m, state, now) and _may_see(m, viewer)]
