"""Caches that a target cannot fill: bounded by what they hold, not by how many things that is."""

from __future__ import annotations

import threading
import weakref
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

_Value = TypeVar("_Value")
_Thing = TypeVar("_Thing")


class BoundedCache(Generic[_Value]):
    """Keeps the values used last, as many as weigh ``most`` together; the newest one in any case."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._weight = 0
        self._kept: OrderedDict[Hashable, tuple[_Value, int]] = OrderedDict()
        # Reentrant: the end of a thing that a key refers to may come while the thread is in here.
        self._lock = threading.RLock()

    def get(self, key: Hashable) -> _Value | None:
        """The value, if it is still kept."""
        with self._lock:
            kept = self._kept.get(key)
            if kept is None:
                return None
            self._kept.move_to_end(key)
            return kept[0]

    def put(self, key: Hashable, value: _Value, weight: int) -> None:
        """Keep a value, and forget what was not used for longest where there is too much."""
        with self._lock:
            self.forget(key)
            self._kept[key] = (value, weight)
            self._weight += weight
            while self._weight > self._most and len(self._kept) > 1:
                _, (_, gone) = self._kept.popitem(last=False)
                self._weight -= gone

    def forget(self, key: Hashable) -> None:
        """Forget one value."""
        with self._lock:
            kept = self._kept.pop(key, None)
            self._weight -= kept[1] if kept is not None else 0

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._kept.clear()
            self._weight = 0

    def __len__(self) -> int:
        return len(self._kept)


class ReadOnce(Generic[_Thing, _Value]):
    """A function of a thing that is calculated once as long as the thing lives, and there is room; it keeps no thing
    alive.
    """

    def __init__(self, function: Callable[[_Thing], _Value], weigh: Callable[[_Thing, _Value], int], most: int) -> None:
        self._function = function
        self._weigh = weigh
        self._cache: BoundedCache[_Value] = BoundedCache(most)

    def __call__(self, thing: _Thing) -> _Value:
        key = weakref.ref(thing, self._cache.forget)
        value = self._cache.get(key)
        if value is None:
            value = self._function(thing)
            self._cache.put(key, value, self._weigh(thing, value))
        return value

    def cache_clear(self) -> None:
        """Forget everything."""
        self._cache.clear()
