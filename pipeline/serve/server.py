"""The process of a server: its address, its connections, and how it ends."""

from __future__ import annotations

import asyncio
import logging
import signal
import socket
import sys

import uvicorn
from fastapi import FastAPI
from uvicorn.protocols.http.h11_impl import H11Protocol

from volcast.pipeline.errors import ConfigError
from volcast.pipeline.serve.app import build_app
from volcast.pipeline.serve.options import ServeOptions
from volcast.pipeline.serve.state import Clock

DRAIN = 30  # seconds for which requests in progress may go on after SIGTERM
KEEP_ALIVE = 15  # seconds for which a connection may be quiet between two requests
HEADER_TIMEOUT = 10.0  # seconds within which the first request of a connection must begin
MAXIMUM_HEADERS = 16 * 1024  # bytes
BACKLOG = 256  # connections that wait to be accepted
LOG_FORMAT = "%(asctime)s %(levelname)s %(name)s %(message)s"


class TimedProtocol(H11Protocol):
    """HTTP/1.1 that does not wait forever for the first request of a connection."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to count the seconds."""
        super().connection_made(transport)
        self._deadline = self.loop.call_later(HEADER_TIMEOUT, self._close_if_idle)

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop counting."""
        self._deadline.cancel()
        super().connection_lost(exc)

    def _close_if_idle(self) -> None:
        """Close the connection if no request has begun on it."""
        if self.cycle is None and not self.transport.is_closing():
            self.transport.close()


def run_server(options: ServeOptions, clock: Clock) -> None:
    """Serve until SIGTERM or Ctrl-C; requests in progress are answered first.

    Raises
    ------
    ConfigError
        Others would be served without tokens, or the address cannot be used.
    """
    options.check()
    listening = _listen(options.host, options.port)
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format=LOG_FORMAT)
    logging.getLogger("uvicorn").setLevel(logging.WARNING)
    host, port = listening.getsockname()[:2]
    shown = f"[{host}]" if ":" in host else host
    logging.getLogger("volcast.serve").info("serving at http://%s:%d", shown, port)
    # When it has drained, uvicorn raises the signal again: the exit code is 0 then.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: sys.exit(0))
    config = build_config(build_app(options, clock))
    uvicorn.Server(config).run(sockets=[listening])


def build_config(app: FastAPI) -> uvicorn.Config:
    """Return how connections are handled."""
    return uvicorn.Config(
        app,
        port=0,
        http=TimedProtocol,
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_keep_alive=KEEP_ALIVE,
        timeout_graceful_shutdown=DRAIN,
        h11_max_incomplete_event_size=MAXIMUM_HEADERS,
    )


def _listen(host: str, port: int) -> socket.socket:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, _, _, _, address = found[0]
        return _bind(family, str(address[0]), port)
    except OSError as error:
        raise ConfigError(
            f"cannot listen at {host}, port {port}: {error.strerror}; choose another --host or "
            "--port"
        ) from error


def _bind(family: int, address: str, port: int) -> socket.socket:
    # With the protocol, asyncio sends small answers at once instead of collecting them.
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((address, port))
        listening.listen(BACKLOG)
    except OSError:
        listening.close()
        raise
    return listening
