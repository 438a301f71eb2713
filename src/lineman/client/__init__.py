"""Talks to a target: the one way out. Knows no clause."""

from lineman.client.blocking import BlockingClient
from lineman.client.client import Client, Paths
from lineman.client.clock import RequestClock, SystemRequestClock
from lineman.client.errors import (
    BudgetSpent,
    ClientError,
    CredentialMissing,
    TargetDown,
    TargetUnreachable,
    TimeSpent,
    TokenError,
    TokenRefused,
    TokenUnavailable,
)
from lineman.client.redaction import Redactor
from lineman.client.statistics import Statistics
from lineman.client.tokens import IssuedToken

__all__ = [
    "BlockingClient",
    "BudgetSpent",
    "Client",
    "ClientError",
    "CredentialMissing",
    "IssuedToken",
    "Paths",
    "Redactor",
    "RequestClock",
    "Statistics",
    "SystemRequestClock",
    "TargetDown",
    "TargetUnreachable",
    "TimeSpent",
    "TokenError",
    "TokenRefused",
    "TokenUnavailable",
]
