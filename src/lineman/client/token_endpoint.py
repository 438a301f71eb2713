"""Where tokens are asked for: the token operation, for one tenant."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass

import httpx

from lineman.client.errors import CredentialMissing
from lineman.client.redaction import Redactor
from lineman.client.retry import Retrier
from lineman.client.throttling import HiddenLimit
from lineman.client.tokens import IssuedToken, TokenAnswer, issued_token
from lineman.client.transport import RequestContext
from lineman.exchange import Credential, Exchange, Operation, Phases, Request
from lineman.target import Credentials


@dataclass(slots=True)
class TokenEndpoint:
    """Asks for tokens with one tenant's key and secret. ``prefix`` is the tenant's in environment variables."""

    sender: Retrier
    redactor: Redactor
    url: str
    headers: tuple[tuple[str, str], ...]
    credentials: Credentials
    number: Callable[[], int]
    limit: HiddenLimit
    prefix: str = "LINEMAN_"

    async def issue(self, lifetime: int) -> tuple[IssuedToken, Phases]:
        """Ask for a token that lives ``lifetime`` seconds; also give the phases of the request that got it.

        Raises:
            TokenRefused: key and secret were refused.
            TokenUnavailable: no token came.
            CredentialMissing: there is no key or no secret.
            BudgetSpent: no request may be sent any more.
        """
        answers = [TokenAnswer()]

        def inspect(body: bytes) -> None:
            answers.append(TokenAnswer.read(body))
            for secret in answers[-1].seen:
                self.redactor.learn(secret, "token")

        shown = {"app_key": f"${self.prefix}APP_KEY", "app_secret": f"${self.prefix}APP_SECRET"}
        context = RequestContext(
            request=Request(clauses=(), body=_json(shown), credential=Credential.NONE, note=f"token for {lifetime} s"),
            operation=Operation.TOKEN,
            number=self.number,
            shown_body=_json(shown),
            inspect=inspect,
        )

        async def deliver() -> Exchange:
            return await self.sender.deliver(lambda: self._request(lifetime), context, retry_on_500=True)

        exchange = await self.limit.pass_by_token(await deliver(), deliver)
        return issued_token(exchange, answers[-1], lifetime), exchange.phases

    def _request(self, lifetime: int) -> httpx.Request:
        key, secret = self.credentials.app_key, self.credentials.app_secret
        if key is None or secret is None:
            raise CredentialMissing(f"there is no app key and secret: set {self.prefix}APP_KEY and its secret")
        headers = [*self.headers, ("Content-Type", "application/json"), ("X-Token-Expire", str(lifetime))]
        body = _json({"app_key": key, "app_secret": secret.reveal()})
        return httpx.Request("POST", self.url, headers=headers, content=body)


def _json(value: dict[str, str]) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()
