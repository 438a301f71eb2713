"""JSON Schemas of the files that people write, generated from the models that read them, for editors and linters."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pydantic import BaseModel

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_NAMED = {"name"}
"""Members that a model has and a table has not: its name stands in the table's heading."""


def targets_schema() -> dict[str, Any]:
    """``lineman.toml``."""
    from lineman.configuration import Section  # noqa: PLC0415 - heavy

    return _file("lineman.toml: the targets", {"targets": _tables(Section)})


def canaries_schema() -> dict[str, Any]:
    """A file of canaries, as in ``monitors``."""
    from lineman.monitor.config.models import Canary, Channel, MonitorSettings  # noqa: PLC0415 - heavy

    tables = {"canaries": _tables(Canary), "notices": _tables(Channel), "monitor": _table(MonitorSettings)}
    return _file("Canaries, notices and the monitor", tables)


def pins_schema() -> dict[str, Any]:
    """``lineman-pins.toml``."""
    from lineman.contract.clauses import catalogue  # noqa: PLC0415 - heavy

    answers = {
        "type": "object",
        "properties": {one.id: {"type": "string", "description": one.title} for one in catalogue().values()},
        "additionalProperties": False,
    }
    return _file(
        "lineman-pins.toml: accepted answers to open questions",
        {"targets": {"type": "object", "additionalProperties": answers}, "pins": answers},
    )


SCHEMAS: dict[str, Callable[[], dict[str, Any]]] = {
    "targets": targets_schema,
    "canaries": canaries_schema,
    "pins": pins_schema,
}


def _file(title: str, tables: dict[str, dict[str, Any]]) -> dict[str, Any]:
    definitions: dict[str, Any] = {}
    for table in tables.values():
        for holder in (table, table.get("additionalProperties", {})):
            if isinstance(holder, dict):
                definitions |= holder.pop("$defs", {})
    schema: dict[str, Any] = {"$schema": _DIALECT, "title": title, "type": "object", "properties": tables}
    return schema | ({"$defs": definitions} if definitions else {}) | {"additionalProperties": False}


def _tables(model: type[BaseModel]) -> dict[str, Any]:
    """Tables of one model, whatever they are called."""
    return {"type": "object", "additionalProperties": _table(model)}


def _table(model: type[BaseModel]) -> dict[str, Any]:
    schema = model.model_json_schema()
    for name in _NAMED:
        schema["properties"].pop(name, None)
    required = [name for name in schema.get("required", ()) if name not in _NAMED]
    schema.pop("required", None)
    return schema | ({"required": required} if required else {})
