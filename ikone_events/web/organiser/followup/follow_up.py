"""The follow-up in one screen: who gets which version and which materials, and the press."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from flask import abort, redirect, render_template, request, url_for
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm

from ikone_events.domain.events.facts import AFTER_FOLLOW_UP, CALLED_OFF, STATE_LABELS, State
from ikone_events.domain.events.lifecycle import Action, find_rule
from ikone_events.domain.events.needs import lacks_link, needs_material
from ikone_events.domain.followup.access import Visibility
from ikone_events.domain.header_text import MOST_REASON
from ikone_events.domain.mails.audiences import Audience
from ikone_events.domain.mails.kinds import MailKind
from ikone_events.domain.refusals import Complaint, SomebodyWasFaster, TransitionRefused, UnfitInput
from ikone_events.services.events.combined_actions import follow_up
from ikone_events.services.events.foresight import runs_by_itself
from ikone_events.services.events.transitions import Request, facts_for
from ikone_events.services.followup.answers import ANSWER
from ikone_events.services.followup.sending import (
    SUPPLEMENT,
    is_being_written,
    new_materials,
    write_to_waiting,
)
from ikone_events.services.installation import now
from ikone_events.services.mails.audiences import Group, count_each
from ikone_events.services.mails.drafts import (
    Draft,
    Sending,
    counts_by_kind,
    draft_for,
    find_person,
    sending_of_version,
)
from ikone_events.store.db import transaction
from ikone_events.store.events.models import Event, Material
from ikone_events.store.followup.access import count_releases
from ikone_events.store.rooms.questions import questions_of
from ikone_events.web.organiser.frame import (
    Answer,
    actor,
    blueprint,
    flash_at,
    seen_event,
    show_complaints,
    translate_all,
)
from ikone_events.web.organiser.plan.step_words import planned_words, sent_words
from ikone_events.web.shell.access import Permission, permission
from ikone_events.web.shell.forms import TextField
from ikone_events.web.shell.i18n import gettext as _
from ikone_events.web.shell.i18n import ngettext
from ikone_events.web.shell.interrupted import refuse_shown_again

_PATH = "/events/<slug>/follow-up"
# The versions by their names in addresses, in the order of the page.
VERSIONS: Mapping[str, MailKind] = {
    "attended": MailKind.FOLLOW_UP,
    "missed": MailKind.FOLLOW_UP_MISSED,
    "unknown": MailKind.FOLLOW_UP_UNKNOWN,
    "waited": MailKind.FOLLOW_UP_WAITED,
}


class FollowUpForm(FlaskForm):
    """How people got the link, where that did not happen by us."""

    reason = TextField(
        _l("How did people get the access link?"), render_kw={"rows": 2, "maxlength": MOST_REASON}
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One version of the follow-up; `draft` is one person's mail, `unfit` why there is none."""

    name: str
    kind: MailKind
    label: str
    number: int
    draft: Draft | None = None
    unfit: Sequence[str] = ()


@blueprint.get(_PATH, endpoint="follow_up")
@permission(Permission.SEE_EVENTS)
def show(slug: str) -> str:
    """Show the versions, or what has become of them."""
    return _page(seen_event(slug), FollowUpForm())


def send_follow_up(slug: str) -> Answer:
    """Send the follow-up, which is the answer to its action.

    Where the link was never sent by us, the form says how people got it.
    """
    event, form = seen_event(slug), FollowUpForm()
    try:
        expected = State(request.form.get("state", ""))
    except ValueError:
        abort(422)
    try:
        refuse_shown_again()
        with transaction():
            wish = Request(
                action=Action.FOLLOW_UP,
                actor=actor(),
                expected=expected,
                reason=form.reason.data or "",
            )
            done = follow_up(slug, wish, now=now())
    except (TransitionRefused, SomebodyWasFaster, UnfitInput) as refusal:
        status = 409 if isinstance(refusal, SomebodyWasFaster) else _status(refusal.complaints)
        show_complaints(form, refusal.complaints)
        return _page(seen_event(slug), form), status
    number = count_each([Group(done.event, Audience.FOLLOWED_UP)], now=now()).popitem()[1]
    words = sent_words(number, None, zone=event.zone) if number else ""
    flash_at("sent", f"{_('The event is followed up.')} {words}".rstrip())
    return redirect(url_for("organiser.follow_up", slug=slug), 303)


def _status(complaints: Sequence[Complaint]) -> int:
    """422 if the form can be filled in better, else 409."""
    return 422 if any(each.about == "reason" for each in complaints) else 409


