"""Shared by all organisers' pages: the blueprint, the look-up of an event, form errors, files."""

from collections.abc import Callable, Iterable
from typing import Any

from flask import Blueprint, Response, flash, request, url_for
from flask_security import current_user
from werkzeug.wrappers import Response as BaseResponse

from ikone_events.domain.events.facts import TAKES_PLACE, State
from ikone_events.domain.refusals import Complaint, FileTooLarge, Refusal
from ikone_events.services.installation import now
from ikone_events.services.rooms.board import is_live
from ikone_events.services.rooms.check_in import no_entry_because
from ikone_events.store.events.models import Event
from ikone_events.store.events.queries import get_visible_event
from ikone_events.store.events.speakers import speakers_of
from ikone_events.store.figures.tab_counts import tab_counts
from ikone_events.web.shell.access import Permission, may, organiser
from ikone_events.web.shell.headers import no_store
from ikone_events.web.shell.i18n import translate
from ikone_events.web.shell.login import session_seconds

Answer = str | Response | BaseResponse | tuple[str, int]

# States that decide whether one can register: nobody can once the event is over.
REGISTERING = (State.ANNOUNCED, State.OPEN, State.CLOSED)

blueprint = Blueprint("organiser", __name__)
# Pages that the team and others open at the same address, which is not below /organise.
shared_blueprint = Blueprint("shared", __name__)


@blueprint.context_processor
@shared_blueprint.context_processor
def _frame() -> dict[str, object]:
    known = current_user.is_authenticated
    return {
        "area": "organiser",
        "data_page": _data_page(),
        "settings_page": _settings_page(),
        "tab_counts": tab_counts,
        "speakers_of": speakers_of,
        "has_ended": _has_ended,
        "is_running": _is_running,
        "is_live": lambda event: is_live(event, now()),
        "has_entrance": _has_entrance,
        "session_seconds": session_seconds() if known else 0,
        "organiser_name": (current_user.name or current_user.email) if known else "",
        "may_create": may(Permission.CREATE_EVENTS),
        "may_edit": may(Permission.EDIT_EVENTS),
        "may_check_in": may(Permission.CHECK_IN),
        "may_edit_texts": may(Permission.EDIT_TEXTS),
        "may_edit_series_texts": may(Permission.EDIT_SERIES_TEXTS),
        "may_edit_administrations": may(Permission.EDIT_ADMINISTRATIONS),
        "may_export": may(Permission.EXPORT_PEOPLE),
        "may_see_subscribers": may(Permission.SEE_SUBSCRIBERS),
        "may_see_incoming": may(Permission.SEE_INCOMING),
        "may_edit_accounts": may(Permission.EDIT_ACCOUNTS),
        "may_edit_settings": may(Permission.EDIT_SETTINGS),
        "may_see_events": may(Permission.SEE_EVENTS),
    }


def _has_ended(event: Event) -> bool:
    """Whether the event is over, in a state that says something about registration only."""
    return event.state in REGISTERING and event.ends_at <= now()


def _is_running(event: Event) -> bool:
    """Whether an event that takes place has begun and is not over."""
    return event.state in TAKES_PLACE and event.starts_at <= now() < event.ends_at


def _has_entrance(event: Event) -> bool:
    """Whether people can be checked in at present, by whoever asks."""
    return may(Permission.CHECK_IN) and no_entry_because(event, now()) is None


# The pages of settings in the order of their menu, and what opens them.
SETTINGS = (
    ("organiser.installation_texts", Permission.EDIT_TEXTS),
    ("organiser.accounts", Permission.EDIT_ACCOUNTS),
    ("organiser.organisation", Permission.EDIT_SETTINGS),
    ("organiser.rooms", Permission.EDIT_SETTINGS),
    ("organiser.retention", Permission.EDIT_SETTINGS),
    ("organiser.mailbox", Permission.SEE_INCOMING),
)
# More than any list has; databases refuse an offset of more than 64 bits.
_MOST_PAGES = 1_000_000
_NAMED = {"organiser.dashboard": "today", "organiser.event": "overview"}


def _data_page() -> str:
    """Name the page for programs: the last part of its address, or what stands in its place."""
    endpoint = request.endpoint or ""
    last = (request.url_rule.rule if request.url_rule else "").rpartition("/")[2]
    if endpoint in _NAMED or not last or "<" in last:
        return _NAMED.get(endpoint, endpoint.rpartition(".")[2].replace("_", "-"))
    return last


def _settings_page() -> str:
    """Return the address of the first page of settings that the account may open; "" without."""
    return next((url_for(endpoint) for endpoint, needed in SETTINGS if may(needed)), "")


@blueprint.after_request
def _keep_private(response: Response) -> Response:
    return no_store(response)


def seen_event(slug: str) -> Event:
    """Return the event if the signed-in person may see it; raises NotFound."""
    return get_visible_event(organiser(), slug)


def actor() -> str:
    """Return the signed-in person's name, or address, for the history."""
    person = organiser()
    return person.name or person.email


def event_url(event: Event) -> str:
    """Return the address of an event's page."""
    return url_for("organiser.event", slug=event.slug)


def flash_at(where: str, message: str, kind: str = "success") -> None:
    """Show at a place of the next page what has been done; above everything if it has none such.

    A page names its places in `answer_places`, and shows them by the macro `answer`.
    """
    flash(message, f"{kind}@{where}")


def page_number() -> int:
    """Return the number of the requested page; 1 if it is no number."""
    return min(request.args.get("page", 1, type=int), _MOST_PAGES)


def translate_all(complaints: Iterable[Complaint]) -> list[str]:
    """Translate complaints into the language of the page."""
    return [translate(complaint) for complaint in complaints]


def show_complaints(form: Any, complaints: Iterable[Complaint], suffix: str = "") -> None:
    """Add each complaint to the errors of the field it is about, or else of the whole form.

    A field's name is what the complaint is about and the suffix.
    """
    for complaint in complaints:
        name = f"{complaint.about}{suffix}"
        if name in form:
            field = form[name]
            field.errors = [*field.errors, translate(complaint)]
        else:
            form.form_errors.append(translate(complaint))


def refusal_status(refusal: Refusal) -> int:
    """The status of a form shown again with its complaints."""
    return 413 if isinstance(refusal, FileTooLarge) else 422


def page_url(endpoint: str, **values: Any) -> Callable[[int], str]:
    """Return the function that gives the address of each page of a list."""
    return lambda number: url_for(endpoint, **values, page=number)


def download(content: str | bytes, mimetype: str, file_name: str) -> Response:
    """Return content as a file to save."""
    response = Response(content, mimetype=mimetype)
    response.headers["Content-Disposition"] = f'attachment; filename="{file_name}"'
    return response
