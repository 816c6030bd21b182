"""The modes of a hybrid event as the form offers them: with what is left, in words."""

from typing import Any

from flask_babel import gettext
from wtforms import Field, RadioField
from wtforms.fields.choices import SelectChoice
from wtforms.widgets import RadioInput

from ikone_events.domain.facts import Mode
from ikone_events.domain.refusals import N_
from ikone_events.domain.registration import MODE_LABELS
from ikone_events.domain.seating import Sitting
from ikone_events.web.standing import places_words

_OFFERED = (Mode.ON_SITE, Mode.ONLINE)


class _ModeOption(RadioInput):
    """A radio button that may be shown without being offered."""

    def __call__(self, field: Field, **look: Any) -> Any:
        return super().__call__(field, **{**look, **field.choice.render_kw})


class ModeField(RadioField):
    """How somebody takes part; whether there is room is decided behind the lock."""

    option_widget = _ModeOption()


def mode_choices(sitting: Sitting) -> list[SelectChoice]:
    """Each mode with what is left of it; one that can't be had is shown, not offered."""
    return [
        SelectChoice(mode.value, _label(sitting, mode), _attributes(sitting, mode))
        for mode in _OFFERED
    ]


def places_left(sitting: Sitting) -> list[tuple[str, str]]:
    """What is left in words, of a hybrid event for each mode; nothing where there is no limit."""
    if not sitting.pools:
        found = [("", places_words(sitting.free, sitting.capacity))]
    else:
        found = [(MODE_LABELS[mode], _words(sitting, mode)) for mode in _OFFERED]
    return [(mode, words) for mode, words in found if words]


def _words(sitting: Sitting, mode: Mode) -> str:
    limits = [sitting.capacity, sitting.pools[mode].capacity if mode in sitting.pools else None]
    known = [limit for limit in limits if limit is not None]
    return places_words(sitting.free_for(mode), min(known) if known else None)


def _label(sitting: Sitting, mode: Mode) -> str:
    words = _words(sitting, mode)
    said = [MODE_LABELS[mode], *([words] if words else [])]
    if sitting.free_for(mode) == 0 and sitting.waiting_list:
        said.append(N_("waiting list"))
    return " – ".join(gettext(each) for each in said)


def _attributes(sitting: Sitting, mode: Mode) -> dict[str, Any]:
    taken = sitting.free_for(mode) == 0 and not sitting.waiting_list
    return {"disabled": True} if taken else {}
