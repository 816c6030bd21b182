"""`python -m tests.bench.door_links SLUG PEOPLE FILE`: confirmed people and their doors.

Half of them come by the link of their mail, half by that of their calendar entry.
"""

import json
import sys
from datetime import UTC, datetime
from pathlib import Path

from ikone_events.app import create_app
from ikone_events.config import settings_from_environment
from ikone_events.store.events.queries import find_event
from tests.factories import door_path, make_registration, personal_path

if __name__ == "__main__":
    slug, people, file = sys.argv[1:]
    app = create_app(settings_from_environment())
    with app.app_context():
        event = find_event(slug)
    assert event is not None
    paths, moment = [], datetime.now(UTC)
    for number in range(int(people)):
        person = make_registration(app, event, status_at=moment, registered_at=moment)
        own = number % 2
        paths.append(personal_path(app, person, "/room") if own else door_path(app, person))
    Path(file).write_text("\n".join(paths), encoding="utf-8")
    sys.stdout.write(json.dumps({"people": len(paths)}))
