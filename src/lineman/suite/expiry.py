"""A token that was asked for with a short lifetime when the run began, to be shown again when it is over."""

from __future__ import annotations

from dataclasses import dataclass

from lineman.client import TokenError
from lineman.client.tokens import IssuedToken
from lineman.contract.answer import AnswerKind, read_answer
from lineman.contract.operation import document
from lineman.exchange import Credential, Request
from lineman.suite.service import Service

EXPIRED = "a token past its lifetime"
SETTING = "token_leeway"
"""The target's setting that lets a service take a token for some seconds after its end."""
LIFETIME = 1
LONGEST_WAIT = 15.0
"""Seconds that a run waits for a token to end; targets that give longer lifetimes are not waited for."""

_LONG_ENOUGH = 0.2
"""Seconds of waiting that are worth filling."""


@dataclass
class ShortLivedToken:
    """Asked for early, used once while it lives, shown when it has ended."""

    token: IssuedToken | None = None
    reason: str = "no app key and secret are configured: a ready token's end cannot be waited for"

    def get(self, service: Service) -> None:
        """Ask for the token and use it once, so that a service that remembers used tokens is tried as well."""
        try:
            self.token = service.client.fresh_token(LIFETIME)
        except TokenError as error:
            self.reason = f"a short-lived token could not be had: {error}"
            return
        if self.token is None:
            return
        expires = self.token.expires
        if expires is None:
            self.reason = (
                f"a token of {LIFETIME} s was asked for, and the answer's Expires does not say in seconds how long the "
                "one that was given lives"
            )
            self.token = None
            return
        if expires > LONGEST_WAIT:
            self.reason = f"a token of {LIFETIME} s was asked for, and one of {expires:g} s was given"
            self.token = None
            return
        request = Request.of(
            document().paging.page(1),
            "auth.refusal-status",
            credential=Credential.GIVEN,
            authorization="Bearer {short}",
            note="while it lives",
        )
        (exchange,) = service.ask(request)
        if read_answer(exchange).kind is AnswerKind.UNAUTHORISED:
            self.reason = "the short-lived token was refused while it should have lived"
            self.token = None

    def expire(self, service: Service) -> bool:
        """Wait until the token's lifetime is surely over; False where there is none, see :attr:`reason`."""
        if self.token is None:
            return False
        clock = service.client.clock
        over = self.token.expired_at + service.client.target.token_leeway
        if over - clock.monotonic() > _LONG_ENOUGH:
            _meanwhile(service)
        left = over - clock.monotonic()
        if left > 0:
            service.client.sleep(left)
        return True


def past_its_end(leeway: float) -> str:
    """What a request with a token past its end is called; it names the setting that decides how long past."""
    return f"{EXPIRED} (waited {leeway:g} s more for {SETTING})" if leeway else f"{EXPIRED} ({SETTING} is 0 s)"


def _meanwhile(service: Service) -> None:
    """Draw now what needs no answers: it is remembered, and would take as long later."""
    from lineman.suite.generation import schema_queries  # noqa: PLC0415 - slow to import

    schema_queries(service.options.seed, service.options.from_document)
