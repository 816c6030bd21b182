"""Reading the mailbox: ingest and move what programs wrote; mails of people are left there.

It has its own thread, so that a slow mailbox delays no mail. A mail is stored before it is moved;
after a crash in between it is recognised when it is read again.
"""

import logging
import threading
import time
import traceback
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

from flask import Flask
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from ikone_events.config import Settings
from ikone_events.domain.incoming.mails import Damaged, Incoming, IncomingOutcome, ReturnedMail
from ikone_events.domain.refusals import Busy, Outage
from ikone_events.mail.receiving import MOST_BYTES, ONLY_OUTLOOK, UNREADABLE, receive
from ikone_events.mail.receiving.imap import (
    MailboxFaultError,
    MailInfo,
    MailRefusedError,
    OpenMailbox,
    open_mailbox,
)
from ikone_events.mail.settings import ImapSettings
from ikone_events.services.incoming import mailboxes
from ikone_events.services.incoming.ingest import ingest
from ikone_events.services.incoming.mailboxes import Mark
from ikone_events.services.installation import now
from ikone_events.services.mails.outbox_pause import is_paused
from ikone_events.store.db import transaction
from ikone_events.store.outages import is_about_data

# Seconds between two readings; each one needs a login.
READ_SECONDS = 60
# Seconds between two looks whether an administrator waits for a reading.
ASK_SECONDS = 3.0
# The longest pause after failures: servers lock accounts after many wrong passwords.
LONGEST_PAUSE = 900
# Mails per reading and lease; the next reading follows at once.
MOST_A_LOOK = 100
# Some servers hang up when they can't deliver a mail. It is skipped after so many losses.
MOST_LOSSES = 5
# Longer than a reading may take.
_LEASE = timedelta(minutes=5)
# Older mails are ignored when a mailbox is read for the first time.
_OLDEST = timedelta(days=60)

log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Look:
    """The result of one reading."""

    uidvalidity: int
    last_uid: int
    failure: str | None = ""
    taken: int = 0
    at: int = 0  # the mail that was being read
    unfinished: bool = False


class MailboxReader:
    """Reads the mailbox for a process; `stopping` ends it between two mails."""

    def __init__(self, app: Flask, settings: Settings, stopping: threading.Event) -> None:
        self._app = app
        self._imap = settings.imap
        self._authserv_id = settings.authserv_id
        self._every = max(settings.tick_seconds, READ_SECONDS)
        self._stopping = stopping
        self._failures = 0
        self._losses: Counter[int] = Counter()

    def run(self) -> None:
        """Read regularly until the process stops."""
        while not self._stopping.is_set():
            self.read()
            self._wait()

    def _wait(self) -> None:
        """Wait for the next reading, or until somebody asks for one."""
        until = time.monotonic() + self.pause
        while (left := until - time.monotonic()) > 0 and not self._stopping.is_set():
            self._stopping.wait(min(left, ASK_SECONDS))
            if self._is_wanted():
                return

    def _is_wanted(self) -> bool:
        if self._imap is None:
            return False
        try:
            with self._app.app_context():
                return mailboxes.is_reading_wanted(self._imap.name)
        except SQLAlchemyError:  # the reading itself reports it
            return False

    @property
    def pause(self) -> int:
        """Seconds until the next reading; they double with each failure."""
        longest = max(self._every, LONGEST_PAUSE)
        return min(self._every << min(self._failures, longest.bit_length()), longest)

    def read(self) -> int:
        """Read all new mails; returns how many were ingested. Never raises.

        If the database fails, nothing is moved, and the next reading tries again.
        """
        taken = 0
        try:
            with self._app.app_context():
                while self._imap and not self._stopping.is_set() and not is_paused():
                    look = self._look(self._imap)
                    taken += look.taken
                    if not look.unfinished:
                        break
        except Exception as fault:  # noqa: BLE001 - the thread must go on
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
        """Read the next mails in order; all again if the server has changed their UIDs."""
        if look.uidvalidity != mailbox.uidvalidity:
            look.uidvalidity, look.last_uid = mailbox.uidvalidity, 0
        since = None if look.last_uid else now() - _OLDEST
        arrived = mailbox.arrived(after=look.last_uid, since=since)
        some = arrived[:MOST_A_LOOK]
        if not self._failures:
            mailbox.fetch_infos(some)
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
        """Read one mail and move it; one that the server refuses to deliver stays."""
        if self._losses[uid] >= MOST_LOSSES:
            log.error("mail %d is skipped: the server hangs up when it is asked for it", uid)
            return
        try:
            info = mailbox.info(uid)
            if info is None:
                return
            if info.size > MOST_BYTES:
                log.info("mail %d is too large for an answer; it was not fetched", uid)
                return
            folder = self._read(mailbox.content(uid, MOST_BYTES), info, imap, look)
            if folder is not None:
                mailbox.move(uid, folder)
        except MailRefusedError as fault:
            look.failure = str(fault)
            log.warning("mail %d stays in %s: %s", uid, imap.name, fault)

    def _read(self, raw: bytes, info: MailInfo, imap: ImapSettings, look: _Look) -> str | None:
        """Ingest a mail of a program; returns the folder to move it to, or None."""
        arrived = info.received_at or now()
        found = receive(raw, received_at=arrived, authserv_id=self._authserv_id)
        if found is None:
            return None
        taken = _taken_in(info.uid, found)
        look.taken += 1
        return _folder(found, taken, imap)


def _taken_in(uid: int, found: Incoming) -> IncomingOutcome | None:
    """The outcome of the mail; None if it can't be ingested, then it is stored as damaged."""
    for mail in (found, Damaged(envelope=found.envelope, fault=UNREADABLE)):
        try:
            with transaction():
                outcome = ingest(mail, now=now())
        except Exception as fault:
            if _is_outage(fault):
                raise
            # Without the message of the error, which may contain text of the mail.
            log.error("mail %d was not ingested (%s); it is set aside", uid, _kind(fault))
        else:
            return outcome if mail is found else None
    return None


def _is_outage(fault: Exception) -> bool:
    """Whether the database failed, and not because of the content of the mail."""
    if isinstance(fault, Busy | Outage):
        return True
    return isinstance(fault, DBAPIError) and not is_about_data(fault)


def _kind(fault: Exception) -> str:
    """The type of an error and its place in the code."""
    *_, place = traceback.extract_tb(fault.__traceback__)
    return f"{type(fault).__name__} in {place.name}, line {place.lineno} of {place.filename}"


def _folder(found: Incoming, outcome: IncomingOutcome | None, imap: ImapSettings) -> str | None:
    """The folder of a mail; None for one that stays.

    A mail about none of our mails may be for a person who uses this mailbox too, damaged or not,
    and some can only be read by a person.
    """
    if outcome is IncomingOutcome.UNKNOWN or isinstance(found, ReturnedMail):
        return None
    if isinstance(found, Damaged):
        return None if found.fault == ONLY_OUTLOOK else imap.failed
    if outcome is None:
        return imap.failed
    return None if outcome is IncomingOutcome.UNCLEAR else imap.processed


def _give_back(mark: Mark, look: _Look) -> None:
    with transaction():
        mailboxes.give_back(
            mark,
            uidvalidity=look.uidvalidity,
            last_uid=look.last_uid,
            failure=look.failure,
            now=now(),
        )
