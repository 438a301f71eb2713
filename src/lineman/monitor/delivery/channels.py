"""Sending one notice: through a plain webhook, or through Apprise and its many services."""

from __future__ import annotations

import json
import os
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path

from lineman.monitor.config.models import Channel
from lineman.monitor.incidents.alerts import Event
from lineman.monitor.incidents.notices import Notice

Send = Callable[[Notice], None]
"""Sends a notice, or raises ChannelError."""

_GOOD_NEWS = {Event.RECOVERED, Event.BURN_OVER, Event.HISTORY_BACK}
_WARNINGS = {Event.DEGRADED, Event.DRIFT, Event.UNKNOWN, Event.FLAPPING, Event.WITHDRAWN}


class ChannelError(Exception):
    """A notice did not get through. The message holds no address, for addresses hold secrets."""


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object, **__: object) -> None:
        return None


def sender(channel: Channel, environment: Mapping[str, str] = os.environ) -> Send:
    """The function that sends to a channel; addresses are read at each sending, so that files can be renewed."""
    if channel.apprise_env is not None or channel.apprise_file is not None:
        return lambda notice: _apprise(channel, environment, notice)
    return lambda notice: _webhook(channel, environment, notice)


def reference(value: str | None, variable: str | None, file: Path | None, environment: Mapping[str, str]) -> str:
    """A text given as it is, in an environment variable or in a file.

    Raises:
        ChannelError: it is not there.
    """
    if value is not None:
        return value
    if variable is not None:
        text = environment.get(variable, "")
    elif file is not None:
        try:
            text = file.read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise ChannelError(f"{file} cannot be read: {getattr(error, 'strerror', None) or 'not UTF-8'}") from None
    else:
        return ""
    if not text.strip():
        raise ChannelError(f"{variable or file} is empty")
    return text.strip()


def _webhook(channel: Channel, environment: Mapping[str, str], notice: Notice) -> None:
    url = reference(channel.webhook, channel.webhook_env, channel.webhook_file, environment)
    token = reference(None, channel.token_env, channel.token_file, environment)
    headers = {"Content-Type": "application/json", "Idempotency-Key": notice.key, "User-Agent": "lineman"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    post(url, json.dumps(notice.payload()).encode(), headers, channel.timeout / 1_000)


def post(url: str, body: bytes | None, headers: Mapping[str, str], seconds: float) -> None:
    """Send a request and take any 2xx for an arrival. No redirect is followed.

    Raises:
        ChannelError: anything else.
    """
    if not url.startswith(("http://", "https://")):
        raise ChannelError("the address is no http or https URL")
    try:
        request = urllib.request.Request(url, data=body, headers=dict(headers))  # noqa: S310 - the scheme was checked
        opener = urllib.request.build_opener(_NoRedirect)
        with opener.open(request, timeout=seconds) as answer:
            answer.read(1_024)
    except urllib.error.HTTPError as error:
        raise ChannelError(f"the receiver answered with status {error.code}") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", None) or error
        raise ChannelError(f"the receiver cannot be reached: {getattr(reason, 'strerror', None) or reason}") from None
    except Exception as error:  # noqa: BLE001 - http.client raises classes of its own; their text may hold the URL
        raise ChannelError(f"the receiver does not answer with valid HTTP ({type(error).__name__})") from None


def _apprise(channel: Channel, environment: Mapping[str, str], notice: Notice) -> None:
    import apprise  # noqa: PLC0415 - heavy, and needed only when there is something to tell

    addresses = reference(None, channel.apprise_env, channel.apprise_file, environment).split()
    service = apprise.Apprise()
    if not all([service.add(address) for address in addresses]):  # noqa: C419 - every address is to be added
        raise ChannelError("an Apprise URL is not valid")
    kind = (
        apprise.NotifyType.SUCCESS
        if notice.event in _GOOD_NEWS
        else apprise.NotifyType.WARNING
        if notice.event in _WARNINGS
        else apprise.NotifyType.FAILURE
    )
    try:
        arrived = service.notify(body=notice.body, title=notice.title, notify_type=kind)
    except Exception as error:  # noqa: BLE001 - plugins of Apprise raise what they like
        raise ChannelError(f"Apprise failed ({type(error).__name__})") from None
    if not arrived:
        raise ChannelError("Apprise could not deliver it")
