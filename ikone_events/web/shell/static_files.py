"""Styles, scripts, fonts and icons: read once at the start, kept by browsers for a year.

A URL names the version of its file by `v`, a hash of the content. With another version the file is
answered as it is now, but must be revalidated: a page of an older process may name it.
"""

import gzip
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from flask import Flask, Response, abort, current_app, request

from ikone_events.web.shell.access import Permission, permission
from ikone_events.web.shell.compression import chosen_coding

FOREVER = "public, max-age=31536000, immutable"
REVALIDATED = "no-cache"
# Addresses without a version: what somebody noted, or a page of an older release.
SHORT = "public, max-age=300"
# Compressed by the build under the hash of the content (hatch_build.py).
_PACKED = Path("vendor", "packed")
_SUFFIXES = {"br": ".br", "gzip": ".gz"}
_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".ico": "image/x-icon",
    ".woff2": "font/woff2",
    ".txt": "text/plain; charset=utf-8",
}
_COMPRESSED = (".css", ".js", ".svg")


@dataclass(frozen=True, slots=True)
class StaticFile:
    """A file, its version, and its bytes by content coding; "" is the file itself."""

    version: str
    content_type: str
    variants: Mapping[str, bytes]


def init_app(app: Flask) -> None:
    """Add the route and the template function `static_url`."""
    files = static_files(Path(app.root_path, "static"))
    if "vendor/kern/kern.css" not in files:
        app.logger.error("KERN is missing: the package was not built. In a checkout: make dev")
    urls = {name: f"/static/{name}?v={file.version}" for name, file in files.items()}

    def static_url(name: str) -> str:
        return request.script_root + urls.get(name, f"/static/{name}")

    app.extensions["ikone_static"] = files
    app.jinja_env.globals["static_url"] = static_url
    app.add_url_rule("/static/<path:name>", "static", _static)


@cache
def static_files(folder: Path) -> Mapping[str, StaticFile]:
    """All files by their name below the folder, read once per process."""
    found = sorted(path for path in folder.rglob("*") if path.suffix in _TYPES)
    return {path.relative_to(folder).as_posix(): _read(path, folder / _PACKED) for path in found}


def _read(path: Path, packed: Path) -> StaticFile:
    content = path.read_bytes()
    version = hashlib.sha256(content).hexdigest()[:12]
    variants = {"": content}
    if path.suffix in _COMPRESSED:
        for coding, suffix in _SUFFIXES.items():
            variant = packed / (version + suffix)
            if variant.is_file():
                variants[coding] = variant.read_bytes()
        if "gzip" not in variants:  # edited since the build
            variants["gzip"] = gzip.compress(content, mtime=0)
    return StaticFile(version, _TYPES[path.suffix], variants)


@permission(Permission.PUBLIC)
def _static(name: str) -> Response:
    """A file of the package."""
    return send_static(name)


def send_static(name: str, cache_control: str = "") -> Response:
    """The file in the coding that the client prefers; parts of it only as it is."""
    files: Mapping[str, StaticFile] = current_app.extensions["ikone_static"]
    file = files.get(name)
    if file is None:
        abort(404)
    coding = ""
    if len(file.variants) > 1 and "Range" not in request.headers:
        coding = chosen_coding(request.headers.get("Accept-Encoding", ""), tuple(file.variants))
    body = file.variants[coding]
    headers = {
        "Content-Type": file.content_type,
        "Cache-Control": cache_control or _cache_control(file),
        "ETag": f'"{file.version}{"-" if coding else ""}{coding}"',
    }
    if len(file.variants) > 1:
        headers["Vary"] = "Accept-Encoding"
    if coding:
        headers["Content-Encoding"] = coding
    else:
        headers["Accept-Ranges"] = "bytes"
    response = Response(body, headers=headers)
    if "If-None-Match" in request.headers or "Range" in request.headers:
        response.make_conditional(request, accept_ranges=not coding, complete_length=len(body))
    return response


def _cache_control(file: StaticFile) -> str:
    return by_version(file.version) if request.query_string else SHORT


def by_version(version: str) -> str:
    """How long a response may be kept: for ever if the address names this version."""
    return FOREVER if request.args.get("v") == version else REVALIDATED
