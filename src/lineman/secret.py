"""A text that must never be shown."""

from __future__ import annotations

from typing import Any, NoReturn, final

HIDDEN = "[secret]"


@final
class Secret:
    """Holds a secret and shows ``[secret]`` wherever Python would print it.

    Only :meth:`reveal` gives the value, so every place where a secret leaves this type can be found by its name.
    Pickling is refused, because a pickle is a file with the value in it.
    """

    __slots__ = ("__value",)

    def __init__(self, value: str) -> None:
        self.__value = value

    def reveal(self) -> str:
        return self.__value

    def __repr__(self) -> str:
        return HIDDEN

    def __str__(self) -> str:
        return HIDDEN

    def __format__(self, specification: str) -> str:
        return format(HIDDEN, specification)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self.__value == other.__value

    def __hash__(self) -> int:
        return hash((Secret, self.__value))

    def __bool__(self) -> bool:
        return bool(self.__value)

    def __copy__(self) -> Secret:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Secret:
        return self

    def __reduce_ex__(self, protocol: Any) -> NoReturn:
        raise TypeError("a secret cannot be pickled")
