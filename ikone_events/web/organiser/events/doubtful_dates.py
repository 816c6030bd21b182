"""Dates that are probably mistyped: a form asks once before it saves them."""

from dataclasses import replace
from datetime import datetime

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField

from ikone_events.domain.events.dates import date_doubt
from ikone_events.domain.refusals import UnfitInput
from ikone_events.services.installation import now

NAME = "dates_meant"


class DatesMeant(BooleanField):
    """The tick that doubtful dates are meant. `asked` names them: other dates need another tick.

    A page shows the field only if `asked` is set.
    """

    asked = ""

    def __init__(self, label: str | None = None, **options: object) -> None:
        super().__init__(label or _l("Save these dates all the same"), **options)

    def _value(self) -> str:
        return self.asked

    def confirm(self, starts_at: datetime, ends_at: datetime) -> None:
        """Raise UnfitInput if the dates are doubtful and not ticked."""
        doubt = date_doubt(starts_at, ends_at, now())
        if doubt is None:
            return
        self.asked = f"{starts_at.isoformat()}/{ends_at.isoformat()}"
        self.data = self.asked in (self.raw_data or ())
        if not self.data:
            raise UnfitInput(replace(doubt, about=NAME))
