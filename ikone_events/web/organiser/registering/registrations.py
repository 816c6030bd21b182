"""The registrations of an event: search, attendance, export."""

import io
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from flask import Response, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from ikone_events.domain.events.facts import State
from ikone_events.domain.registering.form_fields import OwnField, visible_to
from ikone_events.domain.registering.registration import Attendance
from ikone_events.domain.registering.status import (
    RegistrationAction,
    RegistrationStatus,
    registration_status,
)
from ikone_events.services.accounts.security_log import SecurityEvent
from ikone_events.services.installation import now
from ikone_events.services.registering.answers import all_fields
from ikone_events.services.registering.by_organiser import actions_for
from ikone_events.services.registering.lists.exports import (
    registration_columns,
    registration_rows,
    waiting_positions,
    write_json,
)
from ikone_events.services.registering.reservations import undelivered
from ikone_events.services.registering.seating import waiting_reasons
from ikone_events.services.rooms.attendance import state_of_one
from ikone_events.store.db import transaction
from ikone_events.store.events.models import Event
from ikone_events.store.figures.counts import Counts
from ikone_events.store.incoming.lists import undeliverable_among
from ikone_events.store.incoming.registration_counts import FilterCounts, filter_counts
from ikone_events.store.incoming.registration_search import (
    RegistrationSearch,
    administrations_at,
    search_people,
)
from ikone_events.store.registering.form_fields import answers_for
from ikone_events.store.registering.models import Registration
from ikone_events.store.registering.queries import deputies_of
from ikone_events.store.rooms.attendance import attendances
from ikone_events.web.organiser.exports import export_table, limit_exports
from ikone_events.web.organiser.frame import (
    Answer,
    actor,
    blueprint,
    download,
    flash_at,
    page_number,
    page_url,
    seen_event,
)
from ikone_events.web.organiser.incoming import answer_words
from ikone_events.web.organiser.registering.bulk import offered
from ikone_events.web.organiser.registering.filter import (
    FILTER_LABELS,
    ORDER_LABELS,
    chips_for,
    choices_for,
    query_of,
    wish_of,
)
from ikone_events.web.organiser.registering.people_words import (
    ASKING,
    QUICK,
    AnswerText,
    action_label,
    answer_texts,
    possible_now,
)
from ikone_events.web.shell.access import Permission, asker_role, permission
from ikone_events.web.shell.i18n import page_locale, translate
from ikone_events.web.shell.security_events import record


@blueprint.get("/events/<slug>/registrations")
@permission(Permission.SEE_EVENTS)
def registrations(slug: str) -> str:
    """Show one page of the list, filtered and ordered as the query says."""
    event, moment = seen_event(slug), now()
    wish = wish_of(request.args)
    page = search_people(event, wish, now=moment, number=page_number())
    query = query_of(wish)
    found = filter_counts(event, wish, now=moment)
    counts, begun = _counts(found), moment >= event.starts_at
    kept = {**query, "tick": "whole"} if request.args.get("tick") == "whole" else query
    return render_template(
        "organiser/registering/registrations.html",
        event=event,
        counts=counts,
        page=page,
        page_url=page_url("organiser.registrations", slug=slug, **kept),
        came=attendances(event, moment, [each.id for each in page.rows]) if begun else {},
        deputies=deputies_of(page.rows),
        positions=waiting_positions(event),
        reasons=_reasons(event, page.rows),
        undelivered=undelivered(page.rows),
        answers=_answers(event, page.rows),
        undecided=found.undecided,
        undeliverable=undeliverable_among([each.email_key for each in page.rows]),
        words=answer_words,
        **_filters_and_bar(event, wish, found, moment),
        wish=wish,
        query=query,
        quick={each.id: possible_now(_quick(each), event, counts) for each in page.rows},
        asking=ASKING,
        action_label=action_label,
        status_of=lambda person: registration_status(person.status, person.awaits).value,
        places=["several", *(f"p-{each.public_id}" for each in page.rows)],
        begun=begun,
        over=moment >= event.ends_at,
        day=event.day,
    )


