"""The work of a worker: run steps, update waiting lists, send mails, archive."""

import logging
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TypeVar

from flask import Flask
from sqlalchemy.exc import SQLAlchemyError

from ikone_events.config import Settings
from ikone_events.domain.refusals import Refusal
from ikone_events.mail.sending.deliver import open_connection
from ikone_events.services.events import steps, updates
from ikone_events.services.events.obsolete_mailings import stop_outdated
from ikone_events.services.installation import now
from ikone_events.services.mails.outbox import is_paused
from ikone_events.services.operating import health
from ikone_events.services.operating.retention import forget_event, tidy
from ikone_events.services.plan import plans
from ikone_events.services.privacy.archiving import events_to_forget
from ikone_events.services.registering import expirations
from ikone_events.store.damage import is_damage, report, reported
from ikone_events.store.db import db, transaction
from ikone_events.store.erasing import erase_what_is_owed
from ikone_events.store.events.queries import lock_event
from ikone_events.worker.sending import MailSender

SYSTEM = "system"

Row = TypeVar("Row")

log = logging.getLogger(__name__)


# Seconds between two checks for due steps, however often the worker is triggered.
LOOK_SECONDS = 1.0


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
        self._trouble: str | None = None  # an earlier process of this name may have stored some
        self.stopping = threading.Event()

    def wake_up(self) -> int:
        """Send due mails; check steps only if that has not just been done.

        Every registration triggers a worker, and must not cause a check each time.
        """
        return self.work_off(look=self._timer() - self._looked >= LOOK_SECONDS)

    def work_off(self, *, look: bool = True) -> int:
        """Do everything that is due; returns the number of mails sent.

        Mails are sent for one tick at a time, so that many of them do not delay steps.
        """
        sent, sender = 0, MailSender(self._settings, self._name, self.stopping)
        with self._app.app_context(), open_connection(self._settings.smtp) as connection:
            while True:
                erase_what_is_owed()
                if is_paused():
                    self.beat()
                    return sent
                if look:
                    self._look_around()
                look = True
                sent += sender.send(connection, seconds=self._settings.tick_seconds)
                if self.stopping.is_set() or not sender.unfinished:
                    break
            if sender.owes_sync:
                self.beat()  # any commit that is synced to disk
            return sent

    def _look_around(self) -> None:
        self._looked = self._timer()
        self.beat()
        self._run_due_steps()
        self._update_waiting_lists()
        self._notify_of_changes()
        with _errors_logged("outdated mailings were not stopped"), transaction():
            stop_outdated(actor=SYSTEM, now=now())
        _forget_due()
        self._note_trouble()

    def _run_due_steps(self) -> None:
        """Run every due step; an error in one does not stop the others."""
        for slug in _found("events without a plan", plans.events_without_plan):
            with _errors_logged(f"the plan of {slug} was not created"), transaction():
                plans.lay_plan(lock_event(slug), now=now())
        for step_id in _found("due steps", lambda: steps.steps_to_look_at(now())):
            if self.stopping.is_set():
                return
            with _errors_logged(f"step {step_id} did not run"):
                _settle_step(step_id)

    def _update_waiting_lists(self) -> None:
        """Expire seats that were not confirmed or accepted in time, and fill free seats."""
        for slug in _found("waiting lists", lambda: expirations.events_to_update(now())):
            if self.stopping.is_set():
                return
            with _errors_logged(f"the waiting list of {slug} was not updated"), transaction():
                expirations.expire_due(slug, now=now())

    def _notify_of_changes(self) -> None:
        """Start the mailings about changes whose quiet period is over."""
        for slug in _found("changed events", lambda: updates.events_with_update_due(now())):
            with _errors_logged(f"people were not notified of the change of {slug}"), transaction():
                updates.tell_if_due(slug, now=now())

    def _note_trouble(self) -> None:
        """Store what could not be done at this look, so that organisers see it."""
        words = "\n".join(reported())
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


def _found(what: str, search: Callable[[], list[Row]]) -> list[Row]:
    """The result of a search, or nothing if it fails, so that everything else goes on."""
    found: list[list[Row]] = []
    with _errors_logged(f"{what} were not found"):
        found.append(search())
    return found[0] if found else []


def _settle_step(step_id: int) -> None:
    """Run a step. A step that is still blocked is not locked, which would cost a write per tick."""
    if not steps.is_to_be_settled(step_id, now=now()):
        return
    with transaction():
        outcome = steps.run_due(step_id, now=now())
    log.info("step %d: %s", step_id, outcome or "run by another worker")


def _forget_due() -> None:
    """Delete expired data, and anonymise the persons of events whose retention is over."""
    with _errors_logged("expired data was not deleted"), transaction():
        tidy(now())
    over = _found("events whose retention is over", lambda: events_to_forget(now()))
    for slug in [event.slug for event in over]:
        with _errors_logged(f"{slug} was not anonymised"), transaction():
            forget_event(slug, actor=SYSTEM, now=now())
