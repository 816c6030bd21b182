"""The forms of an account: who it is for, the role, and the events it is limited to."""

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import IntegerField, RadioField, SelectMultipleField
from wtforms.widgets import CheckboxInput, HiddenInput, ListWidget

from ikone_events.domain.account_roles import ROLE_LABELS, ROLE_MEANINGS, AccountRole
from ikone_events.domain.events.lifecycle import State
from ikone_events.domain.times import date_numeric
from ikone_events.store.accounts.models import Organiser
from ikone_events.store.accounts.queries import assigned_event_ids
from ikone_events.store.events.models import Event
from ikone_events.store.events.queries import events_of
from ikone_events.web.shell.access import organiser
from ikone_events.web.shell.forms import AddressField, LineField, at_most, deliverable, needed
from ikone_events.web.shell.i18n import gettext as _
from ikone_events.web.shell.i18n import page_locale

ALL, SOME = "all", "some"


class AccessForm(FlaskForm):
    """Role and events; `access_version` is the version of the account that the page shows."""

    access_version = IntegerField(widget=HiddenInput(), default=0)
    role = RadioField(_l("Role"), choices=[], validate_choice=True)
    scope = RadioField(_l("Events"), choices=[])
    only = SelectMultipleField(
        _l("Only these events"),
        choices=[],
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
    )

    def chosen_events(self) -> tuple[str, ...]:
        """The slugs of the ticked events; empty for all events."""
        return tuple(self.only.data or ()) if self.scope.data == SOME else ()

    def is_fit(self) -> bool:
        """Validate; "only these events" needs a ticked one, or it would mean all of them."""
        fit: bool = self.validate()
        if fit and self.scope.data == SOME and not self.only.data:
            self.only.errors = [_("Please choose at least one event.")]
            return False
        return fit


class InvitationForm(AccessForm):
    """A new account."""

    email = AddressField(
        _l("E-mail address"),
        [needed(_l("Please enter an e-mail address.")), at_most(254), deliverable],
        render_kw={"autocomplete": "off"},
    )
    name = LineField(
        _l("Name"),
        [needed(_l("Please enter a name."))],
        render_kw={"autocomplete": "off", "maxlength": 200},
    )


def invitation_form() -> InvitationForm:
    """The form of a new account."""
    form = InvitationForm(role=AccountRole.ORGANISER.value, scope=ALL)
    _offer(form, set())
    return form


def access_form(account: Organiser, *, stored: bool = False) -> AccessForm:
    """The form of an account; `stored` ignores what was sent."""
    given = assigned_event_ids(account.id)
    events = _offered(given)
    values = {
        "access_version": account.access_version,
        "role": account.role,
        "scope": ALL if account.sees_all else SOME,
        "only": [event.slug for event in events if event.id in given],
    }
    form = AccessForm(formdata=None, **values) if stored else AccessForm(**values)
    _offer(form, given)
    return form


def _offer(form: AccessForm, given: set[int]) -> None:
    form.role.choices = [
        (role.value, f"{_(ROLE_LABELS[role])} – {_(ROLE_MEANINGS[role])}") for role in AccountRole
    ]
    form.scope.choices = [(ALL, _("All events")), (SOME, _("Only the events ticked below"))]
    form.only.choices = [(event.slug, _label(event)) for event in _offered(given)]


def _offered(given: set[int]) -> list[Event]:
    """The latest first: those that are not archived, and those given already."""
    events = reversed(events_of(organiser()))
    return [e for e in events if e.state != State.ARCHIVED.value or e.id in given]


def _label(event: Event) -> str:
    day = date_numeric(event.starts_at, locale=page_locale(), zone=event.zone)
    return f"{event.title_in(page_locale())} ({day})"
