"""``lineman test``: judge a deployment, or the embedded sandbox, and write the report."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, NoReturn

import typer

if TYPE_CHECKING:
    from lineman.report.run import Run
    from lineman.suite.plugin import SuitePlugin
    from lineman.suite.run_state import RunOptions
    from lineman.target import Target

USAGE_ERROR = 4
REPORTS = Path("reports")


def judge(  # noqa: PLR0913 - one parameter an option
    target: Annotated[str | None, typer.Option(help="A target of lineman.toml.")] = None,
    base_url: Annotated[str | None, typer.Option(help="Base URL of the deployment to judge.")] = None,
    sandbox: Annotated[bool, typer.Option("--sandbox", help="Judge the embedded sandbox.")] = False,
    profile: Annotated[str, typer.Option(help="How much to ask: smoke, full or deep.")] = "full",
    report_dir: Annotated[
        Path | None, typer.Option(help="Folder for the run's files.", show_default="reports/RUN")
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of the generated queries.")] = 1,
    only: Annotated[
        list[str] | None, typer.Option(metavar="GLOB", help="Judge only clauses that match (repeatable).")
    ] = None,
    max_requests: Annotated[int | None, typer.Option(min=1, help="The most requests to send.")] = None,
    rate: Annotated[float | None, typer.Option(min=0.01, help="The most requests a second.")] = None,
    plan: Annotated[bool, typer.Option("--plan", help="Say what would be sent, and send nothing.")] = False,
    pin: Annotated[bool, typer.Option("--pin", help="Accept what is observed: write lineman-pins.toml.")] = False,
    drift: Annotated[str, typer.Option(help="What a changed pin does: warn or fail.")] = "fail",
    baseline: Annotated[Path | None, typer.Option(help="Run to compare with.", show_default="the previous one")] = None,
    fault: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="A fault of the sandbox (repeatable).")
    ] = None,
    dialect: Annotated[
        list[str] | None, typer.Option(metavar="CLAUSE=ANSWER", help="A dialect of the sandbox (repeatable).")
    ] = None,
    pytest_args: Annotated[list[str] | None, typer.Argument(metavar="-- PYTEST-ARGS", help="Passed to pytest.")] = None,
) -> None:
    """Judge a running service by every clause of its documentation, and write the report.

    Exit codes: 0 pass, 1 contract violated, 2 interrupted, 3 no verdict, 4 wrong call or configuration.
    """
    from lineman.suite.run_state import RunOptions  # noqa: PLC0415 - heavy

    with _errors_as_messages():
        _check_choices(
            profile,
            drift,
            sandbox=sandbox,
            target=target,
            base_url=base_url,
            only_sandbox=[*(fault or []), *(dialect or [])],
        )
        options = _sandbox_words(fault or [], dialect or [])
        settings = RunOptions(
            profile=_profile(profile),
            seed=seed,
            only=tuple(only or ()),
            drift="warn" if drift == "warn" else "fail",
            pin=pin,
            sandbox_options=tuple(options) if sandbox else (),
            target_options=_target_words(target, base_url),
        )
        _check_selection(settings)
        with _chosen(target, base_url, fault or [], dialect or [], sandbox=sandbox) as (found, known_as):
            chosen = _limited(found, max_requests, rate, deep=profile == "deep")
            if plan:
                from lineman.cli.terminal import print_plan  # noqa: PLC0415 - starts the sandbox in process

                print_plan(settings, chosen)
                return
            code = _judge(settings, chosen, known_as, report_dir, baseline, pytest_args or [])
    raise typer.Exit(code)


def _check_choices(
    profile: str, drift: str, *, sandbox: bool, target: str | None, base_url: str | None, only_sandbox: list[str]
) -> None:
    from lineman.target import ConfigurationError  # noqa: PLC0415 - heavy

    if profile not in ("smoke", "full", "deep"):
        raise ConfigurationError(f"--profile {profile!r}: choose smoke, full or deep")
    if drift not in ("warn", "fail"):
        raise ConfigurationError(f"--drift {drift!r}: choose warn or fail")
    given = [name for name, there in (("--target", target), ("--base-url", base_url), ("--sandbox", sandbox)) if there]
    if len(given) > 1:
        raise ConfigurationError(f"{' and '.join(given)} name more than one target: give one of them")
    if only_sandbox and not sandbox:
        raise ConfigurationError(f"--fault and --dialect ({only_sandbox[0]}) go with --sandbox only")


def _check_selection(settings: RunOptions) -> None:
    from lineman.contract.clauses import select  # noqa: PLC0415 - heavy
    from lineman.suite.pins import read_pins  # noqa: PLC0415

    select(settings.only)
    read_pins(settings.pins)


def _profile(name: str) -> Literal["smoke", "full", "deep"]:
    return "smoke" if name == "smoke" else "deep" if name == "deep" else "full"


def _sandbox_words(faults: list[str], dialects: list[str]) -> list[str]:
    return ["--sandbox", *(w for f in faults for w in ("--fault", f)), *(w for d in dialects for w in ("--dialect", d))]


def _target_words(target: str | None, base_url: str | None) -> tuple[str, ...]:
    if target is not None:
        return ("--target", target)
    return () if base_url is None else ("--base-url", base_url)


@contextmanager
def _chosen(
    target: str | None, base_url: str | None, faults: list[str], dialects: list[str], *, sandbox: bool
) -> Iterator[tuple[Target, str]]:
    """The target to judge; an embedded sandbox lives as long as the run."""
    from lineman.target import load_target  # noqa: PLC0415 - heavy

    if not sandbox:
        chosen = load_target(target, base_url, None, os.environ)
        chosen.require_credentials()
        yield chosen, f"{chosen.name} at {chosen.base_url}"
        return
    from dataclasses import replace  # noqa: PLC0415

    from lineman.sandbox import SandboxOptionError, SandboxOptions, parse_dialects, serve  # noqa: PLC0415 - heavy

    try:
        options = SandboxOptions(faults=tuple(faults), dialects=parse_dialects(dialects))
    except SandboxOptionError as error:
        _end(str(error))
    with serve(options) as running:
        chosen = load_target(None, running.base_url, None, running.environment)
        yield replace(chosen, name="sandbox"), f"the embedded sandbox at {chosen.base_url}"


def _limited(target: Target, max_requests: int | None, rate: float | None, *, deep: bool) -> Target:
    from dataclasses import replace  # noqa: PLC0415

    from lineman.suite.runner import DEEP_BUDGET  # noqa: PLC0415 - heavy

    budget = max_requests or target.max_requests or (DEEP_BUDGET if deep else None)
    return replace(target, max_requests=budget, rate=rate or target.rate)


def _judge(
    settings: RunOptions,
    target: Target,
    known_as: str,
    report_dir: Path | None,
    baseline: Path | None,
    pytest_args: list[str],
) -> int:
    from lineman.cli.terminal import Display  # noqa: PLC0415 - rich
    from lineman.report.files import make_folder, write_run_files  # noqa: PLC0415 - heavy
    from lineman.report.plot_worker import warm_worker  # noqa: PLC0415 - with the others: a wrong call pays for none
    from lineman.suite.runner import prepare, run_suite  # noqa: PLC0415

    folder = report_dir or REPORTS / f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{_fit(target.name)}"
    earlier = _baseline(baseline, folder.parent, target.name)
    make_folder(folder)
    display = Display()
    plugin = prepare(settings, target=target)
    display.begin(known_as, settings)
    with warm_worker():
        result = run_suite(
            plugin,
            report_dir=folder,
            progress=display.step,
            pytest_args=pytest_args,
            sandbox=bool(settings.sandbox_options),
        )
        run = _against(result.run, earlier)
        write_run_files(run, folder, previous=earlier)
    _pin(settings, run, plugin)
    display.end(run, folder, internal=plugin.internal_trace)
    return run.exit_code


def _fit(name: str) -> str:
    return "".join(c if c.isalnum() or c in "-._" else "_" for c in name)


def _baseline(given: Path | None, folder: Path, name: str) -> Run | None:
    from lineman.report.files import load_run  # noqa: PLC0415 - heavy
    from lineman.report.runs_index import find_baseline  # noqa: PLC0415 - heavy

    return load_run(given) if given is not None else find_baseline(folder, name)


def _against(run: Run, earlier: Run | None) -> Run:
    from lineman.report.compare import apply_baseline  # noqa: PLC0415 - heavy

    return run if earlier is None else apply_baseline(run, earlier)


def _pin(settings: RunOptions, run: Run, plugin: SuitePlugin) -> None:
    from lineman.suite.pins import write_pins  # noqa: PLC0415 - heavy

    if settings.pin and run.observations:
        write_pins(settings.pins, run.observations)
        typer.echo(f"{len(run.observations)} answers pinned in {settings.pins}: commit it")


@contextmanager
def _errors_as_messages() -> Iterator[None]:
    """Turn what people can mend into one message and exit code 4."""
    from lineman.contract.clauses import UnknownClauseError  # noqa: PLC0415 - heavy
    from lineman.report.files import ReportError  # noqa: PLC0415
    from lineman.suite.pins import PinsError  # noqa: PLC0415
    from lineman.target import ConfigurationError  # noqa: PLC0415

    try:
        yield
    except (ConfigurationError, UnknownClauseError, ReportError, PinsError, OSError) as error:
        _end(str(error))


def _end(message: str) -> NoReturn:
    typer.echo(f"lineman test: {message}", err=True)
    raise typer.Exit(USAGE_ERROR) from None
