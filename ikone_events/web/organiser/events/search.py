"""The search over people, public bodies, events and mails, within what the account may see."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import render_template, request, url_for

from ikone_events.domain.events.facts import TAKES_PLACE
from ikone_events.domain.refusals import N_
from ikone_events.domain.registering.status import RegistrationAction
from ikone_events.domain.search_query import LONGEST_QUERY, SearchQuery, read_query
from ikone_events.services.installation import now
from ikone_events.services.mails.subscribers import search_subscribers
from ikone_events.services.registering.by_organiser import actions_for
from ikone_events.store.directory.contacts import ContactSearch, search_contacts
from ikone_events.store.directory.models import Contact, Organisation
from ikone_events.store.events.models import Event
from ikone_events.store.events.search import search_events
from ikone_events.store.mails.models import OutboxMail, Subscriber
from ikone_events.store.mails.search import last_mails_to, search_mails_everywhere
from ikone_events.store.paging import PAGE_SIZE, Page
from ikone_events.store.registering.administrations import registered_from, search_administrations
from ikone_events.store.registering.models import Registration
from ikone_events.store.registering.queries import deputies_of
from ikone_events.store.registering.search import search_people_everywhere
from ikone_events.web.organiser.directory.administrations import kind_label, membership, today
from ikone_events.web.organiser.frame import blueprint, page_number, page_url
from ikone_events.web.organiser.mails.mailing_words import kind_label as mail_kind_label
from ikone_events.web.organiser.mails.mailing_words import mail_label, state_of
from ikone_events.web.organiser.registering.people_words import action_label
from ikone_events.web.shell.access import Permission, may, organiser, permission
from ikone_events.web.shell.forms import typed_line

# Rows of each group on the page of all groups.
FIRST = 8


@dataclass(frozen=True, slots=True)
class ResultGroup:
    """One kind of results: `find` returns the page of a number and size.

    `template` shows its `rows`, with the `facts` that are read for them.
    """

    key: str
    title: str
    needed: Permission
    find: Callable[[SearchQuery, int, int], Page[Any]]
    facts: Callable[[Sequence[Any]], Mapping[str, Any]]

    @property
    def template(self) -> str:
        """The template of its rows."""
        return f"organiser/events/found/{self.key}.html"


def _people(query: SearchQuery, number: int, size: int) -> Page[Registration]:
    return search_people_everywhere(organiser(), query, now=now(), number=number, size=size)


def _about_people(people: Sequence[Registration]) -> Mapping[str, Any]:
    moment = now()
    return {
        "deputies": deputies_of(people),
        "last_mails": last_mails_to(people),
        "action_label": action_label,
        "mail_label": mail_label,
        "state_of": lambda mail: state_of(mail, moment),
        "expected": {person.id for person in people if _is_expected(person, moment)},
        "ways_out": {person.id: _ways_out(person) for person in people},
    }


def _is_expected(person: Registration, moment: datetime) -> bool:
    """Whether a mail about the registration can be sent again."""
    return person.event.state in TAKES_PLACE and moment < person.event.ends_at


def _ways_out(person: Registration) -> list[RegistrationAction]:
    """Return what ends a call about not coming; nothing after the event."""
    if now() >= person.event.ends_at or not may(Permission.EDIT_EVENTS):
        return []
    wanted = (RegistrationAction.WITHDRAW, RegistrationAction.HAND_OVER)
    return [action for action in actions_for(person) if action in wanted]


def _bodies(query: SearchQuery, number: int, size: int) -> Page[Organisation]:
    return search_administrations(query.text, number=number, size=size)


def _about_bodies(bodies: Sequence[Organisation]) -> Mapping[str, Any]:
    day = today()
    return {
        "kind_label": kind_label,
        "membership": lambda body: membership(body, day),
        "coming": registered_from(bodies, organiser(), now=now()),
    }


def _events(query: SearchQuery, number: int, size: int) -> Page[Event]:
    return search_events(organiser(), query, now=now(), number=number, size=size)


def _mails(query: SearchQuery, number: int, size: int) -> Page[OutboxMail]:
    news = may(Permission.SEE_SUBSCRIBERS)
    return search_mails_everywhere(organiser(), query, news=news, number=number, size=size)


def _about_mails(_mails: Sequence[OutboxMail]) -> Mapping[str, Any]:
    moment = now()
    return {"kind_label": mail_kind_label, "state_of": lambda mail: state_of(mail, moment)}


def _subscribers(query: SearchQuery, number: int, size: int) -> Page[Subscriber]:
    return search_subscribers(query.text, number=number, size=size)


def _contacts(query: SearchQuery, number: int, size: int) -> Page[Contact]:
    return search_contacts(ContactSearch(words=query.text), number=number, size=size)


def _nothing(_rows: Sequence[Any]) -> Mapping[str, Any]:
    return {}


_SEE = Permission.SEE_EVENTS
_SUBSCRIBED, _DIRECTORY = Permission.SEE_SUBSCRIBERS, Permission.EDIT_ADMINISTRATIONS
# In the order of the page.
GROUPS = (
    ResultGroup("people", N_("People"), _SEE, _people, _about_people),
    ResultGroup("bodies", N_("Public bodies"), _SEE, _bodies, _about_bodies),
    ResultGroup("events", N_("Events"), _SEE, _events, _nothing),
    ResultGroup("mails", N_("E-mails"), _SEE, _mails, _about_mails),
    ResultGroup("contacts", N_("Contact persons"), _DIRECTORY, _contacts, _nothing),
    ResultGroup("subscribers", N_("Subscribers"), _SUBSCRIBED, _subscribers, _nothing),
)


@blueprint.get("/search")
@permission(Permission.SEE_EVENTS)
def search() -> str:
    """Show the first results of each group, or with `in` all of one group by pages."""
    query = read_query(typed_line(request.args.get("q")))
    groups = [group for group in GROUPS if may(group.needed)]
    only = next((group for group in groups if group.key == request.args.get("in")), None)
    found: dict[str, Page[Any]] = {}
    if query.words:
        for group in groups:
            number, size = (page_number(), PAGE_SIZE) if group is only else (1, FIRST)
            found[group.key] = group.find(query, number, size)
    shown = [group for group in groups if found.get(group.key) and _shows(found, group, only)]
    return render_template(
        "organiser/events/search.html",
        found_words=query.text,
        query=query,
        longest=LONGEST_QUERY,
        groups=groups,
        only=only,
        found=found,
        shown=[(group, found[group.key], group.facts(found[group.key].rows)) for group in shown],
        group_url=lambda group: url_for("organiser.search", q=query.text, **{"in": group.key}),
        page_url=page_url("organiser.search", q=query.text, **{"in": only.key if only else None}),
    )


def _shows(found: dict[str, Page[Any]], group: ResultGroup, only: ResultGroup | None) -> bool:
    return found[group.key].total > 0 and only in (None, group)
