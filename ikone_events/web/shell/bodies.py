"""Bodies of requests: how large they may be, and of which content type.

Both are checked before any byte is read. The server asks for the limit even before that, because
it buffers a body before it calls the application.
"""

from collections.abc import Callable, Mapping
from io import BytesIO
from typing import IO, Any, TypeVar, cast

from flask import Flask, Request, current_app, request
from werkzeug.datastructures import ImmutableMultiDict
from werkzeug.exceptions import (
    BadRequest,
    HTTPException,
    RequestEntityTooLarge,
    UnsupportedMediaType,
)
from werkzeug.formparser import FormDataParser
from werkzeug.sansio.http import parse_cookie
from werkzeug.utils import cached_property

from ikone_events.domain.refusals import LinkRefused
from ikone_events.domain.tokens import Purpose
from ikone_events.services.followup.files import IncomingFile
from ikone_events.services.installation import Installation
from ikone_events.store.running import running_app
from ikone_events.web.shell.access import require
from ikone_events.web.shell.present import this_request

MEGABYTE = 1024 * 1024
MOST_BYTES = MEGABYTE
# In an upload: the boundaries and the fields besides the file, which is counted exactly.
_FORM_BYTES = 64 * 1024
# A megabyte can hold half a million empty fields, which take a hundred megabytes once parsed.
_MOST_FIELDS = 10_000
_MULTIPART = "multipart/form-data"
LONGEST_BOUNDARY = 100
FORM_TYPES = ("application/x-www-form-urlencoded", _MULTIPART)
_WITH_BODY = ("POST", "PUT", "PATCH", "DELETE")

View = TypeVar("View", bound=Callable[..., Any])
# Method, path and Cookie header of a request; the result is a number of bytes.
BodyLimit = Callable[[str, str, str], int]


def takes_file(
    most_bytes: Callable[[], int],
    purpose: Purpose | None = None,
    check: Callable[[str], object] | None = None,
    *,
    streams: bool = False,
) -> Callable[[View], View]:
    """Accept a file of up to this many bytes; must be the innermost decorator of the view.

    A view behind a personal link names the `purpose` of its token, which alone gets room for a
    file, and a `check` of the token that raises a Refusal before anything is read. A file that
    `streams` is written to the uploads folder as it arrives.
    """

    def decorate(view: View) -> View:
        view.most_bytes = most_bytes  # type: ignore[attr-defined]
        view.purpose_of_link, view.check_of_link = purpose, check  # type: ignore[attr-defined]
        view.streams = streams  # type: ignore[attr-defined]
        return view

    return decorate


def content_types(*names: str) -> Callable[[View], View]:
    """Name the content types that a view accepts instead of those of forms; innermost too."""

    def decorate(view: View) -> View:
        view.content_types = names  # type: ignore[attr-defined]
        return view

    return decorate


class FormParser(FormDataParser):
    """Werkzeug's parser, which reads a broken form as an empty one and counts only parts."""

    def parse(self, *args: Any, **kwargs: Any) -> Any:
        """Stream, fields and files. Raises BadRequest and RequestEntityTooLarge."""
        self.silent = False
        try:
            stream, fields, files = super().parse(*args, **kwargs)
        except ValueError as fault:
            raise BadRequest from fault
        if None in fields or None in files:  # a part needs a name (RFC 7578, 4.2)
            raise BadRequest
        return stream, fields, files

    def _parse_urlencoded(self, stream: Any, mimetype: str, length: int | None, *rest: Any) -> Any:
        body = stream.read()
        # Without a length, the stream of some servers ends silently at the limit.
        is_cut = length is None and len(body) >= (self.max_content_length or 0)
        if is_cut or body.count(b"&") >= _MOST_FIELDS:
            raise RequestEntityTooLarge
        return super()._parse_urlencoded(BytesIO(body), mimetype, length, *rest)


class BoundedRequest(Request):
    """Flask's request with our form parser, which closes every file that it has opened."""

    form_data_parser_class = FormParser
    # In place of the settings of these names, which Flask would look up again and again.
    max_content_length: int | None = MOST_BYTES
    max_form_memory_size: int | None = MOST_BYTES
    max_form_parts: int | None = 200

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._opened: list[IO[bytes]] = []

    @cached_property
    def cookies(self) -> ImmutableMultiDict[str, str]:
        """The cookies; Werkzeug looks through all headers for them, in every request."""
        sent: str = self.environ.get("HTTP_COOKIE", "")
        return parse_cookie(sent, cls=ImmutableMultiDict)  # type: ignore[return-value]

    def _get_file_stream(self, *args: Any, **kwargs: Any) -> IO[bytes]:
        """Where a file of the form goes: the uploads folder, or memory and a temporary file."""
        view = current_app.view_functions.get(self.endpoint or "")
        streams = getattr(view, "streams", False)
        file: Any = IncomingFile() if streams else super()._get_file_stream(*args, **kwargs)
        self._opened.append(file)
        return cast("IO[bytes]", file)

    def close(self) -> None:
        """Close all files, also those of a form that broke off: Werkzeug forgets these."""
        super().close()
        for file in self._opened:
            file.close()


