"""IMAP servers that misbehave: one on loopback that says what a script says, else the least needed.

`script(command)` is asked for each command's name ("CONNECT" first): it returns the lines to say,
None for the usual ones, SILENT to say nothing more, ENDLESS never to come to an end, or DROP to
hang up.
"""

import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from ikone_events.demo.catcher import free_port
from tests.talking_server import TalkingServer

DROP, SILENT, ENDLESS = "drop", "silent", "endless"
_DRIP_SECONDS = 0.05
_USUAL = {
    "CONNECT": "* OK scripted",
    "CAPABILITY": "* CAPABILITY IMAP4rev1 MOVE",
    "LIST": '* LIST () "/" ""',
    "SELECT": "* 1 EXISTS\r\n* OK [UIDVALIDITY 7] ok\r\n* OK [UIDNEXT 2] ok",
    "LOGOUT": "* BYE",
}


@dataclass
class ScriptedImap(TalkingServer):
    """`heard` are the commands that came, their arguments too."""

    script: Callable[[str], str | None] = lambda _command: None
    port: int = field(default_factory=free_port)
    heard: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        """What IKONE_IMAP_URL would be."""
        return f"imap://eva:geheim-42@127.0.0.1:{self.port}?tls=none"

    def _talk(self, peer: socket.socket) -> None:
        lines = peer.makefile("rb")
        if not self._say(peer, "CONNECT", ""):
            return
        while line := lines.readline():
            self.heard.append(line.decode("utf-8", "replace").strip())
            tag, name, *rest = self.heard[-1].split(" ", 2)
            if name.upper() == "UID":
                name = rest[0].split(" ", 1)[0]
            if not self._say(peer, name.upper(), tag):
                return

    def _say(self, peer: socket.socket, name: str, tag: str) -> bool:
        said = self.script(name)
        if said == DROP:
            return False
        if said == ENDLESS:
            return self._drip(peer)
        if said == SILENT:
            self._over.wait()
            return False
        lines = _USUAL.get(name, "") if said is None else said
        if tag and f"{tag} " not in lines and not lines.startswith("TAG "):
            lines = f"{lines}\r\nTAG OK done" if lines else "TAG OK done"
        try:
            peer.sendall(f"{lines}\r\n".replace("TAG ", f"{tag} ").encode())
        except OSError:
            return False
        return True

    def _drip(self, peer: socket.socket) -> bool:
        while not self._over.wait(_DRIP_SECONDS):
            try:
                peer.sendall(b"* 1 EXISTS\r\n")
            except OSError:
                break
        return False


class StoppedAtMove:
    """Between a reader and its server: the first MOVE is `reached`, and never gets through."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self.reached = threading.Event()
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        peer, _ = self._listener.accept()
        with self._listener, peer, socket.create_connection(("127.0.0.1", self._target)) as server:
            threading.Thread(target=_pump, args=(server, peer), daemon=True).start()
            while data := peer.recv(65536):
                if b" MOVE " in data:
                    self.reached.set()
                elif not self.reached.is_set():
                    server.sendall(data)


def _pump(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
