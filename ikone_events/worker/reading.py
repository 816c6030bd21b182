"""Reading the mailbox: look, take in what programs wrote, put it aside; people's mail stays.

In a thread of its own, so that a mailbox that hangs never holds up a mail. A mail is stored first
and moved then: a crash in between is harmless, for it is known when it is read again.
"""

import logging
import threading
import traceback
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

from flask import Flask
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from ikone_events.config import Settings
from ikone_events.domain.incoming.mails import Damaged, Incoming, IncomingOutcome
from ikone_events.domain.refusals import Busy, Outage
from ikone_events.mail.receiving import MOST_BYTES, UNREADABLE, receive
from ikone_events.mail.receiving.imap import (
    MailboxFaultError,
    MailRefusedError,
    OpenMailbox,
    Sighting,
    open_mailbox,
)
from ikone_events.mail.receiving.imap_settings import ImapSettings
from ikone_events.mail.receiving.winmail import ONLY_OUTLOOK
from ikone_events.services.incoming import mailboxes
from ikone_events.services.incoming.ingest import ingest
from ikone_events.services.incoming.mailboxes import Mark
from ikone_events.services.installation import now
from ikone_events.services.mails.outbox import is_paused
from ikone_events.store.db import transaction
from ikone_events.store.outages import is_about_data

# New mail is looked for so often; a look costs the mail server a login.
READ_SECONDS = 60
# After failures less often, up to this: a wrong password tried each minute locks many an account.
LONGEST_PAUSE = 900
# So many mails are read in one look, under one lease; the next look follows at once.
MOST_A_LOOK = 100
# Some servers hang up when they can't give a mail. One at which the connection was lost so often,
# with growing pauses in between, is passed over.
MOST_LOSSES = 5
# Longer than a look may take.
_LEASE = timedelta(minutes=5)
# What lay there for longer before we ever looked can't be about a mail of ours that matters.
_OLDEST = timedelta(days=60)

log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Look:
    """How far one look came."""

    uidvalidity: int
    last_uid: int
    failure: str | None = ""
    taken: int = 0
    at: int = 0  # the mail that was being read
    unfinished: bool = False


