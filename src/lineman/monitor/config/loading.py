"""Canary files read as a whole: every problem of every file at once, or a configuration that holds."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from pydantic import BaseModel, ValidationError

from lineman.expectations import expectation
from lineman.monitor.config.history_address import canary_problems, monitor_problems, with_history
from lineman.monitor.config.models import Canary, Channel, Configuration, MonitorSettings
from lineman.monitor.config.thresholds import problems as arithmetic_problems
from lineman.resources import is_installed
from lineman.target import ConfigurationError, load_target
from lineman.text import hint


def target_problems(configuration: Configuration, environment: Mapping[str, str]) -> list[str]:
    """One sentence for every named target that cannot be put together.

    A canary that names none takes its target from the environment of whoever probes; that is not checked here.
    """
    problems = {}
    for canary in configuration.canaries.values():
        if canary.target is None or canary.target in problems:
            continue
        try:
            load_target(canary.target, None, None, environment)
        except ConfigurationError as error:
            problems[canary.target] = f"canary {canary.name}: {error}"
    return list(problems.values())


def with_addresses(configuration: Configuration, environment: Mapping[str, str]) -> Configuration:
    """The configuration with each canary's service in it, for notices; a target that is not there gives none."""
    found: dict[str | None, str] = {}
    for name in {canary.target for canary in configuration.canaries.values()}:
        try:
            url = urlsplit(load_target(name, None, None, environment).base_url)
        except (ConfigurationError, OSError):
            continue
        found[name] = urlunsplit((url.scheme, url.netloc.rpartition("@")[2], url.path.rstrip("/"), "", ""))
    canaries = {name: canary.at(found.get(canary.target, "")) for name, canary in configuration.canaries.items()}
    return configuration.model_copy(update={"canaries": canaries})


TABLES = ("canaries", "notices", "monitor")


class MonitorConfigurationError(ValueError):
    """The configuration does not hold. The message lists every problem, one a line, each with its file and table."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(problems))


def canary_files(path: Path) -> list[Path]:
    """The TOML files of a folder, or the file itself. What editors and systems leave beside them (``.#x.toml``,
    ``._x.toml``, ``x.toml~``) is none.

    Raises:
        MonitorConfigurationError: there is none.
    """
    if path.is_dir():
        files = sorted(file for file in path.glob("*.toml") if not file.name.startswith((".", "#", "~")))
        if files:
            return files
        raise MonitorConfigurationError([f"{path}: no canary file (*.toml) in this folder"])
    if path.is_file():
        return [path]
    raise MonitorConfigurationError([f"{path}: no such file or folder; name one with --monitors"])


def load_configuration(path: Path, environment: Mapping[str, str] | None = None) -> Configuration:
    """Read and validate a canary file, or all of a folder.

    Raises:
        MonitorConfigurationError: with every problem found.
    """
    found: list[str] = []
    environment = os.environ if environment is None else environment
    tables = _Tables(environment)
    for file in canary_files(path):
        found.extend(tables.add(file))
    found.extend(_unknown_channels(tables.canaries, tables.channels, tables.origin))
    if not tables.canaries and not found:
        found.append(f"{path}: no [canaries.NAME] table")
    found.extend(
        f"{tables.origin[f'canaries.{canary.name}']} [canaries.{canary.name}] {problem}"
        for canary in tables.canaries.values()
        for problem in canary_problems(canary, tables.monitor or MonitorSettings())
    )
    found.extend(_missing_references(tables, environment))
    if found:
        raise MonitorConfigurationError(found)
    monitor = tables.monitor or with_history(MonitorSettings(), canary_files(path)[0].parent, environment)
    return Configuration(canaries=tables.canaries, channels=tables.channels, monitor=monitor)


def _with_history(settings: MonitorSettings, file: Path, environment: Mapping[str, str]) -> MonitorSettings:
    """The history of lineman's own canary, which lies where nothing should be written, is in the working directory."""
    if is_installed(file):
        return settings.model_copy(update={"history": Path(settings.history).name})
    return with_history(settings, file.parent, environment)


