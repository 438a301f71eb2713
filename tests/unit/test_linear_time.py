"""Every regular expression that reads a target's text takes time linear in it, whatever the text is.

Proven without running any: an expression is RE2's, whose time is linear by construction, or Python's with bounded
repetitions only, none inside or right behind another one that could match the same text in several ways.
"""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
import time
from collections.abc import Iterator
from pathlib import Path
from re import _constants as sre  # the parser of the standard library has no other door
from re import _parser as parser
from types import ModuleType
from typing import Any

import pytest
import re2

import lineman.client
import lineman.contract
import lineman.json_text
import lineman.message
import lineman.monitor
import lineman.report
import lineman.suite
import lineman.text
from lineman.contract.insides import LOOKED_AT, inside_shown

REPEATS = (sre.MAX_REPEAT, sre.MIN_REPEAT, sre.POSSESSIVE_REPEAT)
BUILT_LATER = {("lineman.client.redaction", "learn")}
"""Functions that build an expression from data: of ours, escaped, with no repetition."""


def modules() -> Iterator[ModuleType]:
    for package in (lineman.client, lineman.contract):
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            yield importlib.import_module(found.name)
    yield lineman.json_text


OTHER_PACKAGES = (lineman.suite, lineman.report, lineman.monitor)
SINGLE_FILES = (lineman.text, lineman.message)
LINEAR_ALL_THE_SAME = {
    "lineman.monitor.config.durations._PART": "reads settings, no text of a target",
    "lineman.monitor.config.history_address._QUERY": "reads settings, no text of a target",
    "lineman.monitor.config.history_address._USER": "reads settings, no text of a target",
    "lineman.monitor.delivery.apprise_receivers._HEADING": "one class from the start of a line to its end",
    "lineman.monitor.incidents.notices._BROKEN": "one class behind a word that it cannot hold: it has blanks",
    "lineman.monitor.status.wording._CLAUSE": "of messages that are cut to a few thousand characters",
    "lineman.monitor.status.wording._RECORD": "of messages that are cut to a few thousand characters",
    "lineman.monitor.status.wording._AMONG": "digits behind a word that has none",
    "lineman.report.html._VARIABLE": "word characters behind a dollar sign, which is none",
    "lineman.report.ticket._SAFE": "one class, and nothing behind it",
    "lineman.report.ticket._TICKET": "reads names of files of ours, no text of a target",
    "lineman.text._AT_THE_START": "digits at the beginning of the text alone",
    "lineman.text._FENCE": "one letter, and nothing behind it",
}
"""Expressions with an unbounded repetition, and why they are linear, or read no text of a target."""


def other_expressions() -> Iterator[tuple[str, re.Pattern[Any]]]:
    """The expressions of what shows, tells and decides."""
    names = [f.name for p in OTHER_PACKAGES for f in pkgutil.walk_packages(p.__path__, f"{p.__name__}.")]
    for module in (*map(importlib.import_module, sorted(names)), *SINGLE_FILES):
        for name, value in vars(module).items():
            if isinstance(value, re.Pattern):
                yield f"{module.__name__}.{name}", value


def problems(pattern: re.Pattern[Any]) -> list[str]:
    """What could make the time of an expression more than linear."""
    text = pattern.pattern if isinstance(pattern.pattern, str) else pattern.pattern.decode("latin-1")
    return list(_of_sequence(parser.parse(text, pattern.flags & ~re.DEBUG), inside=1))


def _of_sequence(sequence: Any, inside: int) -> Iterator[str]:
    before = None
    for operator, argument in sequence:
        if operator in REPEATS:
            _, most, inner = argument
            if most is sre.MAXREPEAT:
                yield "an unbounded repetition"
            if most > 1 and inside > 1:
                yield "a repetition inside a repetition"
            if most > 1 and before is not None and before == repr(list(inner)):
                yield "a repetition behind another one of the same"
            before = repr(list(inner)) if most > 1 else before
            yield from _of_sequence(inner, inside * most)
            continue
        before = None
        for part in _parts(operator, argument):
            yield from _of_sequence(part, inside)