def _counts(found: FilterCounts) -> Counts:
    """Return the figures of the whole event."""
    counts = Counts(to_approve=found.of_event[RegistrationStatus.APPROVAL])
    for status, number in found.of_event.items():
        stored, _awaits = status.columns
        counts.by_status[stored] = counts.by_status.get(stored, 0) + number
    return counts


def _filters_and_bar(
    event: Event, wish: RegistrationSearch, found: FilterCounts, moment: datetime
) -> dict[str, Any]:
    """Return what narrows the list, and what can be done for whom it shows."""
    tick = request.args.get("tick", "")
    return {
        "orders": ORDER_LABELS,
        "chips": chips_for(wish, found, begun=moment >= event.starts_at),
        "filters": choices_for(event, administrations_at(event)),
        "filter_labels": FILTER_LABELS,
        "whole": tick == "whole",
        "ticked": tick == "page",
        "several": [] if moment >= event.ends_at else offered(found.statuses, wish),
        "writable": event.state not in (State.DRAFT, State.ARCHIVED),
    }


def _quick(person: Registration) -> list[RegistrationAction]:
    """Return the actions of a row: those of the list that the status allows."""
    possible = actions_for(person)
    quick = QUICK.get(registration_status(person.status, person.awaits), ())
    return [action for action in quick if action in possible]


def _reasons(event: Event, people: Sequence[Registration]) -> dict[int, str]:
    found = waiting_reasons(event, people, now=now())
    return {row: translate(complaint) for row, complaint in found.items()}


def _answers(event: Event, people: Sequence[Registration]) -> Mapping[int, list[AnswerText]]:
    """Return the answers on one page of the list that the asker may see."""
    fields: list[OwnField] = visible_to(asker_role(), all_fields(event))
    if not fields:
        return {}
    given = answers_for([each.id for each in people])
    return {row: answer_texts(fields, values, page_locale()) for row, values in given.items()}


@blueprint.post("/events/<slug>/registrations/<public_id>/attendance")
@permission(Permission.EDIT_EVENTS)
def set_attendance(slug: str, public_id: str) -> Answer:
    """Save whether a person attended, or that it is unknown."""
    seen_event(slug)
    wish = request.form.get("attendance", "")
    if wish not in ("", *Attendance):
        abort(422)
    with transaction():
        said = Attendance(wish) if wish else None
        state_of_one(slug, public_id, said, now=now(), by=actor())
    return back_to_list(slug, public_id)


def back_to_list(slug: str, public_id: str = "", *, anchor: str = "") -> BaseResponse:
    """Redirect to the same place of the list; the form contains its query."""
    kept: dict[str, Any] = query_of(wish_of(request.form))
    if request.form.get("page", "").isdecimal():
        kept["page"] = request.form["page"][:6]
    if place := anchor or (public_id and f"p-{public_id}"):
        kept["_anchor"] = place
    return redirect(url_for("organiser.registrations", slug=slug, **kept), 303)


def back_without(slug: str, words: str) -> BaseResponse:
    """Redirect to the list, which says why nothing was done for the selected people."""
    flash_at("several", words, "warning")
    return back_to_list(slug, anchor="several")


@blueprint.get("/events/<slug>/registrations.<any(csv, xlsx, ods, json):file_type>")
@permission(Permission.EXPORT_PEOPLE)
@limit_exports
def export_registrations(slug: str, file_type: str) -> Response:
    """Export all registrations as CSV that German Excel opens, as a workbook or as JSON."""
    event, role, words = seen_event(slug), asker_role(), file_type != "json"
    name = f"{event.slug}.{file_type}"
    rows = registration_rows(event, role, now=now(), words=words)
    if words:
        columns = registration_columns(event, role)
        return export_table("registrations", columns, rows, name, title=event.slug, event=event)
    stream = io.StringIO()
    number = write_json(stream, rows)
    file = download(stream.getvalue(), "application/json", name)
    record(SecurityEvent.EXPORTED, what="registrations", of_event=event.id, rows=number)
    return file
