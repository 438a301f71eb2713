"""Why the client gave up. Each message is one sentence for people; none holds a secret."""

from __future__ import annotations

import os
import socket
import ssl
from collections.abc import Iterator

import httpx

from lineman.client.body import BrokenEncodingError
from lineman.client.network import PhaseRecorder
from lineman.exchange import FailureKind, TransportFailure


class ClientError(Exception):
    """Whatever makes going on pointless."""


class CredentialMissing(ClientError):  # noqa: N818  # the name says what happened
    """An ask needs a credential that the target's settings do not hold."""


class BudgetSpent(ClientError):  # noqa: N818  # the name says what happened
    """The most requests allowed have been sent."""

    def __init__(self, budget: int) -> None:
        self.budget = budget
        super().__init__(
            f"the budget of {budget} requests is spent: allow more with --max-requests or max_requests in lineman.toml"
        )


class AnswersTooLarge(BudgetSpent):
    """The answers together are larger than a run can keep."""

    def __init__(self, requests: int, most: int) -> None:
        self.budget = requests
        ClientError.__init__(
            self,
            f"after {requests} requests the answers have {most // 1_000_000} MB: lineman reads no more in one run",
        )


class TimeSpent(ClientError):  # noqa: N818  # the name says what happened
    """The longest time allowed has passed."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"the run's time of {seconds:g} seconds is spent: allow more with --max-time")


class TokenError(ClientError):
    """No token could be had."""

    def __init__(self, message: str, status: int | None = None, failure: TransportFailure | None = None) -> None:
        self.status = status
        self.failure = failure
        super().__init__(message)


class TokenRefused(TokenError):  # noqa: N818  # the name says what happened
    """The token operation refused key and secret."""


class TokenUnavailable(TokenError):  # noqa: N818  # the name says what happened
    """The token operation could not be reached, failed, or gave no token."""


class TargetDown(ClientError):  # noqa: N818  # the name says what happened
    """Several asks in a row ended without an answer of the service."""

    def __init__(self, message: str, requests: int) -> None:
        self.requests = requests
        super().__init__(message)


class TargetUnreachable(TargetDown):
    """No connection to the target ever came about."""


_WHILE = {
    None: "while the body came",
    "resolve": "while resolving the name",
    "connect": "while connecting",
    "tls": "during the TLS handshake",
    "send": "while sending",
    "wait": "while waiting for the answer",
}


def classify(error: Exception, recorder: PhaseRecorder, url: httpx.URL) -> TransportFailure:
    """Say which kind of failure an exception of the transport is; its message names the place and what to do."""
    place = f"{url.host}:{url.port or (443 if url.scheme == 'https' else 80)}"
    if isinstance(error, httpx.ProxyError):
        return TransportFailure(FailureKind.CONNECT, str(error))
    phase, reason = recorder.unfinished, _reason(error)
    if isinstance(error, BrokenEncodingError):
        message = f"the body from {place} is not what its Content-Encoding says ({error})"
        return TransportFailure(FailureKind.PROTOCOL, message)
    if wanted := _client_certificate(error):
        return TransportFailure(FailureKind.TLS, f"{place} {wanted}")
    if phase == "resolve":
        message = f"the name {url.host} cannot be resolved ({reason}): check the URL and this machine's DNS"
        return TransportFailure(FailureKind.RESOLVE, message)
    if phase == "tls":
        return TransportFailure(FailureKind.TLS, f"no secure connection to {place} ({reason}): {_advice(error)}")
    if isinstance(error, httpx.TimeoutException):
        return TransportFailure(FailureKind.TIMEOUT, f"{place} timed out {_WHILE[phase]}")
    if phase == "connect" or isinstance(error, httpx.ConnectError):
        message = f"no connection to {place} ({reason}): check address, port and firewall"
        return TransportFailure(FailureKind.CONNECT, message)
    if _is_cut(error):
        # A client without a certificate learns of it only here: in TLS 1.3 its side of the handshake is done before.
        perhaps = (
            "; a server that wants a client certificate may do that (client_cert)" if recorder.just_secured else ""
        )
        return TransportFailure(FailureKind.CUT, f"{place} cut the connection {_WHILE[phase]} ({reason}){perhaps}")
    if isinstance(error, httpx.LocalProtocolError):
        return TransportFailure(FailureKind.PROTOCOL, f"the request cannot be sent as HTTP ({reason})")
    return TransportFailure(FailureKind.PROTOCOL, f"{place} does not answer with valid HTTP ({reason})")


def timed_out(url: httpx.URL, recorder: PhaseRecorder, seconds: float) -> str:
    return f"no whole answer from {url.host} within {seconds:g} s: stopped {_WHILE[recorder.unfinished]}"


def _is_cut(error: Exception) -> bool:
    if isinstance(error, httpx.NetworkError):
        return True
    text = str(error)
    return isinstance(error, httpx.RemoteProtocolError) and ("disconnected" in text or "peer closed" in text)


_UNKNOWN_ISSUER = {18, 19, 20, 21}
"""OpenSSL's codes for a certificate that signed itself, or whose issuer is not known here."""
_EXPIRED = 10
_OTHER_NAME = {62, 64}


def _advice(error: Exception) -> str:
    for cause in _causes(error):
        if isinstance(cause, ssl.SSLCertVerificationError):
            if cause.verify_code in _UNKNOWN_ISSUER:
                return "its issuer is not trusted here: set ca to the CA bundle that vouches for it"
            if cause.verify_code in _OTHER_NAME:
                return "its certificate is for other names: check the host in the URL"
            if cause.verify_code == _EXPIRED:
                return "renew its certificate"
            return "renew the certificate, or set ca to the CA bundle that vouches for it"
    return "check that the port speaks TLS"


def _client_certificate(error: Exception) -> str:
    """The sentence where a server ended the connection over the certificate that lineman showed, or did not show."""
    alerts = {cause.reason or "" for cause in _causes(error) if isinstance(cause, ssl.SSLError)}
    if any("CERTIFICATE_REQUIRED" in alert for alert in alerts):
        return "wants a client certificate and got none: set client_cert and client_key"
    if any(
        alert.endswith(("ALERT_UNKNOWN_CA", "ALERT_BAD_CERTIFICATE", "ALERT_CERTIFICATE_EXPIRED")) for alert in alerts
    ):
        return "does not accept the client certificate: check client_cert, and who issued it"
    if any("ALERT_HANDSHAKE_FAILURE" in alert for alert in alerts):
        return "ended the TLS handshake: it may want a client certificate, which client_cert and client_key give"
    return ""


def _reason(error: Exception) -> str:
    """The words of the deepest cause that has any."""
    words = [_words(cause) for cause in _causes(error)]
    return next((text for text in reversed(words) if text), "no reason given")


def _words(cause: BaseException) -> str:
    if isinstance(cause, ssl.SSLCertVerificationError):
        return str(cause.verify_message)
    if isinstance(cause, ssl.SSLError):
        return (cause.reason or "").replace("_", " ").lower()
    if isinstance(cause, socket.gaierror):
        return cause.strerror or str(cause)
    if isinstance(cause, OSError) and cause.errno:
        return os.strerror(cause.errno)
    return str(cause)


def _causes(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        yield current
        nested = current.exceptions[0] if isinstance(current, BaseExceptionGroup) else None
        # httpcore's pool raises again "from None", which hides the cause but keeps it as the context.
        current = nested or current.__cause__ or current.__context__
