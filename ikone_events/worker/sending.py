"""Sending mails: claim one, hand it to the mail server, store the outcome, claim the next.

Mails are sent outside transactions, with one commit per mail before the next one is sent.
"""

import logging
import threading
import time
from datetime import timedelta

from ikone_events.config import Settings
from ikone_events.domain.mails.facts import Sender as From
from ikone_events.domain.refusals import Refusal, UnfitInput
from ikone_events.mail.sending.deliver import MailConnection
from ikone_events.mail.sending.mime import mime_bytes
from ikone_events.mail.sending.outcomes import (
    Deferred,
    Delivered,
    DeliveryOutcome,
    Rejected,
    UnreadableMail,
)
from ikone_events.services.installation import now, system_clock
from ikone_events.services.mails import mail_server, mailing_chunks, outbox, send_rate
from ikone_events.services.registering import reservations
from ikone_events.store.damage import is_damage
from ikone_events.store.db import db, transaction
from ikone_events.store.mails.claims import MailClaim

log = logging.getLogger(__name__)

# Mails are claimed at most so many seconds before their slot, so that no lease expires meanwhile.
_AHEAD = 1.0
# Shorter gaps between mails are not enforced.
_SHORTEST_GAP = timedelta(milliseconds=2)
# Seconds between commits that are synced to disk. After a power failure the mails of that time are
# sent again, with the same Message-IDs.
_SYNC_SECONDS = 1.0


class MailSender:
    """Sends the mails of one worker; `stopping` ends it between two mails."""

    def __init__(self, settings: Settings, worker: str, stopping: threading.Event) -> None:
        self._settings = settings
        self._worker = worker
        self._stopping = stopping
        self._gap = timedelta(minutes=1) / settings.mail_per_minute
        self._lease = timedelta(seconds=settings.lease_seconds)
        self._wait = 0.0  # seconds until the claimed mail may be sent, or until the next attempt
        self._synced = 0.0
        self._end = 0.0
        self._refused = True  # an earlier process with this name may have stored a refusal
        self.owes_sync = False
        self.unfinished = False

    def send(self, connection: MailConnection, *, seconds: float) -> int:
        """Send due mails for so many seconds; sets `unfinished` if some are left. Returns how many.

        The first mail that is claimed after `stopping` is set is released. Nothing is sent while
        the mail server has a pause.
        """
        self._end = time.monotonic() + seconds
        self.unfinished = False
        if not mail_server.may_be_tried(self._worker, now=now()):
            return 0
        sent, claim = 0, self._claim()
        while claim is not None:
            if self._pause():
                with transaction():
                    outbox.release(claim)
                return sent
            outcome = self._hand_over(claim, connection)
            sent += isinstance(outcome, Delivered)
            claim = self._settle(claim, outcome)
        return sent

    def _claim(self) -> MailClaim | None:
        """Claim the next mail; while none is due, expand mailings."""
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
        """Claim the next mail if the send rate allows; sets `_wait`."""
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
        """Wait for the slot, at most until the end; True if the worker has to stop."""
        if not self._wait:
            return self._stopping.is_set()
        left = max(self._end - time.monotonic(), _AHEAD)
        return self._stopping.wait(min(self._wait, left))

    def _hand_over(self, claim: MailClaim, connection: MailConnection) -> DeliveryOutcome:
        claim = _with_deadline(claim)
        sender = From(
            name=self._settings.organisation,
            address=self._settings.sender,
            reply_to=claim.reply_to or "",
        )
        try:
            _ = (
                claim.tries - claim.tries_before
            )  # a number that is none would stop the worker later
            content = mime_bytes(claim, sender)
        except UnfitInput as refusal:
            return Rejected(str(refusal))
        except Exception as fault:  # noqa: BLE001 - a value of another type; the next mail is sound
            return UnreadableMail(f"The stored e-mail is damaged ({type(fault).__name__}).")
        return connection.deliver(content, self._settings.sender, claim.recipient)

    def _settle(self, claim: MailClaim, outcome: DeliveryOutcome) -> MailClaim | None:
        """Store the outcome and claim the next mail in one transaction; None to end.

        Ends if the server is down; the next tick tries again.
        """
        down = isinstance(outcome, Deferred) and outcome.server_down
        following = None
        with transaction(durable=self._is_sync_due()):
            self._note_server(outcome, down=down)
            self._note(claim, outcome)
            if not (down or self._stopping.is_set() or time.monotonic() >= self._end):
                following = self._take()
        return following if following or down else self._claim()

    def _is_sync_due(self) -> bool:
        present = time.monotonic()
        self.owes_sync = present - self._synced < _SYNC_SECONDS
        if not self.owes_sync:
            self._synced = present
        return not self.owes_sync

    def _note_server(self, outcome: DeliveryOutcome, *, down: bool) -> None:
        """Store whether the mail server accepts mails, for pages and commands."""
        if down:
            mail_server.note_refusal(self._worker, outcome.words, now=now())
        elif self._refused:
            mail_server.note_acceptance(self._worker)
        self._refused = down

    def _note(self, claim: MailClaim, outcome: DeliveryOutcome) -> None:
        present, words = now(), outcome.words
        if isinstance(outcome, Delivered):
            outbox.mark_sent(claim, now=present, answer=words)
        elif isinstance(outcome, UnreadableMail) and outbox.fail_damaged(claim.id, now=present):
            return
        elif isinstance(outcome, Rejected):
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
