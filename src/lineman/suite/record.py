"""Exchanges as records for ``run.json``, and commands that reproduce them."""

from __future__ import annotations

import shlex

from lineman.exchange import Exchange, Phases
from lineman.report.run import ExchangeRecord
from lineman.text import visible

BODY_CAP = 4_096
"""Bytes of an ordinary body that are kept."""
EVIDENCE_CAP = 65_536
"""Bytes of a body that proves a violation."""


def exchange_record(exchange: Exchange, *, evidence: bool) -> ExchangeRecord:
    """The record of one exchange; bodies are cut, more generously where they are evidence of a violation."""
    cap = EVIDENCE_CAP if evidence else BODY_CAP
    ask, request, response = exchange.request, exchange.sent, exchange.response
    body = request.body or b""
    answer = response.body if response else b""
    failure = exchange.failure
    return ExchangeRecord(
        number=exchange.number,
        clauses=list(ask.clauses),
        operation=exchange.operation.value,
        attempt=exchange.attempt,
        note=ask.note,
        credential=ask.credential.value,
        app_key=ask.app_key.value,
        method=request.method,
        url=request.url,
        request_headers=list(request.headers),
        request_body=None if request.body is None else _text(body[:cap]),
        request_size=len(body),
        started=exchange.started,
        status=response.status if response else None,
        response_headers=[(n, v) for n, v in response.headers] if response else [],
        response_body=_text(answer[:cap]) if response else None,
        response_size=response.size if response else 0,
        cut=bool(response and (response.truncated or len(answer) > cap)),
        failure=f"{failure.kind.value}: {failure.message}" if failure else None,
        phases=_phases(exchange.phases),
        token_seconds=exchange.token.total if exchange.token else None,
    )


def _text(body: bytes) -> str:
    return body.decode("utf-8", "backslashreplace")


def _phases(phases: Phases) -> dict[str, float]:
    names = ("resolve", "connect", "tls", "send", "wait", "receive", "total")
    return {name: round(value, 6) for name in names if (value := getattr(phases, name)) is not None}


def curl(exchange: Exchange, base_url: str) -> str:
    """A ``curl`` line that sends the same request; tokens and keys are shell variables, the base URL may be one."""
    request = exchange.sent
    path = request.url.removeprefix(base_url)
    words = ["curl", "-sS", "-i", "--max-time 30"]
    words.append("-I" if request.method == "HEAD" else f"-X {request.method}")
    words.append(f'"${{LINEMAN_BASE_URL:-{base_url}}}{path}"')
    for name, value in request.headers:
        if name.lower() in ("authorization", "x-app-key", "content-type"):
            words.append(f"-H {_quoted(f'{name}: {value}' if value else f'{name};')}")
    if not any(name.lower() == "content-type" for name, _ in request.headers) and request.body:
        words.append("-H 'Content-Type:'")
    if request.body is None:
        return " ".join(words)
    try:
        text = request.body.decode("utf-8")
    except UnicodeDecodeError:
        text = None
    if text is None or visible(text) != text or len(text) > 20_000:
        return f"printf {shlex.quote(_printf(request.body[:20_000]))} | {' '.join(words)} --data-binary @-"
    return " ".join([*words, f"--data-binary {shlex.quote(text)}"])


def _quoted(header: str) -> str:
    """Quote a header; where it stands for a token by a shell expression of the client's, so that the shell
    puts it in.
    """
    return f'"{header}"' if "$" in header else shlex.quote(header)


def _printf(body: bytes) -> str:
    return "".join(f"\\{byte:03o}" if byte < 32 or byte > 126 or byte in b"\\%" else chr(byte) for byte in body)
