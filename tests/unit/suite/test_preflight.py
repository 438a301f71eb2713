"""The first minute of a run: what it learns, and where it ends because nothing could be judged."""

import pytest
from tests.unit.exchanges import record
from tests.unit.suite.lists import Answer, MemoryList, Reply, refusal, serving

from lineman.exchange import AppKey, Request
from lineman.suite.preflight import no_match_queries, open_service
from lineman.suite.run_state import CredentialsRefused, NeverSucceeded, NoVerdict, RunOptions

LIST = MemoryList([record(number) for number in range(120)])


def always(status: int, body: bytes) -> Answer:
    """The same for everybody."""
    return lambda request: (status, body)


def test_an_honest_list_is_read_and_nothing_is_found() -> None:
    service = serving(LIST)
    open_service(service)
    assert service.opened
    assert service.knows_the_whole_list
    assert service.finish() == []
    assert service.state.answers["filter.no-match"] == {"success with an empty list": len(no_match_queries())}


def test_a_smoke_run_asks_once_what_no_match_looks_like() -> None:
    service = serving(LIST, RunOptions(profile="smoke"))
    open_service(service)
    assert sum(service.state.answers["filter.no-match"].values()) == 1


@pytest.mark.parametrize(
    ("answer", "error", "words"),
    [
        (always(*refusal(401, "100002")), CredentialsRefused, "refuses the credentials"),
        (always(503, b"down"), NoVerdict, "does not answer for itself"),
        (always(200, b"<html>Sign in</html>"), NoVerdict, "is not the operation"),
        (always(*refusal(400)), NeverSucceeded, "no valid query was answered with success"),
    ],
)
def test_a_run_ends_where_nothing_can_be_judged(answer: Answer, error: type[NoVerdict], words: str) -> None:
    service = serving(answer)
    with pytest.raises(error, match=words):
        open_service(service)
    assert not service.opened


def test_a_query_that_succeeds_only_without_the_app_key_blames_the_app_key() -> None:
    def answer(request: Request) -> Reply:
        return LIST(request) if request.app_key is AppKey.ABSENT else refusal(400)

    service = serving(answer)
    with pytest.raises(NoVerdict):
        open_service(service)
    assert {finding.clause for finding in service.finish()} >= {"auth.app-key-optional"}
