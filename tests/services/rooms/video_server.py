"""A video server on loopback that answers like BigBlueButton, fails, or says nothing at all."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from tests.patience import PATIENCE

_MADE = (
    "<response><returncode>SUCCESS</returncode><meetingID>{key}</meetingID>"
    "<internalMeetingID>in-{key}</internalMeetingID><createTime>1772442000000</createTime>"
    "<hasBeenForciblyEnded>false</hasBeenForciblyEnded><messageKey></messageKey></response>"
)


class VideoServer:
    """`fails`: it answers with an error. While `silent`, a request waits until `speak`."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.calls = 0
        self.fails = False
        self.asked = threading.Event()
        self._may_answer = threading.Event()
        self._may_answer.set()

    @property
    def url(self) -> str:
        """As IKONE_BBB_URL."""
        return f"http://127.0.0.1:{self.port}/bigbluebutton/"

    def fall_silent(self) -> None:
        """Take requests and answer none."""
        self.asked.clear()
        self._may_answer.clear()

    def speak(self) -> None:
        """Answer again, also what has been asked meanwhile."""
        self._may_answer.set()

    def answer(self, path: str) -> tuple[int, str]:
        """Status and body for a path."""
        self.calls += 1
        self.asked.set()
        assert self._may_answer.wait(PATIENCE)
        if self.fails:
            return 500, "<html>Internal error</html>"
        return 200, _MADE.format(key=parse_qs(urlsplit(path).query).get("meetingID", [""])[0])


@contextmanager
def video_server() -> Iterator[VideoServer]:
    """Serve until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body = known.answer(self.path)
            content = body.encode()
            self.send_response(status)
            self.send_header("Content-Type", "text/xml")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_words: object) -> None:
            """Nothing on the standard error."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    known = VideoServer(server.server_port)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield known
    finally:
        known.speak()
        server.shutdown()
        thread.join()
        server.server_close()
