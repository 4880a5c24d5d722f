"""The commands of the server: run it, install it, and the tokens of those who may ask it."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from volcast.pipeline.cli.clock import job_now, utc_now
from volcast.pipeline.cli.command import command
from volcast.pipeline.cli.options import Debug, HomeDir, Json

if TYPE_CHECKING:
    from volcast.pipeline.serve.security.tokens import TokenFile

EXTRA = ("fastapi", "prometheus_client", "uvicorn")  # packages of the extra `serve`

group = typer.Typer(help="Serve forecasts, scores and models as an API, as metrics and as pages.")
tokens = typer.Typer(no_args_is_help=True, help="Create, revoke and list the tokens of a server.")
group.add_typer(tokens, name="token")

HostAddress = Annotated[
    str, typer.Option("--host", help="Address; any but that of this machine needs tokens.")
]
Port = Annotated[
    int, typer.Option("--port", min=0, max=65535, help="Port to listen at; 0: any free one.")
]
TokenPath = Annotated[
    Path | None,
    typer.Option("--token-file", metavar="FILE", help="Tokens. Default: tokens.json in the home."),
]
Name = Annotated[str, typer.Argument(help="Name of the person or the program that uses the token.")]


class RoleChoice(StrEnum):
    """What a token allows."""

    READ = "read"
    ADMIN = "admin"


@group.callback(invoke_without_command=True)
def serve(
    context: typer.Context,
    home: HomeDir = None,
    host: HostAddress = "127.0.0.1",
    port: Port = 8000,
    token_file: TokenPath = None,
    read_only: Annotated[
        bool, typer.Option("--read-only", help="Change nothing, whoever asks.")
    ] = False,
    allow_host: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME", help="Name by which a proxy addresses the server; may be repeated."
        ),
    ] = None,
    rate_limit: Annotated[
        float, typer.Option(min=0, help="Requests a second of one address; 0: no limit.")
    ] = 400.0,
    debug: Debug = False,
) -> None:
    """Serve forecasts, scores and models as an API, as metrics and as pages.

    Runs in the foreground until SIGTERM or Ctrl-C.
    """
    if context.invoked_subcommand is not None:
        return
    from volcast.pipeline.errors import ConfigError
    from volcast.pipeline.home import resolve_home
    from volcast.pipeline.serve.options import ServeOptions

    try:
        from volcast.pipeline.serve.server import run_server
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in EXTRA:
            raise
        raise ConfigError(
            f"serve needs {error.name}; install it with: pip install 'volcast[serve]'"
        ) from error
    options = ServeOptions(
        resolve_home(home), host, port, token_file, read_only, tuple(allow_host or ()), rate_limit
    )
    run_server(options, utc_now)


@command(group)
def install(
    home: HomeDir = None,
    systemd: Annotated[bool, typer.Option("--systemd", help="A system unit.")] = False,
    compose: Annotated[
        bool, typer.Option("--compose", help="Docker Compose: the job and the server.")
    ] = False,
    grafana: Annotated[bool, typer.Option("--grafana", help="A dashboard of the metrics.")] = False,
    user: Annotated[
        str, typer.Option(help="Who runs the unit; the home must belong to them.")
    ] = "volcast",
    host: HostAddress = "127.0.0.1",
    port: Port = 8000,
    to: Annotated[
        Path | None,
        typer.Option("--to", metavar="DIR", help="Write the files into a folder instead."),
    ] = None,
) -> None:
    """Print what runs and watches the server: a unit, a Compose file, a dashboard."""
    from volcast.pipeline.errors import ConfigError
    from volcast.pipeline.files import write_text
    from volcast.pipeline.home import resolve_home
    from volcast.pipeline.serve.deploy import texts

    options = ("--host", host, "--port", str(port))
    service = texts.Service(resolve_home(home).folder, options, user)
    files: dict[str, str] = {}
    files |= texts.format_unit(service) if systemd else {}
    files |= texts.format_compose() if compose else {}
    files |= texts.format_dashboard() if grafana else {}
    if not files:
        raise ConfigError("name any of --systemd, --compose and --grafana")
    for name, text in files.items():
        if to is None:
            typer.echo(text, nl=False)
        else:
            to.mkdir(parents=True, exist_ok=True)
            write_text(to / name, text)
            typer.echo(f"{to / name} written", err=True)


@command(tokens)
def create(
    name: Name,
    role: Annotated[
        RoleChoice, typer.Option(help="read, or admin: may also retrain and change the champion.")
    ] = RoleChoice.READ,
    home: HomeDir = None,
    token_file: TokenPath = None,
    as_json: Json = False,
) -> None:
    """Create a token and print it; it is shown this once, and only its hash is stored."""
    from volcast.pipeline.cli.printing import print_json

    text = _open(home, token_file).create(name, role.value, job_now())
    if as_json:
        print_json({"name": name, "role": role.value, "token": text}, indent=None)
    else:
        typer.echo(text)
        typer.echo("keep it: it is not shown again; send it as Authorization: Bearer", err=True)


@command(tokens)
def revoke(
    name: Name, home: HomeDir = None, token_file: TokenPath = None, as_json: Json = False
) -> None:
    """Revoke the token of a name; the next request with it is refused."""
    from volcast.pipeline.cli.printing import print_json

    _open(home, token_file).revoke(name, job_now())
    if as_json:
        print_json({"revoked": name}, indent=None)
    else:
        typer.echo(f"revoked {name}")


@command(tokens, "list")
def list_tokens(home: HomeDir = None, token_file: TokenPath = None, as_json: Json = False) -> None:
    """Print name, role and dates of all tokens; never a token itself."""
    from volcast.pipeline.cli.printing import print_frame, print_json

    shown = ("name", "role", "created_at", "revoked_at")
    rows = [
        {name: getattr(each, name) for name in shown}
        for each in _open(home, token_file).list_tokens()
    ]
    if as_json:
        print_json(rows)
    elif rows:
        import pandas as pd

        print_frame(pd.DataFrame(rows, columns=shown), "Tokens")
    else:
        typer.echo("no tokens yet")


def _open(home: Path | None, file: Path | None) -> TokenFile:
    from volcast.pipeline.home import resolve_home
    from volcast.pipeline.serve.options import ServeOptions

    return ServeOptions(resolve_home(home), token_file=file).tokens
