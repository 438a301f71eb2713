"""Apprise's services, split into single receivers, and given text that they cannot take for markup."""

from __future__ import annotations

import copy
import hashlib
import logging
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from lineman.monitor.delivery.errors import ChannelError, refusal
from lineman.monitor.delivery.receivers import Receiver
from lineman.monitor.incidents.alerts import Event
from lineman.monitor.incidents.notices import Notice
from lineman.text import visible

if TYPE_CHECKING:
    import apprise

_GOOD_NEWS = {Event.RECOVERED, Event.BURN_OVER, Event.HISTORY_BACK}
_WARNINGS = {Event.DEGRADED, Event.DRIFT, Event.UNKNOWN, Event.FLAPPING, Event.WITHDRAWN}
_MAIL = {"mailto", "mailtos"}
_VERBATIM = _MAIL | {"json", "jsons", "xml", "xmls", "form", "forms", "syslog"}
"""Services that hand the text on as it is; every other one may take parts of it for markup or for a mention."""
_LOOKALIKES = str.maketrans({"<": "‹", ">": "›", "*": "∗", "`": "ˋ", "~": "∼", "|": "ǀ", "[": "［", "]": "］"})
"""Characters that begin markup somewhere, and ones that look alike and begin none: escaping is different everywhere,
and where a service does not undo it, readers see backslashes."""
_EMPHASIS = re.compile(r"(?<![^\W_])_|_(?![^\W_])")
_HEADING = re.compile(r"(?m)^([^\S\n]*)([#>+-])(?=\s)")
_STATUS = re.compile(r"error=(\d{3})\b")
_LOGGED: ContextVar[list[str] | None] = ContextVar("logged", default=None)
_IMPORT = threading.Lock()


def inert(text: str) -> str:
    """The text without anything that a chat service takes for markup, a link's label or a mention."""
    text = visible(text).replace("@", "＠").translate(_LOOKALIKES)
    return _HEADING.sub(r"\1·", _EMPHASIS.sub("＿", text))


def receivers(addresses: str) -> list[Receiver]:
    """The receivers behind Apprise URLs, separated by white space.

    An URL that is not valid is a receiver that fails, so that it does not keep the notice from the others.
    """
    urls = addresses.split()
    found = [pair for url in urls for pair in _services(url)]
    names = [f"{schema}, {number} of {len(found)}" for number, (schema, _) in enumerate(found, 1)]
    return [
        _receiver(schema, service, "" if len(found) == 1 else name)
        for (schema, service), name in zip(found, names, strict=True)
    ]


def _services(url: str) -> Iterator[tuple[str, apprise.NotifyBase | None]]:
    with _IMPORT:
        import apprise  # noqa: PLC0415 - heavy, and needed only when there is something to tell

    schema = urlsplit(url).scheme.lower()
    # Apprise's own pool of threads is shared by all services: a few that hang would keep all others waiting, and the
    # process from its end. With neither of these settings it sends in the caller's thread, which is one of ours.
    asset = apprise.AppriseAsset(async_mode=False)
    setattr(asset, "_service_timeout", 0)  # noqa: B010 - later versions of Apprise alone have it
    service = apprise.Apprise.instantiate(_with_defaults(url, schema), asset=asset)
    if service is None:
        yield "not valid", None
        return
    for one in _single(service):
        yield schema, one


def _with_defaults(url: str, schema: str) -> str:
    """Mail as plain text, which keeps its lines; and no more than a service takes, unless the URL says otherwise."""
    wanted = {"overflow": "truncate"} | ({"format": "text"} if schema in _MAIL else {})
    missing = [f"{name}={value}" for name, value in wanted.items() if not re.search(rf"[?&]{name}=", url)]
    return url + "".join(f"{'&' if '?' in url or number else '?'}{part}" for number, part in enumerate(missing))


def _single(service: Any) -> Iterator[Any]:
    """The service once for each of its targets (people of a mail, chats, rooms), where it keeps them in a list.

    Apprise says only whether all of them were reached: one dead address would have the others notified again and again.
    """
    number = len(service)
    for name, value in vars(service).items():
        if number > 1 and isinstance(value, list) and len(value) == number:
            singles = []
            for target in value:
                single = copy.copy(service)
                setattr(single, name, [target])
                singles.append(single)
            if all(len(single) == 1 for single in singles):
                yield from singles
                return
    yield service


def _receiver(schema: str, service: Any, name: str) -> Receiver:
    address = "" if service is None else service.url()

    def send(notice: Notice) -> None:
        if service is None:
            raise ChannelError("an Apprise URL is not valid")
        _send(schema, service, notice)

    return Receiver(hashlib.sha256(f"apprise {address}".encode()).hexdigest()[:16], name, send)


def _send(schema: str, service: Any, notice: Notice) -> None:
    import apprise  # noqa: PLC0415 - loaded by now

    kind = (
        apprise.NotifyType.SUCCESS
        if notice.event in _GOOD_NEWS
        else apprise.NotifyType.WARNING
        if notice.event in _WARNINGS
        else apprise.NotifyType.FAILURE
    )
    title, body = notice.title, notice.body
    if schema not in _VERBATIM:
        title, body = inert(title), inert(body)
    one = apprise.Apprise(asset=service.asset)
    one.add(service)
    with _logged() as lines:
        try:
            arrived = one.notify(body=body, title=title, notify_type=kind, body_format=apprise.NotifyFormat.TEXT)
        except Exception as error:  # noqa: BLE001 - plugins of Apprise raise what they like
            raise ChannelError(f"Apprise failed ({type(error).__name__})") from None
    if not arrived:
        statuses = [int(status) for line in lines for status in _STATUS.findall(line)]
        raise refusal(statuses[-1]) if statuses else ChannelError("Apprise could not deliver it")


class _Collector(logging.Handler):
    """Apprise says no more than whether it worked; the status of an answer stands in its log alone."""

    def emit(self, record: logging.LogRecord) -> None:
        lines = _LOGGED.get()
        if lines is not None:
            lines.append(record.getMessage())


_COLLECTOR = _Collector(logging.WARNING)


@contextmanager
def _logged() -> Iterator[list[str]]:
    """What Apprise logs meanwhile on behalf of this caller, in whichever thread it works."""
    lines: list[str] = []
    logging.getLogger("apprise").addHandler(_COLLECTOR)
    token = _LOGGED.set(lines)
    try:
        yield lines
    finally:
        _LOGGED.reset(token)
