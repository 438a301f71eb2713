"""The languages of reports: English, in which the sentences are written, and those with a catalogue in ``locale``.

A catalogue is a gettext file (``src/lineman/locale/LOCALE/LC_MESSAGES/lineman.po``) that any translator's editor opens.
It is read as it is: there is no compiled file beside it that could be out of date. What it lacks is said in English.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any

from babel.messages.pofile import read_po

from lineman.message import Message, fill
from lineman.report.run import Violation

LOCALES = {"en": "", "zh": "zh_Hans"}
"""Language to the folder of its catalogue; English needs none."""


class UnknownLanguageError(ValueError):
    """No reports in that language; the message names those that there are."""


@dataclass(frozen=True, slots=True)
class Language:
    """One language: what it calls itself, its tag for HTML, and its catalogue."""

    code: str
    tag: str
    name: str
    catalogue: Mapping[str, str]

    def say(self, template: str, /, **values: object) -> str:
        """A sentence of ours in this language; a :class:`Message` among the values is translated too."""
        put = {name: self.text(value) if isinstance(value, Message) else value for name, value in values.items()}
        found = self.catalogue.get(template) or template
        return fill(found, put) if put else found

    def text(self, message: str) -> str:
        """A text in this language where it was made from a template, else as it is."""
        return self.say(message.template, **message.values) if isinstance(message, Message) else message

    def record(self, record: Mapping[str, Any]) -> str:
        """A sentence of ``run.json``, from its template and values."""
        values = {n: self.record(v) if isinstance(v, dict) else v for n, v in record["values"].items()}
        return self.say(record["template"], **values)

    def summary(self, violation: Violation) -> str:
        """What a violation says, in this language where the run keeps it as template and values."""
        if violation.message is None or self.code == "en":
            return violation.summary
        return self.record(violation.message)


@cache
def language(code: str) -> Language:
    """One language by its code (``en``, ``zh``).

    Raises:
        UnknownLanguageError: there is none of that code.
    """
    if code not in LOCALES:
        raise UnknownLanguageError(f"no reports in the language {code!r}; there are: {', '.join(LOCALES)}")
    if code == "en":
        return Language("en", "en", "English", MappingProxyType({}))
    place = files("lineman").joinpath("locale", LOCALES[code], "LC_MESSAGES", "lineman.po")
    with place.open("rb") as file:
        catalogue = read_po(file, locale=LOCALES[code])
    texts = {str(one.id): str(one.string) for one in catalogue if one.id and one.string and not one.fuzzy}
    return Language(code, "zh-Hans", "简体中文", MappingProxyType(texts))
