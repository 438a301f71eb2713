"""``lineman test``: judge a deployment, or the embedded sandbox, and write the report."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from typer.core import TyperCommand

from lineman.cli.common import INTERRUPTED, fail

if TYPE_CHECKING:
    from lineman.target import Target

EPILOG = (
    "Examples: `lineman test --base-url https://staging.example.com --profile smoke` judges a deployment quickly; "
    "`lineman test --target staging --require '*'` judges the one that lineman.toml calls staging, and is no pass "
    "unless everything was verified."
    "\n\n"
    "Variables: LINEMAN_BASE_URL, LINEMAN_TOKEN_URL, LINEMAN_APP_KEY, LINEMAN_APP_SECRET, LINEMAN_TOKEN, "
    "LINEMAN_SECOND_APP_KEY, LINEMAN_SECOND_APP_SECRET, LINEMAN_SECOND_TOKEN, each also with _FILE at its end and the "
    "path of a file that holds the value. The command line wins over them, and they over lineman.toml."
)


class TestCommand(TyperCommand):
    """Tells words behind ``--``, which are pytest's, from words that were meant for lineman."""

    __test__ = False  # for pytest: this is no test

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Note how many words stand behind ``--``."""
        ctx.meta["for_pytest"] = len(args) - args.index("--") - 1 if "--" in args else 0
        return super().parse_args(ctx, args)


def _rate(value: float | None) -> float | None:
    if value is not None and not math.isfinite(value):
        raise typer.BadParameter(f"{value} is no number of requests a second: give one such as 5")
    return value


def _seconds(value: float) -> float:
    if not math.isfinite(value):
        raise typer.BadParameter(f"{value} is no number of seconds: give one such as 60")
    return value


def _folder(value: str) -> Path:
    if not value.strip():
        raise typer.BadParameter("the name of the folder is empty: give one, or leave the option out")
    return Path(value)


def judge(  # noqa: PLR0913 - one parameter an option
    context: typer.Context,
    target: Annotated[str | None, typer.Option(help="A target of lineman.toml.")] = None,
    base_url: Annotated[str | None, typer.Option(help="Base URL of the deployment to judge.")] = None,
    sandbox: Annotated[bool, typer.Option("--sandbox", help="Judge the embedded sandbox.")] = False,
    config: Annotated[
        Path | None, typer.Option(help="File with the [targets.NAME] tables.", show_default="lineman.toml")
    ] = None,
    profile: Annotated[str, typer.Option(help="How much to ask: smoke, full or deep.")] = "full",
    report_dir: Annotated[
        Path | None, typer.Option(parser=_folder, help="Folder for the run's files.", show_default="reports/RUN")
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of the generated queries.")] = 1,
    only: Annotated[
        list[str] | None, typer.Option(metavar="GLOB", help="Judge only clauses that match (repeatable).")
    ] = None,
    require: Annotated[
        list[str] | None,
        typer.Option(metavar="GLOB", help="No pass unless clauses that match were verified (repeatable)."),
    ] = None,
    max_requests: Annotated[int | None, typer.Option(min=1, help="The most requests to send.")] = None,
    rate: Annotated[float | None, typer.Option(min=0.01, callback=_rate, help="The most requests a second.")] = None,
    max_time: Annotated[
        float, typer.Option(min=1, callback=_seconds, metavar="SECONDS", help="The longest that the run may take.")
    ] = 600,
    max_violations: Annotated[
        int | None, typer.Option(min=1, help="End the run after so many different violations.")
    ] = None,
    wait: Annotated[
        float,
        typer.Option(
            min=0, callback=_seconds, metavar="SECONDS", help="Wait so long for a fresh deployment to answer."
        ),
    ] = 0,
    plan: Annotated[bool, typer.Option("--plan", help="Say what would be sent, and send nothing.")] = False,
    pin: Annotated[bool, typer.Option("--pin", help="Accept what is observed: write the target's pins.")] = False,
    pins: Annotated[Path | None, typer.Option(help="File of pins.", show_default="lineman-pins.toml")] = None,
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
    from lineman.suite.forecast import check_budget  # noqa: PLC0415 - heavy
    from lineman.suite.requirements import check_target  # noqa: PLC0415 - heavy
    from lineman.suite.run_state import RunOptions  # noqa: PLC0415 - heavy

    with _errors_as_messages():
        _refuse_stray_words(pytest_args or [], context.meta["for_pytest"])
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
            require=tuple(require or ()),
            drift="warn" if drift == "warn" else "fail",
            pin=pin,
            max_time=max_time,
            max_violations=max_violations,
            default_target=not sandbox and _is_default(target, config),
            sandbox_options=tuple(options) if sandbox else (),
            target_options=_target_words(target, base_url),
            **_pins(pins, pin=pin),
        )
        with _chosen(target, base_url, config, fault or [], dialect or [], sandbox=sandbox) as (found, known_as):
            chosen = _limited(found, max_requests, rate, deep=profile == "deep")
            check_budget(settings, chosen.max_requests)
            if plan:
                from lineman.cli.plan import print_plan  # noqa: PLC0415 - rich

                check_target(settings, chosen)
                print_plan(settings, chosen)
                return
            from lineman.cli.running import run_and_report  # noqa: PLC0415 - heavy

            code = run_and_report(settings, chosen, known_as, report_dir, baseline, pytest_args or [], wait=wait)
    raise typer.Exit(code)


def _refuse_stray_words(words: list[str], for_pytest: int) -> None:
    from lineman.target import ConfigurationError  # noqa: PLC0415 - heavy

    stray = words[: len(words) - for_pytest]
    if stray:
        first = stray[0]
        way = f"--base-url {first}" if "://" in first else f"--target {first}"
        raise ConfigurationError(
            f"{first!r} stands alone: to judge it say `lineman test {way}`; words for pytest come behind `--`"
        )


def _check_choices(
    profile: str, drift: str, *, sandbox: bool, target: str | None, base_url: str | None, only_sandbox: list[str]
) -> None:
    from lineman.target import ConfigurationError  # noqa: PLC0415 - heavy
    from lineman.text import hint  # noqa: PLC0415

    for option, value, choices in (
        ("--profile", profile, ("smoke", "full", "deep")),
        ("--drift", drift, ("warn", "fail")),
    ):
        if value not in choices:
            raise ConfigurationError(
                f"{option} {value!r}: choose {', '.join(choices[:-1])} or {choices[-1]}{hint(value, choices)}"
            )
    given = [
        name for name, there in (("--target", target is not None), ("--base-url", base_url is not None)) if there
    ] + (["--sandbox"] if sandbox else [])
    if len(given) > 1:
        raise ConfigurationError(f"{' and '.join(given)} name more than one target: give one of them")
    if only_sandbox and not sandbox:
        raise ConfigurationError(f"--fault and --dialect ({only_sandbox[0]}) go with --sandbox only")


def _is_default(target: str | None, config: Path | None) -> bool:
    from lineman.configuration import is_default_target  # noqa: PLC0415 - heavy

    return is_default_target(target, config)


def _pins(given: Path | None, *, pin: bool) -> dict[str, Any]:
    """The file of pins, read once so that a mistake in it is reported before anything is sent."""
    from lineman.suite.pins import PINS_FILE, PinsError, read_pins  # noqa: PLC0415 - heavy

    if given is not None and not pin and not given.exists():
        raise PinsError(f"--pins {given}: there is no such file: --pin writes one")
    read_pins(given or PINS_FILE)
    return {"pins": given or PINS_FILE}


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
    target: str | None,
    base_url: str | None,
    config: Path | None,
    faults: list[str],
    dialects: list[str],
    *,
    sandbox: bool,
) -> Iterator[tuple[Target, str]]:
    """The target to judge; an embedded sandbox lives as long as the run."""
    from lineman.target import load_target  # noqa: PLC0415 - heavy

    if not sandbox:
        chosen = load_target(target, base_url, config, os.environ)
        chosen.require_credentials()
        yield chosen, f"{chosen.name} at {chosen.base_url}"
        return
    from dataclasses import replace  # noqa: PLC0415

    from lineman.sandbox import SandboxOptionError, SandboxOptions, parse_dialects, serve  # noqa: PLC0415 - heavy

    try:
        options = SandboxOptions(faults=tuple(faults), dialects=parse_dialects(dialects))
    except SandboxOptionError as error:
        fail("test", str(error))
    with serve(options) as running:
        chosen = load_target(None, running.base_url, None, running.environment)
        yield replace(chosen, name="sandbox", sources=()), f"the embedded sandbox at {chosen.base_url}"


def _limited(target: Target, max_requests: int | None, rate: float | None, *, deep: bool) -> Target:
    from dataclasses import replace  # noqa: PLC0415

    from lineman.suite.forecast import DEEP_BUDGET  # noqa: PLC0415 - heavy

    budget = max_requests or target.max_requests or (DEEP_BUDGET if deep else None)
    given = {"max_requests": max_requests, "rate": rate}
    sources = dict(target.sources) | {
        key: f"--{key.replace('_', '-')}" for key, value in given.items() if value is not None
    }
    return replace(target, max_requests=budget, rate=rate or target.rate, sources=tuple(sources.items()))


@contextmanager
def _errors_as_messages() -> Iterator[None]:
    """Turn what people can mend into one message and exit code 4, and an interrupt into exit code 2."""
    from lineman.contract.clauses import UnknownClauseError  # noqa: PLC0415 - heavy
    from lineman.report.files import ReportError  # noqa: PLC0415
    from lineman.suite.pins import PinsError  # noqa: PLC0415
    from lineman.target import ConfigurationError  # noqa: PLC0415

    try:
        yield
    except (ConfigurationError, UnknownClauseError, ReportError, PinsError, OSError) as error:
        fail("test", str(error))
    except KeyboardInterrupt:
        fail("test", "interrupted before anything was judged", INTERRUPTED)
