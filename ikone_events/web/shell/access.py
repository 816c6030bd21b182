"""Permissions: every route names one, or the application does not start."""

from collections.abc import Callable
from enum import StrEnum
from functools import wraps
from typing import Any, NoReturn, TypeVar, cast

from flask import Flask, abort, current_app, redirect, request, url_for
from flask_security import current_user

from ikone_events.domain.registering.form_fields import ROLES
from ikone_events.store.accounts.models import Organiser

View = TypeVar("View", bound=Callable[..., Any])


class Permission(StrEnum):
    """What a route requires of the client."""

    PUBLIC = "public"
    PERSONAL_LINK = "personal link"
    SEE_EVENTS = "see events"
    EDIT_EVENTS = "edit events"
    CREATE_EVENTS = "create events, which are assigned to their creator"
    EXPORT_PEOPLE = "export people"
    CHECK_IN = "check people in at the entrance"
    EDIT_TEXTS = "edit texts of all events"
    EDIT_SERIES_TEXTS = "edit texts of a series"
    SEE_SUBSCRIBERS = "see subscribers"
    SEE_INCOMING = "see mails that belong to no event"
    EDIT_ADMINISTRATIONS = "edit the directory of administrations"
    EDIT_ACCOUNTS = "edit accounts"
    EDIT_SETTINGS = "edit the settings of the installation"
    OWN_ACCOUNT = "see and change the own account"


# Viewers may not export lists (public-sector guide, P5).
_WORKS = frozenset(
    {
        Permission.SEE_EVENTS,
        Permission.EDIT_EVENTS,
        Permission.CREATE_EVENTS,
        Permission.EXPORT_PEOPLE,
        Permission.CHECK_IN,
        Permission.EDIT_SERIES_TEXTS,
        Permission.SEE_SUBSCRIBERS,
        Permission.SEE_INCOMING,
        Permission.EDIT_ADMINISTRATIONS,
        Permission.OWN_ACCOUNT,
    }
)
GRANTS: dict[str, frozenset[Permission]] = {
    "admin": _WORKS | {Permission.EDIT_TEXTS, Permission.EDIT_ACCOUNTS, Permission.EDIT_SETTINGS},
    "organiser": _WORKS,
    "viewer": frozenset({Permission.SEE_EVENTS, Permission.SEE_INCOMING, Permission.OWN_ACCOUNT}),
    "door": frozenset({Permission.CHECK_IN, Permission.OWN_ACCOUNT}),
}
# Routes with these concern one event, which the view looks up among those of the account.
_OF_ONE_EVENT = frozenset(
    {
        Permission.SEE_EVENTS,
        Permission.EDIT_EVENTS,
        Permission.EXPORT_PEOPLE,
        Permission.CHECK_IN,
    }
)
# What an account that is limited to some events may have. All else concerns the whole network.
_FOR_LIMITED_ACCOUNTS = _OF_ONE_EVENT | {Permission.CREATE_EVENTS, Permission.OWN_ACCOUNT}

# Views of Flask and Flask-Security, which check access themselves.
FOREIGN: dict[str, Permission] = {
    "security.static": Permission.PUBLIC,
    "security.login": Permission.PUBLIC,
    "security.logout": Permission.PUBLIC,
    "security.verify": Permission.SEE_EVENTS,
}


def permission(needed: Permission) -> Callable[[View], View]:
    """Name the permission of a view and check it, unless the view is public."""

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            if needed not in (Permission.PUBLIC, Permission.PERSONAL_LINK):
                require(needed)
            return view(*args, **kwargs)

        guarded.permission = needed  # type: ignore[attr-defined]
        return cast(View, guarded)

    return decorate


def unattended(view: View) -> View:
    """Mark a view that an open page asks by itself: it does not keep the session alive."""
    view.unattended = True  # type: ignore[attr-defined]
    return view


def is_unattended() -> bool:
    """Whether nobody has caused this request."""
    return hasattr(current_app.view_functions.get(request.endpoint or ""), "unattended")


def require(needed: Permission) -> None:
    """Redirect to the login, or abort with 403 without the permission."""
    if not current_user.is_authenticated:
        _send_to_login()
    if not may(needed):
        if request.endpoint == "organiser.dashboard" and may(Permission.OWN_ACCOUNT):
            start = "entrances" if may(Permission.CHECK_IN) else "own_account"
            abort(redirect(url_for(f"organiser.{start}"), 303))  # where the login leads to
        abort(403)


def may(needed: Permission) -> bool:
    """Whether the signed-in organiser has the permission; also used by templates."""
    if not current_user.is_authenticated:
        return False
    if needed not in _FOR_LIMITED_ACCOUNTS and not organiser().sees_all:
        return False
    return any(needed in GRANTS.get(role.name, frozenset()) for role in current_user.roles)


def organiser() -> Organiser:
    """The organiser who is signed in; only for views behind the login."""
    return cast(Organiser, current_user)


def asker_role() -> str:
    """The organiser's highest role, which decides on the answers they see; "" without one."""
    names = {role.name for role in organiser().roles}
    return next((role for role in reversed(ROLES) if role in names), "")


def _send_to_login() -> NoReturn:
    """Redirect to the login and back; after a POST to the overview."""
    start = url_for("organiser.dashboard")
    target = request.full_path.rstrip("?") if request.method == "GET" else start
    abort(redirect(url_for("security.login", next=target), 303))


def check_routes(app: Flask) -> None:
    """Refuse to start with a route that names no permission (deny by default).

    A route that writes beyond one event must name a permission that limited accounts don't have.
    """
    for rule in app.url_map.iter_rules():
        view = app.view_functions[rule.endpoint]
        if rule.endpoint not in FOREIGN and not hasattr(view, "permission"):
            raise RuntimeError(f"route {rule} ({rule.endpoint}) names no permission")
        of_one_event = getattr(view, "permission", None) in _OF_ONE_EVENT
        if of_one_event and "POST" in (rule.methods or ()) and "slug" not in rule.arguments:
            raise RuntimeError(f"route {rule} names the permission of one event, but no event")
