"""Asking providers who is in the rooms of events that run, once a minute.

It has its own thread, so that a slow provider delays no mail.
"""

import logging
import threading
from enum import StrEnum

from flask import Flask
from sqlalchemy.exc import SQLAlchemyError

from ikone_events.domain.rooms.providers import RoomUnavailable
from ikone_events.services.installation import now
from ikone_events.services.rooms import watching
from ikone_events.store.db import transaction
from ikone_events.store.events.models import Event
from ikone_events.store.events.queries import find_event

# Seconds between two rounds.
ROUND_SECONDS = 60

log = logging.getLogger(__name__)


class Look(StrEnum):
    """What became of one look into a room."""

    DONE = "done"
    NOT_DONE = "not done"
    FAILED = "failed"


class RoomWatcher:
    """Looks into rooms for a process; `stopping` ends it between two rooms."""

    def __init__(self, app: Flask, stopping: threading.Event) -> None:
        self._app = app
        self._stopping = stopping

    def run(self) -> None:
        """Look regularly until the process stops."""
        while not self._stopping.is_set():
            self.look_around()
            self._stopping.wait(ROUND_SECONDS)

    def look_around(self) -> int:
        """One round; returns the number of rooms that were looked into. Never raises.

        A provider that fails is asked once a round, however many rooms it has.
        """
        looked, failing = 0, set[str]()
        try:
            with self._app.app_context():
                for slug, kind in self._rooms():
                    if not self._stopping.is_set() and kind not in failing:
                        outcome = self._try(slug)
                        looked += outcome is Look.DONE
                        failing |= {kind} if outcome is Look.FAILED else set()
        except SQLAlchemyError as fault:  # the end gives back a connection that may be gone
            log.error("a round of looks into rooms failed (%s)", type(fault).__name__)
        return looked

    def _rooms(self) -> list[tuple[str, str]]:
        try:
            return [(event.slug, event.room_provider) for event in watching.rooms_to_watch(now())]
        except Exception as fault:  # noqa: BLE001 - the thread must go on
            log.error("no video room was looked into (%s)", type(fault).__name__)
            return []

    def _try(self, slug: str) -> Look:
        """One room, so that what is wrong with it hinders no other."""
        try:
            event = find_event(slug)
            return self._look_into(event) if event is not None else Look.NOT_DONE
        except RoomUnavailable:
            log.warning("the provider of a video room does not report who is in it")
            return Look.FAILED
        except Exception as fault:  # noqa: BLE001 - the thread must go on
            log.error("a video room was not looked into (%s)", type(fault).__name__)
            return Look.NOT_DONE

    @staticmethod
    def _look_into(event: Event) -> Look:
        """Claim, look, store, unless another worker does it."""
        moment = now()
        with transaction():
            claimed = watching.claim_look(event, now=moment)
            if claimed and watching.is_watched_out(event, moment):
                watching.close_watch(event, now=moment)
                return Look.DONE
        if not claimed:
            return Look.NOT_DONE
        try:
            found = watching.look(event)
        except RoomUnavailable:
            with transaction():
                watching.record_failed_look(event, now=moment)
            raise
        with transaction():
            watching.record_look(event, found, now=moment)
        return Look.DONE
