"""How a server is started, and which ways of starting it are refused."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from pathlib import Path

from volcast.pipeline.errors import ConfigError
from volcast.pipeline.home import Home
from volcast.pipeline.serve.security.tokens import TokenFile

TOKENS = "tokens.json"  # in the home
LOOPBACK_NAMES = ("127.0.0.1", "localhost", "[::1]", "::1")
DEFAULT_RATE = 400.0  # requests a second of one address


@dataclass(frozen=True)
class ServeOptions:
    """The options of `volcast serve`.

    Attributes
    ----------
    home
        The home that is served.
    host, port
        The address to listen at; port 0 is any free one.
    token_file
        The tokens; None: ``tokens.json`` in the home.
    read_only
        Whether nothing may be changed through the server, whoever asks.
    allowed_hosts
        Names by which a proxy on this machine addresses the server, besides those of the machine.
    rate
        Requests a second that one address may send; 0 is no limit.
    """

    home: Home
    host: str = "127.0.0.1"
    port: int = 8000
    token_file: Path | None = None
    read_only: bool = False
    allowed_hosts: tuple[str, ...] = ()
    rate: float = DEFAULT_RATE

    @property
    def tokens(self) -> TokenFile:
        """The tokens of the server."""
        return TokenFile(self.token_file or self.home.folder / TOKENS)

    @property
    def is_local(self) -> bool:
        """Whether only this machine reaches the server, under its own names."""
        return is_loopback(self.host) and not self.allowed_hosts

    @property
    def host_names(self) -> tuple[str, ...]:
        """The names by which the server may be addressed; empty: by any.

        A page from elsewhere whose name was made to lead to this machine is refused.
        """
        if not is_loopback(self.host):
            return tuple(name.lower() for name in self.allowed_hosts)
        return tuple(name.lower() for name in (*LOOPBACK_NAMES, self.host, *self.allowed_hosts))

    def check(self) -> None:
        """Raise ``ConfigError`` if the home is missing, or a public address has no tokens."""
        if not self.home.folder.is_dir():
            raise ConfigError(
                f"the home {self.home.folder} does not exist; name one with --home, or create it "
                "with `volcast retrain`"
            )
        valid = [each for each in self.tokens.list_tokens() if each.revoked_at is None]
        if not self.is_local and not valid:
            raise ConfigError(
                f"{self._name_audience()} is served only with tokens, and "
                f"{self.tokens.path} has no valid one; create one with `volcast serve token "
                "create NAME`, or serve this machine alone with --host 127.0.0.1"
            )

    def _name_audience(self) -> str:
        return f"the address {self.host}" if not is_loopback(self.host) else "--allow-host"


def is_loopback(host: str) -> bool:
    """Return whether an address is reached from this machine alone.

    Examples
    --------
    >>> is_loopback("127.0.0.1"), is_loopback("localhost"), is_loopback("0.0.0.0")
    (True, True, False)
    """
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
