"""The day of an event with BigBlueButton, for tests: people come, go, and are looked at."""

import threading
from dataclasses import dataclass, field
from datetime import timedelta

from flask import Flask
from sqlalchemy import select

from ikone_events.services.rooms.entering import (
    join_address,
    keep_room,
    open_room,
    room_key,
    visitor_of,
)
from ikone_events.store.db import db, transaction
from ikone_events.store.events.models import Event
from ikone_events.store.registering.models import Registration
from ikone_events.store.rooms.models import AttendanceRecord
from ikone_events.worker.watching import RoomWatcher
from tests.factories import FixedClock, make_event, make_registration
from tests.rooms.bbb_server import BbbServer


@dataclass
class Day:
    """An event that begins in a few minutes, and the worker that looks into its room."""

    app: Flask
    bbb: BbbServer
    clock: FixedClock
    event: Event = field(init=False)
    watcher: RoomWatcher = field(init=False)

    def __post_init__(self) -> None:
        """The event and the worker."""
        starts = self.clock.moment + timedelta(minutes=5)
        self.event = make_event(
            self.app,
            state="dispatched",
            room_provider="bbb",
            room_url="",
            starts_at=starts,
            ends_at=starts + timedelta(hours=2),
        )
        self.watcher = self.new_worker()

    def new_worker(self) -> RoomWatcher:
        """Another worker, or the same one after a restart."""
        return RoomWatcher(self.app, threading.Event())

    @property
    def key(self) -> str:
        """The id by which the server knows the room."""
        with self.app.app_context():
            return room_key(self.event)

    def person(self, **values: object) -> Registration:
        """A confirmed person of the event."""
        return make_registration(self.app, self.event, **values)

    def enter(self, person: Registration, *, load: bool = True) -> None:
        """What the door does for a person, and their browser after it."""
        with self.app.app_context():
            opened = open_room(self.event, now=self.clock.moment)
            with transaction():
                keep_room(self.event, opened, now=self.clock.moment)
            address = join_address(self.event, visitor_of(person), now=self.clock.moment)
        self.bbb.enter(address, load=load)

    def leave(self, person: Registration) -> None:
        """Their browser is closed, and the server has noticed."""
        with self.app.app_context():
            opaque = visitor_of(person).opaque_id
        del self.bbb.meetings[self.key].listed[opaque]

    def minutes(self, number: int) -> None:
        """So many minutes pass, each with a look."""
        for _minute in range(number):
            self.clock.move(minutes=1)
            self.watcher.look_around()

    def record(self, person: Registration) -> AttendanceRecord | None:
        """What is stored of a person."""
        with self.app.app_context():
            wanted = select(AttendanceRecord).where(AttendanceRecord.registration_id == person.id)
            found = db.session.scalar(wanted)
            if found is not None:
                db.session.expunge(found)
            return found

    def minutes_of(self, person: Registration) -> int | None:
        """The minutes that are stored of a person."""
        found = self.record(person)
        return found.minutes if found is not None else None
