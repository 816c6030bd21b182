"""The private calendar of one person, as programs ask for it every few hours."""

from flask import Blueprint, Response
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from ikone_events.domain.calendars.invitation import public_feed
from ikone_events.services.calendars.personal_feeds import entries_of, get_feed
from ikone_events.services.installation import get_installation, now
from ikone_events.web.shell.access import Permission, permission
from ikone_events.web.shell.addresses import own_address
from ikone_events.web.shell.headers import no_store
from ikone_events.web.shell.i18n import page_locale, speak_by_address
from ikone_events.web.shell.page_cache import CALENDAR, revalidated

blueprint = Blueprint("own_calendar", __name__)
blueprint.before_request(speak_by_address)


@blueprint.after_request
def _keep_to_yourself(response: Response) -> Response:
    """As any personal page, but programs may compare what they hold; error pages are never kept."""
    kept = response.headers.get("Cache-Control", "no-store")
    no_store(response)
    response.headers["Cache-Control"] = kept
    return response


@blueprint.get("/feeds/<token>.ics")
@permission(Permission.PERSONAL_LINK)
def feed(token: str) -> ResponseReturnValue:
    """The person's events. No link to a room, no other link of theirs, and nobody's name."""
    found = entries_of(get_feed(token), page_locale(), now=now())
    name = _("%(organisation)s: my dates", organisation=get_installation().settings.organisation)
    body = public_feed(found, locale=page_locale(), name=name, source=own_address())
    return revalidated(body, CALENDAR)
