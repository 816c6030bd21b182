"""A small real mail server on loopback that answers as a script says, at every stage.

A script is asked for each stage of each connection: `script(turn)` returns the line to say, DROP to
hang up, SILENT to say nothing, or "" for what a friendly server says. It may wait before that.
"""

import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from email import message_from_bytes

from ikone_events.demo.catcher import free_port
from tests.talking_server import TalkingServer

DROP, SILENT = "drop", "silent"
STAGES = ("CONNECT", "EHLO", "MAIL", "RCPT", "DATA", "BODY")
_FRIENDLY = {"CONNECT": "220 scripted", "DATA": "354 go on", "QUIT": "221 bye"}


@dataclass(frozen=True)
class Turn:
    """Where a conversation stands: connections and mails are counted from 1."""

    stage: str
    connection: int
    mail: int
    recipient: str


@dataclass(frozen=True)
class Taken:
    """A mail whose content arrived, whatever the server said to it."""

    recipient: str
    message_id: str


@dataclass
class ScriptedServer(TalkingServer):
    """`features` are sent after EHLO; `port` stays the same when it is started again."""

    script: Callable[[Turn], str] = lambda _turn: ""
    features: tuple[str, ...] = ("SIZE",)
    port: int = field(default_factory=free_port)
    connections: int = 0
    taken: list[Taken] = field(default_factory=list)

    @property
    def url(self) -> str:
        """What IKONE_SMTP_URL would be."""
        return f"smtp://127.0.0.1:{self.port}?tls=none"

    def _talk(self, peer: socket.socket) -> None:
        self.connections += 1
        try:
            _Conversation(self, peer, self.connections, self._over).hold()
        except (OSError, _HungUp):
            return


class _HungUp(Exception):
    """The conversation is over."""


class _Conversation:
    """One connection from its greeting to its end."""

    def __init__(
        self, server: ScriptedServer, peer: socket.socket, number: int, silence: threading.Event
    ) -> None:
        self._server, self._peer, self._number, self._silence = server, peer, number, silence
        self._file = peer.makefile("rb")
        self._mail, self._recipient = 0, ""

    def hold(self) -> None:
        if not self._say("CONNECT").startswith("2"):
            raise _HungUp
        while line := self._file.readline():
            self._answer(line.decode().strip())

    def _answer(self, line: str) -> None:
        stage = line[:4].upper().replace("HELO", "EHLO")
        if stage == "MAIL":
            self._mail += 1
        if stage == "RCPT":
            self._recipient = line.partition("<")[2].partition(">")[0]
        said = self._say(stage)
        if stage == "DATA" and said.startswith("3"):
            self._take()
            said = self._say("BODY")
        if stage == "QUIT" or said.startswith("421"):
            raise _HungUp

    def _take(self) -> None:
        content = b""
        while (line := self._file.readline()) not in (b".\r\n", b""):
            content += line
        if line:
            found = message_from_bytes(content)["Message-ID"]
            self._server.taken.append(Taken(self._recipient, found))

    def _say(self, stage: str) -> str:
        turn = Turn(stage, self._number, self._mail, self._recipient)
        line = self._server.script(turn) or self._friendly(stage)
        if line == DROP:
            self._peer.shutdown(socket.SHUT_RDWR)
            raise _HungUp
        if line == SILENT:
            self._silence.wait(30)
            raise _HungUp
        self._peer.sendall(line.encode() + b"\r\n")
        return line

    def _friendly(self, stage: str) -> str:
        if stage == "EHLO":
            lines = ("scripted", *self._server.features)
            return "\r\n".join(
                f"250{'-' if i < len(lines) else ' '}{name}" for i, name in enumerate(lines, 1)
            )
        return _FRIENDLY.get(stage, "250 ok")
