"""What a worker does when it is woken: run steps, serve lines, send what is due, archive."""

import logging
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from flask import Flask
from sqlalchemy.exc import SQLAlchemyError

from ikone_events.config import Settings
from ikone_events.domain.refusals import Refusal
from ikone_events.mail.sending.deliver import open_connection
from ikone_events.services.events import steps, updates
from ikone_events.services.events.obsolete_mailings import stop_late
from ikone_events.services.installation import now
from ikone_events.services.mails.outbox import is_paused
from ikone_events.services.operating import health
from ikone_events.services.operating.retention import forget_event, tidy
from ikone_events.services.plan import plans
from ikone_events.services.privacy.archiving import events_to_forget
from ikone_events.services.registering import expirations
from ikone_events.store.db import db, transaction
from ikone_events.store.events.queries import lock_event
from ikone_events.worker.sending import MailSender

SYSTEM = "system"

log = logging.getLogger(__name__)


# How often a rush of wake-ups may ask for the steps that are due.
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
        self.stopping = threading.Event()

    def wake_up(self) -> int:
        """Send what is due; look at steps only if nobody has done so just now.

        Every sign-up wakes a worker: a rush of them must not ask for the steps each time.
        """
        return self._work(look=self._timer() - self._looked >= LOOK_SECONDS)

    def work_off(self) -> int:
        """Do everything that is due; returns the number of mails handed to the mail server."""
        return self._work(look=True)

    def _work(self, *, look: bool) -> int:
        """Many mails are sent in spells of a tick, so that steps keep their time in between."""
        sent, sender = 0, MailSender(self._settings, self._name, self.stopping)
        with self._app.app_context(), open_connection(self._settings.smtp) as connection:
            while True:
                if is_paused():
                    self.beat()
                    return sent  # a backup came back; somebody has to look before anything leaves
                if look:
                    self._look_around()
                look = True
                sent += sender.send(connection, seconds=self._settings.tick_seconds)
                if self.stopping.is_set() or not sender.unfinished:
                    break
            if sender.owes_sync:
                self.beat()  # any commit that waits for the disk
            return sent

    def _look_around(self) -> None:
        self._looked = self._timer()
        self.beat()
        self._run_due_steps()
        self._update_waiting_lists()
        self._tell_of_changes()
        with transaction():
            stop_late(actor=SYSTEM, now=now())
        _forget_due()

    def _run_due_steps(self) -> None:
        """Settle every step whose time has come; the fault of one holds up no other."""
        for slug in plans.events_without_plan():
            with _apart(f"the plan of {slug} was not laid"), transaction():
                plans.lay_plan(lock_event(slug), now=now())
        for step_id in steps.steps_to_look_at(now()):
            if self.stopping.is_set():
                return
            with _apart(f"step {step_id} did not run"):
                _settle_step(step_id)

    def _update_waiting_lists(self) -> None:
        """Take back what nobody confirmed or accepted in time, and give it to those who wait."""
        for slug in expirations.events_to_update(now()):
            if self.stopping.is_set():
                return
            with _apart(f"the line of {slug} was not served"), transaction():
                expirations.expire_due(slug, now=now())

    def _tell_of_changes(self) -> None:
        """Start the mails about changes whose organisers have been quiet for long enough."""
        for slug in updates.events_with_update_due(now()):
            with _apart(f"nobody was told of the change of {slug}"), transaction():
                updates.tell_if_due(slug, now=now())

    def beat(self) -> None:
        """Say that this worker is alive, and strike off those that have been silent for long."""
        with transaction():
            health.beat(self._name, now=now())

    def leave(self) -> None:
        """Take the sign of life back at a clean end; without a database it grows old by itself."""
        with self._app.app_context(), suppress(Refusal, SQLAlchemyError), transaction():
            health.leave(self._name)


@contextmanager
def _apart(what: str) -> Iterator[None]:
    """Log a fault and go on: it must hold up neither other events nor the mails."""
    try:
        yield
    except Exception:  # whatever it is, the next tick tries again
        db.session.rollback()
        log.exception("%s; the next tick tries again", what)


def _settle_step(step_id: int) -> None:
    """Look first, then lock: a step that stays blocked must not cost a write at every tick."""
    if not steps.is_to_be_settled(step_id, now=now()):
        return
    with transaction():
        outcome = steps.run_due(step_id, now=now())
    log.info("step %d: %s", step_id, outcome or "settled by somebody else")


def _forget_due() -> None:
    """Forget the persons of events whose retention is over, their last mails, old addresses."""
    with _apart("what is kept less long was not forgotten"), transaction():
        tidy(now())
    for slug in [event.slug for event in events_to_forget(now())]:
        with _apart(f"{slug} was not forgotten"), transaction():
            forget_event(slug, actor=SYSTEM, now=now())