def _parts(operator: Any, argument: Any) -> Iterator[Any]:
    if operator is sre.BRANCH:
        yield from argument[1]
    elif operator is sre.SUBPATTERN:
        yield argument[-1]
    elif operator in (sre.ASSERT, sre.ASSERT_NOT):
        yield argument[1]
    elif operator is sre.ATOMIC_GROUP:
        yield argument


def test_every_expression_of_a_module_is_bounded() -> None:
    found = {
        f"{module.__name__}.{name}": value
        for module in modules()
        for name, value in vars(module).items()
        if isinstance(value, re.Pattern)
    }
    assert len(found) >= 4, "the modules have moved: this test sees none of their expressions"
    assert {name: problems(pattern) for name, pattern in found.items() if problems(pattern)} == {}


def test_every_other_expression_is_bounded_or_linear_for_a_reason() -> None:
    found = dict(other_expressions())
    assert len(found) >= 15, "the modules have moved: this test sees none of their expressions"
    assert {name for name, pattern in found.items() if problems(pattern)} == set(LINEAR_ALL_THE_SAME)


@pytest.mark.parametrize(
    "unit", ["x", " ", "\n", "1", "`", "#\n", "$LINEMAN_X", "${", "- ", "contract broken: a", "_", "\r\n "]
)
def test_every_other_expression_is_linear_on_what_it_repeats(unit: str) -> None:
    """The seconds of the processor, because others may be busy; a square of this length takes half a minute."""
    text = unit * (200_000 // len(unit))
    for name, pattern in other_expressions():
        reason = LINEAR_ALL_THE_SAME.get(name, "")
        if reason.endswith("no text of a target") or "messages that are cut" in reason:
            continue
        began = time.process_time()
        sum(1 for _ in pattern.finditer(text))
        assert time.process_time() - began < 2, name


def test_no_function_builds_an_expression_that_this_test_does_not_see() -> None:
    for module in modules():
        assert module.__file__ is not None
        tree = ast.parse(Path(module.__file__).read_text("utf-8"))
        for function in (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)):
            for call in _calls_of_re(function):
                if (module.__name__, function.name) in BUILT_LATER:
                    continue
                first = call.args[0]
                assert isinstance(first, ast.Constant), f"{module.__name__}.{function.name} builds an expression"
                assert problems(re.compile(first.value)) == []


def _calls_of_re(function: ast.AST) -> Iterator[ast.Call]:
    for node in ast.walk(function):
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name(id="re"), attr=name)) if name != "escape":
                yield node


@pytest.mark.parametrize("text", ["a+", "(?:a{1,9}){1,9}", "a{0,9}a{0,9}", "x(?:[ab]{1,20}|c){2,30}", r"(?:\d*)"])
def test_the_proof_sees_what_is_not_linear(text: str) -> None:
    assert problems(re.compile(text))


def test_what_looks_for_a_services_inside_is_of_re2() -> None:
    insides = importlib.import_module("lineman.contract.insides")
    expressions = [value for name, value in vars(insides).items() if hasattr(value, "search") and value is not re2]
    assert len(expressions) == 3
    assert all(type(value).__module__ == re2.__name__ for value in expressions)


@pytest.mark.parametrize("unit", ["x", "at ", "select ", "a.", "#1 ", "at async a.b (", "where x ", 'File "', "\x00"])
def test_the_longest_text_is_searched_in_no_time(unit: str) -> None:
    """The seconds of the processor, because others may be busy; the bound has a factor of ten to spare."""
    text = unit * (8 * LOOKED_AT // len(unit))
    began = time.process_time()
    list(inside_shown(f"Failed at {text}"))
    assert time.process_time() - began < 2
