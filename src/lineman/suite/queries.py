"""Queries from the records seen: real texts and their parts, so that filters hit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from lineman.contract.finding import Record
from lineman.contract.matching import WILDCARDS
from lineman.contract.operation import document
from lineman.contract.operation_parts import Filter
from lineman.contract.oracle.comparison import is_special_text
from lineman.suite.known_records import KnownRecords
from lineman.suite.lookalikes import confusable, foldings
from lineman.suite.unusual_texts import is_unusual, kind_of, misread_code, misread_words, unusual_span


@dataclass(frozen=True)
class QueryBuilder(KnownRecords):
    """Builds queries from the records known."""

    def unusual_parts(self, count: int) -> list[dict[str, str]]:
        """Filters with parts of real texts that together have many kinds of unusual characters, marks first."""
        left: dict[tuple[str, str], set[str]] = {}
        for one in _text_filters()[::-1]:
            name = one.name
            for record in self.with_text(one.member):
                text = record[one.member]
                part = unusual_span(text) if one.fuzzy else text * any(map(is_unusual, text))
                if part:
                    left.setdefault((name, part), {name + kind_of(c) for c in part if is_unusual(c)})
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
        code, words = self.code, self.words
        codes = [r[code.member] for r in self.plain(code.member)]
        described = [r[words.member] for r in self.plain(words.member) if " " in r[words.member]]
        written = [(code.name, text) for value in codes[len(codes) // 2 :][:1] for text in misread_code(value)]
        written += [(words.name, text) for value in described[:1] for text in misread_words(value)]
        written += [(code.name, f"{codes[0]}|{codes[-1]}")] if len(codes) > 1 else []
        written += [(words.name, f"{described[0]}|{described[-1]}")] if len(described) > 1 else []
        written += [(one.name, text) for one in _text_filters() if one.fuzzy for text in self._confusable(one)]
        written += [(one.name, text + "x" * 40) for one in _text_filters() for text in self.longest(one.member)]
        return [{name: text} for name, text in written]

    def _confusable(self, one: Filter) -> list[str]:
        """Texts that a collation confuses with those of a column: of the longest texts all, of the codes the digits."""
        texts = [r[one.member] for r in self.with_text(one.member)]
        return list(confusable(texts)) if one == self.words else list(confusable(texts))[:1]

    def folding_queries(self) -> list[tuple[str, dict[str, Any]]]:
        """Kinds of folding, each with a query that finds something only where texts are folded so."""
        texts = [r[self.words.member] for r in self.with_text(self.words.member, least=3)]
        return [(kind, {self.words.name: text}) for kind, text in foldings(texts)]

    def one_of_each(self) -> dict[str, Any]:
        """A value for every parameter, the filters from one record where there is one with all of them."""
        contract = document()
        rich = next((r for r in self.plain(self.words.member) if self.type_ is None or self.type_of(r)), None)
        record = rich or next(iter(self.records), {})
        found: dict[str, Any] = {}
        for one in contract.filters.values():
            value = record.get(one.member)
            if one.kind == "enum":
                found[one.name] = value if value in one.values else one.values[0]
            else:
                found[one.name] = str(value or ("400" if one == self.code else "line"))
        return found | contract.paging.page(10, 0)

    def one_filter(self) -> dict[str, Any]:
        """A filter that finds many records: the most frequent type, else a character of a code."""
        types = self.asked_types
        if types and self.type_:
            return {self.type_.name: types[0]}
        codes = self.with_text(self.code.member)
        return {self.code.name: str(codes[0][self.code.member])[0]} if codes and self.code.fuzzy else {}

    def filtered_sizes(self) -> list[dict[str, Any]]:
        """Filters that find a few records, with limits one below, at and one above their number."""
        queries: list[dict[str, Any]] = []
        paging = document().paging
        for name in document().fuzzy_filters[::-1]:
            member = document().filters[name].member
            values = [r[member] for r in self.with_text(member)]
            texts = dict.fromkeys(self.parts(text)["end"].strip() for text in values if not is_special_text(text))
            found = {text: sum(text in value for value in values) for text in texts if text}
            some = [(text, count) for text, count in found.items() if 2 < count < paging.size_maximum]
            queries += [{name: text, **paging.page(count + step)} for text, count in some[:1] for step in (-1, 0, 1)]
        return queries[:5]

    def varied_queries(self) -> list[dict[str, Any]]:
        """A handful of unlike queries: a page, a second page, a filter, a text, an empty page."""
        page = document().paging.page
        queries: list[dict[str, Any]] = [{}, page(10, 10)]
        if self.one_filter():
            queries.append(self.one_filter())
        codes = self.with_text(self.code.member, least=2)
        if codes:
            queries.append({self.code.name: str(codes[len(codes) // 2][self.code.member])[-3:]})
        return [*queries, page(0)]

    def text_queries(self) -> list[dict[str, Any]]:
        """A text filter on each column."""
        texts = {name: self.texts_of(name)[:1] for name in document().text_filters}
        return [{name: text} for name, found in texts.items() for text in found]

    def texts_of(self, name: str) -> list[str]:
        """Values of a text filter: parts of real texts, and texts that nearly match, the most telling first."""
        one = document().filters[name]
        plain = [r[one.member] for r in self.plain(one.member)]
        if not plain:
            return []
        records = [r[one.member] for r in self.spread(self.plain(one.member), 3)][::-1]
        parts = [self.parts(text) for text in records]
        found = [] if one.fuzzy else [part["whole"] for part in parts]
        found += [parts[0]["middle"], parts[0]["end"], *self.foreign_texts(one.member)]
        found += [*self.within_another(one.member), parts[-1]["whole"], parts[0]["start"]]
        found += [text for text in plain if text.startswith("0")][:1]
        found += [*self.blank_edges(plain), records[0][:1], records[0] + "0"]
        inner = records[len(records) // 2]
        found += [inner[1:], f"{inner[:2]}-{inner[2:]}", f"{inner[:2]}x{inner[2:]}", inner[:-1], records[-1][::-1]]
        found += [part for rest in parts[1:] for part in (rest["middle"], rest["end"], rest["start"])]
        return [text for text in dict.fromkeys(found) if text.strip()]

    def foreign_texts(self, name: str) -> list[str]:
        """Texts of a record's other members that its own ``name`` has not: a filter must look in its own column."""
        found: list[str] = []
        filtered = [one.member for one in _text_filters()]
        for other in dict.fromkeys((*filtered, *_text_members())):
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
        code, words = self.code, self.words
        queries = [query for record in self._typed(code) for query in self._code_and_type(record)]
        described = [r for r in self.plain(words.member) if r.get(code.member)] if code != words else []
        for one, other in zip(self.spread(described, 3), self.spread(described, 3)[::-1], strict=True):
            text = self.parts(one[words.member])["middle"].strip() or one[words.member]
            queries.append({code.name: str(one[code.member])[:3], words.name: text})
            queries.append({code.name: str(other[code.member]), words.name: text})
            type_ = self.type_of(one)
            if self.type_ is not None and type_ is not None:
                queries.append({words.name: text, self.type_.name: type_})
                both = {code.name: str(one[code.member])[-2:], words.name: text}
                queries.append({**both, self.type_.name: type_, **document().paging.page(5)})
        return queries + self._exact_and_others()

    def _typed(self, code: Filter) -> list[Record]:
        return self.spread([r for r in self.with_text(code.member, least=2) if self.type_of(r) is not None], 3)

    def _code_and_type(self, record: Record) -> list[dict[str, Any]]:
        """A part of a record's code with another type, and another part with its own."""
        if self.type_ is None:
            return []
        own = self.type_of(record)
        other = next((t for t in self.type_.values if t != own), None)
        code = str(record[self.code.member])
        return [
            {self.code.name: code[-3:], self.type_.name: other},
            {self.code.name: code[:2], self.type_.name: own},
        ]

    def _exact_and_others(self) -> list[dict[str, Any]]:
        """For each filter that must be the record's whole text: with its record's other texts, and with another's."""
        queries: list[dict[str, Any]] = []
        for exact in (one for one in _text_filters() if not one.fuzzy):
            known = self.spread(self.plain(exact.member), 2)
            for one, other in zip(known, known[::-1], strict=True):
                texts = {f.name: one[f.member] for f in _text_filters() if isinstance(one.get(f.member), str)}
                queries += [texts, {**texts, exact.name: other[exact.member]}]
        return queries

    def wildcard_queries(self) -> dict[str, dict[str, Any]]:
        """For each wildcard character a code with it in place of a character (or of none, for those that may be
        none).
        """
        codes = [r[self.code.member] for r in self.with_text(self.code.member, least=3)]
        if not codes or not self.code.fuzzy:
            return {}
        code = codes[0]
        return {character: {self.code.name: code[0] + character + code[2:]} for character in WILDCARDS}

    def case_queries(self) -> dict[str, dict[str, Any]]:
        """For each text filter with ASCII letters in its data, a real text in the other letter case."""
        found: dict[str, dict[str, Any]] = {}
        for name in document().fuzzy_filters:
            member = document().filters[name].member
            values = [r[member] for r in self.plain(member) if any(c.isalpha() for c in r[member])]
            for value in values:
                if not any(value.swapcase() in other for other in values):
                    found[name] = {name: value.swapcase()}
                    break
        return found

    def neighbours(self) -> list[dict[str, Any]]:
        """A chain of queries, each differing from the one before in one parameter: a careless cache mixes them up."""
        code, words, page = self.code, self.words, document().paging.page
        texts = [str(r[code.member])[-2:] for r in self.spread(self.with_text(code.member, least=2), 2)]
        described = [r[words.member] for r in self.spread(self.plain(words.member), 2)]
        chain: list[dict[str, Any]] = [page(6, 0), page(6, 6), page(8, 0)]
        chain += [{self.type_.name: type_, **page(6)} for type_ in self.asked_types[:2] if self.type_]
        chain += [{code.name: text, **page(6)} for text in texts]
        chain += [{words.name: text, **page(6)} for text in described]
        return chain

    def narrowings(self) -> list[tuple[dict[str, Any], dict[str, Any]]]:
        """Pairs of a filter and a narrower one."""
        name, member, page = self.code.name, self.code.member, document().paging.page
        codes = self.with_text(member, least=3)
        if not codes or not self.code.fuzzy:
            return []
        code = str(codes[-1][member])
        wide = {name: code[:1], **page(1)}
        pairs: list[tuple[dict[str, Any], dict[str, Any]]] = [(wide, {name: code[:2], **page(1)})]
        if self.asked_types and self.type_:
            pairs.append((wide, {name: code[:1], self.type_.name: self.asked_types[0], **page(1)}))
        return pairs


def _text_filters() -> list[Filter]:
    return [document().filters[name] for name in document().text_filters]


def _text_members() -> list[str]:
    """The members of a record that are texts, but for its identity."""
    contract = document()
    members = contract.record_schema["properties"]
    return [name for name, schema in members.items() if "string" in schema["type"] and name != contract.identity]
