"""Sending: claim a mail, hand it to the mail server, note what became of it, take the next.

Sent outside any transaction; one commit a mail, before the next content goes out.
"""

import threading
import time
from datetime import timedelta

from ikone_events.config import Settings
from ikone_events.domain.mails.facts import Sender as From
from ikone_events.domain.refusals import UnfitInput
from ikone_events.mail.sending.deliver import MailConnection
from ikone_events.mail.sending.mime import mime_bytes
from ikone_events.mail.sending.outcomes import Deferred, Delivered, DeliveryOutcome, Rejected
from ikone_events.services.installation import now, system_clock
from ikone_events.services.mails import mailings, outbox, send_rate
from ikone_events.services.operating import health
from ikone_events.store.db import transaction
from ikone_events.store.mails.claims import MailClaim

# A mail is claimed so long before its turn at most, so that no lease runs out while it waits.
_AHEAD = 1.0
# Above this rate no two workers are apart long enough for a send_rate to mean anything.
_SHORTEST_GAP = timedelta(milliseconds=2)
# The disk is waited for so often while mails leave one after another. When the power fails in
# between, mails of that second leave once more under their old Message-IDs.
_SYNC_SECONDS = 1.0


class MailSender:
    """What one worker sends; `stopping` ends it between two mails."""

    def __init__(self, settings: Settings, worker: str, stopping: threading.Event) -> None:
        self._settings = settings
        self._worker = worker
        self._stopping = stopping
        self._gap = timedelta(minutes=1) / settings.mail_per_minute
        self._lease = timedelta(seconds=settings.lease_seconds)
        self._wait = 0.0  # until the claimed mail may leave, or until it is worth asking again
        self._synced = 0.0
        self._end = 0.0
        self._refused = True  # an earlier life under this name may have left its word
        self.owes_sync = False
        self.unfinished = False

    def send(self, connection: MailConnection, *, seconds: float) -> int:
        """Send what is due for a while; `unfinished` tells whether time ran out before mails."""
        self._end = time.monotonic() + seconds
        self.unfinished = False
        sent, claim = 0, self._claim()
        while claim is not None:
            if self._pause():
                return self._give_back(claim, sent)
            outcome = self._hand_over(claim, connection)
            sent += isinstance(outcome, Delivered)
            claim = self._settle(claim, outcome)
        return sent

    def _claim(self) -> MailClaim | None:
        """The next mail; while none is due, mailings are turned into mails."""
        while not self._stopping.is_set():
            if time.monotonic() >= self._end:
                self.unfinished = True
                return None
            with transaction():
                claim = self._take()
            if claim is not None:
                return claim
            if self._wait:
                self._pause()
            elif not _expand_one_chunk():
                return None
        return None

    def _take(self) -> MailClaim | None:
        """Claim the next mail if the send_rate allows; `_wait` says how long it has to wait."""
        self._wait = 0.0
        if self._gap < _SHORTEST_GAP:
            return self._claim_next()
        seen, slot = send_rate.next_slot(present := system_clock(), self._gap)
        self._wait = (slot - present).total_seconds()
        if self._wait > _AHEAD:
            return None
        claim = self._claim_next()
        if claim is None:
            self._wait = 0.0
        elif not send_rate.reserve_slot(seen, slot, self._gap):
            outbox.release(claim)
            self._wait = self._gap.total_seconds()
            return None
        return claim

    def _claim_next(self) -> MailClaim | None:
        return outbox.claim_next(now=now(), lease=self._lease)

    def _pause(self) -> bool:
        """Wait for the turn, but not beyond the end; True when the worker is to stop."""
        if not self._wait:
            return self._stopping.is_set()
        left = max(self._end - time.monotonic(), _AHEAD)
        return self._stopping.wait(min(self._wait, left))

    def _give_back(self, claim: MailClaim, sent: int) -> int:
        with transaction():
            outbox.release(claim)
        return sent

    def _hand_over(self, claim: MailClaim, connection: MailConnection) -> DeliveryOutcome:
        sender = From(
            name=self._settings.organisation,
            address=self._settings.sender,
            reply_to=claim.reply_to or "",
        )
        try:
            content = mime_bytes(claim, sender)
        except UnfitInput as refusal:
            return Rejected(str(refusal))
        return connection.deliver(content, self._settings.sender, claim.recipient)

    def _settle(self, claim: MailClaim, outcome: DeliveryOutcome) -> MailClaim | None:
        """Note what became of a mail and take the next, in one transaction; None to end.

        A server that is down would treat the others no better: the next tick tries again.
        """
        down = isinstance(outcome, Deferred) and outcome.server_down
        following = None
        with transaction(durable=self._is_sync_due()):
            _note(claim, outcome)
            self._remember(outcome, down=down)
            if not (down or self._stopping.is_set() or time.monotonic() >= self._end):
                following = self._take()
        return following if following or down else self._claim()

    def _is_sync_due(self) -> bool:
        present = time.monotonic()
        self.owes_sync = present - self._synced < _SYNC_SECONDS
        if not self.owes_sync:
            self._synced = present
        return not self.owes_sync

    def _remember(self, outcome: DeliveryOutcome, *, down: bool) -> None:
        """Keep what the mail server says about ourselves, where pages and commands find it."""
        if down:
            health.note_refusal(self._worker, outcome.words, now=now())
        elif self._refused:
            health.note_acceptance(self._worker)
        self._refused = down


def _note(claim: MailClaim, outcome: DeliveryOutcome) -> None:
    present, words = now(), outcome.words
    if isinstance(outcome, Deferred):
        outbox.mark_deferred(claim, now=present, answer=words, about_us=outcome.about_us)
    elif isinstance(outcome, Rejected):
        outbox.mark_failed(claim, now=present, answer=words)
    else:
        outbox.mark_sent(claim, now=present, answer=words)


def _expand_one_chunk() -> bool:
    """Turn the next part of a mailing into mails; False when there is none left."""
    mailing = mailings.find_open_mailing()
    if mailing is None:
        return False
    with transaction():
        mailings.expand_chunk(mailing, now=now())
    return True
