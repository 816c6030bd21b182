"""Alarms about database, worker, mail server, mailbox and backups.

The dashboard, `/readyz` and `doctor` show the same alarms.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from ikone_events.domain.events.todo_facts import Severity, Target, ToDo
from ikone_events.domain.refusals import N_

# A due mail is tried at once; after this time it counts as stuck.
STUCK_AFTER = timedelta(minutes=10)
# Three missed ticks, and at least two minutes, count as silence.
_TICKS_MISSED = 3
_AT_LEAST = timedelta(minutes=2)
# Each tick tries again to erase what was deleted.
ERASED_AFTER = timedelta(minutes=10)
# "for 1 minutes" would be wrong.
_JUST_NOW = timedelta(minutes=2)
# A restart of the mail server is no alarm.
MAILBOX_AFTER = timedelta(minutes=30)


class Alarm(StrEnum):
    """Why the engine does not work; the values are shown by `/readyz`."""

    DATABASE = "database"
    PAUSED = "held"
    WORKER = "worker"
    MAIL_SERVER = "mail_server"
    STUCK = "stuck_mail"
    MAILBOX = "mailbox"
    BACKUP = "backup"
    ERASURE = "erasure"
    TROUBLE = "trouble"


# Alarms during which no mail is sent; of several, the first is the cause.
STANDSTILL = (Alarm.DATABASE, Alarm.PAUSED, Alarm.WORKER, Alarm.MAIL_SERVER, Alarm.STUCK)
# What the page of the mailbox says more about.
_OF_MAILBOX = frozenset({*STANDSTILL, Alarm.MAILBOX} - {Alarm.DATABASE})
# Alarms while which mails are sent all the same.
HARMLESS = frozenset({Alarm.MAILBOX, Alarm.BACKUP, Alarm.ERASURE, Alarm.TROUBLE})


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineState:
    """The health of storing, sending and receiving at one moment.

    `write_fault` is why nothing can be stored, in the database's words; `doctor` shows them.
    `refused_at` is since when the mail server accepts nothing, `refusal` its answer; `stuck` counts
    overdue mails while none is sent. `unread_since` is when the mailbox was last read or began to
    fail, `mailbox_failure` the error. `backup_at` is the latest known backup, `backup_due_at` when
    the next one, or the first, is overdue; None if nobody watches that. `unerased_since` is since
    when deleted personal data may be in the database's log, `trouble` what the workers could not
    do, one line each.
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
    write_fault: str = ""
    backup_at: datetime | None = None
    backup_due_at: datetime | None = None
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
        refused = self.refused_at is not None and not self.silent
        found = {
            Alarm.DATABASE: bool(self.write_fault),
            Alarm.PAUSED: paused,
            Alarm.WORKER: self.silent,
            Alarm.MAIL_SERVER: refused,
            Alarm.STUCK: bool(self.stuck) and not paused and not refused,
            Alarm.MAILBOX: self._mailbox_unread and not paused and not self.silent,
            Alarm.BACKUP: self.backup_due_at is not None and self.now > self.backup_due_at,
            Alarm.ERASURE: self._is_unerased,
            Alarm.TROUBLE: bool(self.trouble) and not self.silent,
        }
        return tuple(alarm for alarm, on in found.items() if on)

    @property
    def stands(self) -> bool:
        """Whether mails can't be sent; the alarms of HARMLESS do not count."""
        return not HARMLESS.issuperset(self.alarms)

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


def todos_of(
    engine: EngineState, *, only: Collection[Alarm] = frozenset(Alarm)
) -> tuple[ToDo, ...]:
    """The alarms as entries of the to-do list, or some of them."""
    return tuple(_todo(alarm, engine) for alarm in engine.alarms if alarm in only)


_TEXTS = {
    Alarm.DATABASE: N_(
        "Nothing can be stored, perhaps because the disk is full. Nobody can register, and no "
        "e-mail leaves. Please tell whoever runs the server."
    ),
    Alarm.PAUSED: N_(
        "A backup was put back. Until the outbox is released, no e-mail leaves and no step runs. "
        "E-mails waiting to be sent: %(queued)d."
    ),
    Alarm.WORKER: N_(
        "Sending has stood still for %(minutes)d minutes. E-mails waiting to be sent: %(queued)d."
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
    Alarm.BACKUP: N_(
        "The last backup is %(days)d days old. "
        "Please ask whoever runs the server why no newer one was made."
    ),
    Alarm.ERASURE: N_(
        "Personal data that were deleted %(minutes)d minutes ago are still in the database's log, "
        "because something is reading the database all the time. Each minute brings another try."
    ),
    Alarm.TROUBLE: N_(
        "Not everything could be done automatically: %(words)s. Everything else goes "
        "on. Please tell whoever runs the server."
    ),
}


# Texts for an alarm without a moment or a recent one, or without an answer of a server.
_BRIEFER = {
    Alarm.WORKER: N_("Sending is not running. E-mails waiting to be sent: %(queued)d."),
    Alarm.MAIL_SERVER: N_(
        "The mail server takes nothing from us at the moment: “%(words)s”. "
        "E-mails waiting to be sent: %(queued)d."
    ),
    Alarm.MAILBOX: N_(
        "Nobody has read the mailbox with answers and bounces for %(minutes)d minutes."
    ),
    Alarm.BACKUP: N_(
        "No backup has been made yet. If the server fails, everything stored here is lost. "
        "Please ask whoever runs the server to set up daily backups."
    ),
}


def _todo(alarm: Alarm, engine: EngineState) -> ToDo:
    since, words = {
        Alarm.WORKER: (engine.last_beat, ""),
        Alarm.MAIL_SERVER: (engine.refused_at, engine.refusal),
        Alarm.MAILBOX: (engine.unread_since, engine.mailbox_failure),
        Alarm.BACKUP: (engine.backup_at, ""),
        Alarm.ERASURE: (engine.unerased_since, ""),
        Alarm.TROUBLE: (None, engine.trouble),
    }.get(alarm, (None, ""))
    age = engine.now - since if since else timedelta(0)
    is_brief = not words if alarm is Alarm.MAILBOX else since is None
    if alarm is Alarm.MAIL_SERVER:
        is_brief = age < _JUST_NOW
    text = _BRIEFER.get(alarm, _TEXTS[alarm]) if is_brief else _TEXTS[alarm]
    values: dict[str, object] = {
        "queued": engine.queued,
        "stuck": engine.stuck,
        "minutes": int(age.total_seconds() // 60),
        "days": age.days,
        "words": words,
    }
    severity = Severity.WARNING if alarm in HARMLESS else Severity.DANGER
    target = Target.MAILBOX if alarm in _OF_MAILBOX else Target.NOWHERE
    return ToDo(severity=severity, text=text, values=values, target=target)
