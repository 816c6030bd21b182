"""The list for the door: to print, and as a workbook (XLSX, ODS)."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from flask import Response, render_template, request

from ikone_events.domain.events.facts import EventFormat, Mode
from ikone_events.domain.registering.form_fields import FieldKind, visible_to
from ikone_events.services.documents.spreadsheets import Row
from ikone_events.services.installation import now
from ikone_events.services.registering.answers import all_fields
from ikone_events.store.events.models import Event
from ikone_events.store.registering.form_fields import answers_for
from ikone_events.store.registering.models import Registration
from ikone_events.store.registering.queries import people_to_tick
from ikone_events.store.rooms.attendance import present_since
from ikone_events.web.organiser.exports import export_table, limit_exports
from ikone_events.web.organiser.frame import blueprint, seen_event
from ikone_events.web.organiser.registering.people_words import AnswerText, answer_texts
from ikone_events.web.shell.access import Permission, asker_role, permission
from ikone_events.web.shell.filters import moment_words
from ikone_events.web.shell.i18n import gettext as _
from ikone_events.web.shell.i18n import page_locale


class DoorRow(NamedTuple):
    """A person who is expected, with the note and the answers that the asker may see.

    `since`: when the person was checked in, or came otherwise; None for those who are not there.
    """

    person: Registration
    since: datetime | None
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
        return self.person.organisation_name

    @property
    def remarks(self) -> str:
        """The note and the answers in one text."""
        said = [f"{each.lead_in} {each.text}" for each in self.answers]
        return "; ".join([*([self.note] if self.note else []), *said])


@blueprint.get("/events/<slug>/registrations/door")
@permission(Permission.EXPORT_PEOPLE)
def door_list(slug: str) -> str:
    """Show who is expected at the door, by name, on a page to print; `bare` without remarks."""
    event, bare = seen_event(slug), "bare" in request.args
    rows = _expected(event, bare=bare)
    return render_template(
        "organiser/registering/door.html",
        event=event,
        rows=rows,
        present=sum(row.since is not None for row in rows),
        bare=bare,
        on_site=mode_at_door(event) is not None,
        has_badges=event.format != EventFormat.ONLINE.value,
        printed_at=now(),
    )


@blueprint.get("/events/<slug>/registrations/door.<any(xlsx, ods):file_type>")
@permission(Permission.EXPORT_PEOPLE)
@limit_exports
def door_workbook(slug: str, file_type: str) -> Response:
    """Export the same list as a workbook."""
    event = seen_event(slug)
    columns = (_("Name"), _("Public body"), _("Was there"), _("Remarks"))
    rows = _cells(event, _expected(event, bare="bare" in request.args), columns)
    name = f"{event.slug}-door.{file_type}"
    return export_table("door list", columns, rows, name, title=event.slug, event=event)


def _cells(event: Event, rows: Sequence[DoorRow], columns: Sequence[str]) -> Iterator[Row]:
    for row in rows:
        since = moment_words(row.since, event.zone) if row.since else ""
        values = (row.name, row.administration, since, row.remarks)
        yield dict(zip(columns, values, strict=True))


def mode_at_door(event: Event) -> Mode | None:
    """The mode of those who come to the door; None where everybody takes part alike."""
    return Mode.ON_SITE if event.format == EventFormat.HYBRID.value else None


def _expected(event: Event, *, bare: bool) -> list[DoorRow]:
    people, since = people_to_tick(event, mode_at_door(event)), present_since(event.id)
    if bare:
        return [DoorRow(person, since.get(person.id), "", ()) for person in people]
    seen = visible_to(asker_role(), all_fields(event))
    fields = [field for field in seen if field.kind is not FieldKind.CONSENT]
    given = answers_for([person.id for person in people]) if fields else {}
    locale = page_locale()
    return [
        DoorRow(
            person,
            since.get(person.id),
            person.note,
            answer_texts(fields, given.get(person.id, {}), locale),
        )
        for person in people
    ]
