"""The fields of an event's video room, in its form and on its overview."""

from dataclasses import fields
from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, SelectField

from ikone_events.domain.events.draft import LINE_LENGTHS, RoomChoice
from ikone_events.domain.events.facts import ProviderKind
from ikone_events.domain.rooms.providers import PROVIDER_LABELS
from ikone_events.services.rooms.registry import kinds_set_up
from ikone_events.web.shell.forms import LineField
from ikone_events.web.shell.i18n import gettext as _


def line_of_event(label: str, name: str, **attributes: object) -> LineField:
    """A field of one line, as long as the draft takes it."""
    return LineField(
        label, render_kw={"maxlength": LINE_LENGTHS[name], "autocomplete": "off", **attributes}
    )


class RoomFields(FlaskForm):
    """What makes the room: a link that is typed, or a provider that is set up.

    What is stored stays to be chosen, also if its provider is not set up any more. Fields that a
    page does not show keep their values.
    """

    room_provider = SelectField(_l("Video service"), choices=[], default=ProviderKind.LINK.value)
    room_url = line_of_event(_l("Access link"), "room_url", type="url", inputmode="url")
    room_pin = line_of_event(_l("PIN of the room"), "room_pin")
    moderator_url = line_of_event(
        _l("Link for moderators"), "moderator_url", type="url", inputmode="url"
    )
    dial_in = line_of_event(_l("Dial-in by telephone"), "dial_in")

    def __init__(self, *args: Any, **values: Any) -> None:
        """Fill the form, and offer what makes rooms."""
        super().__init__(*args, **values)
        chosen = self.room_provider.object_data or ProviderKind.LINK.value
        offered = [kind for kind in ProviderKind if kind in (*kinds_set_up(), chosen)]
        self.room_provider.choices = [(kind.value, _(PROVIDER_LABELS[kind])) for kind in offered]

    @property
    def is_link(self) -> bool:
        """Whether the room is a link that is typed."""
        return bool(self.room_provider.data == ProviderKind.LINK.value)

    @property
    def link_shown(self) -> bool:
        """Whether fields of a link are shown: it is one, or one of them is refused."""
        of_link = (self.room_url, self.room_pin, self.moderator_url)
        return self.is_link or any(field.errors for field in of_link)


class RoomForm(RoomFields):
    """The video room of an event, on its overview."""

    silent = BooleanField(_l("Do not notify of a changed dial-in"))

    @property
    def choice(self) -> RoomChoice:
        """The room as it was typed."""
        names = (field.name for field in fields(RoomChoice))
        return RoomChoice(**{name: (self[name].data or "").strip() for name in names})
