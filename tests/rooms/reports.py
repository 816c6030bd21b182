"""Reports after a meeting, as the room server posts them."""

import json
from collections.abc import Mapping
from datetime import timedelta

from flask.testing import FlaskClient

from ikone_events.services.rooms.entering import visitor_of
from ikone_events.store.registering.models import Registration
from tests.rooms.bbb_server import SECRET
from tests.rooms.days import Day
from tests.rooms.jitsi_server import made_token


def opaque_id_of(day: Day, person: Registration) -> str:
    """The id by which the server knows a person."""
    with day.app.app_context():
        return visitor_of(person).opaque_id


def report_body(day: Day, seconds: Mapping[str, object], **changes: object) -> bytes:
    """A report as bbb-analytics-callback sends it, with a clock of its own."""
    times = ["2099-03-15 08:49:29 +0000"]
    attendees = [
        {
            "ext_user_id": opaque,
            "name": "Sylvia Kelley",
            "moderator": False,
            "joins": times,
            "leaves": times,
            "duration": duration,
            "engagement": {"chats": 3, "talks": 318, "raisehand": 0, "emojis": 0},
        }
        for opaque, duration in seconds.items()
    ]
    session = day.bbb.meetings[day.key].session if day.key in day.bbb.meetings else "1"
    whole = {
        "version": "1.0",
        "meeting_id": day.key,
        "internal_meeting_id": f"640ab2bae07bedc4c163f679a746f7ab7fb5d1fa-{session}",
        "data": {"duration": 3196, "attendees": attendees, "polls": []},
        **changes,
    }
    return json.dumps(whole).encode()


def report_token(day: Day, secret: str = SECRET, algorithm: str = "HS512", **claims: object) -> str:
    expires = int((day.clock.moment + timedelta(hours=1)).timestamp())
    return made_token({"exp": expires, **claims}, secret, algorithm=algorithm)


def post_report(client: FlaskClient, day: Day, body: bytes, token: str | None = None) -> int:
    bearer = report_token(day) if token is None else token
    headers = {"Authorization": f"Bearer {bearer}"} if bearer else {}
    path = f"/rooms/{day.key}/report"
    return client.post(
        path, data=body, headers=headers, content_type="application/json"
    ).status_code
