"""Sending mails: claim some, hand them to the mail server, store the outcomes, claim the next.

Mails are sent outside transactions. One commit stores the outcomes of a batch and claims the next
one; a batch is a single mail unless the database takes long to have its turn.
"""

import logging
import threading
import time
from collections import deque
from datetime import timedelta

from ikone_events.config import Settings
from ikone_events.domain.mails.facts import Sender as From
from ikone_events.domain.refusals import Busy, Refusal, UnfitInput
from ikone_events.mail.sending.deliver import MailConnection
from ikone_events.mail.sending.mime import mime_bytes
from ikone_events.mail.sending.outcomes import (
    Deferred,
    Delivered,
    DeliveryOutcome,
    Rejected,
    UnreadableMail,
)
from ikone_events.services.installation import get_identity, now, system_clock
from ikone_events.services.mails import mail_server, mailing_chunks, outbox, send_rate
from ikone_events.services.mails.claiming import claim_due
from ikone_events.services.registering import reservations
from ikone_events.store.damage import is_damage
from ikone_events.store.db import db, transaction
from ikone_events.store.mails.claims import MailClaim
from ikone_events.worker.batches import Batch, BatchSize

log = logging.getLogger(__name__)

# Mails are claimed at most so many seconds before their slot, so that no lease expires meanwhile.
_AHEAD = 1.0
# Shorter gaps between mails are not enforced.
_SHORTEST_GAP = timedelta(milliseconds=2)
# Seconds between commits that are synced to disk. After a power failure the mails of that time are
# sent again, with the same Message-IDs.
_SYNC_SECONDS = 1.0
# Attempts to store what was sent while others keep the database locked.
_ATTEMPTS = 5