class MailboxReader:
    """The one who reads the mailbox for a process. `stopping` ends it between two mails."""

    def __init__(self, app: Flask, settings: Settings, stopping: threading.Event) -> None:
        self._app = app
        self._imap = settings.imap
        self._authserv_id = settings.authserv_id
        self._every = max(settings.tick_seconds, READ_SECONDS)
        self._stopping = stopping
        self._failures = 0
        self._losses: Counter[int] = Counter()

    @property
    def has_mailbox(self) -> bool:
        """Whether there is anything to read."""
        return self._imap is not None

    def run(self) -> None:
        """Read now and then until the process stops."""
        while not self._stopping.is_set():
            self.read()
            self._stopping.wait(self.pause)

    @property
    def pause(self) -> int:
        """Seconds until the next look: the longer, the more often it has failed."""
        longest = max(self._every, LONGEST_PAUSE)
        return min(self._every << min(self._failures, longest.bit_length()), longest)

    def read(self) -> int:
        """Read all that has arrived; the number of mails taken in. Raises nothing.

        A database that can't store is no mail's fault: nothing is moved, the next time tries again.
        """
        taken = 0
        try:
            with self._app.app_context():
                while self._imap and not self._stopping.is_set() and not is_paused():
                    look = self._look(self._imap)
                    taken += look.taken
                    if not look.unfinished:
                        break
        except Exception as fault:  # noqa: BLE001 - the thread must live to try again
            log.error("the mailbox was not read (%s); the next time tries again", _kind(fault))
        return taken

    def _look(self, imap: ImapSettings) -> _Look:
        with transaction():
            mark = mailboxes.take(imap.name, now=now(), lease=_LEASE)
        if mark is None:
            return _Look(0, 0)
        look = _Look(mark.uidvalidity, mark.last_uid)
        try:
            with open_mailbox(imap) as mailbox:
                self._read_some(mailbox, imap, look)
        except MailboxFaultError as fault:
            look.failure, look.unfinished = str(fault), False
            self._failures += 1
            self._losses[look.at] += 1
            log.warning("the mailbox %s can't be read: %s", imap.name, fault)
        except BaseException:
            look.failure = None
            with suppress(SQLAlchemyError, Busy, Outage):
                _give_back(mark, look)
            raise
        else:
            self._failures = 0
            self._losses.clear()
        _give_back(mark, look)
        return look

    def _read_some(self, mailbox: OpenMailbox, imap: ImapSettings, look: _Look) -> None:
        """The next mails in order; all anew when the server has given them other numbers."""
        if look.uidvalidity != mailbox.uidvalidity:
            look.uidvalidity, look.last_uid = mailbox.uidvalidity, 0
        since = None if look.last_uid else now() - _OLDEST
        arrived = mailbox.arrived(after=look.last_uid, since=since)
        some = arrived[:MOST_A_LOOK]
        if not self._failures:
            mailbox.look_ahead(some)
        for uid in some:
            if self._stopping.is_set() or is_paused():
                return
            look.at = uid
            self._handle(mailbox, imap, uid, look)
            look.last_uid = uid
        look.unfinished = len(arrived) > len(some)
        if not look.unfinished:
            look.last_uid = max([look.last_uid, mailbox.next_uid - 1, *some])

    def _handle(self, mailbox: OpenMailbox, imap: ImapSettings, uid: int, look: _Look) -> None:
        """Read one mail and put it where it belongs; one that the server keeps back stays."""
        if self._losses[uid] >= MOST_LOSSES:
            log.error("mail %d is passed over: the server hangs up when it is asked for it", uid)
            return
        try:
            sighting = mailbox.sighting(uid)
            if sighting is None:
                return
            if sighting.size > MOST_BYTES:
                log.info("mail %d is too large for an answer; it was not fetched", uid)
                return
            folder = self._read(mailbox.content(uid, MOST_BYTES), sighting, imap, look)
            if folder is not None:
                mailbox.move(uid, folder)
        except MailRefusedError as fault:
            look.failure = str(fault)
            log.warning("mail %d stays in %s: %s", uid, imap.name, fault)

    def _read(self, raw: bytes, sighting: Sighting, imap: ImapSettings, look: _Look) -> str | None:
        """Take a mail in if it is for us; the folder it goes to."""
        arrived = sighting.received_at or now()
        found = receive(raw, received_at=arrived, authserv_id=self._authserv_id)
        if found is None:
            return None
        taken = _taken_in(sighting.uid, found)
        look.taken += 1
        return _folder(found, taken, imap)


def _taken_in(uid: int, found: Incoming) -> IncomingOutcome | None:
    """What became of the mail; None for one that nobody can take in, which is kept as damaged."""
    try:
        return _store(found)
    except Exception as fault:
        if _is_outage(fault):
            raise
        _tell(uid, fault)
    try:
        _store(Damaged(envelope=found.envelope, fault=UNREADABLE))
    except Exception as fault:
        if _is_outage(fault):
            raise
        _tell(uid, fault)
    return None


def _store(found: Incoming) -> IncomingOutcome:
    with transaction():
        return ingest(found, now=now())


def _is_outage(fault: Exception) -> bool:
    """Whether the database is to blame, and not what stood in the mail."""
    if isinstance(fault, Busy | Outage):
        return True
    return isinstance(fault, DBAPIError) and not is_about_data(fault)


def _tell(uid: int, fault: Exception) -> None:
    """By its number and the kind of fault alone: the words may be those of a mail."""
    log.error("mail %d could not be taken in (%s); it is put aside", uid, _kind(fault))


def _kind(fault: Exception) -> str:
    """The kind of a fault and its place in the code: what can be told of it without its words."""
    *_, place = traceback.extract_tb(fault.__traceback__)
    return f"{type(fault).__name__} in {place.name}, line {place.lineno} of {place.filename}"


def _folder(found: Incoming, outcome: IncomingOutcome | None, imap: ImapSettings) -> str | None:
    """Where a mail goes; None for what stays.

    What names nothing of ours may be the answer to somebody who invites and writes from this very
    mailbox. And what only Outlook can read, a person can.
    """
    if isinstance(found, Damaged):
        return None if found.fault == ONLY_OUTLOOK else imap.failed
    if outcome is None:
        return imap.failed
    return None if outcome is IncomingOutcome.UNKNOWN else imap.processed


def _give_back(mark: Mark, look: _Look) -> None:
    with transaction():
        mailboxes.give_back(
            mark,
            uidvalidity=look.uidvalidity,
            last_uid=look.last_uid,
            failure=look.failure,
            now=now(),
        )
