"""The list for the door: to print, and as a workbook."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from flask import Response, render_template, request

from ikone_events.domain.events.facts import EventFormat, Mode
from ikone_events.domain.registering.form_fields import FieldKind, visible_to
from ikone_events.services.accounts.security_log import SecurityEvent
from ikone_events.services.installation import now
from ikone_events.services.registering.answers import all_fields
from ikone_events.services.spreadsheets import Row
from ikone_events.store.events.models import Event
from ikone_events.store.registering.attendance import people_to_tick
from ikone_events.store.registering.form_fields import answers_for
from ikone_events.store.registering.models import Registration
from ikone_events.web.organiser.exports import table_file
from ikone_events.web.organiser.frame import blueprint, seen_event
from ikone_events.web.organiser.registering.people_words import AnswerText, answer_texts
from ikone_events.web.shell.access import Permission, asker_role, organiser, permission
from ikone_events.web.shell.i18n import gettext as _
from ikone_events.web.shell.i18n import page_locale
from ikone_events.web.shell.limits import limited
from ikone_events.web.shell.security_events import record


class DoorRow(NamedTuple):
    """A person who is expected, with the note and the answers that the asker may see."""

    person: Registration
    note: str
    answers: Sequence[AnswerText]

    @property
    def name(self) -> str:
        """The name as the list is ordered by it."""
        first = " ".join(part for part in (self.person.title, self.person.first_name) if part)
        return f"{self.person.last_name}, {first}"

    @property
    def administration(self) -> str:
        """The name of the administration, or what was typed."""
        found = self.person.organisation
        return found.name if found else self.person.organisation_text

    @property
    def remarks(self) -> str:
        """The note and the answers in one text."""
        said = [f"{each.label}: {each.text}" for each in self.answers]
        return "; ".join([*([self.note] if self.note else []), *said])


@blueprint.get("/events/<slug>/registrations/door")
@permission(Permission.EXPORT_PEOPLE)
def door_list(slug: str) -> str:
    """Show who is expected at the door, by name, on a page to print; `bare` without remarks."""
    event, bare = seen_event(slug), "bare" in request.args
    return render_template(
        "organiser/registering/door.html",
        event=event,
        rows=_expected(event, bare=bare),
        bare=bare,
        on_site=_mode(event) is not None,
        printed_at=now(),
    )


@blueprint.get("/events/<slug>/registrations/door.xlsx")
@permission(Permission.EXPORT_PEOPLE)
@limited("60 per hour", key_func=lambda: f"export:{organiser().id}")
def door_workbook(slug: str) -> Response:
    """Export the same list as a workbook."""
    event = seen_event(slug)
    columns = (_("Name"), _("Public body"), _("Was there"), _("Remarks"))
    rows = _cells(_expected(event, bare="bare" in request.args), columns)
    file, number = table_file(columns, rows, f"{event.slug}-door.xlsx", title=event.slug)
    record(SecurityEvent.EXPORTED, what="door list", of_event=event.id, rows=number)
    return file


def _cells(rows: Sequence[DoorRow], columns: Sequence[str]) -> Iterator[Row]:
    for row in rows:
        values = (row.name, row.administration, "", row.remarks)
        yield dict(zip(columns, values, strict=True))


def _mode(event: Event) -> Mode | None:
    """The mode of those who come to the door; None where everybody takes part alike."""
    return Mode.ON_SITE if event.format == EventFormat.HYBRID.value else None


def _expected(event: Event, *, bare: bool) -> list[DoorRow]:
    people = people_to_tick(event, _mode(event))
    if bare:
        return [DoorRow(person, "", ()) for person in people]
    seen = visible_to(asker_role(), all_fields(event))
    fields = [field for field in seen if field.kind is not FieldKind.CONSENT]
    given = answers_for([person.id for person in people]) if fields else {}
    locale = page_locale()
    return [
        DoorRow(person, person.note, answer_texts(fields, given.get(person.id, {}), locale))
        for person in people
    ]
