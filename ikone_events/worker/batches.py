"""Batches of claimed mails: a single mail unless the database takes long to have its turn.

One transaction stores the outcomes of a batch and claims the next one.
"""

import time
from collections import deque
from dataclasses import dataclass, field

from ikone_events.mail.sending.outcomes import Deferred, DeliveryOutcome
from ikone_events.store.mails.claims import MailClaim, read_again

# Mails of a batch: so many are sent again after a crash, with the same Message-IDs.
MOST_AT_ONCE = 16
# The share of the time that transactions may take: above it batches grow, below half of it they
# shrink. So a batch is one mail where the mail server is slow and the database is not.
_SHARE = 0.2
# A claimed mail that is sent later is read again before: it may have been stopped meanwhile.
_FRESH_SECONDS = 0.005


@dataclass(slots=True)
class Batch:
    """Claimed mails, and the outcomes of those that are done; the next leaves at `leaves_at`."""

    claims: deque[MailClaim]
    leaves_at: float = 0.0
    done: list[tuple[MailClaim, DeliveryOutcome]] = field(default_factory=list)
    hindered: list[MailClaim] = field(default_factory=list)
    read_at: float = field(default_factory=time.monotonic)

    @property
    def refusal(self) -> Deferred | None:
        """The last outcome, if the server takes no mails now."""
        last = self.done[-1][1] if self.done else None
        return last if isinstance(last, Deferred) and last.server_down else None

    @property
    def is_fresh(self) -> bool:
        """Whether the mails were read just now."""
        return time.monotonic() - self.read_at < _FRESH_SECONDS

    def refresh(self) -> None:
        """Read the mails again: some may have been stopped, or are not ours any more."""
        self.read_at = time.monotonic()
        present = read_again(self.claims)
        self.claims = deque(claim for claim in present if not claim.hindrance)
        self.hindered += [claim for claim in present if claim.hindrance]


@dataclass(slots=True)
class BatchSize:
    """How many mails are claimed at once."""

    most: int = 1

    def adapt(self, *, turn: float, sending: float) -> None:
        """Fit the size of batches to the share of the time that the database takes."""
        share = turn / (turn + sending)
        if share > _SHARE:
            self.most = min(2 * self.most, MOST_AT_ONCE)
        elif share < _SHARE / 2:
            self.most = max(self.most // 2, 1)
