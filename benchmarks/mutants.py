"""Is every small change of the honest operation found? ``make mutants``, or ``ARGS='--sample 40'`` for some of them.

One change at a time is made to the sandbox's honest operation: a comparison turned, a constant off by one, a branch
taken or never taken, a statement dropped, a bound dropped, a part of a condition dropped. The whole contract suite
judges each changed sandbox, in a process of its own. Only lines are changed that an honest run executes: what no
request reaches, no caller sees. A change is found where the run does not pass; what passes has to stand in
``mutants-allowed.toml`` with the reason why the documentation allows it, or the program ends with 1.
"""

from __future__ import annotations

import argparse
import ast
import importlib.machinery
import importlib.util
import random
import subprocess
import sys
import threading
import tomllib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

MODULES = ("operation", "store")
"""Modules of the honest operation; the token operation, faults, variants and outages are none of it."""
ALLOWED = Path(__file__).parent / "mutants-allowed.toml"
SECONDS = 600
"""A run that takes as long as this hangs, which a caller sees; an ordinary one takes some ten seconds."""
_TURNED: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is,
}  # fmt: skip
Change = tuple[str, Callable[[], object]]
"""What was changed, and how to take it back."""


@dataclass(frozen=True)
class Mutant:
    """One change: the module, the line as it stands, what is done, and the module's changed source."""

    module: str
    line: int
    kind: str
    text: str
    number: int
    """Which change of this kind it is on lines of this text, from 1 on."""
    source: str

    @property
    def name(self) -> str:
        """Stays the same when lines move."""
        return f"{self.module}: {self.text} [{self.kind} {self.number}]"


def mutants(module: str, lines_executed: set[int]) -> list[Mutant]:
    """Every small change of the lines of one module that a run executes, in their order."""
    text = Path(_path(module)).read_text(encoding="utf-8")
    lines, tree = text.splitlines(), ast.parse(text)
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    nodes = {id(node): node for function in functions for node in ast.walk(function) if hasattr(node, "lineno")}
    seen: Counter[tuple[str, str]] = Counter()
    found: list[Mutant] = []
    for node in sorted(nodes.values(), key=lambda one: (one.lineno, one.col_offset)):  # type: ignore[attr-defined]
        line = node.lineno
        if line not in lines_executed:
            continue
        for kind, undo in _changes(node, lines_executed):
            written = lines[line - 1].strip()
            seen[written, kind] += 1
            found.append(Mutant(module, line, kind, written, seen[written, kind], ast.unparse(tree)))
            undo()
    return found


def _changes(node: ast.AST, lines_executed: set[int]) -> Iterator[Change]:
    """Make each change of a node, in place. A branch that no run takes is never taken anyway: that is no change."""
    if isinstance(node, ast.Compare):
        for at, operator in enumerate(node.ops):
            node.ops[at] = _TURNED[type(operator)]()
            yield "comparison", partial(node.ops.__setitem__, at, operator)
    if isinstance(node, ast.Constant) and type(node.value) is int:
        for step in (1, -1):
            yield _set(node, "value", node.value + step, f"constant{step:+}")
    yield from _changes_of_flow(node, lines_executed)


def _changes_of_flow(node: ast.AST, lines_executed: set[int]) -> Iterator[Change]:
    """The same for branches, conditions, bounds and statements."""
    if isinstance(node, ast.If | ast.IfExp):
        untaken = isinstance(node, ast.If) and node.body[0].lineno not in lines_executed
        for taken in (True,) if untaken else (True, False):
            yield _set(node, "test", ast.Constant(taken), "branch always" if taken else "branch never")
    if isinstance(node, ast.BoolOp):
        for at in range(len(node.values)):
            yield _set(node, "values", [*node.values[:at], *node.values[at + 1 :]], "condition")
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("min", "max"):
        for chosen in node.args if len(node.args) == 2 else ():
            yield _set(node, "args", [chosen, chosen], "bound")
    yield from _dropped(node)


def _dropped(node: ast.AST) -> Iterator[Change]:
    """The same for the statements of a block."""
    found = getattr(node, "body", None)
    body: list[ast.stmt] = found if isinstance(found, list) else []
    for at, statement in enumerate(body):
        if _can_go(statement):
            rest = [*body[:at], ast.Pass(), *body[at + 1 :]]
            yield _set(node, "body", rest, f"statement {ast.unparse(statement)[:40]!r}")


def _set(node: ast.AST, name: str, value: object, kind: str) -> Change:
    before = getattr(node, name)
    setattr(node, name, value)
    return kind, lambda: setattr(node, name, before)