@blueprint.post(f"{_PATH}/waiting")
@permission(Permission.EDIT_EVENTS)
def choose_waiting(slug: str) -> Answer:
    """Choose whether those who waited are written to."""
    seen_event(slug)
    with transaction():
        event = write_to_waiting(slug, wanted=request.form.get("wanted") == "yes")
    if event.follow_up_to_waiting:
        flash_at("versions", _("Those who waited get an e-mail too."))
    else:
        flash_at("versions", _("Those who waited get no e-mail."))
    return redirect(url_for("organiser.follow_up", slug=slug, _anchor="versions"), 303)


def _page(event: Event, form: FollowUpForm) -> str:
    moment = now()
    facts = facts_for(Action.FOLLOW_UP, event, moment)
    stage = stage_of(event)
    sending = sending_of_version(event, None, now=moment)
    versions = _versions(sending) if stage in ("early", "ready") else []
    questions = questions_of(event, waiting=event.follow_up_to_waiting)
    asked = replace(sending, asked=True)
    numbers, released = count_each(_groups(event), now=moment), count_releases(event)
    return render_template(
        "organiser/followup/follow_up.html",
        event=event,
        form=form,
        stage=stage,
        state_label=_(STATE_LABELS[State(event.state)]),
        versions=versions,
        total=sum(each.number for each in versions),
        unknown=next((each.number for each in versions if each.name == "unknown"), 0),
        confirmed=sum(each.number for each in versions if each.name != "waited"),
        waiting=numbers[Group(event, Audience.WAITING)],
        needs_material=translate_all(filter(None, [needs_material(facts)])),
        asks_link=stage == "ready" and lacks_link(facts),
        planned=planned_words(runs_by_itself(event, moment).get(Action.FOLLOW_UP), event),
        materials=[(each, _readers(each, released.get(each.id, 0))) for each in event.materials],
        asked=sum(counts_by_kind(asked).values()) if versions else 0,
        being_written=is_being_written(event),
        answered=sum(bool(each.answer) for each in questions),
        unanswered=sum(not each.answer for each in questions),
        new=new_materials(event, moment) if stage == "sent" else [],
        supplemented=numbers[Group(event, SUPPLEMENT.audience)],
        to_answer=numbers[Group(event, ANSWER.audience)],
    )


def stage_of(event: Event) -> str:
    """What can be done: "early", "ready", "sent", or why there is nothing to send."""
    state = State(event.state)
    if state in CALLED_OFF:
        return "called off"
    if state in AFTER_FOLLOW_UP:
        return "sent" if state is State.FOLLOWED_UP else "archived"
    if now() < event.ends_at:
        return "early"
    return "ready" if find_rule(Action.FOLLOW_UP, state) else "never opened"


def _groups(event: Event) -> list[Group]:
    return [Group(event, each) for each in (Audience.WAITING, SUPPLEMENT.audience, ANSWER.audience)]


def _versions(sending: Sending) -> list[Version]:
    numbers = counts_by_kind(sending)
    return [
        _version(sending, name, kind, numbers.get(kind, 0))
        for name, kind in VERSIONS.items()
        if numbers.get(kind, 0) or kind is not MailKind.FOLLOW_UP_UNKNOWN
    ]


def _version(sending: Sending, name: str, kind: MailKind, number: int) -> Version:
    version = Version(name=name, kind=kind, label=version_label(kind), number=number)
    if not number:
        return version
    sending = sending_of_version(sending.event, kind, now=sending.now)
    person = find_person(sending, "")
    if person is None:
        return version
    try:
        draft = draft_for(sending, person, person.locale, now=sending.now)
    except UnfitInput as refusal:
        return replace(version, unfit=translate_all(refusal.complaints))
    return replace(version, draft=draft)


def version_label(kind: MailKind) -> str:
    """Return who gets a version, in few words."""
    return {
        MailKind.FOLLOW_UP: _("Attended"),
        MailKind.FOLLOW_UP_MISSED: _("Absent, with a different text"),
        MailKind.FOLLOW_UP_UNKNOWN: _("Attendance not known"),
        MailKind.FOLLOW_UP_WAITED: _("Stayed on the waiting list"),
    }[kind]


def _readers(material: Material, released_to: int) -> str:
    """Return who finds a material in their e-mail."""
    if material.visibility == Visibility.CHOSEN:
        return ngettext(
            "one person it was released to", "%(num)d people it was released to", released_to
        )
    return {
        Visibility.PUBLIC.value: _("everybody, also those who waited"),
        Visibility.ATTENDED.value: _("those who attended"),
    }.get(material.visibility, _("everybody who had a place"))
