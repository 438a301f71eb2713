"""A page of another size than its own total leaves speaks against the clauses about its size."""

from __future__ import annotations

import pytest
from tests.unit.exchanges import answered, listed

from lineman.exchange import Credential, Exchange, Request
from lineman.suite.page_sizes import size_contradictions


@pytest.mark.parametrize(
    ("exchange", "clauses"),
    [
        (listed({"limit": 25}, 24, 236), {"limit.page-size"}),
        (listed({"limit": 25}, 25, 236), set()),
        (listed({"limit": 25, "offset": 100}, 11, 111), set()),
        (listed({"limit": 25, "offset": 100}, 25, 111), {"limit.page-size"}),
        (listed({"limit": 100}, 99, 236), {"limit.maximum", "limit.page-size"}),
        (listed({"limit": 101}, 10, 236), {"limit.clamp"}),
        (listed({}, 99, 236), {"limit.default", "limit.page-size"}),
        (listed({"limit": 0}, 1, 236), {"limit.zero"}),
        (listed({"limit": -1}, 3, 236), set()),
        (listed({"limit": "10"}, 3, 236), set()),
        (answered(Request.of({"limit": 25}), 502, b""), set()),
        (answered(Request.of({"limit": 25}, credential=Credential.NONE), 200, b"{}"), set()),
    ],
)
def test_what_a_page_says_of_its_size(exchange: Exchange, clauses: set[str]) -> None:
    assert size_contradictions([exchange]) == {clause: {1} for clause in clauses}
