"""Tokens of the token operation: issued to tenants, valid for a while, several at once."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field

LONGEST_LIFETIME = 3600
DEFAULT_LIFETIME = 600
_KEPT = 10_000


@dataclass(frozen=True, slots=True)
class SandboxCredentials:
    """What one tenant authenticates with."""

    app_key: str
    app_secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Token:
    """An access token; ``created`` and ``expires`` are epoch seconds."""

    text: str
    tenant: int
    created: float
    expires: float


class TokenStore:
    """Issues tokens against credentials and tells whose a token is. ``clock`` gives epoch seconds."""

    def __init__(self, tenants: tuple[SandboxCredentials, SandboxCredentials], clock: Callable[[], float]) -> None:
        self.tenants = tenants
        self.clock = clock
        self.issued: dict[str, Token] = {}

    def tenant_of(self, app_key: str, app_secret: str) -> int | None:
        """The number (1 or 2) of the tenant whose credentials these are."""
        for number, known in enumerate(self.tenants, start=1):
            if _same(known.app_key, app_key) and _same(known.app_secret, app_secret):
                return number
        return None

    def issue(self, tenant: int, lifetime: int) -> Token:
        """A new token, valid for ``lifetime`` seconds."""
        now = self.clock()
        token = Token(secrets.token_urlsafe(32), tenant, now, now + lifetime)
        self.issued[token.text] = token
        if len(self.issued) > _KEPT:
            self.issued.pop(next(iter(self.issued)))
        return token

    def find(self, text: str) -> Token | None:
        """The token of that text, expired or not."""
        return self.issued.get(text)

    def is_current(self, token: Token) -> bool:
        """Whether the token's lifetime is not over."""
        return self.clock() < token.expires

    def revoke_all(self, tenant: int) -> None:
        """Make every token of a tenant unknown."""
        self.issued = {text: token for text, token in self.issued.items() if token.tenant != tenant}


def _same(known: str, given: str) -> bool:
    return hmac.compare_digest(known.encode(), given.encode("utf-8", "surrogatepass"))
