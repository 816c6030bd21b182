"""Checks of uploaded files by the operator's command, in a thread of its own: it takes minutes."""

import logging
import threading
import time

from flask import Flask

from ikone_events.config import Settings
from ikone_events.domain.followup.details import Scan
from ikone_events.services.followup import scanning
from ikone_events.services.followup.materials import path_of
from ikone_events.store.db import db, transaction
from ikone_events.store.events.models import Material

# Seconds after which files that could not be checked are checked again.
AGAIN_SECONDS = 600.0

log = logging.getLogger(__name__)


class FileScanner:
    """Has files checked for a process; `stopping` ends it between two files."""

    def __init__(self, app: Flask, settings: Settings, stopping: threading.Event) -> None:
        self._app = app
        self._settings = settings
        self._stopping = stopping
        self._again_at = 0.0

    def run(self) -> None:
        """Check regularly until the process stops."""
        while not self._stopping.is_set():
            self.scan_waiting()
            self._stopping.wait(self._settings.tick_seconds)

    def scan_waiting(self) -> int:
        """Check what waits; returns the number of files that were judged. Never raises."""
        judged = 0
        again = time.monotonic() >= self._again_at
        try:  # around the context, too: its end gives back a connection that may be gone
            with self._app.app_context():
                for material in self._to_scan(again=again):
                    if self._stopping.is_set():
                        break
                    judged += self._scan(material.id)
        except Exception as fault:  # noqa: BLE001 - the thread must go on
            log.error("files were not checked for viruses (%s)", type(fault).__name__)
        if again:
            self._again_at = time.monotonic() + AGAIN_SECONDS
        return judged

    def _to_scan(self, *, again: bool) -> list[Material]:
        found = list(scanning.files_to_scan(again=again or not self._settings.scan_command))
        if found and not self._settings.scan_command:
            with transaction():
                scanning.release_unscanned()
            return []
        return found

    def _scan(self, number: int) -> bool:
        """One file, without a transaction while the command runs."""
        material = db.session.get(Material, number)
        if material is None:
            return False
        path = path_of(material)
        db.session.rollback()  # which forgets what was read of the material
        outcome = scanning.scan_file(path)
        with transaction():
            scanning.note_scan(number, outcome)
        if outcome:
            log.warning("material %d: the check for viruses says “%s”", number, outcome)
        return outcome != Scan.FAILED.value
