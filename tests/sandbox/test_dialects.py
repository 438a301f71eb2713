"""Every honest answer to an open question differs from the first one where it is asked, and nowhere in the example."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from lineman.sandbox import DIALECTS

if TYPE_CHECKING:
    from tests.sandbox.conftest import Ask, Box

EXAMPLE = {"accessCode": "9911411", "mediatypeId": 5, "description": "access code", "limit": 10, "offset": 0}
ASKS: dict[str, list[dict[str, Any]]] = {
    "request.content-type": [{"content_type": None}, {"content_type": "text/plain"}],
    "request.empty-body": [{"body": b""}],
    "request.unknown-property": [{"body": {"colour": 1}}],
    "request.null-property": [{"body": {"accessCode": None}}, {"body": {"limit": None}}],
    "request.refusal-form": [{"body": b"{"}],
    "request.method-refusal": [{"method": "PUT"}],
    "auth.refusal-status": [{"authorization": text} for text in (None, "Bearer {never}", "Bearer {expired}")],
    "auth.scheme-case": [{"authorization": "bearer {token}"}],
    "auth.extra-space": [{"authorization": "Bearer  {token}"}],
    "auth.foreign-app-key": [{"key": "{other}"}, {"key": "nobody"}],
    "filter.media-type-undocumented": [{"body": {"mediatypeId": number}} for number in (18, 7)],
    "filter.media-type-coercion": [{"body": {"mediatypeId": "5"}}],
    "filter.text-coercion": [{"body": {"accessCode": 9911}}],
    "filter.wildcards": [{"body": {"description": text}} for text in ("s%l", "lev_l", "s*l", "lev?l")],
    "filter.case": [{"body": {"description": text}} for text in ("SALES", "CAFÉ")],
    "filter.folding": [{"body": {"description": text}} for text in ("Café", "Cafe Z", "ｈｏｔｌｉｎｅ")],
    "filter.empty-text": [{"body": {"description": ""}}],
    "filter.no-match": [{"body": {"accessCode": "nothing"}}],
    "limit.negative": [{"body": {"limit": -1}}],
    "limit.coercion": [{"body": {"limit": limit}} for limit in ("10", 10.0, 10.5)],
    "offset.over-maximum": [{"body": {"offset": 200}}],
    "offset.misaligned": [{"body": {"limit": 10, "offset": 15}}],
    "offset.negative": [{"body": {"offset": -1}}],
    "offset.beyond-total": [{"body": {"accessCode": "9911411", "limit": 10, "offset": 50}}],
    "answer.nullable": [{"body": {}}],
    "answer.envelope": [{"body": {}}],
    "answer.extra-members": [{"body": {}}],
    "error.form": [{"authorization": None}],
}
CHOICES = [(clause, answer.name) for clause, answers in DIALECTS.items() for answer in answers]


def _answers(sandbox: Box, ask: type[Ask], clause: str) -> list[tuple[int, str]]:
    if clause == "auth.token-lifetime":
        return [(sandbox.ask_token(1, {"X-Token-Expire": "7200"}).status_code, "")]
    return [(reply.status_code, reply.text) for fields in ASKS[clause] for reply in sandbox.ask(ask(**fields))]


@pytest.mark.parametrize("clause", sorted(DIALECTS))
def test_the_answers_to_a_question_all_differ(box: Callable[..., Box], ask: type[Ask], clause: str) -> None:
    seen = [str(_answers(box(dialects={clause: answer.name}), ask, clause)) for answer in DIALECTS[clause]]
    assert len(set(seen)) == len(seen)


@pytest.mark.parametrize("clause", sorted(DIALECTS))
def test_the_first_answer_is_the_default(box: Callable[..., Box], ask: type[Ask], clause: str) -> None:
    said = box(dialects={clause: DIALECTS[clause][0].name})
    assert _answers(said, ask, clause) == _answers(box(), ask, clause)


@pytest.mark.parametrize(("clause", "answer"), CHOICES)
def test_no_answer_harms_the_example(box: Callable[..., Box], clause: str, answer: str) -> None:
    reply = box(dialects={clause: answer}).query(EXAMPLE)
    assert reply.status_code == 200
    assert reply.json()["returnCode"] == "0"
    assert [record["accessCode"] for record in reply.json()["data"]["calledRouteList"]] == ["9911411"]


@pytest.mark.parametrize(("clause", "answer"), CHOICES)
def test_statuses_stay_documented(box: Callable[..., Box], ask: type[Ask], clause: str, answer: str) -> None:
    statuses = {status for status, _ in _answers(box(dialects={clause: answer}), ask, clause)}
    assert statuses <= {200, 400, 401, 403, 404, 500}