def _can_go(statement: ast.stmt) -> bool:
    """True for a statement without which every name is still bound."""
    if isinstance(statement, ast.Expr):
        return not isinstance(statement.value, ast.Constant)
    return isinstance(statement, ast.AugAssign | ast.Raise)


def _path(module: str) -> str:
    spec = importlib.util.find_spec(f"lineman.sandbox.{module}")
    if spec is None or spec.origin is None:
        raise SystemExit(f"lineman.sandbox.{module} is not there")
    return spec.origin


def executed() -> dict[str, set[int]]:
    """The lines of each module that an honest run executes: what no request reaches, no caller sees."""
    files = {_path(module): module for module in MODULES}
    seen: dict[str, set[int]] = {module: set() for module in MODULES}

    def trace(frame: FrameType, event: str, _: Any) -> Any:
        module = files.get(frame.f_code.co_filename)
        if module is not None and event == "line":
            seen[module].add(frame.f_lineno)
        return None if module is None else trace

    threading.settrace(trace)
    try:
        verdict = judge()
    finally:
        threading.settrace(None)
    if verdict != "pass":
        raise SystemExit(f"the unchanged sandbox does not pass ({verdict}): mend that first")
    return seen


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def judge() -> str:
    """The verdict on an honest sandbox."""
    from tests.proof import harness  # noqa: PLC0415 -- as above

    from lineman.sandbox import SandboxOptions  # noqa: PLC0415 -- after a change was put in place

    return harness.judge(SandboxOptions()).run.verdict.value


class ChangedModule(importlib.machinery.SourceFileLoader):
    """Loads a module from a changed source."""

    def __init__(self, name: str, path: str, source: str) -> None:
        super().__init__(name, path)
        self._source = source

    def get_code(self, fullname: str) -> CodeType:
        """See importlib: without the file, and without what was compiled from it before."""
        return compile(self._source, self.path, "exec")


class ChangedFinder:
    """Finds one module, changed."""

    def __init__(self, module: str, source: str) -> None:
        self._name = f"lineman.sandbox.{module}"
        self._loader = ChangedModule(self._name, _path(module), source)

    def find_spec(self, name: str, *_: object) -> importlib.machinery.ModuleSpec | None:
        """See importlib."""
        return importlib.util.spec_from_loader(name, self._loader) if name == self._name else None


def judge_changed(module: str) -> None:
    """Print the verdict on a sandbox with the source on standard input; runs in a process of its own."""
    finder = ChangedFinder(module, sys.stdin.read())
    for name in [name for name in sys.modules if name.startswith("lineman.sandbox")]:
        del sys.modules[name]
    sys.meta_path.insert(0, finder)
    _say(judge())


def verdict_on(mutant: Mutant) -> str:
    """``pass`` where the change was not found; else the verdict, or ``broke`` or ``hung``."""
    command = [sys.executable, "-m", "benchmarks.mutants", "--judge", mutant.module]
    try:
        done = subprocess.run(
            command, input=mutant.source, capture_output=True, text=True, timeout=SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        return "hung"
    return done.stdout.split()[-1] if done.returncode == 0 and done.stdout.split() else "broke"


def main(arguments: Sequence[str]) -> int:
    """Judge the changes, print what passed, and say whether each of them is allowed."""
    parser = argparse.ArgumentParser(prog="mutants", description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--sample", type=int, help="judge so many of the changes, chosen by --seed")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2, help="processes at a time")
    parser.add_argument("--judge", metavar="MODULE", choices=MODULES, help=argparse.SUPPRESS)
    given = parser.parse_args(arguments)
    if given.judge:
        judge_changed(given.judge)
        return 0
    lines = executed()
    chosen = [mutant for module in MODULES for mutant in mutants(module, lines[module])]
    _say(f"{len(chosen)} changes of lines that an honest run executes")
    if given.sample:
        chosen = random.Random(given.seed).sample(chosen, min(given.sample, len(chosen)))  # noqa: S311 -- a sample
    allowed = tomllib.loads(ALLOWED.read_text(encoding="utf-8")) if ALLOWED.exists() else {}
    with ThreadPoolExecutor(given.jobs) as pool:
        verdicts = list(pool.map(verdict_on, chosen))
    missed = [mutant for mutant, verdict in zip(chosen, verdicts, strict=True) if verdict == "pass"]
    for mutant in missed:
        _say(f"{'allowed' if mutant.name in allowed else 'MISSED '}  line {mutant.line:3}  {mutant.name}")
    unexplained = [mutant for mutant in missed if mutant.name not in allowed]
    found = len(chosen) - len(missed)
    _say(f"found {found} of {len(chosen)}, allowed {len(missed) - len(unexplained)}, missed {len(unexplained)}")
    return 1 if unexplained else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
