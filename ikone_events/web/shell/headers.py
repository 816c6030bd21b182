"""Response headers, trusted hosts, and requests refused before any view."""

from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, Flask, Response, abort, request

from ikone_events.config import Settings
from ikone_events.domain.tokens import PERSONAL_PATHS
from ikone_events.web.shell.present import this_request

# img-src allows data: because KERN's icons are masks with data: URLs.
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
_NO_FRAMES = "frame-ancestors 'none'"
# For uploaded files: nothing inside may run or load, even if a browser displays the file.
FILE_POLICY = "default-src 'none'; sandbox"
A_YEAR = 365 * 24 * 3600
A_DAY = 24 * 3600
_FEEDS = "/feeds/"
_PERSONAL = tuple(f"/{part}/" for part in PERSONAL_PATHS)
_NO_DEVICES = "camera=(), geolocation=(), microphone=()"
# A WSGI application.
Answer = Callable[[Any, Any], Iterable[bytes]]
_LOOPBACK = ("localhost", "127.0.0.1", "[::1]")


def init_app(app: Flask, settings: Settings) -> None:
    """Set the trusted hosts, refuse NUL bytes, add the headers to every response."""
    app.config["TRUSTED_HOSTS"] = _trusted_hosts(settings)
    app.config["SEND_FILE_MAX_AGE_DEFAULT"] = A_DAY
    app.before_request(_refuse_nul)
    fixed = [
        ("Content-Security-Policy", CONTENT_SECURITY_POLICY),
        ("X-Content-Type-Options", "nosniff"),
        ("Referrer-Policy", "same-origin"),
        ("Permissions-Policy", _NO_DEVICES),
        ("Cross-Origin-Opener-Policy", "same-origin"),
    ]
    if settings.https:
        fixed.append(("Strict-Transport-Security", f"max-age={A_YEAR}"))
    app.wsgi_app = _with_headers(app.wsgi_app, fixed)  # type: ignore[method-assign,assignment]

    @app.after_request
    def keep_private(response: Response) -> Response:
        if is_personal(this_request().path):
            no_store(response, _cache_of_personal(response))
        return response


def _with_headers(answer: Answer, fixed: list[tuple[str, str]]) -> Answer:
    """Add the headers that a response lacks as it leaves; Werkzeug would check and copy each."""

    def answered(environ: Any, start_response: Any) -> Iterable[bytes]:
        def start(status: str, headers: list[tuple[str, str]], *fault: Any) -> Any:
            present = {name.lower() for name, _value in headers}
            more = [item for item in fixed if item[0].lower() not in present]
            return start_response(status, headers + more, *fault)

        return answer(environ, start)

    return answered


def policy_for_frames(origins: Iterable[str]) -> str:
    """The policy of a page that these sites may show in a frame; all others may show none."""
    return CONTENT_SECURITY_POLICY.replace(_NO_FRAMES, f"frame-ancestors {' '.join(origins)}")


def allow_camera(response: Response) -> Response:
    """Let the scripts of this page alone ask for the camera; the person still decides."""
    response.headers["Permissions-Policy"] = _NO_DEVICES.replace("camera=()", "camera=(self)")
    return response


def is_personal(path: str) -> bool:
    """Whether the path contains a personal link."""
    return path.startswith(_PERSONAL)


def _cache_of_personal(response: Response) -> str:
    """No copy, but of a feed: its reader's calendar program keeps it and asks for changes.

    `private, no-cache` keeps it out of shared caches and has every use revalidated (RFC 9111,
    5.2.2.4 and 5.2.2.7); with `no-store` (5.2.2.5) the program could not say what it has, and would
    get the whole feed each time.
    """
    fit = request.path.startswith(_FEEDS) and response.status_code in (200, 304)
    return response.headers["Cache-Control"] if fit else "no-store"


def _trusted_hosts(settings: Settings) -> list[str]:
    """The host of the base URL; for a loopback host without HTTPS all loopback names."""
    host = urlsplit(settings.base_url).hostname or "localhost"
    host = f"[{host}]" if ":" in host else host
    if not settings.https and host in _LOOPBACK:
        return list(_LOOPBACK)
    return [host]


def _refuse_nul() -> None:
    """400 for NUL bytes in the URL: PostgreSQL refuses them in any query."""
    asked = this_request()
    if "\0" in asked.path or b"%00" in asked.query_string:
        abort(400)


def no_store(response: Response, cache: str = "no-store") -> Response:
    """Headers of a personal page: no copy, no referrer with its secret URL, no search engine."""
    response.headers["Cache-Control"] = cache
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response


def no_store_but_forms(blueprint: Blueprint, *endpoints: str) -> None:
    """Mark all responses of a blueprint as personal.

    Browsers may keep the GET pages of these endpoints, so that "back" shows what was typed; and
    they are the same for everybody, so that search engines may name them.
    """

    @blueprint.after_request
    def mark(response: Response) -> Response:
        asked = this_request()
        if asked.method != "GET" or asked.endpoint not in endpoints:
            return no_store(response)
        no_store(response, "private, no-cache")
        del response.headers["X-Robots-Tag"]
        return response
