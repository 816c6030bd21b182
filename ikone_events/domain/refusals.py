"""What the rules say no to: complaints in words, and one exception a subject."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType


def N_(text: str) -> str:  # noqa: N802 - gettext's customary name for "translate later"
    """Mark a text for translation without translating it: the domain knows no language."""
    return text


@dataclass(frozen=True, slots=True)
class Complaint:
    """One reason for a refusal: an English message id, its values, the form field it is about."""

    text: str
    values: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}))
    about: str | None = None

    def __str__(self) -> str:
        return self.text % self.values if self.values else self.text


class Refusal(Exception):
    """A request that the rules do not allow; nothing was changed."""

    def __init__(self, complaints: Complaint | Iterable[Complaint]) -> None:
        self.complaints: tuple[Complaint, ...] = (
            (complaints,) if isinstance(complaints, Complaint) else tuple(complaints)
        )
        super().__init__("; ".join(str(complaint) for complaint in self.complaints))


class TransitionRefused(Refusal):
    """An action the event's state or a missing need forbids."""


class SomebodyWasFaster(Refusal):
    """The event changed between the look and the press."""


class StaleForm(Refusal):
    """An edit made on an older version than the stored one."""


class RegistrationClosed(Refusal):
    """Registration is not possible now: not yet, no longer, or full without a waiting list."""


class StatusRefused(Refusal):
    """Something that a registration's standing, its event or the moment does not allow."""


class LinkRefused(Refusal):
    """A personal link that is damaged, revoked or belongs to deleted data."""


class LinkGone(LinkRefused):
    """A personal link that was ours and has been revoked, or whose details have been deleted."""


class NotFound(Refusal):
    """Something that does not exist, or that the asker may not see: both answer alike."""


class UnfitInput(Refusal):
    """Values that can't be stored or sent as they are."""


class UploadRefused(Refusal):
    """A file whose kind, size or content is not accepted."""


class Busy(Refusal):
    """The database did not give the lock in time; nothing was stored, trying again helps."""


class Outage(Busy):
    """The database is full, read-only or out of reach; nothing was stored, somebody must look."""
