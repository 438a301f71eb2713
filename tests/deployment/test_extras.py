"""``pip install lineman`` brings what judging and probing need, and little more; the rest is in extras."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import Distribution, distribution, metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from lineman.sandbox import RunningSandbox, SandboxOptions, serve

MOST_DISTRIBUTIONS = 42
"""27 of them are Schemathesis and what it needs."""
MOST_MEGABYTES = 120
EXTRAS = {
    "sandbox": ("sqlalchemy", "starlette", "uvicorn"),
    "monitor": ("apprise", "cryptography", "prometheus_client", "tzdata"),
    "plots": ("matplotlib", "numpy"),
    "postgres": ("psycopg",),
}
WITHOUT_EXTRAS = f"""
import sys
missing = {sum(EXTRAS.values(), ())!r}
class Nothing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in missing:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
import importlib.util
found = importlib.util.find_spec
importlib.util.find_spec = lambda name: None if name.partition(".")[0] in missing else found(name)
sys.meta_path.insert(0, Nothing())
sys.argv[0] = "lineman"
from lineman.cli import main
main()
"""


@pytest.fixture(scope="module")
def running() -> Iterator[RunningSandbox]:
    with serve(SandboxOptions()) as sandbox:
        yield sandbox


def needed(name: str, extras: frozenset[str] = frozenset()) -> dict[str, Distribution]:
    """The distributions that one needs, itself left out."""
    found: dict[str, Distribution] = {}
    waiting = [(name, extras)]
    seen = set()
    while waiting:
        one = waiting.pop()
        if one in seen:
            continue
        seen.add(one)
        for text in distribution(one[0]).requires or ():
            requirement = Requirement(text)
            choices = [{"extra": extra} for extra in one[1]] or [{"extra": ""}]
            if requirement.marker is not None and not any(requirement.marker.evaluate(c) for c in choices):
                continue
            own = canonicalize_name(requirement.name)
            found[own] = distribution(own)
            waiting.append((own, frozenset(requirement.extras)))
    return found


def test_the_base_is_light() -> None:
    """When lineman is installed without extras, then at most so many distributions and megabytes come along."""
    base = needed("lineman")
    size = sum(
        file.stat().st_size for one in base.values() for file in map(Path, map(str, paths(one))) if file.exists()
    )
    assert len(base) <= MOST_DISTRIBUTIONS, sorted(base)
    assert size / 1e6 <= MOST_MEGABYTES
    heavy = {canonicalize_name(package) for packages in EXTRAS.values() for package in packages}
    assert not heavy & base.keys()


def paths(one: Distribution) -> list[Path]:
    return [Path(str(file.locate())) for file in one.files or ()]


def test_the_extras_are_the_ones_that_are_documented() -> None:
    extras = set(metadata("lineman").get_all("Provides-Extra") or ())
    assert extras == {*EXTRAS, "dev"}


def lineman(*arguments: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run lineman as if no extra were installed."""
    return subprocess.run(
        [sys.executable, "-c", WITHOUT_EXTRAS, *arguments],
        cwd=folder,
        env={"PATH": "/usr/bin:/bin", "HOME": str(folder), **environment},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def test_judging_and_probing_need_no_extra(tmp_path: Path, running: RunningSandbox) -> None:
    """When no extra is there, then a run, its report and a probe work, and the report says what its plot needs."""
    run = lineman("test", "--profile", "smoke", "--report-dir", "run", folder=tmp_path, **running.environment)
    assert run.returncode == 0, run.stdout + run.stderr
    assert "pip install &#39;lineman[plots]&#39;" in (tmp_path / "run/index.html").read_text("utf-8").replace(
        "'", "&#39;"
    )
    probe = lineman("probe", "documented-example", folder=tmp_path, **running.environment)
    assert probe.returncode == 0, probe.stdout + probe.stderr


@pytest.mark.parametrize(
    ("arguments", "extra", "code"),
    [
        (("test", "--sandbox"), "sandbox", 4),
        (("sandbox",), "sandbox", 4),
        (("monitor",), "monitor", 4),
        (("monitor", "status"), "monitor", 4),
        (("probe", "documented-example", "--history", "h.sqlite"), "monitor", 3),
        (("probe", "documented-example", "--format", "openmetrics"), "monitor", 3),
    ],
)
def test_a_missing_extra_is_one_sentence(
    tmp_path: Path, running: RunningSandbox, arguments: tuple[str, ...], extra: str, code: int
) -> None:
    done = lineman(*arguments, folder=tmp_path, **running.environment)
    assert (done.returncode, done.stderr.count("\n")) == (code, 1), done.stderr
    assert f"pip install 'lineman[{extra}]'" in done.stderr
