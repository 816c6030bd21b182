"""The card on an event's overview: what happens next, by itself or when somebody starts it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from flask import url_for

from ikone_events.domain.events.lifecycle import Action
from ikone_events.domain.rooms.door import is_room_known
from ikone_events.services.installation import now
from ikone_events.services.plan.plans import DONE
from ikone_events.store.events.models import Event, StateChange
from ikone_events.web.organiser.events.choices import ActionChoice
from ikone_events.web.organiser.plan.step_views import (
    COMING,
    Missing,
    PlanView,
    StepRow,
)
from ikone_events.web.organiser.plan.step_words import action_label, who_did
from ikone_events.web.shell.filters import moment_words
from ikone_events.web.shell.i18n import gettext as _


@dataclass(frozen=True, slots=True, kw_only=True)
class NextCard:
    """What happens next. `row` is the step that does it by itself, `choice` the action behind it.

    `other` is another way on. `preview` is the page that shows the mail and sends it, `leads_to`
    the page of the follow-up, `asks_for_room` whether the card holds the field for the access link.
    """

    title: str
    text: str = ""
    row: StepRow | None = None
    choice: ActionChoice | None = None
    other: ActionChoice | None = None
    preview: str = ""
    leads_to: str = ""
    asks_for_room: bool = False

    @property
    def missing(self) -> tuple[Missing, ...]:
        """What is missing, with the places to settle it; another page shows it itself."""
        if self.leads_to:
            return ()
        if self.row is not None:
            return self.row.missing
        return self.choice.complaints if self.choice is not None else ()

    @property
    def warns(self) -> bool:
        """Whether somebody has to do something before it can happen."""
        return self.asks_for_room or (self.row is not None and bool(self.row.missing))

    @property
    def at_once(self) -> bool:
        """Whether it can be done now, before its time."""
        if self.choice is not None:
            return self.choice.ready
        return self.row is not None and "run" in self.row.may


def next_card(
    event: Event, view: PlanView, choices: Sequence[ActionChoice], ahead: Action | None
) -> NextCard | None:
    """Return the first step of the plan, or the usual next action if no step does it."""
    rows = [
        row
        for row in (*view.blocked, *view.coming)
        if row.id and row.status in COMING and not row.dropped
    ]
    offered = {choice.action: choice for choice in choices}
    usual = offered.get(ahead or "")
    planned = {row.action for row in rows}
    late = ahead is Action.FOLLOW_UP and event.ends_at <= now()
    if usual is not None and usual.action not in planned and (usual.ready or late or not rows):
        if usual.action == Action.MARK_SENT:
            return _link_unknown(event, offered)
        return _started_by_hand(event, usual)
    if rows:
        return _by_itself(event, rows[0], offered.get(rows[0].action))
    return None


def _link_unknown(event: Event, offered: Mapping[str, ActionChoice]) -> NextCard:
    """The event is over and its link was never sent: the page of the follow-up asks about it."""
    other = offered.get(Action.CONCLUDE)
    return NextCard(
        title=_("Was the access link sent by other means?"),
        text=_("The follow-up asks for it and keeps it in the history, in the same press."),
        choice=offered.get(Action.FOLLOW_UP),
        other=other if other is not None and other.ready else None,
        leads_to=url_for("organiser.follow_up", slug=event.slug),
    )


def _started_by_hand(event: Event, choice: ActionChoice) -> NextCard:
    return NextCard(
        title=choice.label,
        text=f"{choice.text} {choice.mails}",
        choice=choice,
        preview=_preview(event, choice),
    )


def _by_itself(event: Event, row: StepRow, choice: ActionChoice | None) -> NextCard:
    own = row.preview if row.writes and not row.action else ""
    return NextCard(
        title=row.label,
        row=row,
        choice=choice,
        preview=_preview(event, choice) if choice is not None else own,
        asks_for_room=row.action == Action.DISPATCH
        and not is_room_known(event.room_provider, event.room_url),
    )


def _preview(event: Event, choice: ActionChoice) -> str:
    if choice.action == Action.FOLLOW_UP:
        return url_for("organiser.follow_up", slug=event.slug)
    if not choice.writes or choice.asks:
        return ""
    return url_for("organiser.preview", slug=event.slug, action=choice.action)


def done_rows(event: Event, view: PlanView, history: Sequence[StateChange]) -> list[StepRow]:
    """Return what has been: steps, and the changes of the state that no step has made."""
    steps: set[tuple[str, datetime]] = {(row.action, row.at) for row in view.past}
    changes = [change for change in history if (change.action, change.at) not in steps]
    rows = [*view.past, *(_change_row(event, change) for change in changes)]
    return sorted(rows, key=lambda row: row.at)


def _change_row(event: Event, change: StateChange) -> StepRow:
    return StepRow(
        at=change.at,
        event=event,
        label=action_label(change.action),
        status=DONE,
        when=moment_words(change.at, event.zone),
        note=" · ".join(filter(None, (who_did(change.actor), change.reason or ""))),
    )
