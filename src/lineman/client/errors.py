"""Why the client gave up. Each message is one sentence for people; none holds a secret."""

from __future__ import annotations

from lineman.exchange import TransportFailure


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
