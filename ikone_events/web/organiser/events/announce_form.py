"""The form of an announcement: what it may still lack, and whom it is sent to."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from enum import StrEnum
from typing import Any

from flask import request
from flask_babel import lazy_gettext as _l
from wtforms import Field, RadioField, SelectMultipleField
from wtforms.widgets import CheckboxInput, ListWidget

from ikone_events.domain.events.lifecycle import TransitionRule
from ikone_events.domain.mails.audiences import AUDIENCE_LABELS, Audience
from ikone_events.domain.mails.recipients import (
    CONTACT_GROUP_LABELS,
    ContactChoice,
    ContactGroup,
    Recipients,
)
from ikone_events.services.events.combined_actions import lacks_summary
from ikone_events.services.installation import now
from ikone_events.services.mails.audiences import Group, count_each
from ikone_events.services.mails.drafts import Sending, sending_of_action, sending_to, total_of
from ikone_events.store.directory.contacts import bodies_with_contacts
from ikone_events.store.events.models import Event
from ikone_events.store.mails.event_versions import as_if
from ikone_events.web.shell.access import Permission, may
from ikone_events.web.shell.forms import TextField
from ikone_events.web.shell.i18n import gettext as _
from ikone_events.web.shell.i18n import ngettext
from ikone_events.web.shell.interrupted import TeamForm

# The most administrations that can be ticked one by one; groups hold all.
MOST_BODIES = 300


class Readers(StrEnum):
    """The choice on the page; each value is one of `Recipients`."""

    SUBSCRIBERS = "subscribers"
    BOTH = "both"
    CONTACTS = "contacts"
    NOBODY = "nobody"


def _ticks(label: str, **more: object) -> SelectMultipleField:
    looks = {"widget": ListWidget(prefix_label=False), "option_widget": CheckboxInput()}
    return SelectMultipleField(label, choices=[], **looks, **more)


class AnnounceForm(TeamForm):
    """A missing summary, and the recipients; without a choice subscribers."""

    summary = TextField(_l("Summary"), render_kw={"rows": 3, "maxlength": 20_000})
    recipients = RadioField(
        _l("Who gets the e-mail"), choices=[], default=Readers.SUBSCRIBERS.value
    )
    groups = _ticks(_l("Contact persons of"))
    bodies = _ticks(_l("Contact persons of single public bodies"), coerce=int)


def announce_form(event: Event, *, empty: bool = False) -> AnnounceForm:
    """Return the form with the numbers of recipients in its choices.

    Contacts are offered to whoever may see them, if there are some.
    """
    form = AnnounceForm(formdata=None) if empty else AnnounceForm()
    audiences = [Audience.SUBSCRIBERS]
    if may(Permission.EDIT_ADMINISTRATIONS):
        audiences += [Audience.CONTACTS, Audience.OTHER_CONTACTS]
    groups = [Group(event, audience) for audience in audiences]
    subscribers, contacts, others = [*count_each(groups, now=now()).values(), 0, 0][:3]
    labels = {Readers.SUBSCRIBERS: _counted(_("Subscribers of the network"), subscribers)}
    if contacts:
        labels[Readers.BOTH] = _counted(_("Subscribers and contact persons"), subscribers + others)
        labels[Readers.CONTACTS] = _counted(_("Contact persons only"), contacts)
        _offer_parts(form, event)
    labels[Readers.NOBODY] = _("Nobody")
    form.recipients.choices = [(each.value, label) for each, label in labels.items()]
    return form


def _offer_parts(form: AnnounceForm, event: Event) -> None:
    """Offer groups of contacts and single administrations."""
    of_group = {
        each: Group(
            event, Audience.CONTACTS, contact_choice=ContactChoice(frozenset({each})).packed()
        )
        for each in ContactGroup
    }
    numbers = count_each(of_group.values(), now=now())
    form.groups.choices = [
        (each.value, _counted(_(label), numbers[of_group[each]]))
        for each, label in CONTACT_GROUP_LABELS.items()
    ]
    form.bodies.choices = [
        (number, _counted(name, people))
        for number, name, people in bodies_with_contacts(MOST_BODIES)
    ]


def _counted(label: str, number: int) -> str:
    return f"{label} ({number})"


def recipients_of(form: AnnounceForm) -> Recipients:
    """Return the recipients that were chosen; without ticks all contacts.

    Values that the page does not offer are left out; whoever sends something validates before.
    """
    readers = _offered(form.recipients, [form.recipients.data])
    groups = map(ContactGroup, _offered(form.groups, form.groups.data or ()))
    bodies = _offered(form.bodies, form.bodies.data or ())
    choice = ContactChoice(frozenset(groups), frozenset(bodies))
    return Recipients(
        subscribers=not readers.isdisjoint((Readers.SUBSCRIBERS, Readers.BOTH)),
        contacts=None if readers.isdisjoint((Readers.CONTACTS, Readers.BOTH)) else choice,
    )


def _offered(field: Field, values: Iterable[Any]) -> set[Any]:
    """Return those of the values that are choices of a field."""
    return {value for value, _label in field.choices} & set(values)


def sendings_of(event: Event, rule: TransitionRule, form: AnnounceForm) -> Sequence[Sending]:
    """Return what is sent with this form, one for each audience."""
    sending = sending_of_action(event, rule, now=now())
    if sending is None:
        raise RuntimeError("an announcement has a mail")
    summary = form.summary.data or ""
    if summary and lacks_summary(event):
        changed = as_if(sending.then, {"summary": summary}, materials=event.materials)
        sending = replace(sending, then=changed)
    recipients = recipients_of(form)
    return [sending_to(sending, each, recipients.contacts) for each in recipients.audiences]


def shown_of(sendings: Sequence[Sending]) -> Sending:
    """Return the one whose recipients and mail are shown."""
    wanted = request.values.get("shown", "")
    return next((each for each in sendings if each.message.audience == wanted), sendings[0])


def everybody_words(sendings: Sequence[Sending]) -> str:
    """Return how many people get the mail, by audience; nobody is counted twice."""
    numbers = {each.message.audience: total_of(each) for each in sendings}
    if not (total := sum(numbers.values())):
        return _("Nobody is written to.")
    people = ", ".join(_counted(_(AUDIENCE_LABELS[each]), n) for each, n in numbers.items() if n)
    words = ngettext("One person gets this e-mail", "%(num)d people get this e-mail", total)
    return f"{words}: {people}"
