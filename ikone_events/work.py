"""What a worker does when it is woken: expand mailings, send what is due, archive, give a sign."""

import logging
import os
import socket
import threading
import time
from datetime import datetime, timedelta

from flask import Flask
from sqlalchemy import delete

from ikone_events.config import Settings
from ikone_events.domain.lifecycle import Action, State, find_rule
from ikone_events.domain.refusals import UnfitInput
from ikone_events.mail.deliver import (
    Deferred,
    Delivered,
    MailConnection,
    Outcome,
    Rejected,
    open_connection,
)
from ikone_events.mail.mime import mime_bytes
from ikone_events.services import mailings, outbox
from ikone_events.services.letters import sender_of
from ikone_events.services.office import now
from ikone_events.services.privacy import archive_persons, events_to_forget
from ikone_events.services.transitions import Request, perform
from ikone_events.store.db import db, transaction
from ikone_events.store.letters import Heartbeat
from ikone_events.store.queries import hold_event

# A worker that has been silent for a day is not coming back.
FORGET_WORKERS_AFTER = timedelta(days=1)
SYSTEM = "system"

log = logging.getLogger(__name__)


class Worker:
    """The work of one process. `stopping` ends it between two letters."""

    def __init__(self, app: Flask, settings: Settings) -> None:
        self._app = app
        self._settings = settings
        self._name = f"{socket.gethostname()}:{os.getpid()}"
        self._beaten = 0.0
        self.stopping = threading.Event()

    def work_off(self) -> int:
        """Do everything that is due; returns the number of letters handed to the mail server."""
        with self._app.app_context():
            self._beat()
            _forget_due()
            return self._send_due()

    def _send_due(self) -> int:
        sent = 0
        with open_connection(self._settings.smtp) as connection:
            while not self.stopping.is_set():
                _expand_one_chunk()
                outcome = self._send_next(connection)
                if outcome is None or (isinstance(outcome, Deferred) and outcome.server_down):
                    break  # the other letters would fare no better; the next tick tries again
                sent += isinstance(outcome, Delivered)
                if time.monotonic() - self._beaten > self._settings.tick_seconds:
                    self._beat()
                self.stopping.wait(60 / self._settings.mail_per_minute)
        return sent

    def _send_next(self, connection: MailConnection) -> Outcome | None:
        """Claim, send outside any transaction, note the outcome behind the fence."""
        with transaction():
            lease = timedelta(seconds=self._settings.lease_seconds)
            claim = outbox.claim_next(now=now(), lease=lease)
        if claim is None:
            return None
        outcome = self._hand_over(claim, connection)
        with transaction():
            _settle(claim, outcome, now())
        return outcome

    def _hand_over(self, claim: outbox.Claim, connection: MailConnection) -> Outcome:
        letter = outbox.get_letter(claim)
        try:
            content = mime_bytes(letter, sender_of(letter.event))
        except UnfitInput as refusal:
            return Rejected(str(refusal))
        recipient = letter.recipient
        db.session.rollback()  # nothing stays open in the database while the mail server thinks
        return connection.deliver(content, self._settings.sender, recipient)

    def _beat(self) -> None:
        self._beaten = time.monotonic()
        with transaction():
            present = now()
            db.session.merge(Heartbeat(worker=self._name, beat_at=present))
            # Our own row may be as old after a long stop: containers keep their process number.
            others, old = Heartbeat.worker != self._name, present - FORGET_WORKERS_AFTER
            db.session.execute(delete(Heartbeat).where(others, Heartbeat.beat_at < old))


def _settle(claim: outbox.Claim, outcome: Outcome, present: datetime) -> None:
    if isinstance(outcome, Deferred):
        outbox.mark_deferred(claim, now=present, answer=outcome.words)
    elif isinstance(outcome, Rejected):
        outbox.mark_failed(claim, answer=outcome.words)
    else:
        outbox.mark_sent(claim, now=present, answer=outcome.words)


def _expand_one_chunk() -> None:
    mailing = mailings.find_open_mailing()
    if mailing is None:
        return
    with transaction():
        mailings.expand_chunk(mailing, now=now())


def _forget_due() -> None:
    """Forget the persons of events whose retention is over, as their letters promised.

    Where the lifecycle allows it the event is archived; one that was never followed up or whose
    link was never sent keeps its state, and loses its people all the same.
    """
    for slug, state in [(event.slug, event.state) for event in events_to_forget(now())]:
        with transaction():
            if find_rule(Action.ARCHIVE, State(state)) is not None:
                perform(slug, Request(action=Action.ARCHIVE, actor=SYSTEM), now=now())
            else:
                archive_persons(hold_event(slug), now=now())
