"""What goes with every answer, and what is refused before any view sees it."""

import hashlib
from pathlib import Path
from urllib.parse import urlsplit

from flask import Flask, Response, abort, request

from ikone_events.config import Settings

# KERN's icons are masks with data: addresses, hence the one addition to img-src.
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
# For files that people upload: nothing inside may run or load, even where a browser shows it.
FILE_POLICY = "default-src 'none'; sandbox"
A_YEAR = 365 * 24 * 3600
A_DAY = 24 * 3600
_PERSONAL = ("/r/", "/subscribe/", "/unsubscribe/")
_LOOPBACK = ("localhost", "127.0.0.1", "[::1]")


def init_app(app: Flask, settings: Settings) -> None:
    """Know the hosts we answer to, refuse NUL bytes, add the headers."""
    app.config["TRUSTED_HOSTS"] = trusted_hosts(settings)
    app.config["SEND_FILE_MAX_AGE_DEFAULT"] = A_DAY
    app.before_request(_refuse_nul)
    fixed = [
        ("Content-Security-Policy", CONTENT_SECURITY_POLICY),
        ("X-Content-Type-Options", "nosniff"),
        ("Referrer-Policy", "same-origin"),
        ("Permissions-Policy", "camera=(), geolocation=(), microphone=()"),
        ("Cross-Origin-Opener-Policy", "same-origin"),
    ]
    if settings.https:
        fixed.append(("Strict-Transport-Security", f"max-age={A_YEAR}"))

    @app.after_request
    def add_headers(response: Response) -> Response:
        if request.path.startswith(_PERSONAL):
            no_store(response)
        present = {name.lower() for name, _value in response.headers}
        response.headers.extend([item for item in fixed if item[0].lower() not in present])
        if request.endpoint == "static" and "v" in request.args:
            response.cache_control.max_age = A_YEAR
            response.cache_control.immutable = True
        return response


def trusted_hosts(settings: Settings) -> list[str]:
    """The host of the base address; on a machine's own loopback all names of it."""
    host = urlsplit(settings.base_url).hostname or "localhost"
    host = f"[{host}]" if ":" in host else host
    if not settings.https and host in _LOOPBACK:
        return list(_LOOPBACK)
    return [host]


def _refuse_nul() -> None:
    """No address of ours holds a NUL byte, and PostgreSQL can't even look for one."""
    if "\0" in request.path or b"%00" in request.query_string:
        abort(400)


def no_store(response: Response) -> Response:
    """Mark a personal page: no copy, no trace of its secret address, no search engine."""
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response


def fingerprint(static: Path) -> str:
    """A version for the addresses of our styles and scripts, so that browsers may keep them."""
    digest = hashlib.sha256()
    for path in sorted(static.rglob("*")):
        if path.suffix in (".css", ".js", ".svg"):
            digest.update(path.read_bytes())
    return digest.hexdigest()[:12]
