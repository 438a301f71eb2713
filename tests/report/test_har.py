"""``exchanges.har``: valid HAR 1.2 with one entry per exchange."""

from __future__ import annotations

import json

from lineman.report.har import har

from . import builders


def test_one_entry_per_exchange_in_order() -> None:
    run = builders.failing_run()
    log = json.loads(har(run))["log"]
    assert log["version"] == "1.2"
    assert [entry["comment"].split(":")[0] for entry in log["entries"]] == [
        f"exchange {one.number}" for one in run.exchanges
    ]


def test_an_entry_carries_request_answer_and_phases() -> None:
    exchange = builders.exchange(7, records=2)
    entry = json.loads(har(builders.make_run(exchanges=[exchange])))["log"]["entries"][0]
    assert entry["request"]["postData"]["text"] == exchange.request_body
    assert entry["response"]["content"]["text"] == exchange.response_body
    assert entry["response"]["status"] == 200
    assert entry["timings"]["wait"] == round(exchange.phases["wait"] * 1000, 3)
    assert entry["timings"]["ssl"] == -1


def test_a_transport_failure_is_status_zero_with_its_reason() -> None:
    failed = builders.exchange(1, status=None, failure="connect: refused")
    entry = json.loads(har(builders.make_run(exchanges=[failed])))["log"]["entries"][0]
    assert entry["response"]["status"] == 0
    assert entry["response"]["comment"] == "connect: refused"


def test_a_run_without_exchanges_is_an_empty_archive() -> None:
    run = builders.make_run().model_copy(update={"exchanges": []})
    assert json.loads(har(run))["log"]["entries"] == []
