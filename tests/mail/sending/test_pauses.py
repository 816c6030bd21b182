"""Pauses between tries: never shorter than asked for, spread out, at an end some day."""

from datetime import timedelta

import pytest

from ikone_events.mail.sending.outcomes import pause_after

PAUSES = (60, 300, 900)


@pytest.mark.parametrize("tries", [1, 2, 3])
def test_pause_is_as_long_as_asked_for_and_up_to_a_fifth_longer(tries: int) -> None:
    asked = timedelta(seconds=PAUSES[tries - 1])
    found = {pause_after(tries, PAUSES, seed=str(number)) for number in range(200)}
    assert all(pause is not None and asked <= pause <= asked * 1.2 for pause in found)
    assert len(found) > 5


def test_same_seed_gives_the_same_pause() -> None:
    assert pause_after(2, PAUSES, seed="17:2") == pause_after(2, PAUSES, seed="17:2")


def test_mail_that_lost_no_try_waits_for_the_first_pause() -> None:
    assert pause_after(0, PAUSES, seed="x") == pause_after(1, PAUSES, seed="x")


def test_after_the_last_pause_there_is_none() -> None:
    assert pause_after(4, PAUSES, seed="x") is None
