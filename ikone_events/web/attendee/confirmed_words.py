"""What somebody with a place reads: what comes next depends on the door of the video room."""

from collections.abc import Callable, Mapping

from flask_babel import gettext as _

from ikone_events.domain.lifecycle import State
from ikone_events.domain.times import date_medium
from ikone_events.services.letter_values import link_day
from ikone_events.web.attendee.standing_words import Look, Words
from ikone_events.web.door import Door
from ikone_events.web.i18n import page_locale

_FOLLOWED_UP = (State.FOLLOWED_UP.value, State.ARCHIVED.value)


def confirmed_words(look: Look, door: Door) -> Words:
    """The headline and what happens next."""
    return Words(_headline(door), _NEXT[door](look))


def _headline(door: Door) -> str:
    if door is Door.OVER:
        return str(_("The event is over"))
    nothing, place = _("There is nothing for you to do"), _("You have a place")
    return str(nothing if door is Door.CALLED_OFF else place)


def _on_site(look: Look) -> tuple[str, ...]:
    if look.registration.event.state in _FOLLOWED_UP:
        return ()
    return (_("We look forward to seeing you. Slides and links will follow by e-mail."),)


def _over(look: Look) -> tuple[str, ...]:
    if look.registration.event.state in _FOLLOWED_UP:
        return ()
    return (_("Slides and links will follow by e-mail."),)


def _link_comes(look: Look) -> tuple[str, ...]:
    event = look.registration.event
    day = link_day(event, look.now)
    if day is None:
        return (_("The access link to the video conference comes by e-mail before the start."),)
    words = date_medium(day, locale=page_locale(), zone=event.zone)
    return (_("The access link to the video conference comes on %(day)s.", day=words),)


def _waiting(_look: Look) -> tuple[str, ...]:
    return (
        _(
            "The video room opens a quarter of an hour before the start, through the button on "
            "this page or the link in your e-mail."
        ),
    )


def _open(_look: Look) -> tuple[str, ...]:
    return (_("The video room is open now."),)


def _nothing(_look: Look) -> tuple[str, ...]:
    return ()


_NEXT: Mapping[Door, Callable[[Look], tuple[str, ...]]] = {
    Door.CALLED_OFF: _nothing,
    Door.NOT_CONFIRMED: _nothing,
    Door.ON_SITE: _on_site,
    Door.OVER: _over,
    Door.LINK_COMES: _link_comes,
    Door.WAITING: _waiting,
    Door.OPEN: _open,
}
