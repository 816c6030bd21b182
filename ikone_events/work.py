"""What a worker does when it is woken: expand mailings, send what is due, archive, give a sign."""

import logging
import os
import socket
import threading
import time
from datetime import datetime, timedelta

from flask import Flask
from sqlalchemy.exc import SQLAlchemyError

from ikone_events.config import Settings
from ikone_events.domain.refusals import Refusal, UnfitInput
from ikone_events.mail.deliver import (
    Deferred,
    Delivered,
    MailConnection,
    Outcome,
    Rejected,
    open_connection,
)
from ikone_events.mail.mime import mime_bytes
from ikone_events.services import health, mailings, outbox, plans, steps
from ikone_events.services.hold import is_held
from ikone_events.services.letters import sender_of
from ikone_events.services.office import now
from ikone_events.services.privacy import drop_letters_of_forgotten, events_to_forget
from ikone_events.services.retention import forget_event
from ikone_events.store.db import db, transaction
from ikone_events.store.queries import hold_event

SYSTEM = "system"
# With longer pauses a letter is claimed after the pause, so that no lease runs out in it.
_SHORT_PAUSE = 1.0

log = logging.getLogger(__name__)


class Worker:
    """The work of one process. `stopping` ends it between two letters."""

    def __init__(self, app: Flask, settings: Settings) -> None:
        self._app = app
        self._settings = settings
        self._name = f"{socket.gethostname()}:{os.getpid()}"
        self._beaten = 0.0
        self._refused = True  # an earlier life under this name may have left its word
        self.stopping = threading.Event()

    def work_off(self) -> int:
        """Do everything that is due; returns the number of letters handed to the mail server."""
        with self._app.app_context():
            self.beat()
            if is_held():
                return 0  # a backup came back; somebody has to look before anything leaves
            self._run_due_steps()
            _forget_due()
            return self._send_due()

    def _run_due_steps(self) -> None:
        """Settle every step whose time has come; the fault of one holds up no other."""
        for slug in plans.events_without_plan():
            with transaction():
                plans.lay_plan(hold_event(slug), now=now())
        for step_id in steps.due_steps(now()):
            if self.stopping.is_set():
                return
            try:
                _settle_step(step_id)
            except (Refusal, SQLAlchemyError):
                log.exception("step %d did not run; the next tick tries again", step_id)

    def _send_due(self) -> int:
        sent = 0
        with open_connection(self._settings.smtp) as connection:
            claim = self._claim()
            while claim is not None:
                outcome = self._hand_over(claim, connection)
                sent += isinstance(outcome, Delivered)
                claim = self._settle(claim, outcome)
        return sent

    def _claim(self) -> outbox.Claim | None:
        """The next letter; while none is due, mailings are turned into letters."""
        while not self.stopping.is_set():
            with transaction():
                claim = self._claim_next()
            if claim is not None or not _expand_one_chunk():
                return claim
        return None

    def _claim_next(self) -> outbox.Claim | None:
        lease = timedelta(seconds=self._settings.lease_seconds)
        return outbox.claim_next(now=now(), lease=lease)

    def _settle(self, claim: outbox.Claim, outcome: Outcome) -> outbox.Claim | None:
        """Note what became of a letter and take the next, in one transaction; None to stop.

        A server that is down would treat the others no better: the next tick tries again.
        """
        down = isinstance(outcome, Deferred) and outcome.server_down
        pause = 60 / self._settings.mail_per_minute
        with transaction():
            _note(claim, outcome, now())
            self._remember(outcome, down=down)
            at_once = not down and pause < _SHORT_PAUSE and not self.stopping.is_set()
            following = self._claim_next() if at_once else None
        if time.monotonic() - self._beaten > self._settings.tick_seconds:
            self.beat()
        if not down and not self.stopping.wait(pause):
            return following or self._claim()
        if following is not None:
            with transaction():
                outbox.release(following)
        return None

    def _remember(self, outcome: Outcome, *, down: bool) -> None:
        """Keep what the mail server says about ourselves, where pages and commands find it."""
        if isinstance(outcome, Deferred) and down:
            health.note_refusal(self._name, outcome.words, now=now())
        elif self._refused:
            health.note_acceptance(self._name)
        self._refused = down

    def _hand_over(self, claim: outbox.Claim, connection: MailConnection) -> Outcome:
        letter = outbox.get_letter(claim)
        try:
            content = mime_bytes(letter, sender_of(letter.event))
        except UnfitInput as refusal:
            return Rejected(str(refusal))
        recipient = letter.recipient
        db.session.rollback()  # nothing stays open in the database while the mail server thinks
        return connection.deliver(content, self._settings.sender, recipient)

    def beat(self) -> None:
        """Say that this worker is alive, and strike off those that have been silent for long."""
        self._beaten = time.monotonic()
        with transaction():
            health.beat(self._name, now=now())


def _note(claim: outbox.Claim, outcome: Outcome, present: datetime) -> None:
    if isinstance(outcome, Deferred):
        outbox.mark_deferred(claim, now=present, answer=outcome.words)
    elif isinstance(outcome, Rejected):
        outbox.mark_failed(claim, answer=outcome.words)
    else:
        outbox.mark_sent(claim, now=present, answer=outcome.words)


def _settle_step(step_id: int) -> None:
    """Look first, then lock: a step that stays blocked must not cost a write at every tick."""
    if not steps.is_to_be_settled(step_id, now=now()):
        return
    with transaction():
        outcome = steps.run_due(step_id, now=now())
    log.info("step %d: %s", step_id, outcome or "settled by somebody else")


def _expand_one_chunk() -> bool:
    """Turn the next part of a mailing into letters; False when there is none left."""
    mailing = mailings.find_open_mailing()
    if mailing is None:
        return False
    with transaction():
        mailings.expand_chunk(mailing, now=now())
    return True


def _forget_due() -> None:
    """Forget the persons of events whose retention is over, and their last letters."""
    with transaction():
        drop_letters_of_forgotten()
    for slug in [event.slug for event in events_to_forget(now())]:
        with transaction():
            forget_event(slug, actor=SYSTEM, now=now())
