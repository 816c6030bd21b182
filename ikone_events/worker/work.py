"""The work of a worker: run steps, update waiting lists, send mails, archive."""

import logging
import os
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain
from typing import Any

from flask import Flask
from sqlalchemy.exc import SQLAlchemyError

from ikone_events.config import Settings
from ikone_events.domain.refusals import Refusal, RegistrationClosed
from ikone_events.mail.sending.deliver import MailConnection
from ikone_events.services.events import steps, updates
from ikone_events.services.events.obsolete_mailings import outdated_mailings, stop_outdated
from ikone_events.services.installation import now
from ikone_events.services.mails.outbox_pause import is_paused
from ikone_events.services.office import alarms, mornings
from ikone_events.services.operating import health
from ikone_events.services.operating.retention import delete_expired, forget_event
from ikone_events.services.plan import plans
from ikone_events.services.privacy.archiving import events_to_forget
from ikone_events.services.privacy.forgetting import due_early
from ikone_events.services.registering import expirations, standing_dates
from ikone_events.store.damage import is_damage, report, reported
from ikone_events.store.db import db, transaction
from ikone_events.store.erasing import erase_what_is_owed
from ikone_events.store.events.queries import lock_event
from ikone_events.store.operating.forgotten import write_missing_lines
from ikone_events.worker.sending import MailSender

SYSTEM = "system"

log = logging.getLogger(__name__)


# Seconds between two checks for due steps, however often the worker is triggered.
LOOK_SECONDS = 1.0
# Seconds for each kind of due work before mails are sent, and for mails while work is left.
SHARE_SECONDS = 1.0
# The connection to the mail server is kept for so many seconds after the last mail.
_KEEP_SECONDS = 5.0


class Worker:
    """The work of one process. `stopping` ends it between two mails."""

    def __init__(
        self, app: Flask, settings: Settings, *, timer: Callable[[], float] = time.monotonic
    ) -> None:
        self._app = app
        self._settings = settings
        self._name = f"{socket.gethostname()}:{os.getpid()}"
        self._timer = timer
        self._looked = timer() - LOOK_SECONDS
        self._queues: list[deque[Any]] = [deque() for _duty in _DUTIES]
        self._found_at: list[datetime | None] = [None for _duty in _DUTIES]
        # What could not be done, by kind, since this kind of work was last looked for.
        self._not_done: list[list[str]] = [[] for _duty in _DUTIES]
        self._trouble: str | None = None  # an earlier process of this name may have stored some
        self.stopping = threading.Event()
        self._sender = self._new_sender()
        self._connection = MailConnection(settings.smtp)
        self._worked = 0.0

    def wake_up(self) -> int:
        """Send due mails; check steps only if that has not just been done.

        Every registration triggers a worker, and must not cause a check each time. Somebody may
        wait for a confirmation, so single mails go before a check. The connection stays open for
        the next mail, until `rest` finds it unused.
        """
        look = self._timer() - self._looked >= LOOK_SECONDS
        try:
            return self._work_off(self._sender, self._connection, look=look, singles_first=look)
        finally:
            self._worked = time.monotonic()

    def work_off(self) -> int:
        """Do everything that is due; returns the number of mails sent."""
        with closing(MailConnection(self._settings.smtp)) as connection:
            return self._work_off(self._new_sender(), connection, look=True, singles_first=False)

    def _new_sender(self) -> MailSender:
        return MailSender(self._settings, self._name, self.stopping)

    def rest(self) -> None:
        """Close a connection that has not been used for a while, or at the end."""
        if self.stopping.is_set() or time.monotonic() - self._worked > _KEEP_SECONDS:
            self._connection.close()

    def _work_off(
        self, sender: MailSender, connection: MailConnection, *, look: bool, singles_first: bool
    ) -> int:
        """Due work and mails take turns, each for a limited time.

        So much of one delays neither the other nor people who register.
        """
        sent, left = 0, False
        with self._app.app_context():
            while True:
                erase_what_is_owed()
                if is_paused():
                    self.beat()
                    return sent
                if singles_first:
                    sent += sender.send(connection, seconds=SHARE_SECONDS, single=True)
                if look:
                    left = self._look_around()
                look, singles_first = True, False
                seconds = SHARE_SECONDS if left else self._settings.tick_seconds
                sent += sender.send(connection, seconds=seconds)
                if self.stopping.is_set() or not (sender.unfinished or left):
                    break
            if sender.owes_sync:
                self.beat()  # any commit that is synced to disk
            return sent

    def _look_around(self) -> bool:
        """Do what is due, each kind of work for its share of time; whether some is left."""
        self._looked = self._timer()
        self.beat()
        with_mails = reported()
        left = [self._work_on(number, duty) for number, duty in enumerate(_DUTIES)]
        self._note_trouble([*with_mails, *chain(*self._not_done)])
        return any(left)

    def _work_on(self, number: int, duty: "_Duty") -> bool:
        """Work on one kind of duty, one transaction per item; whether some are left.

        What is left is done at the next look, before anything that has become due meanwhile: an
        item that fails each time keeps nothing else waiting.
        """
        queue, end = self._queues[number], self._timer() + SHARE_SECONDS
        if not queue and self._is_to_be_found(number, duty):
            self._not_done[number].clear()
            with _errors_logged(f"{duty.what}: not looked up"):
                queue.extend(duty.find())
        while queue and not self.stopping.is_set():
            item = queue.popleft()
            with _errors_logged(f"{duty.what}: not done for {item}"):
                duty.do(item)
            if self._timer() >= end:
                break
        self._not_done[number] += reported()
        return bool(queue)

    def _is_to_be_found(self, number: int, duty: "_Duty") -> bool:
        """Whether so much time has passed since this kind of work was looked for.

        By the installation's clock, which a trial may move.
        """
        moment, before = now(), self._found_at[number]
        if before is not None and before <= moment < before + duty.every:
            return False
        self._found_at[number] = moment
        return True

    def _note_trouble(self, not_done: Iterable[str]) -> None:
        """Store what could not be done, so that organisers see it."""
        words = "\n".join(dict.fromkeys(not_done))
        if words != self._trouble:
            with transaction():
                health.note_trouble(self._name, words)
            self._trouble = words

    def beat(self) -> None:
        """Store the heartbeat of this worker, and delete old ones of others."""
        with transaction():
            health.beat(self._name, now=now())

    def leave(self) -> None:
        """Delete the heartbeat at a clean end; without a database it expires."""
        with self._app.app_context(), suppress(Refusal, SQLAlchemyError), transaction():
            health.leave(self._name)


