"""Waiting for a fresh deployment: judging begins when something answers for itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import httpx

from lineman.client import BlockingClient, Paths, RequestClock
from lineman.client.errors import ClientError, TokenRefused
from lineman.contract.answer import AnswerKind, read_answer
from lineman.contract.operation import document
from lineman.exchange import Request
from lineman.target import Target

PAUSE = 2.0
"""Seconds between two looks: a deployment takes tens of seconds, and one request each two seconds disturbs nobody."""
_SILENT = (AnswerKind.OUTAGE, AnswerKind.NO_ANSWER)


def wait_until_up(
    target: Target,
    seconds: float,
    say: Callable[[str], None],
    *,
    transport: httpx.AsyncBaseTransport | None = None,
    clock: RequestClock | None = None,
) -> bool:
    """Ask until the service itself answers, be it with a refusal, or ``seconds`` have passed; whether it did.

    ``say`` gets the reason why it waits, once for each reason. What is asked here is no part of the run.
    """
    paths = Paths(query=document().query_path, token=document().token_path)
    # Unpaced, for a look every two seconds is slower than any rate; and never given up, for that is what is waited for.
    patient = replace(target, rate=None, max_requests=None)
    reason = ""
    with BlockingClient(patient, paths=paths, transport=transport, clock=clock, down_after=1_000_000) as client:
        end = client.clock.monotonic() + seconds
        while True:
            problem = _problem(client)
            if problem is None:
                return True
            if problem != reason:
                say(f"waiting up to {seconds:g} s: {problem}")
                reason = problem
            if client.clock.monotonic() + PAUSE > end:
                return False
            client.sleep(PAUSE)


def look(target: Target) -> str | None:
    """Ask a target once; what is wrong, in a sentence, or None where it answers with success."""
    paths = Paths(query=document().query_path, token=document().token_path)
    with BlockingClient(target, paths=paths) as client:
        try:
            exchange = client.send(Request.of({}, note="is it there?", retry=False))
        except ClientError as error:
            return str(error)
    if exchange.failure is not None:
        return exchange.failure.message
    answer = read_answer(exchange)
    return None if answer.kind is AnswerKind.SUCCESS else f"it answers with {answer.signature}"


def _problem(client: BlockingClient) -> str | None:
    """Why the service cannot be judged yet; None where it can, or where waiting would not help."""
    try:
        exchange = client.send(Request.of({}, note="is it up?", retry=False))
    except TokenRefused:
        return None
    except ClientError as error:
        return str(error)
    if exchange.failure is not None:
        return exchange.failure.message
    answer = read_answer(exchange)
    return f"the target does not answer for itself ({answer.signature})" if answer.kind in _SILENT else None
