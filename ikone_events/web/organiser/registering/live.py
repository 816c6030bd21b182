"""The live board of an event: who is in, who is missing, questions; and the way into its room.

Whoever enters from here is a moderator, of whom nothing is recorded. The page
works by loading it again. With a script it asks `live/now`, which answers 304 as long as nothing
that it shows has changed.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from flask import Response, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from ikone_events.domain.refusals import N_, Complaint, UnfitInput
from ikone_events.domain.registering.form_fields import visible_to
from ikone_events.domain.registering.registration import Attendance
from ikone_events.domain.rooms.board import Board, BoardPerson, BoardPhase, asks_for_telephone
from ikone_events.domain.rooms.door import Door
from ikone_events.domain.rooms.questions import AskedQuestion, done, in_order
from ikone_events.domain.times import clock
from ikone_events.services.installation import now
from ikone_events.services.rooms.board import mark_by_hand, phase_of
from ikone_events.services.rooms.entering import host_of, join_address, speaker_door_of
from ikone_events.store.db import transaction
from ikone_events.store.events.models import Event
from ikone_events.store.office.queries import events_with_failing_room
from ikone_events.store.registering.form_fields import asked_of
from ikone_events.store.rooms.board import people_on_board, telephones
from ikone_events.store.rooms.questions import questions_of
from ikone_events.web.attendee.entering import RoomPassage, lead_on, press_of_moderator
from ikone_events.web.organiser.frame import Answer, actor, blueprint, seen_event
from ikone_events.web.shell.access import (
    Permission,
    asker_role,
    may,
    organiser,
    permission,
    unattended,
)
from ikone_events.web.shell.i18n import gettext as _
from ikone_events.web.shell.i18n import page_locale

_PATH = "/events/<slug>/live"
USABLE = (BoardPhase.OPEN, BoardPhase.OVER)


@dataclass(frozen=True)
class ShownBoard:
    """Everything that the board of an event shows at a moment."""

    event: Event
    phase: BoardPhase
    board: Board
    questions: Sequence[AskedQuestion]
    telephones: Mapping[str, str]
    projector: bool
    began: bool
    may_enter: bool
    room_fails: bool

    @cached_property
    def open(self) -> list[AskedQuestion]:
        """The questions to answer, in the office's order."""
        return in_order(self.questions)

    @cached_property
    def done(self) -> list[AskedQuestion]:
        """The questions that are ticked off."""
        return done(self.questions)

    @cached_property
    def version(self) -> str:
        """A digest of all that is shown, so that whatever changes it gives another one."""
        content = (
            *(self.phase, self.projector, self.began, page_locale()),
            *(self.may_enter, self.room_fails, may(Permission.EDIT_EVENTS)),
            *(self.event.title, self.event.starts_at, self.event.ends_at, self.event.format),
            self.event.dial_in,
            self.board.people,
            sorted(self.questions, key=lambda each: each.key),
            sorted(self.telephones.items()),
        )
        return hashlib.sha256(repr(content).encode()).hexdigest()[:32]


def shown_board(event: Event, moment: datetime) -> ShownBoard:
    """Read the board; without people and questions before the day and after the deletion."""
    phase, projector = phase_of(event, moment), "projector" in request.args
    usable = phase in USABLE
    return ShownBoard(
        event=event,
        phase=phase,
        board=Board(people_on_board(event, moment) if usable else (), event.starts_at),
        questions=questions_of(event) if usable else (),
        telephones={} if projector else _telephones(event),
        projector=projector,
        began=moment >= event.starts_at,
        may_enter=may(Permission.EDIT_EVENTS) and speaker_door_of(event, moment) is Door.OPEN,
        room_fails=phase is BoardPhase.OPEN and bool(events_with_failing_room([event])),
    )