class _Tables:
    """What the files read so far hold."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self.canaries: dict[str, Canary] = {}
        self.channels: dict[str, Channel] = {}
        self.monitor: MonitorSettings | None = None
        self._environment = environment
        self.origin: dict[str, Path] = {}

    def add(self, file: Path) -> Iterator[str]:
        """Take a file's tables in, and yield what is wrong with them."""
        try:
            document = tomllib.loads(file.read_text("utf-8"))
        except (OSError, UnicodeDecodeError) as error:
            yield f"{file}: cannot be read: {error}"
            return
        except tomllib.TOMLDecodeError as error:
            yield f"{file}: not TOML: {error}"
            return
        for name in document:
            if name not in TABLES:
                yield f"{file}: unknown table [{name}]{hint(name, TABLES)}"
        yield from self._read_named_tables(file, document, "canaries", Canary, self.canaries)
        yield from self._read_named_tables(file, document, "notices", Channel, self.channels)
        yield from self._monitor(file, document)

    def _read_named_tables(
        self, file: Path, document: dict[str, Any], table: str, model: type[Any], into: dict[str, Any]
    ) -> Iterator[str]:
        entries = document.get(table, {})
        if not isinstance(entries, dict) or not all(isinstance(entry, dict) for entry in entries.values()):
            yield f"{file}: {table} must be tables: [{table}.NAME]"
            return
        for name, entry in entries.items():
            place = f"{file} [{table}.{name}]"
            if name in into:
                yield f"{place}: the name is taken by {self.origin[f'{table}.{name}']}"
                continue
            self.origin[f"{table}.{name}"] = file
            try:
                into[name] = model(**{**entry, "name": name})
            except ValidationError as error:
                yield from (f"{place} {problem}" for problem in explain(error, model))
                continue
            if isinstance(into[name], Canary):
                yield from (f"{place} {problem}" for problem in arithmetic_problems(into[name]))

    def _monitor(self, file: Path, document: dict[str, Any]) -> Iterator[str]:
        if "monitor" not in document:
            return
        if self.monitor is not None:
            yield f"{file} [monitor]: {self.origin['monitor']} has one already; keep a single one"
            return
        self.origin["monitor"] = file
        try:
            settings = MonitorSettings(**document["monitor"])
        except ValidationError as error:
            yield from (f"{file} [monitor] {problem}" for problem in explain(error, MonitorSettings))
            return
        except TypeError:
            yield f"{file}: monitor must be a table: [monitor]"
            return
        try:
            self.monitor = _with_history(settings, file, self._environment)
        except ValueError as error:
            yield f"{file} [monitor] {error}"
            return
        yield from (f"{file} [monitor] {problem}" for problem in monitor_problems(self.monitor))


def explain(error: ValidationError, model: type[BaseModel]) -> Iterator[str]:
    """Pydantic's errors as sentences: the setting, the value, what is wrong, the nearest valid name."""
    for detail in error.errors():
        place = _place(detail["loc"])
        if detail["type"] == "extra_forbidden":
            owner = _model_at(model, detail["loc"][:-1])
            yield f"{place}: unknown setting{hint(str(detail['loc'][-1]), owner.model_fields if owner else ())}"
            continue
        message = expectation(detail)
        value = detail.get("input")
        shown = "" if isinstance(value, dict | BaseModel) or repr(value) in message else f" (it is {value!r:.80})"
        yield f"{place}: {message}{shown}" if place else message


def _place(location: tuple[int | str, ...]) -> str:
    text = ""
    for part in location:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text


def _model_at(model: type[BaseModel], location: tuple[int | str, ...]) -> type[BaseModel] | None:
    """The model that a location inside another one belongs to."""
    current: type[BaseModel] | None = model
    for part in location:
        if isinstance(part, int) or current is None:
            continue
        field = current.model_fields.get(str(part))
        current = _nested_model(field.annotation) if field else None
    return current


def _nested_model(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for argument in getattr(annotation, "__args__", ()):
        found = _nested_model(argument)
        if found is not None:
            return found
    return None


def _unknown_channels(
    canaries: Mapping[str, Canary], channels: Mapping[str, Channel], origin: Mapping[str, Path]
) -> Iterator[str]:
    for canary in canaries.values():
        for name in canary.notices:
            if name not in channels:
                place = f"{origin[f'canaries.{canary.name}']} [canaries.{canary.name}] notices"
                advice = hint(name, channels) or f"; write a table [notices.{name}]"
                yield f"{place}: no notices are called {name!r}{advice}"


def _missing_references(tables: _Tables, environment: Mapping[str, str]) -> Iterator[str]:
    """Addresses of notices in use that point at nothing: better found now than at the first outage."""
    used = {name for canary in tables.canaries.values() for name in canary.notices}
    for name in sorted(used & set(tables.channels)):
        channel = tables.channels[name]
        place = f"{tables.origin[f'notices.{name}']} [notices.{name}]"
        for field in ("webhook_env", "apprise_env", "token_env"):
            variable = getattr(channel, field)
            if variable is not None and not environment.get(variable):
                yield f"{place} {field}: the environment variable {variable} is not set"
        for field in ("webhook_file", "apprise_file", "token_file"):
            path = getattr(channel, field)
            if path is not None and not (path.is_file() and os.access(path, os.R_OK)):
                yield f"{place} {field}: {path} is no readable file"
