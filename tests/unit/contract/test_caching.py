"""Caches are bounded by what they hold, and keep nothing of a target alive."""

from __future__ import annotations

import gc
import unicodedata
import weakref

from tests.unit.exchanges import listed

from lineman.contract import folding
from lineman.contract.answer import read_answer
from lineman.contract.caching import BoundedCache, ReadOnce
from lineman.exchange import Exchange


class Thing:
    """Something that dies."""


def test_what_was_not_used_for_longest_is_forgotten_first() -> None:
    cache: BoundedCache[str] = BoundedCache(10)
    for name in "abc":
        cache.put(name, name.upper(), 3)
    assert cache.get("a") == "A"
    cache.put("d", "D", 3)
    assert [cache.get(name) for name in "abcd"] == ["A", None, "C", "D"]


def test_one_value_that_is_too_large_is_kept_alone() -> None:
    cache: BoundedCache[str] = BoundedCache(10)
    cache.put("small", "1", 1)
    cache.put("large", "2", 100)
    assert (cache.get("small"), cache.get("large"), len(cache)) == (None, "2", 1)


def test_a_thing_is_read_once_and_not_kept_alive() -> None:
    read: list[Thing] = []

    def reading(thing: Thing) -> str:
        read.append(thing)
        return "read"

    once: ReadOnce[Thing, str] = ReadOnce(reading, lambda thing, value: 1, 10)
    thing = Thing()
    assert once(thing) == once(thing) == "read"
    assert len(read) == 1
    read.clear()
    gone = weakref.ref(thing)
    del thing
    gc.collect()
    assert gone() is None
    assert len(once._cache) == 0


def test_an_exchange_that_was_read_is_not_kept_alive() -> None:
    exchange: Exchange = listed({}, 2, 2)
    assert read_answer(exchange).succeeded
    gone = weakref.ref(exchange)
    del exchange
    gc.collect()
    assert gone() is None


def test_long_texts_that_are_folded_are_bounded_together() -> None:
    for number in range(30):
        assert folding.folded(f"é{number}" + "x" * 1_000_000).startswith("e")
    assert folding._LONG._weight <= 4_000_000
    folding._LONG.clear()


def test_texts_are_folded_as_character_by_character() -> None:
    for text in ("Ａｂé ｶﾞか\u3099", "e\u0301Ü\u0323", "热线　①ﬁ", "\ud800é", "\u0345ά"):
        width = "".join(
            unicodedata.normalize("NFKC", each)
            if unicodedata.decomposition(each).startswith(("<wide>", "<narrow>"))
            else each
            for each in text
        )
        bare = (
            c for c in unicodedata.normalize("NFD", width) if c in "\u3099\u309a" or unicodedata.category(c) != "Mn"
        )
        plain = unicodedata.normalize("NFC", "".join(bare))
        assert folding.folded(text) == unicodedata.normalize("NFC", plain.casefold())
