"""What an error gives as an example is accepted when it is typed."""

import ast
import re
from datetime import date, datetime, time

import pytest
from wtforms import Form

from ikone_events.domain.times import read_day, read_local
from ikone_events.web.organiser.fields import ClockTime, Day, LocalTime
from ikone_events.web.registering.own_inputs import DayField
from tests.source import modules

_SUCH_AS = re.compile(r"(?:such as|like) “?([0-9][0-9.:T -]*[0-9])")
# Functions whose first argument people read.
_MARKS = ("_", "_l", "N_", "gettext", "lazy_gettext")


def examples() -> set[str]:
    """Every example of a day or time in the texts of the code."""
    found: set[str] = set()
    for module in modules():
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in _MARKS and node.args:
                found.update(_SUCH_AS.findall(ast.unparse(node.args[0])))
    return {text for text in found if re.search(r"[.:-]", text)}


def test_examples_in_texts_are_days_and_times() -> None:
    readers = (read_day, read_local, time.fromisoformat)
    assert len(examples()) > 3

    def is_read(text: str) -> bool:
        for read in readers:
            try:
                read(text)
            except ValueError:
                continue
            return True
        return False

    assert [text for text in sorted(examples()) if not is_read(text)] == []


class _Fields(Form):
    moment = LocalTime("")
    clock = ClockTime("")
    day = Day("")
    own = DayField("", [])


@pytest.mark.parametrize("typed", ["31.01.2026", "2026-01-31"])
def test_fields_take_german_notation(typed: str) -> None:
    form = _Fields(data=None)
    for name, text, value in (
        ("moment", f"{typed} 10:00", datetime(2026, 1, 31, 10)),  # noqa: DTZ001 - local
        ("clock", "09:30", time(9, 30)),
        ("day", typed, date(2026, 1, 31)),
        ("own", typed, date(2026, 1, 31)),
    ):
        form[name].process_formdata([text])
        assert form[name].data == value
