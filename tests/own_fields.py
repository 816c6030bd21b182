"""Makers of an event's own fields, of answers to them, and of what else is stored about people."""

import json
from itertools import count
from typing import Any

from flask import Flask

from ikone_events.store.accounts.models import Organiser
from ikone_events.store.events.models import Event
from ikone_events.store.registering.form_fields import Answer, FormField
from ikone_events.store.registering.models import ImportList, Registration, StatusChange
from tests.factories import NOW, stored

_number = count(1)


def make_field(app: Flask, event: Event, **values: Any) -> FormField:
    """A field for a short text that nobody must fill; `choices` and `versions` may be lists."""
    number = next(_number)
    for name in ("choices", "versions"):
        if not isinstance(values.get(name, ""), str):
            values[name] = json.dumps(values[name], ensure_ascii=False)
    defaults: dict[str, Any] = {
        "event_id": event.id,
        "key": f"field{number}",
        "kind": "short_text",
        "position": number,
        "label": f"Frage {number}",
    }
    return stored(app, FormField(**{**defaults, **values}))


def make_answer(
    app: Flask, person: Registration, field: FormField, value: str, **values: Any
) -> Answer:
    """What somebody answered."""
    key = value[:100] if json.loads(field.choices) else ""
    row = {"registration_id": person.id, "field_id": field.id, "value": value, "value_key": key}
    return stored(app, Answer(**{"at": NOW, **row, **values}))


def make_change(app: Flask, person: Registration, **values: Any) -> StatusChange:
    """One step of a chain: how the person came to stand where they stand."""
    defaults: dict[str, Any] = {
        "registration_id": person.id,
        "action": "register",
        "source": "",
        "target": person.status,
        "actor": "person",
        "at": person.registered_at,
    }
    return stored(app, StatusChange(**{**defaults, **values}))


def make_import(app: Flask, event: Event, rows: str) -> ImportList:
    """A list that was read and waits for an organiser's yes."""
    number = next(_number)
    who = Organiser(email=f"import{number}@example.org", fs_uniquifier=str(number), active=True)
    owner = stored(app, who)
    return stored(
        app, ImportList(event_id=event.id, organiser_id=owner.id, rows=rows, created_at=NOW)
    )
