"""A server on loopback that holds a conversation with each peer, in a thread of its own."""

import socket
import socketserver
import threading
from collections.abc import Callable
from typing import Self


class TalkingServer:
    """Runs inside `with`; `_talk` holds one conversation, and `_over` ends those that wait."""

    port: int

    def __enter__(self) -> Self:
        self._over = threading.Event()
        self._server = _Server(("127.0.0.1", self.port), self._talk)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()
        return self

    def __exit__(self, *_fault: object) -> None:
        self._over.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _talk(self, peer: socket.socket) -> None:
        raise NotImplementedError


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, address: tuple[str, int], talk: Callable[[socket.socket], None]) -> None:
        self._talk = talk
        super().__init__(address, socketserver.BaseRequestHandler)

    def finish_request(self, request: socket.socket, _address: object) -> None:
        self._talk(request)