# People whose data are deleted in one transaction.
_PORTION = 20


@contextmanager
def _errors_logged(what: str) -> Iterator[None]:
    """Log an error and go on, so that it stops neither other events nor mails."""
    try:
        yield
    except Exception as fault:
        db.session.rollback()
        if is_damage(fault):
            # Its message contains the damaged value, which may be personal.
            report(f"{what} ({type(fault).__name__})")
        else:
            report(what)
            log.exception("%s; the next tick tries again", what)


def _settle_step(step_id: int) -> None:
    """Run a step. A step that is still blocked is not locked, which would cost a write per tick."""
    if not steps.is_to_be_settled(step_id, now=now()):
        return
    with transaction():
        outcome = steps.run_due(step_id, now=now())
    log.info("step %d: %s", step_id, outcome or "run by another worker")


def _create_plan(slug: str) -> None:
    with transaction():
        plans.create_plan(lock_event(slug), now=now())


def _update_waiting_list(slug: str) -> None:
    """Expire seats that were not confirmed or accepted in time, and fill free seats."""
    with transaction():
        expirations.expire_due(slug, now=now())


def _notify_of_change(slug: str) -> None:
    with transaction():
        updates.tell_if_due(slug, now=now())


def _stop_mailing(mailing_id: int) -> None:
    with transaction():
        stop_outdated(mailing_id, actor=SYSTEM, now=now())


def _delete_expired(_portion: int) -> None:
    with transaction():
        delete_expired(now(), most=_PORTION)


def _portions() -> Iterable[int]:
    """Enough portions for all people who are due to be deleted; at least one for the rest."""
    return range(1 + sum(each.people for each in due_early(now())) // _PORTION)


def _forget_event(slug: str) -> None:
    with transaction():
        forget_event(slug, actor=SYSTEM, now=now())


def _write_ledger(_file: str) -> None:
    write_missing_lines()


def _register_standing(due: standing_dates.DueRegistration) -> None:
    """Register one person for one date of a series; a date that has closed is looked at later."""
    with suppress(RegistrationClosed), transaction():
        standing_dates.register_standing(due, now=now())


def _settle_alarms(slug: str) -> None:
    with transaction():
        alarms.settle_alarms(slug, now=now())


def _write_morning(due: mornings.Morning) -> None:
    with transaction():
        mornings.write_morning(due, now=now())


@dataclass(frozen=True, slots=True)
class _Duty:
    """One kind of due work: `find` reads the items, `do` checks and does one.

    It is looked for at every look, or only when the time `every` has passed.
    """

    what: str
    find: Callable[[], Iterable[Any]]
    do: Callable[[Any], None]
    every: timedelta = timedelta(0)


_MINUTE, _HOUR = timedelta(minutes=1), timedelta(hours=1)


_DUTIES = (
    _Duty("plan", plans.events_without_plan, _create_plan),
    _Duty("step", lambda: steps.steps_to_look_at(now()), _settle_step),
    _Duty("waiting list", lambda: expirations.events_to_update(now()), _update_waiting_list),
    _Duty("standing sign-up", lambda: standing_dates.due_registrations(now()), _register_standing),
    _Duty("notice of a change", lambda: updates.events_with_update_due(now()), _notify_of_change),
    _Duty("outdated mailing", lambda: outdated_mailings(now()), _stop_mailing),
    _Duty("expired data", _portions, _delete_expired),
    _Duty("end of retention", lambda: [e.slug for e in events_to_forget(now())], _forget_event),
    _Duty("who was forgotten", lambda: ("file",), _write_ledger, _HOUR),
    _Duty("alarm", lambda: alarms.alarms_to_settle(now()), _settle_alarms, _MINUTE),
    _Duty("morning mail", lambda: mornings.mornings_due(now()), _write_morning, _MINUTE),
)
