"""A sentence as data: a template in English and its values, so that a report can say it in another language.

A :class:`Message` is its English text, and can stand wherever a text can. What renders it in another language
(:mod:`lineman.report.languages`) looks the template up in a catalogue and puts the same values in.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

Value: TypeAlias = "str | int | float"
"""What a placeholder stands for; a :class:`Message` is translated as well, every other text is shown as it is."""


class Message(str):
    """The English text, with the ``template`` and the ``values`` that it was made from."""

    template: str
    values: dict[str, Value]

    @classmethod
    def of(cls, template: str, /, **values: Value) -> Message:
        """Fill in ``{name}`` placeholders. ``template`` is the key of the translation: write it as a literal.

        Without values the template is the text as it stands, braces and all: so a word of a fixed vocabulary
        becomes a value that can be translated.

        Raises:
            KeyError: a placeholder has no value.
        """
        made = cls(template.format_map(values) if values else template)
        made.template = template
        made.values = values
        return made

    def map(self, change: Callable[[str], str]) -> Message:
        """The same sentence with every text among its values changed, to take secrets out of them."""
        return Message.of(self.template, **{name: _mapped(value, change) for name, value in self.values.items()})

    def record(self) -> dict[str, Any]:
        """The sentence as JSON: ``template`` and ``values``, nested where a value is a sentence."""
        values = {n: v.record() if isinstance(v, Message) else v for n, v in self.values.items()}
        return {"template": self.template, "values": values}


def _mapped(value: Value, change: Callable[[str], str]) -> Value:
    if isinstance(value, Message):
        return value.map(change)
    return change(value) if isinstance(value, str) else value


def message_record(text: str) -> dict[str, Any] | None:
    """The record of a sentence; None for a text that was made without a template."""
    return text.record() if isinstance(text, Message) else None


def fill(template: str, values: Mapping[str, object]) -> str:
    """Put values into a template that a person may have translated wrongly; a placeholder without a value stays."""
    return template.format_map(_Lenient(values))


class _Lenient(dict[str, object]):
    def __missing__(self, key: str) -> str:
        return f"{{{key}}}"
