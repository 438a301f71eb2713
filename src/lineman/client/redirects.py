"""A service that has moved: lineman follows no redirect, which could carry a token away, and says where it points."""

from __future__ import annotations

from urllib.parse import urlsplit

from lineman.exchange import Exchange

_MOVED = {301, 302, 303, 307, 308}


def moved_to(exchange: Exchange, base_url: str) -> str | None:
    """The base URL at which an answer says that the same request is served: the same path, by another scheme or host.

    None for any other answer; a redirect to a login page, for one, has another path.
    """
    response = exchange.response
    if response is None or response.status not in _MOVED:
        return None
    asked = urlsplit(exchange.sent.url)
    try:
        there = urlsplit(response.header("location") or "")
        origin = (there.scheme, there.netloc)
    except ValueError:
        return None
    elsewhere = there.scheme in {"http", "https"} and there.netloc and origin != (asked.scheme, asked.netloc)
    if not elsewhere or there.path.rstrip("/") != asked.path.rstrip("/") or there.username is not None:
        return None
    return f"{there.scheme}://{there.netloc}{urlsplit(base_url).path}"
