"""Alarms about the worker, the mail server and the mailbox, derived from heartbeats.

The dashboard, `/readyz` and `doctor` show the same alarms.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from ikone_events.domain.events.todo import Severity, Target, ToDo
from ikone_events.domain.refusals import N_

# A due mail is tried at once; after this time it counts as stuck.
STUCK_AFTER = timedelta(minutes=10)
# Three missed ticks, and at least two minutes, count as silence.
_TICKS_MISSED = 3
_AT_LEAST = timedelta(minutes=2)
# Each tick tries again to erase what was deleted.
ERASED_AFTER = timedelta(minutes=10)
# A restart of the mail server is no alarm.
MAILBOX_AFTER = timedelta(minutes=30)


class Alarm(StrEnum):
    """Why the engine does not work; the values are shown by `/readyz`."""

    PAUSED = "held"
    WORKER = "worker"
    MAIL_SERVER = "mail_server"
    STUCK = "stuck_mail"
    MAILBOX = "mailbox"
    ERASURE = "erasure"
    TROUBLE = "trouble"


# Mails leave all the same.
_BESIDES = frozenset({Alarm.MAILBOX, Alarm.ERASURE, Alarm.TROUBLE})


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineState:
    """The health of sending and receiving at one moment.

    `refused_at` is since when the mail server accepts nothing, `refusal` its answer; `stuck` counts
    overdue mails while none is sent. `unread_since` is when the mailbox was last read or began to
    fail, `mailbox_failure` the error. `unerased_since` is since when deleted personal data may be
    in the database's log, `trouble` what the workers could not do, one line each.
    """

    now: datetime
    last_beat: datetime | None
    silent_after: timedelta
    queued: int = 0
    stuck: int = 0
    failed: int = 0
    refused_at: datetime | None = None
    refusal: str = ""
    paused_since: datetime | None = None
    unread_since: datetime | None = None
    mailbox_failure: str = ""
    unerased_since: datetime | None = None
    trouble: str = ""

    @property
    def silent(self) -> bool:
        """Whether the last heartbeat is too old."""
        return self.last_beat is None or self.now - self.last_beat > self.silent_after

    @property
    def alarms(self) -> tuple[Alarm, ...]:
        """The alarms, without those that only follow from another one."""
        paused = self.paused_since is not None
        found = {
            Alarm.PAUSED: paused,
            Alarm.WORKER: self.silent,
            Alarm.MAIL_SERVER: self.refused_at is not None and not self.silent,
            Alarm.STUCK: bool(self.stuck) and not paused,
            Alarm.MAILBOX: self._mailbox_unread and not paused and not self.silent,
            Alarm.ERASURE: self._is_unerased,
            Alarm.TROUBLE: bool(self.trouble) and not self.silent,
        }
        return tuple(alarm for alarm, on in found.items() if on)

    @property
    def stands(self) -> bool:
        """Whether mails can't be sent; the alarms of _BESIDES do not count."""
        return any(alarm not in _BESIDES for alarm in self.alarms)

    @property
    def _is_unerased(self) -> bool:
        since = self.unerased_since
        return since is not None and self.now - since >= ERASED_AFTER

    @property
    def _mailbox_unread(self) -> bool:
        patience = max(MAILBOX_AFTER, self.silent_after)
        return self.unread_since is not None and self.now - self.unread_since > patience


def silence_limit(tick: timedelta) -> timedelta:
    """How long a worker with this tick may be silent."""
    return max(_TICKS_MISSED * tick, _AT_LEAST)


def todos_of(engine: EngineState) -> tuple[ToDo, ...]:
    """The alarms as entries of the to-do list."""
    return tuple(_todo(alarm, engine) for alarm in engine.alarms)


_TEXTS = {
    Alarm.PAUSED: N_(
        "A backup was put back. Until the outbox is released, no e-mail leaves and no step runs. "
        "E-mails waiting to be sent: %(queued)d."
    ),
    Alarm.WORKER: N_(
        "The worker has given no sign for %(minutes)d minutes. "
        "E-mails waiting to be sent: %(queued)d."
    ),
    Alarm.MAIL_SERVER: N_(
        "The mail server has taken nothing from us for %(minutes)d minutes: “%(words)s”. "
        "E-mails waiting to be sent: %(queued)d."
    ),
    Alarm.STUCK: N_("E-mails are overdue and none leaves. E-mails overdue: %(stuck)d."),
    Alarm.MAILBOX: N_(
        "The mailbox with answers and bounces has not been readable for %(minutes)d minutes: "
        "“%(words)s”. E-mails leave, but nobody sees what comes back."
    ),
    Alarm.ERASURE: N_(
        "Personal data that were deleted %(minutes)d minutes ago are still in the database's log, "
        "because something is reading the database all the time. Each minute brings another try."
    ),
    Alarm.TROUBLE: N_(
        "The worker could not do everything: %(words)s. Everything else goes on. "
        "“ikone-events verify” says more."
    ),
}


def _todo(alarm: Alarm, engine: EngineState) -> ToDo:
    since, text = engine.last_beat, _TEXTS[alarm]
    if alarm is Alarm.WORKER and since is None:
        text = N_("No worker is running. E-mails waiting to be sent: %(queued)d.")
    severity, words = Severity.DANGER, engine.refusal
    if alarm is Alarm.MAIL_SERVER:
        since = engine.refused_at
    if alarm is Alarm.MAILBOX:
        severity, since, words = Severity.WARNING, engine.unread_since, engine.mailbox_failure
        if not words:
            text = N_(
                "Nobody has read the mailbox with answers and bounces for %(minutes)d minutes."
            )
    if alarm is Alarm.ERASURE:
        severity, since = Severity.WARNING, engine.unerased_since
    if alarm is Alarm.TROUBLE:
        words = engine.trouble
    values: dict[str, object] = {
        "queued": engine.queued,
        "stuck": engine.stuck,
        "minutes": int((engine.now - since).total_seconds() // 60) if since else 0,
        "words": words,
    }
    return ToDo(severity=severity, text=text, values=values, target=Target.NOWHERE)