class MailSender:
    """Sends the mails of one worker; `stopping` ends it between two mails."""

    def __init__(
        self, settings: Settings, worker: str, stopping: threading.Event, *, at_once: int = 1
    ) -> None:
        self._settings = settings
        self._worker = worker
        self._stopping = stopping
        self._gap = timedelta(minutes=1) / settings.mail_per_minute
        self._lease = timedelta(seconds=settings.lease_seconds)
        self._mail_takes = timedelta(seconds=settings.smtp.mail_seconds)
        self._size = BatchSize(at_once)
        self._single = False
        self._name = ""  # of the organisation, when the mails were claimed
        self._wait = 0.0  # seconds until mails may be claimed again
        self._synced = 0.0
        self._end = 0.0
        self._refused = True  # another process of this machine may have stored a refusal
        self.owes_sync = False
        self.unfinished = False

    def send(self, connection: MailConnection, *, seconds: float, single: bool = False) -> int:
        """Send due mails, or single ones alone, for so many seconds; returns how many.

        Sets `unfinished` if some are left. Claimed mails that are not begun when `stopping` is set
        are released. Nothing is sent while the mail server has a pause.
        """
        self._end, self._single = time.monotonic() + seconds, single
        self.unfinished, self._refused = False, True
        if not mail_server.may_be_tried(self._worker, now=now()):
            return 0
        sent, batch = 0, self._claim()
        while batch is not None:
            began = time.monotonic()
            self._hand_over_all(batch, connection)
            sent += sum(isinstance(outcome, Delivered) for _claim, outcome in batch.done)
            batch = self._settle(batch, seconds=time.monotonic() - began)
        return sent

    def _claim(self) -> Batch | None:
        """Claim the next mails; while none is due, expand mailings."""
        while not self._stopping.is_set():
            if time.monotonic() >= self._end:
                self.unfinished = True
                return None
            with transaction():
                batch = self._take()
            if batch is not None:
                return batch
            if self._wait:
                self._sleep(self._wait)
            elif self._single or not _expand_one_chunk():
                return None
        return None

    def _take(self) -> Batch | None:
        """Claim the next mails if the send rate allows; sets `_wait`."""
        self._wait = 0.0
        if self._gap < _SHORTEST_GAP:
            claims = self._claim_due(self._size.most)
            return Batch(claims) if claims else None
        seen, slot = send_rate.next_slot(present := system_clock(), self._gap)
        wait = (slot - present).total_seconds()
        if wait > _AHEAD:
            self._wait = wait
            return None
        fit = 1 + int((_AHEAD - wait) / self._gap.total_seconds())
        claims = self._claim_due(min(self._size.most, fit))
        if claims and not send_rate.reserve_slot(seen, slot, self._gap * len(claims)):
            for claim in claims:
                outbox.release(claim)
            self._wait = self._gap.total_seconds()
            return None
        return Batch(claims, time.monotonic() + wait) if claims else None

    def _claim_due(self, most: int) -> deque[MailClaim]:
        self._name = get_identity().organisation
        return deque(claim_due(now=now(), lease=self._lease, most=most, single=self._single))

    def _sleep(self, seconds: float) -> bool:
        """Wait, at most until the end; True if the worker has to stop."""
        if seconds <= 0:
            return self._stopping.is_set()
        return self._stopping.wait(min(seconds, max(self._end - time.monotonic(), _AHEAD)))

    def _hand_over_all(self, batch: Batch, connection: MailConnection) -> None:
        """Hand the mails to the server, until it refuses, the worker stops, or a lease is short."""
        while batch.claims and batch.refusal is None:
            if self._sleep(batch.leaves_at - time.monotonic()):
                return
            # The first has all its lease before it.
            enough = self._mail_takes if batch.done else timedelta()
            if batch.claims[0].lease_until - now() <= enough:
                return
            if not batch.is_fresh:
                batch.refresh()
            if batch.claims:
                batch.leaves_at += self._gap.total_seconds()
                claim = batch.claims.popleft()
                batch.done.append((claim, self._hand_over(claim, connection)))

    def _hand_over(self, claim: MailClaim, connection: MailConnection) -> DeliveryOutcome:
        claim = _with_deadline(claim)
        sender = From(
            name=self._name,
            address=self._settings.sender,
            reply_to=claim.reply_to or "",
        )
        try:
            # A number that is none would stop the worker later.
            _ = claim.tries - claim.tries_before
            content = mime_bytes(claim, sender)
        except UnfitInput as refusal:
            return Rejected(str(refusal))
        except Exception as fault:  # noqa: BLE001 - a value of another type; the next mail is sound
            return UnreadableMail(f"The stored e-mail is damaged ({type(fault).__name__}).")
        return connection.deliver(content, self._settings.sender, claim.recipient)

    def _settle(self, batch: Batch, *, seconds: float) -> Batch | None:
        """Store the outcomes, which took so many seconds, and claim the next mails.

        None to end, also if the server is down; the next tick tries again.
        """
        following = None
        for left in reversed(range(_ATTEMPTS)):
            asked = time.monotonic()
            try:
                following = self._note_and_take(batch)
            except Busy:
                if not left:
                    raise
            else:
                self._size.adapt(turn=time.monotonic() - asked, sending=seconds)
                break
        return following if following or batch.refusal else self._claim()

    def _note_and_take(self, batch: Batch) -> Batch | None:
        """Store the outcomes, release what was not begun and claim the next, in one transaction."""
        with transaction(durable=self._is_sync_due()):
            self._note_server(batch)
            self._note_all(batch.done)
            for claim in batch.hindered:
                outbox.stop_hindered(claim, now=now())
            for claim in batch.claims:
                outbox.release(claim)
            over = self._stopping.is_set() or time.monotonic() >= self._end
            return None if batch.refusal or over else self._take()

    def _is_sync_due(self) -> bool:
        present = time.monotonic()
        self.owes_sync = present - self._synced < _SYNC_SECONDS
        if not self.owes_sync:
            self._synced = present
        return not self.owes_sync

    def _note_server(self, batch: Batch) -> None:
        """Store whether the mail server accepts mails, for pages and commands."""
        if batch.refusal is not None:
            mail_server.note_refusal(self._worker, batch.refusal.words, now=now())
        elif self._refused and batch.done:
            mail_server.note_acceptance(self._worker)
            self._refused = False

    def _note_all(self, done: list[tuple[MailClaim, DeliveryOutcome]]) -> None:
        sent = [(claim, out.words) for claim, out in done if isinstance(out, Delivered)]
        if sent:
            outbox.mark_sent(sent, now=now())
        for claim, outcome in done:
            if not isinstance(outcome, Delivered):
                self._note_failure(claim, outcome)

    def _note_failure(self, claim: MailClaim, outcome: Deferred | Rejected) -> None:
        present, words = now(), outcome.words
        if isinstance(outcome, UnreadableMail) and outbox.fail_damaged(claim.id, now=present):
            return
        if isinstance(outcome, Rejected):
            outbox.mark_failed(claim, now=present, answer=words)
        elif outcome.about_us:
            until = mail_server.pause(self._worker, now=present)
            outbox.mark_untried(claim, until=until, now=present, answer=words)
        else:
            outbox.mark_deferred(claim, now=present, answer=words)


def _with_deadline(claim: MailClaim) -> MailClaim:
    """The mail with the deadline that counts if it leaves now; as it is if that can't be written.

    In a transaction of its own: whoever locks an event may wait for a mail, not the reverse.
    """
    if claim.kind not in reservations.NAMES_DEADLINE:
        return claim
    try:
        late = reservations.is_late(claim, now=now())
        db.session.rollback()  # nothing is read while the mail is being sent
        if not late:
            return claim
        with transaction():
            return reservations.renew_for(claim, now=now())
    except Exception as fault:
        if not (isinstance(fault, Refusal) or is_damage(fault)):
            raise
        db.session.rollback()
        log.error("mail %d leaves with its former deadline (%s)", claim.id, type(fault).__name__)
        return claim


def _expand_one_chunk() -> bool:
    """Write the next mails of a mailing; False if there is none."""
    mailing = mailing_chunks.find_open_mailing(now())
    if mailing is None:
        return False
    try:
        with transaction():
            mailing_chunks.expand_chunk(mailing, now=now())
    except Exception as fault:
        if not is_damage(fault):
            raise
        with transaction():
            mailing_chunks.stop_damaged(mailing, now=now())
    return True
