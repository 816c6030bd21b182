"""What an organiser has typed when the session ends: kept over the login, and shown again.

The form that was sent is sealed into the login page, with the account that was signed in. After the
login of that account the browser sends it again, and the view shows it without carrying it out.
Nothing is stored on the server.
"""

from collections.abc import Callable
from typing import Any, TypeVar

from flask import current_app, render_template, request
from flask_wtf import FlaskForm
from itsdangerous import BadData

from ikone_events.domain.refusals import N_, Complaint, UnfitInput
from ikone_events.store.running import running_app
from ikone_events.web.shell.forms import is_token_of
from ikone_events.web.shell.i18n import translate
from ikone_events.web.shell.present import this_request
from ikone_events.web.shell.sessions import SealedSerializer

View = TypeVar("View", bound=Callable[..., Any])

AGAIN = Complaint(
    N_("You were logged out in between. Nothing has been saved yet: please check and save again.")
)
_SHOW = "show_again"
# For a page that stayed open over the weekend.
_LONGEST_SECONDS = 7 * 24 * 3600
# It has to fit into a form, with the login.
_MOST_CHARACTERS = 700_000


def keeps_input(view: View) -> View:
    """Mark a view that refuses to carry out a form while `is_shown_again`, and shows it."""
    view.keeps_input = True  # type: ignore[attr-defined]
    return view


def is_shown_again() -> bool:
    """Whether this form comes back after a login."""
    return request.form.get(_SHOW) == "1"


def refuse_shown_again() -> None:
    """Raise UnfitInput, for views that do not validate a TeamForm."""
    if is_shown_again():
        raise UnfitInput(AGAIN)


class TeamForm(FlaskForm):
    """Base class of organisers' forms with much to type: no form that comes back is valid."""

    def validate(self, *args: Any, **more: Any) -> bool:
        """Check the fields, and whether the form may be carried out."""
        valid: bool = super().validate(*args, **more)
        if not is_shown_again():
            return valid
        self.form_errors.append(translate(AGAIN))
        return False


def seal_input() -> str | None:
    """The form of this request, sealed; None unless it is known who has typed it on our page.

    The cookie names the account also after its time. Its secret must be that of the form's token,
    so that no other site can bring a form into the login (CSRF).
    """
    ended = _ended_session()
    if not isinstance(ended.get("account"), int) or not _is_ours(ended.get("csrf_token")):
        return None
    content = {"account": ended["account"], "path": request.full_path, "fields": _fields()}
    sealed = str(_serializer().dumps(content))
    return sealed if len(sealed) <= _MOST_CHARACTERS else None


def resume_page(sealed: str, account: int) -> str | None:
    """The page that sends a sealed form again; None if this account has not typed it."""
    try:
        content = _serializer().loads(sealed, max_age=_LONGEST_SECONDS)
    except BadData:
        return None
    if content["account"] != account:
        return None
    return _page(content["path"], content["fields"])


def page_of_earlier_session(secret: object) -> str | None:
    """The page that sends this form again, if it is from before the present login; or None.

    `secret` is that of the present session. Only the browser can say that another page of ours has
    sent the form (Fetch Metadata): no script can set this header.
    """
    own = request.headers.get("Sec-Fetch-Site") == "same-origin"
    if not own or _is_ours(secret):
        return None
    return _page(request.full_path, _fields())


def is_kept() -> bool:
    """Whether this request sends a form to a view that `keeps_input`."""
    asked = this_request()
    if asked.method != "POST":
        return False
    view = running_app().view_functions.get(asked.endpoint or "")
    return getattr(view, "keeps_input", False)


def _fields() -> list[tuple[str, str]]:
    return [(k, v) for k, v in request.form.items(multi=True) if k not in ("csrf_token", _SHOW)]


def _page(path: str, fields: list[tuple[str, str]]) -> str:
    # The frame of the login; the one of the pages for the team needs their blueprint.
    return render_template(
        "security/resume.html",
        path=request.script_root + path.rstrip("?"),
        fields=[*fields, (_SHOW, "1")],
        area="",
        organiser_name="",
    )


def _ended_session() -> dict[str, Any]:
    interface: Any = current_app.session_interface
    cookie = request.cookies.get(interface.get_cookie_name(current_app), "")
    try:
        found = interface.get_signing_serializer(current_app).loads(
            cookie, max_age=_LONGEST_SECONDS
        )
    except BadData:
        return {}
    return found if isinstance(found, dict) else {}


def _is_ours(secret: object) -> bool:
    """Whether the token of the form was made from this secret, as Flask-WTF does it."""
    return is_token_of(secret, request.form.get("csrf_token", ""), _LONGEST_SECONDS)


def _serializer() -> SealedSerializer:
    key: Any = current_app.secret_key
    return SealedSerializer(key, salt="ikone-events.interrupted")
