"""Pages of the documentation that are generated: commands, settings, benchmarks, llms.txt.

`docs/conf.py` calls `generate_pages` before Sphinx reads the sources.
"""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import typer

from volcast.pipeline.cli.app import app
from volcast.pipeline.config.settings import Config, section_model

GENERATED = "generated"  # the folder below docs/reference, which git ignores
PAGES = (".md", ".ipynb")
TOCTREE = re.compile(
    r"^```\{toctree\}\n:caption: ([^\n]+)\n:maxdepth: 1\n\n(.*?)```", re.MULTILINE | re.DOTALL
)
INCLUDE = re.compile(r"^```\{include\} (\S+)")
TITLE = re.compile(r"^# (.+)$", re.MULTILINE)
BAR = r"\|"  # within a cell of a table, also in code
KEPT = ("\b", r"\b")  # begins a block of a help text whose lines are kept
ABOUT = (
    "> volcast forecasts the volatility of the next day, week and month with a Keras network that "
    "must beat HAR out of sample, and reports whether it does. Python library and command line."
)


def generate_pages(docs: Path) -> None:
    """Write all generated pages; one that has not changed keeps its time."""
    folder = docs / "reference" / GENERATED
    pages = {
        "commands.md": render_commands(),
        "settings.md": render_settings(),
        "benchmarks.md": render_benchmarks(docs / "benchmarks"),
    }
    for name, text in pages.items():
        _write(folder / name, text)
    _write(docs / "_extra" / "llms.txt", render_llms(docs))


def render_commands() -> str:
    """Return the reference of all commands as Markdown, from the commands themselves."""
    parts = [
        "# Commands",
        "Every command has `--help`. `volcast --install-completion` completes commands and options "
        "in bash, zsh, fish and PowerShell.",
    ]
    for words, command in list_commands():
        parts += [f"## {' '.join(words)}", _to_markdown(command.help or "")]
        usage = " ".join([*words, *_list_arguments(command)])
        parts.append(f"```text\n{usage}\n```")
        rows = [_describe_parameter(each) for each in command.params if not _is_hidden(each)]
        if rows:
            parts.append("| argument or option | meaning |\n|---|---|\n" + "\n".join(rows))
    return "\n\n".join(parts) + "\n"


def list_commands() -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yield the words of every command with the command, in the order of the help."""

    def walk(words: tuple[str, ...], command: Any) -> Iterator[tuple[tuple[str, ...], Any]]:
        children = getattr(command, "commands", None)
        if children is None:
            yield words, command
            return
        for name, child in children.items():
            yield from walk((*words, name), child)

    yield from walk(("volcast",), typer.main.get_command(app))


def render_settings() -> str:
    """Return the reference of all settings as Markdown, from their models."""
    parts = [
        "# Settings",
        "A settings file has these sections and keys; `volcast config` prints it with all "
        "defaults. In Python each key is a keyword of `volcast.backtest`, `volcast.run` and, as "
        "far as it applies, of `volcast.forecast` and `volcast.load_prices`.",
    ]
    for section in Config.model_fields:
        model = section_model(section)
        parts += [f"## [{section}]", str(inspect.getdoc(model))]
        rows = ["| key | default | meaning |", "|---|---|---|"]
        for key, field in model.model_fields.items():
            default = "empty" if field.default in (None, "", ()) else _format_default(field.default)
            rows.append(f"| `{key}` | {default} | {_escape(field.description or '')} |")
        parts.append("\n".join(rows))
    return "\n\n".join(parts) + "\n"


def render_benchmarks(folder: Path) -> str:
    """Return the figures of all JSON files of benchmarks, with command, hardware and date."""
    parts = [
        "# Benchmarks",
        "Each table is generated from the file that the command wrote; "
        "[docs/experiments.md](../../experiments.md) holds what was measured besides, failures "
        "included. Times depend on the machine and on what else it does.",
    ]
    for path in sorted(folder.glob("*.json")):
        record = json.loads(path.read_text(encoding="utf-8"))
        module = (folder.parents[1] / "benchmarks" / f"{path.stem}.py").read_text(encoding="utf-8")
        versions = ", ".join(f"{name} {number}" for name, number in record["versions"].items())
        facts = [
            f"- command: `{record['command']}`",
            f"- hardware: {record['hardware']}",
            f"- date: {record['date']}",
            f"- versions: {versions}",
        ]
        title = path.stem.replace("_", " ").capitalize()
        about = module.removeprefix('"""').partition("\n")[0]
        rows = [f"| {name} | {value} |" for name, value in _flatten(record["figures"])]
        parts += [f"## {title}", about, "\n".join(facts)]
        parts.append("\n".join(["| figure | value |", "|---|---|", *rows]))
    return "\n\n".join(parts) + "\n"


