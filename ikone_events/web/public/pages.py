"""Privacy, imprint, accessibility; and what crawlers and browsers ask every site for.

Each text has a default text in both languages; an installation replaces it by a Markdown file
`<data_dir>/pages/<name>.<locale>.md`.
"""

from collections.abc import Iterable
from datetime import timedelta

from flask import Blueprint, Response, render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from ikone_events.domain.address import looks_like_address
from ikone_events.domain.refusals import N_
from ikone_events.domain.tokens import PERSONAL_PATHS
from ikone_events.services.documents.markdown import to_html
from ikone_events.services.installation import get_identity, get_installation, now
from ikone_events.web.shell.access import Permission, permission
from ikone_events.web.shell.i18n import page_locale
from ikone_events.web.shell.page_cache import revalidated
from ikone_events.web.shell.static_files import send_static

blueprint = Blueprint("pages", __name__)
# Nothing for search engines: behind the login, behind personal links, or for monitoring.
_NOT_FOR_SEARCH = (
    *("/organise", "/login", "/logout", "/fs-static/", "/healthz", "/readyz"),
    *(f"/{part}/" for part in PERSONAL_PATHS),
)
_A_WEEK = 7 * 24 * 3600
TITLES = {
    "privacy": N_("Privacy"),
    "imprint": N_("Legal notice"),
    "accessibility": N_("Accessibility statement"),
}


@blueprint.get("/privacy")
@permission(Permission.PUBLIC)
def privacy() -> ResponseReturnValue:
    """The privacy notice."""
    return _page("privacy")


@blueprint.get("/imprint")
@permission(Permission.PUBLIC)
def imprint() -> ResponseReturnValue:
    """The imprint."""
    return _page("imprint")


@blueprint.get("/accessibility")
@permission(Permission.PUBLIC)
def accessibility() -> ResponseReturnValue:
    """The accessibility statement."""
    return _page("accessibility")


def _page(name: str) -> Response:
    content = to_html(_text(name), top=2)
    title = gettext(TITLES[name])
    return revalidated(render_template("public/page.html", title=title, content=content))


def _text(name: str) -> str:
    own = get_installation().settings.data_dir / "pages" / f"{name}.{page_locale()}.md"
    if own.is_file():
        return own.read_text(encoding="utf-8")
    return render_template(f"public/pages/{name}.{page_locale()}.md")


@blueprint.get("/.well-known/security.txt")
@permission(Permission.PUBLIC)
def security_txt() -> ResponseReturnValue:
    """The contact for reports of vulnerabilities (RFC 9116)."""
    installation = get_installation()
    contact = get_identity().privacy_contact
    where = f"mailto:{contact}" if looks_like_address(contact) else installation.page("/imprint")
    expires = (now() + timedelta(days=180)).replace(microsecond=0).isoformat()
    lines = (
        f"Contact: {where}",
        f"Expires: {expires.replace('+00:00', 'Z')}",
        "Preferred-Languages: de, en",
        f"Canonical: {installation.page('/.well-known/security.txt')}",
    )
    return _plain(lines)


@blueprint.get("/robots.txt")
@permission(Permission.PUBLIC)
def robots_txt() -> ResponseReturnValue:
    """What search engines may read: the public pages (RFC 9309)."""
    rules = ["User-agent: *", *(f"Disallow: {path}" for path in _NOT_FOR_SEARCH)]
    return _plain([*rules, "", f"Sitemap: {get_installation().page('/sitemap.xml')}"])


@blueprint.get("/favicon.ico")
@permission(Permission.PUBLIC)
def favicon() -> ResponseReturnValue:
    """The icon that browsers ask for at a fixed address; pages name the SVG."""
    return send_static("favicon.ico", f"public, max-age={_A_WEEK}, immutable")


def _plain(lines: Iterable[str]) -> Response:
    return Response("\n".join(lines) + "\n", content_type="text/plain; charset=utf-8")