def init_app(app: Flask) -> None:
    """Check every request; must come before whatever reads forms, as the CSRF check does."""
    app.request_class = BoundedRequest
    app.before_request(_check_body)
    app.extensions["ikone_body_limit"] = _limit_of(app)


def most_megabytes() -> int:
    """How much the view of this request accepts, for the error page."""
    return max((request.max_content_length or MOST_BYTES) // MEGABYTE, 1)


def takes_upload() -> bool:
    """Whether the view of this request accepts a file."""
    return _most_bytes(current_app.view_functions.get(request.endpoint or "")) is not None


def _most_bytes(view: Any) -> Callable[[], int] | None:
    found: Callable[[], int] | None = getattr(view, "most_bytes", None)
    return found


def _check_body() -> None:
    asked = this_request()
    if asked.method not in _WITH_BODY or asked.endpoint is None:
        return
    view: Any = running_app().view_functions[asked.endpoint]
    if most_bytes := _most_bytes(view):
        # nobody else's file is read
        if view.check_of_link is not None:
            view.check_of_link((asked.view_args or {})["token"])
        else:
            require(view.permission)
        asked.max_content_length = most_bytes() + _FORM_BYTES
    _check_type(asked, getattr(view, "content_types", FORM_TYPES))
    if (asked.content_length or 0) > (asked.max_content_length or 0):
        raise RequestEntityTooLarge


def _check_type(asked: Request, accepted: tuple[str, ...]) -> None:
    """415 for other types. A button without fields sends neither body nor type.

    A charset is ignored as the standard of forms wants it (URL Standard, 5.1): mail providers
    unsubscribe with all kinds of them, and the bytes are UTF-8 or escaped.
    """
    named = asked.headers.get("Content-Type", "").strip()
    if not named and not _has_body(asked):
        return
    if asked.mimetype not in accepted:
        raise UnsupportedMediaType
    if asked.mimetype == _MULTIPART and not _is_boundary(asked.mimetype_params.get("boundary")):
        raise BadRequest


def _has_body(asked: Request) -> bool:
    return bool(asked.content_length) or "Transfer-Encoding" in asked.headers


def _is_boundary(text: str | None) -> bool:
    """ASCII; RFC 2046, 5.1.1 allows seventy characters, and Werkzeug's client sends two more."""
    return bool(text) and len(text or "") <= LONGEST_BOUNDARY and (text or "").isascii()


def _limit_of(app: Flask) -> BodyLimit:
    """The limit of a request of which only the headers are known; reads no database.

    Whoever has neither a session of an organiser nor a signed link gets no room for a file. Whether
    it still counts and permits the upload is checked by the view.
    """

    def limit(method: str, path: str, cookie: str) -> int:
        view, values = _view_at(app, method, path)
        most_bytes = _most_bytes(view)
        if most_bytes is None:
            return MOST_BYTES
        purpose = view.purpose_of_link
        if not (_is_signed(app, purpose, values) if purpose else _has_login(app, cookie)):
            return MOST_BYTES
        with app.app_context():
            return max(most_bytes() + _FORM_BYTES, MOST_BYTES)

    return limit


def _view_at(app: Flask, method: str, path: str) -> tuple[Any, Mapping[str, Any]]:
    try:
        endpoint, values = app.url_map.bind("").match(path, method)
    except HTTPException:
        return None, {}
    return app.view_functions[endpoint], values


def _is_signed(app: Flask, purpose: Purpose, values: Mapping[str, Any]) -> bool:
    """Whether the address holds a token for this purpose that we have signed."""
    installation: Installation = app.extensions["ikone_installation"]
    try:
        installation.signer.read(purpose, values["token"])
    except LinkRefused:
        return False
    return True


def _has_login(app: Flask, cookie: str) -> bool:
    """Whether the cookies hold a session, signed by us within the last hour, with a login."""
    asked = app.request_class({"HTTP_COOKIE": cookie})
    session = app.session_interface.open_session(app, asked)
    return session is not None and "_user_id" in session