def render_llms(docs: Path) -> str:
    """Return llms.txt: what volcast is, and each page of the site in the order of its contents."""
    lines = ["# volcast", "", ABOUT, ""]
    for heading, entries in TOCTREE.findall((docs / "index.md").read_text(encoding="utf-8")):
        lines += [f"## {heading}", ""]
        for entry in entries.split():
            page = next(path for path in docs.glob(f"{entry}.*") if path.suffix in PAGES)
            lines.append(f"- [{find_title(page)}]({entry}.html)")
        lines.append("")
    return "\n".join(lines)


def find_title(path: Path) -> str:
    """Return the first heading of a page: of Markdown, of a notebook, or of what is included."""
    text = path.read_text(encoding="utf-8")
    included = INCLUDE.match(text)
    if included is not None:
        return find_title(path.parent / included[1])
    if path.suffix == ".ipynb":
        text = "\n".join("".join(cell["source"]) for cell in json.loads(text)["cells"])
    found = TITLE.search(text)
    if found is None:
        raise ValueError(f"{path} has no heading")
    return found[1]


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")


def _list_arguments(command: Any) -> list[str]:
    arguments = [each for each in command.params if each.param_type_name == "argument"]
    return [str(each.metavar or each.name.upper()) for each in arguments] + ["[OPTIONS]"]


def _is_hidden(parameter: Any) -> bool:
    return bool(getattr(parameter, "hidden", False)) or parameter.name == "help"


def _describe_parameter(parameter: Any) -> str:
    if parameter.param_type_name == "argument":
        name = str(parameter.metavar or parameter.name.upper())
    else:
        value = "" if parameter.is_flag else f" {_name_value(parameter)}"
        name = ", ".join(parameter.opts) + value
    return f"| `{name.replace('|', BAR)}` | {_escape(parameter.help or '')} |"


def _name_value(parameter: Any) -> str:
    """Return the placeholder of an option's value: its own, else the name of its type."""
    if parameter.metavar:
        return str(parameter.metavar)
    kind = parameter.type_descriptor.annotation
    choices = [str(each.value) for each in kind] if hasattr(kind, "__members__") else []
    return "/".join(choices) or str(getattr(kind, "__name__", kind)).upper()


def _to_markdown(text: str) -> str:
    """Return the text of a help page: lists whose lines are kept become code blocks."""
    parts = []
    for block in inspect.cleandoc(text).split("\n\n"):
        kept = block.startswith(KEPT)
        text = block.removeprefix(KEPT[0]).removeprefix(KEPT[1]).strip()
        parts.append(f"```text\n{text}\n```" if kept else _escape(block))
    return "\n\n".join(parts)


def _format_default(value: Any) -> str:
    listed = list(value) if isinstance(value, tuple) else value
    return f"`{json.dumps(listed, default=str)}`"


def _escape(text: str) -> str:
    return " ".join(text.split()).replace("|", BAR).replace("<", "&lt;").replace("*", "\\*")


def _flatten(figures: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """Yield the names of nested figures, joined by dots, and their values as text."""
    if isinstance(figures, Mapping):
        for key, value in figures.items():
            yield from _flatten(value, f"{name}.{key}" if name else str(key))
    elif isinstance(figures, list):
        yield name, ", ".join(map(str, figures))
    else:
        yield name, f"{figures:,.4g}" if isinstance(figures, float) else str(figures)
