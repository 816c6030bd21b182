"""Complaints, and the exceptions that carry them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field


def N_(text: str) -> str:  # noqa: N802 - gettext's customary name for "translate later"
    """Mark a text for extraction; it is translated where it is shown."""
    return text


@dataclass(frozen=True, slots=True)
class Complaint:
    """One reason for a refusal: message id, values, and the form field it is about."""

    text: str
    values: Mapping[str, object] = field(default_factory=dict)
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
    """An action that the event's state or an unmet need forbids."""


class SomebodyWasFaster(Refusal):
    """The event changed after the page was loaded."""


class StaleForm(Refusal):
    """An edit of an older version than the stored one."""


class RegistrationClosed(Refusal):
    """Registration is not open, closed, or full without a waiting list."""


class StatusRefused(Refusal):
    """An action that the registration's status, its event or the time does not allow."""


class LinkRefused(Refusal):
    """A personal link that is invalid, revoked or belongs to deleted data."""


class LinkGone(LinkRefused):
    """A valid personal link that was revoked or whose data were deleted."""


class NotFound(Refusal):
    """Something that does not exist or that the user may not see."""


class UnfitInput(Refusal):
    """Values that can't be stored or sent."""


class AccountRefused(Refusal):
    """A change of accounts that nobody may make, or not this person any more."""


class UploadRefused(Refusal):
    """A file whose kind, size or content is not accepted."""


class FileTooLarge(UploadRefused):
    """A file of more than this many megabytes."""

    def __init__(self, most_mb: int) -> None:
        text = N_("The file is larger than %(number)d MB.")
        super().__init__(Complaint(text, {"number": most_mb}, "file"))


class Busy(Refusal):
    """The database lock timed out; nothing was stored, and a retry may succeed."""


class Outage(Busy):
    """The database is full, read-only or unreachable; nothing was stored."""
