"""``exchanges.har``: every exchange of a run as an HTTP Archive 1.2, for browsers and proxies that read it."""

from __future__ import annotations

import io
from http import HTTPStatus
from urllib.parse import parse_qsl, urlsplit

import harfile

from lineman.report.run import ExchangeRecord, Run
from lineman.text import plain_text


def har(run: Run) -> str:
    """Render the exchanges of a run. Transport failures are entries with status 0 and a comment."""
    buffer = io.StringIO()
    creator = harfile.Creator(name="lineman", version=run.lineman)
    with harfile.open(buffer, creator=creator, comment=plain_text(f"run {run.id}")) as archive:
        for exchange in run.exchanges:
            archive.add_entry(
                startedDateTime=exchange.started,
                time=_milliseconds(exchange, "total"),
                request=_request(exchange),
                response=_response(exchange),
                timings=_timings(exchange),
                comment=plain_text(f"exchange {exchange.number}: {', '.join(exchange.clauses)}"),
            )
    return buffer.getvalue()


def _milliseconds(exchange: ExchangeRecord, phase: str, absent: float = 0.0) -> float:
    seconds = exchange.phases.get(phase)
    return absent if seconds is None else round(seconds * 1000, 3)


def _records(pairs: list[tuple[str, str]]) -> list[harfile.Record]:
    return [harfile.Record(name=plain_text(name), value=plain_text(value)) for name, value in pairs]


def _header(pairs: list[tuple[str, str]], name: str) -> str:
    return next((plain_text(value) for key, value in pairs if key.lower() == name), "")


def _query_string(url: str) -> list[tuple[str, str]]:
    return parse_qsl(urlsplit(url).query, keep_blank_values=True)


def _request(exchange: ExchangeRecord) -> harfile.Request:
    posted = None
    if exchange.request_body is not None:
        mime = _header(exchange.request_headers, "content-type") or "application/octet-stream"
        posted = harfile.PostData(mimeType=mime, text=plain_text(exchange.request_body))
    return harfile.Request(
        method=exchange.method,
        url=plain_text(exchange.url),
        httpVersion="HTTP/1.1",
        headers=_records(exchange.request_headers),
        queryString=_records(_query_string(exchange.url)),
        postData=posted,
        bodySize=exchange.request_size,
    )


def _response(exchange: ExchangeRecord) -> harfile.Response:
    if exchange.status is None:
        return harfile.Response(
            status=0, statusText="", httpVersion="", comment=plain_text(exchange.failure or "no answer")
        )
    content = harfile.Content(
        size=exchange.response_size,
        mimeType=_header(exchange.response_headers, "content-type"),
        text=None if exchange.response_body is None else plain_text(exchange.response_body),
        comment=f"cut; {exchange.response_size} bytes in all" if exchange.cut else None,
    )
    return harfile.Response(
        status=exchange.status,
        statusText=_reason(exchange.status),
        httpVersion="HTTP/1.1",
        headers=_records(exchange.response_headers),
        content=content,
        redirectURL=_header(exchange.response_headers, "location"),
        bodySize=exchange.response_size,
    )


def _reason(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""


def _timings(exchange: ExchangeRecord) -> harfile.Timings:
    return harfile.Timings(
        send=_milliseconds(exchange, "send"),
        wait=_milliseconds(exchange, "wait"),
        receive=_milliseconds(exchange, "receive"),
        dns=_milliseconds(exchange, "resolve", -1),
        connect=_milliseconds(exchange, "connect", -1),
        ssl=_milliseconds(exchange, "tls", -1),
    )
