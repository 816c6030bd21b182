"""How things stand for one person, in plain words: a headline, sentences, what to press."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from flask_babel import gettext as _
from flask_babel import ngettext

from ikone_events.domain.events.lifecycle import State
from ikone_events.domain.registering.self_service import SelfServiceAction
from ikone_events.domain.registering.status import (
    OVER,
    Actor,
    RegistrationAction,
    RegistrationStatus,
    actor_of,
)
from ikone_events.domain.rooms.door import Door
from ikone_events.domain.times import date_medium
from ikone_events.services.mails.values import link_day
from ikone_events.store.registering.models import Registration, StatusChange
from ikone_events.web.attendee.frame import is_handed_over, moment_words
from ikone_events.web.shell.i18n import page_locale

_FOLLOWED_UP = (State.FOLLOWED_UP.value, State.ARCHIVED.value)
_CALLED_OFF = (State.POSTPONED.value, State.CANCELLED.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusFacts:
    """One registration at one moment, with all that its words depend on.

    `last` is the change that led here, `position` the place in the line, `may_return` whether the
    form is open, `door` how far the video room is.
    """

    now: datetime
    registration: Registration
    standing: RegistrationStatus
    last: StatusChange | None
    position: int | None
    door: Door
    may_return: bool
    room_in_other_mode: bool

    @property
    def over(self) -> bool:
        """Whether the event has ended."""
        return self.now >= self.registration.event.ends_at

    @property
    def called_off(self) -> bool:
        """Whether the event does not take place, or not at its date."""
        return self.registration.event.state in _CALLED_OFF


@dataclass(frozen=True, slots=True)
class StatusWords:
    """What the person reads first; `wish` is the one thing to press, `again` the form."""

    headline: str
    sentences: tuple[str, ...]
    wish: SelfServiceAction | None = None
    again: bool = False


def standing_words(look: StatusFacts) -> StatusWords:
    """What the person reads first."""
    return _WORDS[look.standing](look)


def _address(look: StatusFacts) -> StatusWords:
    if look.over or look.called_off:
        return _came_to_nothing(look)
    kept = _("Your place is kept for you until %(moment)s.", moment=_hold(look))
    else_ = _("If you have not confirmed by then, it goes to somebody else.")
    return StatusWords(
        _("Please confirm your e-mail address"), (kept, else_), SelfServiceAction.CONFIRM_ADDRESS
    )


def _approval(look: StatusFacts) -> StatusWords:
    if look.over or look.called_off:
        return _came_to_nothing(look)
    return StatusWords(
        _("The organisers are looking at your registration"),
        (
            _("At this event they decide about each registration. A place is kept for you."),
            _("You get an e-mail as soon as it is decided. You need not do anything."),
        ),
    )


def _waiting(look: StatusFacts) -> StatusWords:
    if look.over or look.called_off:
        return _came_to_nothing(look)
    headline = _("Number %(position)d on the waiting list", position=look.position)
    return StatusWords(headline, (_what_a_free_place_does(look), *_why_others_pass(look)))


def _what_a_free_place_does(look: StatusFacts) -> str:
    hours = look.registration.event.offer_hours
    at_once: str = _("If a place becomes free, you get it in this order, and an e-mail at once.")
    if hours is None:
        return at_once
    offered: str = ngettext(
        "If a place becomes free, we offer it to you by e-mail. You then have %(num)d hour to "
        "accept it.",
        "If a place becomes free, we offer it to you by e-mail. You then have %(num)d hours to "
        "accept it.",
        hours,
    )
    return offered


def _why_others_pass(look: StatusFacts) -> Iterator[str]:
    """Rules beside the order, because of which somebody behind may come first."""
    event = look.registration.event
    if look.room_in_other_mode:
        yield _("You wait for a place in the way you chose. In the other way there is still room.")
    elif event.capacity_online is not None or event.capacity_on_site is not None:
        yield _(
            "Places on site and online are counted apart: somebody behind you who takes part "
            "in the other way may get one first."
        )
    if event.per_administration is not None:
        yield ngettext(
            "Each administration can have %(num)d place. While yours has it, others may pass.",
            "Each administration can have %(num)d places. While yours has them, others may pass.",
            event.per_administration,
        )
    if event.members_until is not None and look.now < event.members_until:
        moment = moment_words(event.members_until, event)
        yield _("Until %(moment)s places go to the members of the network first.", moment=moment)


def _offered(look: StatusFacts) -> StatusWords:
    if look.over or look.called_off:
        return _came_to_nothing(look)
    until = _("Please accept it by %(moment)s.", moment=_hold(look))
    else_ = _("After that it goes to the next person in line.")
    return StatusWords(_("A place is free for you"), (until, else_), SelfServiceAction.ACCEPT)


def _came_to_nothing(look: StatusFacts) -> StatusWords:
    if look.called_off:
        text = _("You are still registered. There is nothing for you to do at present.")
        return StatusWords(_("There is nothing for you to do"), (text,))
    return StatusWords(_("The event is over"), (_("No place became free for you in time."),))


def _cancelled(look: StatusFacts) -> StatusWords:
    if is_handed_over(look.last):
        sentences: tuple[str, ...] = (
            _("Your registration has passed to your deputy. It stays with your administration."),
            _("You need not do anything more."),
        )
        return StatusWords(_("You have handed over your registration"), sentences)
    if look.last is not None and actor_of(look.last.actor) is Actor.ORGANISER:
        sentences = (_("You no longer have a place. If this surprises you, ask the contact."),)
        return StatusWords(_("The organisers have taken you off the list"), sentences)
    text = _("You have withdrawn from this event. Nothing more will be sent to you about it.")
    return StatusWords(_("You have withdrawn"), (text,), again=look.may_return)


def _declined(look: StatusFacts) -> StatusWords:
    reason = look.last.reason if look.last is not None else ""
    said = (_("The reason: %(reason)s", reason=reason),) if reason else ()
    ask = _("If you have questions about this, ask the contact.")
    return StatusWords(_("The organisers have declined your registration"), (*said, ask))


def _expired(look: StatusFacts) -> StatusWords:
    return_ = _("You can register again.") if look.may_return else _("Please ask the contact.")
    headline = _("Your registration has expired")
    return StatusWords(headline, (_why_expired(look.last), return_), again=look.may_return)


def _why_expired(last: StatusChange | None) -> str:
    if last is None or last.action != RegistrationAction.EXPIRE.value:
        return str(_("The time for an answer has run out."))
    if last.reason == OVER:
        return str(_("The event was over."))
    if last.source == RegistrationStatus.OFFERED.value:
        text = _("The place that was offered to you was not accepted in time and was given on.")
    else:
        text = _("Your e-mail address was not confirmed in time, so the place was given on.")
    return str(text)


def _hold(look: StatusFacts) -> str:
    until = look.registration.reserved_until or look.registration.event.ends_at
    return moment_words(until, look.registration.event)


def _confirmed(look: StatusFacts) -> StatusWords:
    """What comes next depends on the door of the video room."""
    return StatusWords(_headline(look.door), _NEXT[look.door](look))


def _headline(door: Door) -> str:
    if door is Door.OVER:
        return str(_("The event is over"))
    nothing, place = _("There is nothing for you to do"), _("You have a place")
    return str(nothing if door is Door.CALLED_OFF else place)


def _on_site(look: StatusFacts) -> tuple[str, ...]:
    if look.registration.event.state in _FOLLOWED_UP:
        return ()
    return (_("We look forward to seeing you. Slides and links will follow by e-mail."),)


def _after(look: StatusFacts) -> tuple[str, ...]:
    if look.registration.event.state in _FOLLOWED_UP:
        return ()
    return (_("Slides and links will follow by e-mail."),)


def _link_comes(look: StatusFacts) -> tuple[str, ...]:
    event = look.registration.event
    day = link_day(event, look.now)
    if day is None:
        return (_("The access link to the video conference comes by e-mail before the start."),)
    words = date_medium(day, locale=page_locale(), zone=event.zone)
    return (_("The access link to the video conference comes on %(day)s.", day=words),)


def _room_opens(_look: StatusFacts) -> tuple[str, ...]:
    return (
        _(
            "The video room opens a quarter of an hour before the start, through the button on "
            "this page or the link in your e-mail."
        ),
    )


def _room_is_open(_look: StatusFacts) -> tuple[str, ...]:
    return (_("The video room is open now."),)


def _nothing(_look: StatusFacts) -> tuple[str, ...]:
    return ()


_NEXT: Mapping[Door, Callable[[StatusFacts], tuple[str, ...]]] = {
    Door.CALLED_OFF: _nothing,
    Door.NOT_CONFIRMED: _nothing,
    Door.ON_SITE: _on_site,
    Door.OVER: _after,
    Door.LINK_COMES: _link_comes,
    Door.WAITING: _room_opens,
    Door.OPEN: _room_is_open,
}


_WORDS: Mapping[RegistrationStatus, Callable[[StatusFacts], StatusWords]] = {
    RegistrationStatus.ADDRESS: _address,
    RegistrationStatus.APPROVAL: _approval,
    RegistrationStatus.WAITING: _waiting,
    RegistrationStatus.OFFERED: _offered,
    RegistrationStatus.CONFIRMED: _confirmed,
    RegistrationStatus.CANCELLED: _cancelled,
    RegistrationStatus.DECLINED: _declined,
    RegistrationStatus.EXPIRED: _expired,
}
