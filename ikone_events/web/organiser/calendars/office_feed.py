"""The private calendar of an account: its events, and what goes out; no name of an attendee."""

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from ikone_events.domain.calendars.invitation import public_feed
from ikone_events.services.installation import get_identity, now
from ikone_events.services.office.calendar import office_entry, office_events, office_step_entry
from ikone_events.services.office.recipients import account_of_calendar
from ikone_events.web.organiser.plan.network_plan import upcoming_mails
from ikone_events.web.public.feeds import feed_address
from ikone_events.web.shell.access import Permission, permission
from ikone_events.web.shell.i18n import gettext as _
from ikone_events.web.shell.i18n import page_locale, speak_by_address
from ikone_events.web.shell.page_cache import CALENDAR, revalidated

# Calendar programs have no session: the address alone opens it, and not under /organise.
blueprint = Blueprint("office_feed", __name__)


@blueprint.get("/feeds/office/<token>.ics")
@permission(Permission.PERSONAL_LINK)
def office_feed(token: str) -> ResponseReturnValue:
    """The events that the account sees, and the steps of the next thirty days with mails."""
    speak_by_address()
    account, moment, locale = account_of_calendar(token), now(), page_locale()
    events = office_events(account, now=moment)
    entries = [office_entry(account, event, locale) for event in events]
    entries += [
        office_step_entry(account, row.event, locale, step_id=row.id, at=row.at, label=row.label)
        for row in upcoming_mails(events, moment)
    ]
    name = _("%(organisation)s: office", organisation=get_identity().organisation)
    feed = public_feed(entries, locale=locale, name=name, source=feed_address(request.path))
    return revalidated(feed, CALENDAR)
