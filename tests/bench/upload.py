"""A file of 50 MB through the real server: what it needs in memory, and how long it takes.

The server's memory is read while the file is sent, checked and stored; the greatest figure counts.
The file is a presentation with a member that hardly shrinks, as pictures do.
"""

import io
import re
import secrets
import threading
import time
import zipfile
from contextlib import closing
from http import HTTPStatus
from http.client import HTTPConnection
from pathlib import Path

from tests.bench.client import Connection, cookie_in
from tests.bench.figures import note
from tests.bench.installation import Installation, Served
from tests.bench.visitors import log_in

SIZE = 50 * 1024 * 1024
# Ten pictures, and some room for the parts beside them.
_PART = SIZE // 10 - 10 * 1024
AIM_MB = 150
_EMAIL, _PASSWORD = "team@example.org", "Lange-Wörter-2026"
_EVERY = 0.01

Row = tuple[str, str, str]


def measure(folder: Path, smtp_port: int) -> list[Row]:
    """The figures as rows: what, measured, aim."""
    installation = Installation(folder, smtp_port)
    path = installation.fill()[0]
    words = ("organiser", "add", _EMAIL, "--role", "organiser", "--password-stdin")
    installation.run(*words, typed=_PASSWORD)
    rows = []
    with installation.serving() as server:
        cookie = log_in(server.port, _EMAIL, _PASSWORD)
        page = f"/organise{path}/materials"
        for name, content in (("pdf", _pdf()), ("pptx", _slides())):
            idle = server.megabytes()
            seconds, most = _send(server, page, cookie, f"a.{name}", content)
            mb = len(content) / 1024 / 1024
            note(f"upload_{name}_mb", most)
            figure = f"{most:.0f} MB ({idle:.0f} before), {seconds:.1f} s"
            rows.append((f"{name.upper()} of {mb:.0f} MB, memory", figure, f"< {AIM_MB} MB"))
    return rows


def _send(server: Served, page: str, cookie: str, name: str, content: bytes) -> tuple[float, float]:
    """Upload a file: how long it took, and the most memory that the server had meanwhile."""
    with closing(Connection(server.port)) as connection:
        head, text = connection.ask("GET", page, cookie=cookie)
    cookie = cookie_in(head) or cookie
    token = re.search(rb'name="csrf_token"[^>]*value="([^"]+)"', text)
    assert token is not None, head
    begin = b'--x\r\nContent-Disposition: form-data; name="'
    body = begin + b'csrf_token"\r\n\r\n' + token[1] + b"\r\n" + begin
    body += f'slides-file"; filename="{name}"\r\n\r\n'.encode() + content + b"\r\n--x--\r\n"
    most, over = [server.megabytes()], threading.Event()

    def watch() -> None:
        while not over.wait(_EVERY):
            most.append(server.megabytes())

    watching = threading.Thread(target=watch)
    watching.start()
    began = time.monotonic()
    try:
        status, text = _post(server.port, f"{page}/slides", cookie, body)
    finally:
        over.set()
        watching.join()
    if status != HTTPStatus.SEE_OTHER:
        raise RuntimeError(f"{status}: {text[:2000].decode('utf-8', 'replace')}")
    return time.monotonic() - began, max(most)


def _post(port: int, path: str, cookie: str, body: bytes) -> tuple[int, bytes]:
    """Status and text of the answer to a form."""
    connection = HTTPConnection("127.0.0.1", port, timeout=300)
    kind = "multipart/form-data; boundary=x"
    headers = {"Host": "localhost", "Cookie": cookie, "Content-Type": kind}
    connection.request("POST", path, body, headers)
    response = connection.getresponse()
    text = response.read()
    connection.close()
    return response.status, text


def _pdf() -> bytes:
    return b"%PDF-1.7\n".ljust(SIZE, b"x")


def _slides() -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("[Content_Types].xml", "<Types/>")
        packed.writestr("ppt/presentation.xml", "<x/>" * 1000)
        for number in range(10):
            packed.writestr(f"ppt/media/{number}.png", secrets.token_bytes(_PART))
    return stream.getvalue()
