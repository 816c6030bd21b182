"""What keeps every mail from leaving, from facts alone."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ikone_events.domain.events.todo_facts import Severity
from ikone_events.domain.operating.alarms import Alarm, EngineState, silence_limit, todos_of

NOW = datetime(2021, 1, 12, 9, tzinfo=UTC)
EARLIER = NOW - timedelta(minutes=25)


def engine(**values: Any) -> EngineState:
    """A healthy engine whose worker has just given a sign."""
    return EngineState(
        **{"now": NOW, "last_beat": NOW, "silent_after": timedelta(minutes=2), **values}
    )


def reported(found: EngineState) -> list[str]:
    """The alarms in words."""
    return [todo.text % todo.values for todo in todos_of(found)]


def test_healthy_engine_reports_nothing() -> None:
    assert reported(engine(queued=7, failed=3)) == []


@pytest.mark.parametrize(("silence", "stands"), [(None, True), (121, True), (120, False)])
def test_worker_that_stands_still_is_an_alarm(silence: int | None, stands: bool) -> None:
    beat = None if silence is None else NOW - timedelta(seconds=silence)
    found = engine(last_beat=beat, queued=7)
    assert (Alarm.WORKER in found.alarms) is stands
    if stands:
        assert "7" in reported(found)[0]


def test_mail_server_that_refuses_us_is_reported_in_its_words() -> None:
    found = engine(refused_at=EARLIER, refusal="535 5.7.8 wrong password", queued=2)
    assert found.alarms == (Alarm.MAIL_SERVER,)
    assert "25 minutes: “535 5.7.8 wrong password”" in reported(found)[0]


def test_mail_server_that_has_just_failed_is_reported_once_without_a_number() -> None:
    found = engine(refused_at=NOW - timedelta(seconds=90), refusal="down", queued=14, stuck=5)
    assert found.alarms == (Alarm.MAIL_SERVER,)
    words = "The mail server takes nothing from us at the moment: “down”."
    assert reported(found) == [f"{words} E-mails waiting to be sent: 14."]


def test_refusal_of_a_dead_worker_is_only_its_silence() -> None:
    assert engine(refused_at=EARLIER, last_beat=EARLIER).alarms == (Alarm.WORKER,)


def test_mails_that_nobody_tries_are_an_alarm_unless_they_are_held() -> None:
    assert engine(stuck=4).alarms == (Alarm.STUCK,)
    assert engine(stuck=4, paused_since=EARLIER).alarms == (Alarm.PAUSED,)


def test_alarms_are_urgent_and_the_hold_comes_first() -> None:
    found = todos_of(engine(last_beat=None, paused_since=EARLIER))
    assert [todo.severity for todo in found] == [Severity.DANGER] * 2
    assert "backup" in found[0].text


@pytest.mark.parametrize(("minutes", "stands"), [(29, False), (31, True)])
def test_mailbox_that_is_not_read_is_an_alarm_and_stops_no_mail(minutes: int, stands: bool) -> None:
    since = NOW - timedelta(minutes=minutes)
    found = engine(unread_since=since, mailbox_failure="Authentication failed")
    assert (found.alarms == (Alarm.MAILBOX,)) is stands
    assert not found.stands
    if stands:
        assert "31 minutes: “Authentication failed”" in reported(found)[0]
        assert todos_of(found)[0].severity is Severity.WARNING
        assert "Nobody has read" in reported(engine(unread_since=since))[0]


def test_mailbox_that_nobody_can_read_now_is_no_alarm_of_its_own() -> None:
    old = NOW - timedelta(days=1)
    assert engine(unread_since=old, paused_since=old).alarms == (Alarm.PAUSED,)
    assert engine(unread_since=old, last_beat=old).alarms == (Alarm.WORKER,)


def test_slow_ticks_give_a_worker_more_patience() -> None:
    assert silence_limit(timedelta(seconds=1)) == timedelta(minutes=2)
    assert silence_limit(timedelta(minutes=5)) == timedelta(minutes=15)


def test_database_that_stores_nothing_is_the_first_alarm() -> None:
    found = engine(write_fault="database or disk is full", last_beat=None)
    assert found.alarms == (Alarm.DATABASE, Alarm.WORKER)
    assert found.stands
    assert reported(found)[0].startswith("Nothing can be stored")


@pytest.mark.parametrize(
    ("made_at", "words"),
    [
        (NOW - timedelta(days=4), "The last backup is 4 days old."),
        (None, "No backup has been made"),
    ],
)
def test_overdue_backup_is_reported_and_stops_no_mail(made_at: datetime | None, words: str) -> None:
    on_time = engine(backup_at=made_at, backup_due_at=NOW)
    late = engine(backup_at=made_at, backup_due_at=NOW - timedelta(seconds=1))
    assert (on_time.alarms, late.alarms, late.stands) == ((), (Alarm.BACKUP,), False)
    assert reported(late)[0].startswith(words)
    assert todos_of(late)[0].severity is Severity.WARNING
