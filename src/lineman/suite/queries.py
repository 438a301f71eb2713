"""Query material from the records seen: real texts and their parts, so that filters hit."""

from __future__ import annotations

import random
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from lineman.contract.finding import Record
from lineman.contract.matching import WILDCARDS
from lineman.contract.operation import document
from lineman.contract.oracle.comparison import is_special_text
from lineman.contract.query import TEXT_FILTERS


@dataclass(frozen=True)
class QueryBuilder:
    """Records to build queries from. ``deepest`` are records from beyond the readable beginning of a long list."""

    records: tuple[Record, ...]
    random: random.Random
    deepest: tuple[Record, ...] = ()

    @property
    def empty(self) -> bool:
        return not self.records

    def with_text(self, name: str, *, least: int = 1) -> list[Record]:
        """Records whose text member ``name`` has at least so many characters, in the list's order."""
        found = (r for r in self.records if isinstance(r.get(name), str) and len(r[name]) >= least)
        return [r for r in found if not any("\ud800" <= c <= "\udfff" or c == "\x00" for c in r[name])]

    def spread(self, records: Sequence[Record], count: int) -> list[Record]:
        """Some records: the first, the last and others evenly between, so that deep ones are among them."""
        if len(records) <= count:
            return list(records)
        if count == 1:
            return [records[-1]]
        step = (len(records) - 1) / (count - 1)
        return [records[round(i * step)] for i in range(count)]

    def parts(self, text: str) -> dict[str, str]:
        """The start, the middle, the end and the whole of a text."""
        third = max(1, len(text) // 3)
        middle = text[third : third + max(1, third)]
        return {"start": text[:third], "middle": middle, "end": text[-third:], "whole": text}

    def plain(self, name: str) -> list[Record]:
        """Records with a text of ASCII letters, digits and spaces."""
        return [r for r in self.with_text(name, least=3) if not is_special_text(r[name]) and r[name] == r[name].strip()]

    def unusual_parts(self, count: int) -> list[dict[str, str]]:
        """Filters with parts of real texts that together have many kinds of unusual characters, marks first."""
        left: dict[tuple[str, str], set[str]] = {}
        for name in TEXT_FILTERS[::-1]:
            for record in self.with_text(name):
                part = _unusual_span(record[name])
                if part:
                    left.setdefault((name, part), {name + _kind(c) for c in part if _is_unusual(c)})
        chosen: list[dict[str, str]] = []
        while left and len(chosen) < count:
            (name, part), kinds = max(left.items(), key=lambda item: (item[0][0] + "Mn" in item[1], len(item[1])))
            chosen.append({name: part})
            left = {key: rest - kinds for key, rest in left.items() if rest - kinds}
        return chosen

    def near_misses(self) -> list[dict[str, Any]]:
        """Real texts written as a careless service reads them: as a pattern, as SQL, trimmed, cut, or cleaned.

        Taken literally they match nothing, or only what has them; read as something else they find the real record.
        """
        codes = [r["accessCode"] for r in self.plain("accessCode")]
        described = [r["description"] for r in self.plain("description") if " " in r["description"]]
        written = [("accessCode", text) for code in codes[len(codes) // 2 :][:1] for text in _misread_code(code)]
        written += [("description", text) for value in described[:1] for text in _misread_words(value)]
        written += [("accessCode", f"{codes[0]}|{codes[-1]}")] if len(codes) > 1 else []
        written += [("description", f"{described[0]}|{described[-1]}")] if len(described) > 1 else []
        written += [(name, text + "x" * 40) for name in TEXT_FILTERS for text in self.longest(name)]
        return [{name: text} for name, text in written]

    def types(self) -> Counter[int]:
        return Counter(r["mediatypeId"] for r in self.records if isinstance(r.get("mediatypeId"), int))

    def asked_types(self) -> list[int]:
        """Media types that may be asked for and that the list has, the most frequent first."""
        allowed = document().request_media_types
        return [type_ for type_, _ in self.types().most_common() if type_ in allowed]

    def deepest_with(self, name: str) -> list[Record]:
        return [r for r in self.deepest if isinstance(r.get(name), str) and r[name]]

    def one_of_each(self) -> dict[str, Any]:
        """A value for every parameter, the filters from one record where there is one with all of them."""
        rich = next((r for r in self.plain("description") if r.get("mediatypeId") in self.asked_types()), None)
        record = rich or next(iter(self.records), {})
        type_ = record.get("mediatypeId")
        return {
            "accessCode": str(record.get("accessCode") or "400"),
            "mediatypeId": type_ if type_ in document().request_media_types else document().request_media_types[0],
            "description": str(record.get("description") or "line"),
            "limit": 10,
            "offset": 0,
        }

    def one_filter(self) -> dict[str, Any]:
        """A filter that finds many records: the most frequent media type, else a character of a code."""
        types = self.asked_types()
        if types:
            return {"mediatypeId": types[0]}
        codes = self.with_text("accessCode")
        return {"accessCode": str(codes[0]["accessCode"])[0]} if codes else {}

    def filtered_sizes(self) -> list[dict[str, Any]]:
        """Filters that find a few records, with limits one below, at and one above their number."""
        queries: list[dict[str, Any]] = []
        for name in TEXT_FILTERS[::-1]:
            values = [r[name] for r in self.with_text(name)]
            texts = dict.fromkeys(self.parts(text)["end"].strip() for text in values if not is_special_text(text))
            found = {text: sum(text in value for value in values) for text in texts if text}
            some = [(text, count) for text, count in found.items() if 2 < count < document().limit_maximum]
            queries += [{name: text, "limit": count + step} for text, count in some[:1] for step in (-1, 0, 1)]
        return queries[:5]

    def varied_queries(self) -> list[dict[str, Any]]:
        """A handful of unlike queries: a page, a second page, a filter, a text, an empty page."""
        queries: list[dict[str, Any]] = [{}, {"limit": 10, "offset": 10}]
        if self.one_filter():
            queries.append(self.one_filter())
        codes = self.with_text("accessCode", least=2)
        if codes:
            queries.append({"accessCode": str(codes[len(codes) // 2]["accessCode"])[-3:]})
        return [*queries, {"limit": 0}]

    def text_queries(self) -> list[dict[str, Any]]:
        """A text filter on each column."""
        texts = {name: self.texts_of(name)[:1] for name in TEXT_FILTERS}
        return [{name: text} for name, found in texts.items() for text in found]

    def texts_of(self, name: str) -> list[str]:
        """Parts of real texts, and texts that nearly match, the most telling first."""
        plain = [r[name] for r in self.plain(name)]
        if not plain:
            return []
        records = [r[name] for r in self.spread(self.plain(name), 3)][::-1]
        parts = [self.parts(text) for text in records]
        found = [parts[0]["middle"], parts[0]["end"], *self.foreign_texts(name), *self.within_another(name)]
        found += [parts[-1]["whole"], parts[0]["start"]]
        found += [text for text in plain if text.startswith("0")][:1]
        found += [*self.blank_edges(plain), records[0][:1], records[0] + "0"]
        inner = records[len(records) // 2]
        found += [inner[1:], f"{inner[:2]}-{inner[2:]}", f"{inner[:2]}x{inner[2:]}", inner[:-1], records[-1][::-1]]
        found += [part for rest in parts[1:] for part in (rest["middle"], rest["end"], rest["start"])]
        return [text for text in dict.fromkeys(found) if text.strip()]

    def foreign_texts(self, name: str) -> list[str]:
        """Texts of a record's other members that its own ``name`` has not: a filter must look in its own column."""
        found: list[str] = []
        for other in ("accessCode", "description", "n400Number"):
            if other != name:
                texts = [(r[other], r.get(name) or "") for r in self.plain(other)]
                found += [text[:8].strip() for text, own in texts if text[:8].strip() not in own][:1]
        return found

    def within_another(self, name: str) -> list[str]:
        """A whole text of one record that is a part of another record's: neither may hide the other."""
        values = [r[name] for r in self.with_text(name, least=2)]
        shortest = sorted(dict.fromkeys(values), key=lambda text: (is_special_text(text), len(text)))
        return [text for text in shortest if any(text in other and text != other for other in values)][:1]

    @staticmethod
    def blank_edges(values: Sequence[str]) -> list[str]:
        """A last word with a blank behind it that some values have and some have not: blanks are text."""
        for value in values:
            word = value.rpartition(" ")[2] + " "
            if len(word) > 2 and any(word in other for other in values):
                return [word]
        return []

    def conjunctions(self) -> list[dict[str, Any]]:
        """Filters of one record together, and of two records that share none of them."""
        queries: list[dict[str, Any]] = []
        rich = [r for r in self.with_text("accessCode", least=2) if r.get("mediatypeId") in self.asked_types()]
        for record in self.spread(rich, 3):
            other = next((t for t in document().request_media_types if t != record["mediatypeId"]), None)
            code = str(record["accessCode"])
            queries.append({"accessCode": code[-3:], "mediatypeId": other})
            queries.append({"accessCode": code[:2], "mediatypeId": record["mediatypeId"]})
        described = [r for r in self.plain("description") if r.get("accessCode")]
        for one, other_record in zip(self.spread(described, 3), self.spread(described, 3)[::-1], strict=True):
            text = self.parts(one["description"])["middle"].strip() or one["description"]
            queries.append({"accessCode": str(one["accessCode"])[:3], "description": text})
            queries.append({"accessCode": str(other_record["accessCode"]), "description": text})
            if one.get("mediatypeId") in self.asked_types():
                queries.append({"description": text, "mediatypeId": one["mediatypeId"]})
                both = {"accessCode": str(one["accessCode"])[-2:], "description": text}
                queries.append({**both, "mediatypeId": one["mediatypeId"], "limit": 5})
        return queries

    def longest(self, name: str) -> list[str]:
        """The longest text of a column, if any: more than it fits nothing, unless the filter is cut somewhere."""
        return sorted((str(r[name]) for r in self.with_text(name)), key=len)[-1:]

    def wildcard_queries(self) -> dict[str, dict[str, Any]]:
        """For each wildcard character a code with it in place of a character (or of none, for those that may be
        none).
        """
        codes = [r["accessCode"] for r in self.with_text("accessCode", least=3)]
        if not codes:
            return {}
        code = codes[0]
        return {character: {"accessCode": code[0] + character + code[2:]} for character in WILDCARDS}

    def case_queries(self) -> dict[str, dict[str, Any]]:
        """For each text filter with ASCII letters in its data, a real text in the other letter case."""
        found: dict[str, dict[str, Any]] = {}
        for name in TEXT_FILTERS:
            values = [r[name] for r in self.plain(name) if any(c.isalpha() for c in r[name])]
            for value in values:
                if not any(value.swapcase() in other for other in values):
                    found[name] = {name: value.swapcase()}
                    break
        return found

    def distinct_queries(self, count: int) -> list[dict[str, Any]]:
        """Queries whose right answers all differ as far as the data goes."""
        queries: list[dict[str, Any]] = []
        for position, record in enumerate(self.spread(self.with_text("accessCode"), count // 2)):
            queries.append({"accessCode": str(record["accessCode"])})
            queries.append({"limit": position + 1})
        return queries[:count]

    def neighbours(self) -> list[dict[str, Any]]:
        """A chain of queries, each differing from the one before in one parameter: a careless cache mixes them up."""
        texts = [str(r["accessCode"])[-2:] for r in self.spread(self.with_text("accessCode", least=2), 2)]
        described = [r["description"] for r in self.spread(self.plain("description"), 2)]
        chain: list[dict[str, Any]] = [{"limit": 6, "offset": 0}, {"limit": 6, "offset": 6}, {"limit": 8, "offset": 0}]
        chain += [{"mediatypeId": type_, "limit": 6} for type_ in self.asked_types()[:2]]
        chain += [{"accessCode": text, "limit": 6} for text in texts]
        chain += [{"description": text, "limit": 6} for text in described]
        return chain

    def narrowings(self) -> list[tuple[dict[str, Any], dict[str, Any]]]:
        """Pairs of a filter and a narrower one."""
        codes = self.with_text("accessCode", least=3)
        if not codes:
            return []
        code = str(codes[-1]["accessCode"])
        pairs: list[tuple[dict[str, Any], dict[str, Any]]] = [
            ({"accessCode": code[:1], "limit": 1}, {"accessCode": code[:2], "limit": 1})
        ]
        if self.asked_types():
            type_ = self.asked_types()[0]
            pairs.append(
                ({"accessCode": code[:1], "limit": 1}, {"accessCode": code[:1], "mediatypeId": type_, "limit": 1})
            )
        return pairs


def _misread_code(code: str) -> list[str]:
    first, second, rest = code[0], code[1], code[2:]
    return [
        f"{first}.{rest}",
        f"^{code}$",
        f"{code}' OR '1'='1",
        f"{first}\\{second}{rest}",
        f"{first}[{second}x]{rest}",
        f"{first}%{ord(second):02X}{rest}",
        f" {code}",
        f"{code}--",
        f"{code};",
    ]


def _misread_words(text: str) -> list[str]:
    return [
        f"{text[:2]}.{text[3:]}",
        f"^{text}$",
        f"{text}' OR '1'='1",
        f"{text[:2]}\\{text[2:]}",
        text.replace(" ", "+", 1),
        text.replace(" ", "  ", 1),
        f'{text[:2]}"{text[2:]}',
        f"{text[:2]}&{text[2:]}",
        f"{text[:2]}\u200b{text[2:]}",
        f"{text}\U0001f4de",
    ]


def _is_unusual(character: str) -> bool:
    return not (character.isascii() and (character.isalnum() or character in " -"))


def _unusual_span(text: str) -> str:
    """The part of a text from its first unusual character to its last, with a neighbour on each side."""
    places = [position for position, character in enumerate(text[:200]) if _is_unusual(character)]
    return text[max(0, places[0] - 1) : places[-1] + 2].strip() if places else ""


def _kind(character: str) -> str:
    """What a careless service treats alike: a script, a category, characters of four bytes; of ASCII each by itself."""
    if character.isascii():
        return character
    if ord(character) > 0xFFFF:
        return "four bytes"
    category = unicodedata.category(character)
    return unicodedata.name(character, "?").split()[0] if category.startswith("L") else category
