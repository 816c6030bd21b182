"""What all organisers' pages share: the blueprint, the look-up of an event, paging."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

from flask import Blueprint, Response, current_app, request, url_for
from flask_security import current_user
from werkzeug.wrappers import Response as BaseResponse

from ikone_events.domain.refusals import Complaint
from ikone_events.store.events.models import Event
from ikone_events.store.events.queries import get_visible_event
from ikone_events.store.figures.counts import tab_counts
from ikone_events.store.paging import Page
from ikone_events.web.shell.access import Permission, may, organiser
from ikone_events.web.shell.headers import no_store
from ikone_events.web.shell.i18n import translate

Answer = str | Response | BaseResponse | tuple[str, int]
View = TypeVar("View", bound=Callable[..., Any])

# What a form weighs besides its file.
_FORM_BYTES = 64 * 1024

blueprint = Blueprint("organiser", __name__)


@blueprint.context_processor
def _frame() -> dict[str, object]:
    known = current_user.is_authenticated
    return {
        "area": "organiser",
        "tab_counts": tab_counts,
        "organiser_name": (current_user.name or current_user.email) if known else "",
        "may_create": may(Permission.EDIT_EVENTS),
        "may_edit": may(Permission.EDIT_EVENTS),
        "may_edit_texts": may(Permission.EDIT_TEXTS),
        "may_edit_administrations": may(Permission.EDIT_ADMINISTRATIONS),
        "may_export": may(Permission.EXPORT_PEOPLE),
        "may_see_subscribers": may(Permission.SEE_SUBSCRIBERS) and organiser().sees_all,
    }


def takes_file(most_bytes: Callable[[], int]) -> Callable[[View], View]:
    """Let a view take a file of so many bytes; stands directly above the view."""

    def decorate(view: View) -> View:
        view.most_bytes = most_bytes  # type: ignore[attr-defined]
        return view

    return decorate


@blueprint.url_value_preprocessor
def _raise_body_limit(endpoint: str | None, _values: dict[str, object] | None) -> None:
    """Before the CSRF check reads the body: only who may use the view may send that much."""
    view: Any = current_app.view_functions[endpoint or ""]
    most_bytes = getattr(view, "most_bytes", None)
    if most_bytes is not None and may(view.permission):
        request.max_content_length = most_bytes() + _FORM_BYTES


@blueprint.after_request
def _keep_private(response: Response) -> Response:
    return no_store(response)


def seen_event(slug: str) -> Event:
    """The event of the address, if the signed-in person may see it; raises NotFound."""
    return get_visible_event(organiser(), slug)


def actor() -> str:
    """The signed-in person as the history names them."""
    person = organiser()
    return person.name or person.email


def event_url(event: Event) -> str:
    """The organisers' page of an event."""
    return url_for("organiser.event", slug=event.slug)


def page_number() -> int:
    """The page asked for; nonsense is page one."""
    return request.args.get("page", 1, type=int)


def say_all(complaints: tuple[Complaint, ...]) -> list[str]:
    """Every complaint in the language of the page."""
    return [translate(complaint) for complaint in complaints]


def place(form: Any, complaints: tuple[Complaint, ...]) -> None:
    """Put each complaint at the field it is about; the rest belongs to the form."""
    for complaint in complaints:
        if complaint.about in form:
            field = form[complaint.about]
            field.errors = [*field.errors, translate(complaint)]
        else:
            form.form_errors.append(translate(complaint))


@dataclass(frozen=True, slots=True)
class Pager:
    """A page of a list as the pagination macro wants it."""

    page: int
    pages: int

    def iter_pages(self, **_edges: int) -> Iterator[int | None]:
        """First, last and the neighbours; None where numbers are left out."""
        shown = {1, self.pages, *range(self.page - 1, self.page + 2)}
        last = 0
        for number in sorted(n for n in shown if 1 <= n <= self.pages):
            if number > last + 1:
                yield None
            yield number
            last = number


def pager(page: Page[Any]) -> Pager:
    """The numbers below a list."""
    return Pager(page.number, page.pages)


def page_url(endpoint: str, **values: Any) -> Callable[[int], str]:
    """Addresses of the other pages of this list."""
    return lambda number: url_for(endpoint, **values, page=number)
