"""pytest-html's page of the same run: requests and answers as extras, also where a fixture failed."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

import pytest

from lineman.exchange import Exchange

if TYPE_CHECKING:
    from lineman.suite.service import Service

SHOWN = 3
"""Exchanges attached to one failed test; the QA report has them all."""
BODY = 2000


def attach_evidence(report: pytest.TestReport, service: Service, first: int, item: pytest.Item) -> None:
    """Attach the last exchanges of a failed phase; pytest-html itself would drop them where setup fails."""
    if report.outcome != "failed":
        return
    extras: list[dict[str, Any]] = list(getattr(report, "extras", []))
    blamed = {e.number for f in service.recorder.findings for e in f.exchanges}
    exchanges = service.recorder.exchanges[first:] if report.when == "call" else service.recorder.exchanges
    shown = [e for e in exchanges if e.number in blamed][:SHOWN] or exchanges[-SHOWN:]
    extras.extend(_extra(f"<pre>{escape(_text(exchange))}</pre>") for exchange in shown)
    report.extras = extras  # type: ignore[attr-defined]  # pytest-html reads this attribute


def _extra(content: str) -> dict[str, Any]:
    return {"name": None, "format_type": "html", "content": content, "mime_type": None, "extension": None}


def _text(exchange: Exchange) -> str:
    request = exchange.request
    lines = [f"#{exchange.number} {request.method} {request.url}"]
    lines += [f"{name}: {value}" for name, value in request.headers]
    lines += ["", _body(request.body), ""]
    if exchange.response is None:
        failure = exchange.failure
        return "\n".join([*lines, f"no answer: {failure.message if failure else ''}"])
    lines.append(f"HTTP {exchange.response.status}")
    lines += [f"{name}: {value}" for name, value in exchange.response.headers]
    return "\n".join([*lines, "", _body(exchange.response.body)])


def _body(body: bytes | None) -> str:
    text = (body or b"").decode("utf-8", "backslashreplace")
    return text if len(text) <= BODY else f"{text[:BODY]}\n... ({len(body or b'')} bytes in all)"
