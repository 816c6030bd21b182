"""Requests for materials: the card on the page of the materials, and its buttons."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from flask import redirect, request, url_for
from flask_babel import ngettext

from ikone_events.domain.followup.requests import LINK_LIFE, RequestState, is_link_valid
from ikone_events.domain.refusals import Complaint
from ikone_events.services.followup import requests as service
from ikone_events.services.followup.requests import BY_SETTING
from ikone_events.services.installation import now
from ikone_events.store.db import transaction
from ikone_events.store.events.models import Event
from ikone_events.store.followup.requests import (
    MaterialRequest,
    RequestCounts,
    known_requests,
    no_request_because,
    requests_of,
)
from ikone_events.web.organiser.frame import Answer, actor, blueprint, flash_at, seen_event
from ikone_events.web.shell.access import Permission, permission
from ikone_events.web.shell.i18n import gettext as _

PLACE = "requests"


@dataclass(frozen=True, slots=True)
class Decided:
    """A decided request; `expired`: its link has ended, `by_setting`: nobody had to decide."""

    request: MaterialRequest
    granted: bool
    expired: bool
    by_setting: bool


@dataclass(frozen=True, slots=True)
class RequestsCard:
    """What the card shows; `closed` says why nobody can ask at present, None if people can."""

    waiting: Sequence[MaterialRequest]
    decided: Sequence[Decided]
    counts: RequestCounts
    closed: Complaint | None
    grants_by_itself: bool
    link_days: int = LINK_LIFE.days

    @property
    def is_shown(self) -> bool:
        """Whether there is something to decide, to look at or to set."""
        return self.closed is None or self.counts.asked > 0


def requests_card(event: Event, moment: datetime) -> RequestsCard:
    """The card of an event; the latest decisions first."""
    known = known_requests(event)
    decided = [each for each in known if each.state != RequestState.OPEN.value]
    decided.sort(key=lambda each: each.decided_at or moment, reverse=True)
    return RequestsCard(
        waiting=[each for each in known if each.state == RequestState.OPEN.value],
        decided=[_decided(each, moment) for each in decided],
        counts=requests_of(event),
        closed=no_request_because(event, moment),
        grants_by_itself=event.grants_materials,
    )


def _decided(each: MaterialRequest, moment: datetime) -> Decided:
    granted = each.state == RequestState.GRANTED.value
    return Decided(
        each,
        granted=granted,
        expired=granted and not is_link_valid(each.state, each.granted_until, moment),
        by_setting=each.decided_by == BY_SETTING,
    )


@blueprint.post("/events/<slug>/materials/requests/grant")
@permission(Permission.EDIT_EVENTS)
def grant_all_requests(slug: str) -> Answer:
    """Grant every request that waits."""
    seen_event(slug)
    with transaction():
        number = service.grant_all(slug, actor=actor(), now=now())
    words = ngettext(
        "%(num)d request has been granted. The link is on its way.",
        "%(num)d requests have been granted. The links are on their way.",
        number,
    )
    return _back(slug, words)


@blueprint.post("/events/<slug>/materials/requests/setting")
@permission(Permission.EDIT_EVENTS)
def set_granting(slug: str) -> Answer:
    """Grant future requests at once, or decide about each of them."""
    seen_event(slug)
    granting = request.form.get("granting") == "always"
    with transaction():
        service.grant_by_itself(slug, granting=granting)
    if granting:
        return _back(slug, _("From now on whoever asks gets the link at once."))
    return _back(slug, _("From now on you decide about each request."))


@blueprint.post("/events/<slug>/materials/requests/<public_id>/grant")
@permission(Permission.EDIT_EVENTS)
def grant_request(slug: str, public_id: str) -> Answer:
    """Send somebody the link; a second press sends no second mail."""
    seen_event(slug)
    with transaction():
        granted = service.grant_request(slug, public_id, actor=actor(), now=now())
    if granted:
        return _back(slug, _("The request has been granted. The link is on its way."))
    return _back(slug, _("This request has been granted already."))


@blueprint.post("/events/<slug>/materials/requests/<public_id>/refuse")
@permission(Permission.EDIT_EVENTS)
def refuse_request(slug: str, public_id: str) -> Answer:
    """Refuse a request or take a link back; a mail says so only if that was ticked."""
    seen_event(slug)
    notify, taken_back = (request.form.get(name) == "1" for name in ("notify", "taken_back"))
    with transaction():
        service.refuse_request(slug, public_id, notify=notify, actor=actor(), now=now())
    if notify:
        return _back(slug, _("The request has been refused. The person is told by e-mail."))
    if taken_back:
        return _back(slug, _("The link has been taken back."))
    return _back(slug, _("The request has been refused. Nobody is written to."))


@blueprint.post("/events/<slug>/materials/requests/<public_id>/delete")
@permission(Permission.EDIT_EVENTS)
def delete_request(slug: str, public_id: str) -> Answer:
    """Delete the details of somebody who asked; the count stays."""
    seen_event(slug)
    with transaction():
        service.delete_request(slug, public_id, now=now())
    return _back(slug, _("The details have been deleted. The request is still counted."))


def _back(slug: str, words: str) -> Answer:
    flash_at(PLACE, words)
    return redirect(url_for("organiser.materials", slug=slug, _anchor=PLACE), 303)
