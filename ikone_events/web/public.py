"""Pages for everybody: all dates, one event."""

import hashlib
from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from datetime import datetime

from flask import Blueprint, Flask, Response, current_app, render_template, request, url_for
from flask.typing import ResponseReturnValue

from ikone_events.domain.lifecycle import Action, State
from ikone_events.domain.seating import Sitting
from ikone_events.domain.slug import series_slug
from ikone_events.services.office import now
from ikone_events.services.plans import due_at_of
from ikone_events.store.db import stored_values
from ikone_events.store.events import Event, Material
from ikone_events.store.queries import get_public_event, public_events
from ikone_events.store.sittings import Version, get_sitting, get_version, sittings_of
from ikone_events.web.access import Permission, permission
from ikone_events.web.add_to_calendar import offer_of
from ikone_events.web.addresses import kept_address, subscription
from ikone_events.web.i18n import COOKIE, page_locale
from ikone_events.web.page_cache import KeptPage, PageCache
from ikone_events.web.registering.modes import places_left
from ikone_events.web.shown import seats_shown
from ikone_events.web.standing import Standing, standing_of, unchanged

blueprint = Blueprint("public", __name__)
blueprint.add_app_template_filter(places_left, "places")
HTML = "text/html; charset=utf-8"
HANDED_OUT = (State.FOLLOWED_UP.value, State.ARCHIVED.value)


@dataclass(frozen=True, slots=True)
class Listed:
    """One event in the list of dates."""

    event: Event
    sitting: Sitting
    standing: Standing


@blueprint.record_once
def _make_cache(state: object) -> None:
    app: Flask = state.app  # type: ignore[attr-defined]
    app.extensions["ikone_pages"] = PageCache()


@blueprint.get("/")
@permission(Permission.PUBLIC)
def index() -> ResponseReturnValue:
    """Coming and past events."""
    moment = now()
    coming, past = public_events(moment)
    sittings = sittings_of([*coming, *past], moment)
    return revalidated(
        render_template(
            "public/index.html",
            coming=listed(coming, sittings),
            past=listed(past, sittings),
            series=series_of(coming),
            calendar=subscription(url_for("feeds.calendar")),
            news=kept_address(url_for("atom.all_events")),
        )
    )


def listed(events: Iterable[Event], sittings: dict[int, Sitting]) -> list[Listed]:
    """The events with what a list says of their seats."""
    return [Listed(event, sittings[event.id], standing_of(sittings[event.id])) for event in events]


def series_of(events: Iterable[Event]) -> list[tuple[str, str]]:
    """Short name and name of the series that these events belong to, each once."""
    named = {series_slug(event.series): event.series for event in events if event.series}
    return sorted(named.items(), key=lambda item: item[1].casefold())


@blueprint.get("/events/<slug>")
@permission(Permission.PUBLIC)
def event(slug: str) -> ResponseReturnValue:
    """One event: facts, programme, seats. Kept rendered until something of it changes."""
    version, moment = get_version(slug), now()
    if not _keepable():
        return revalidated(_render_event(_look_at(slug, moment)))
    cache: PageCache = current_app.extensions["ikone_pages"]
    key = (slug, page_locale(), request.script_root)
    page = cache.find(key, version, moment)
    if page is None:
        page = _made_page(cache, key, _look_at(slug, moment), version)
        cache.keep(key, page)
    return _answer(page)


def _keepable() -> bool:
    """Pages with a query differ in their links, the trial's pages show a clock."""
    plain = not request.query_string or not request.args.keys() - {COOKIE}
    return plain and "ikone_demo" not in current_app.extensions


@dataclass(frozen=True, slots=True)
class _Seen:
    """What an event's page is made from."""

    event: Event
    sitting: Sitting
    opens_at: datetime | None
    materials: list[Material]

    @property
    def shows(self) -> object:
        """The same as long as the page is: a sign-up alone changes no word before seats run out."""
        return (
            stored_values(self.event, besides=("touched",)),
            seats_shown(self.sitting),
            self.opens_at,
            tuple(stored_values(material) for material in self.materials),
        )


def _look_at(slug: str, moment: datetime) -> _Seen:
    found = get_public_event(slug)
    sitting, opens_at = get_sitting(found, moment), _opens_at(found, moment)
    return _Seen(found, sitting, opens_at, public_materials(found))


def _made_page(cache: PageCache, key: Hashable, seen: _Seen, version: Version) -> KeptPage:
    """The page as it is from now on, rendered only if that is another one than before."""
    shows, found = seen.shows, seen.event
    moments = (found.deadline, found.members_until, found.starts_at, found.ends_at, seen.opens_at)
    since, until = unchanged(moments, seen.sitting.now)
    same = cache.find_same(key, shows)
    body = same.body if same else _render_event(seen)
    etag = same.etag if same else hashlib.sha256(body).hexdigest()[:32]
    return KeptPage(
        body=body, etag=etag, version=version, shows=shows, true_from=since, true_until=until
    )


def _render_event(seen: _Seen) -> bytes:
    return render_template(
        "public/event.html",
        event=seen.event,
        sitting=seen.sitting,
        standing=standing_of(seen.sitting),
        opens_at=seen.opens_at,
        offer=offer_of(seen.event, seen.sitting.now),
        series_slug=series_slug(seen.event.series),
        materials=seen.materials,
        material_url=_file_url,
        # What one person was told must not stay in a page that is kept for all.
        get_flashed_messages=_no_messages,
    ).encode()


def _opens_at(found: Event, moment: datetime) -> datetime | None:
    """When the plan opens the registration, as long as that is still to come."""
    if found.state != State.ANNOUNCED.value:
        return None
    due = due_at_of(found, Action.OPEN)
    return due if due is not None and due > moment else None


def _file_url(material: Material) -> str:
    slug = material.event.slug
    return url_for("handouts.public_file", slug=slug, public_id=material.public_id)


def _no_messages(**_options: object) -> tuple[()]:
    return ()


def _answer(page: KeptPage) -> Response:
    """Without the cost of a comparison for those who have no copy yet."""
    kept = {"ETag": f'"{page.etag}"', "Cache-Control": "private, no-cache"}
    response = Response(page.body, headers=kept, content_type=HTML)
    if "If-None-Match" in request.headers:
        response.make_conditional(request)
    return response


def public_materials(found: Event) -> list[Material]:
    """What everybody may have, once the event has been followed up."""
    if found.state not in HANDED_OUT:
        return []
    return [material for material in found.materials if material.visibility == "public"]


def revalidated(body: str | bytes) -> Response:
    """A public page that browsers keep and ask about: the language depends on a cookie."""
    response = Response(body, content_type=HTML)
    response.add_etag()
    response.headers["Cache-Control"] = "private, no-cache"
    response.make_conditional(request)
    return response