def _telephones(event: Event) -> dict[str, str]:
    """Numbers from own fields of the form, as far as the account may see their answers."""
    fields = [asked for asked in asked_of(event) if asks_for_telephone(asked.own)]
    seen = {own.key for own in visible_to(asker_role(), (asked.own for asked in fields))}
    return telephones([asked.id for asked in fields if asked.own.key in seen])


@blueprint.get(_PATH)
@permission(Permission.SEE_EVENTS)
def live(slug: str) -> str:
    """Show the board; `?projector` shows the open questions without names, in large type."""
    return show_live(seen_event(slug))


def show_live(event: Event, **more: object) -> str:
    """Render the page, with the complaints of a form that was refused."""
    moment = now()
    shown = shown_board(event, moment)
    name = "projector" if shown.projector else "live"
    return render_template(f"organiser/registering/{name}.html", **_values(shown, moment, **more))


@blueprint.get(f"{_PATH}/now")
@permission(Permission.SEE_EVENTS)
@unattended
def live_now(slug: str) -> Response:
    """The part of the page that changes, or 304 if the page shows just that."""
    event, moment = seen_event(slug), now()
    shown = shown_board(event, moment)
    if request.if_none_match.contains_weak(shown.version):
        response = Response(status=304)
    else:
        template = "organiser/registering/live_now.html"
        response = make_response(
            render_template(template, **_values(shown, moment, refreshed=True))
        )
    response.set_etag(shown.version, weak=True)
    response.headers["X-Shown-At"] = clock(moment, zone=event.zone)
    return response


def _values(shown: ShownBoard, moment: datetime, **more: object) -> dict[str, object]:
    return {
        "event": shown.event,
        "shown": shown,
        "board": shown.board,
        "moment": moment,
        "marked": _marked(shown.board),
        "complaints": (),
        "typed": {},
        "refreshed": False,
        **more,
    }


def _marked(board: Board) -> tuple[BoardPerson, str] | None:
    """Whom the helper has just marked, and what was stated of them before, to undo it."""
    public_id, _slash, before = request.args.get("marked", "").partition("/")
    person = next((each for each in board.people if each.public_id == public_id), None)
    if person is None or before not in ("", *Attendance) or before == person.stated:
        return None
    return person, before


@blueprint.post(f"{_PATH}/mark")
@permission(Permission.EDIT_EVENTS)
def mark_on_board(slug: str) -> Answer:
    """Mark one person by hand as present or absent, or take that back."""
    seen_event(slug)
    public_id, _slash, wish = request.form.get("mark", "").partition("/")
    if wish not in ("", *Attendance):
        raise UnfitInput(Complaint(N_("Please choose whether the person was there.")))
    with transaction():
        before = mark_by_hand(
            slug, public_id, Attendance(wish) if wish else None, now=now(), by=actor()
        )
    marked = f"{public_id}/{before or ''}"
    return redirect(url_for("organiser.live", slug=slug, marked=marked, _anchor="people"), 303)


@blueprint.post(f"{_PATH}/room")
@permission(Permission.EDIT_EVENTS)
def enter_room(slug: str) -> ResponseReturnValue:
    """Make sure that the room is there, then lead on."""
    return press_of_moderator(seen_event(slug), url_for("organiser.room", slug=slug), now=now())


@blueprint.get(f"{_PATH}/room")
@permission(Permission.EDIT_EVENTS)
def room(slug: str) -> ResponseReturnValue:
    """The page after the press; without one, or out of hours, the live board."""
    event, moment = seen_event(slug), now()
    board = url_for("organiser.live", slug=slug)
    if "go" not in request.args or speaker_door_of(event, moment) is not Door.OPEN:
        return redirect(board, 303)
    here, account = url_for("organiser.enter_room", slug=slug), organiser()
    host = host_of(event, account.name or _("Guest"), account.id)  # never the address
    passage = RoomPassage(event=event, here=here, back=board, back_label=_("Back to the live view"))
    return lead_on(passage, lambda: join_address(event, host, now=moment))
