"""Sending one notice: through a plain webhook, or through Apprise and its many services."""

from __future__ import annotations

import json
import os
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path

from lineman.monitor.config.models import Channel
from lineman.monitor.delivery import apprise_receivers
from lineman.monitor.delivery.deadline import Deadline
from lineman.monitor.delivery.errors import ChannelError, PermanentRefusal, refusal
from lineman.monitor.delivery.receivers import Receiver, Send, Sender
from lineman.monitor.incidents.notices import Notice

__all__ = ["ChannelError", "PermanentRefusal", "Send", "Sender", "post", "reference", "sender"]


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object, **__: object) -> None:
        return None


class ChannelSender:
    """Sends the notices of one channel."""

    def __init__(self, channel: Channel, environment: Mapping[str, str]) -> None:
        self._channel = channel
        self._environment = environment
        self._deadline = Deadline(channel.timeout / 1_000)

    def __call__(self, notice: Notice) -> None:
        for receiver in self.receivers():
            receiver.send(notice)

    def receivers(self) -> list[Receiver]:
        """The receivers of this moment.

        Raises:
            ChannelError: the addresses cannot be read.
        """
        channel = self._channel
        if channel.apprise_env is None and channel.apprise_file is None:
            return [self._bounded(Receiver("webhook", "", lambda notice: _webhook(channel, self._environment, notice)))]
        addresses = reference(None, channel.apprise_env, channel.apprise_file, self._environment)
        return [self._bounded(receiver) for receiver in apprise_receivers.receivers(addresses)]

    def _bounded(self, receiver: Receiver) -> Receiver:
        def send(notice: Notice) -> None:
            self._deadline.run((receiver.id, notice.key, notice.body), lambda: receiver.send(notice))

        return Receiver(receiver.id, receiver.name, send)


def sender(channel: Channel, environment: Mapping[str, str] = os.environ) -> ChannelSender:
    """What sends to a channel; addresses are read at each sending, so that files can be renewed."""
    return ChannelSender(channel, environment)


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
    """Send a request and take any 2xx for an arrival. No redirect is followed. ``seconds`` bound each read alone.

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
        error.close()
        raise refusal(error.code) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", None) or error
        raise ChannelError(f"the receiver cannot be reached: {getattr(reason, 'strerror', None) or reason}") from None
    except Exception as error:  # noqa: BLE001 - http.client raises classes of its own; their text may hold the URL
        raise ChannelError(f"the receiver does not answer with valid HTTP ({type(error).__name__})") from None
