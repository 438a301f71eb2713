"""The long-running monitor: everything wired together, started and stopped in order."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import signal
import sys
import threading
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from prometheus_client import CollectorRegistry

from lineman.monitor.clock import HOUR, MINUTE, Clock, SystemClock
from lineman.monitor.config import Canary, Configuration, MonitorConfigurationError, load_configuration
from lineman.monitor.config.loading import target_problems, with_addresses
from lineman.monitor.delivery.channels import ChannelError, Send, post, reference, sender
from lineman.monitor.delivery.deadline import Deadline
from lineman.monitor.delivery.outbox import Outbox
from lineman.monitor.incidents.notices import HistoryTrouble, Notice
from lineman.monitor.incidents.state import JOINT, StateChange
from lineman.monitor.leader import Leader, poll_of, without_notices
from lineman.monitor.location import Place
from lineman.monitor.probe import Prober
from lineman.monitor.result import ProbeResult
from lineman.monitor.scheduler import Scheduler
from lineman.monitor.status.live import Pages
from lineman.monitor.status.restore import restore_streaks
from lineman.monitor.status.snapshot import LiveState
from lineman.monitor.store import FAILURES, History, HistoryUnavailable, reason
from lineman.monitor.store.retention import tidy
from lineman.monitor.systemd import Notifier
from lineman.monitor.web.app import Views, WebServer
from lineman.monitor.web.metrics import MonitorCollector
from lineman.monitor.writer import SlotResult, Watched, Writer

LOG = logging.getLogger("lineman.monitor")


class Daemon:
    """One monitor. ``path``: the canary files, read again on SIGHUP."""

    def __init__(self, path: Path, environment: Mapping[str, str], clock: Clock | None = None) -> None:
        """Read the configuration, open history, bind the port.

        Raises:
            MonitorConfigurationError: the configuration does not hold.
            HistoryError: history cannot be used at all.
            ListenError: the address is taken.
        """
        self._path = path
        self._environment = environment
        self._clock: Clock = clock or SystemClock()
        self.configuration = self._read()
        settings = self.configuration.monitor
        self._together = settings.joint
        self.live = LiveState(settings.location)
        self._prober = Prober(environment, self._clock)
        self._history = _opened(settings.history, settings.location)
        self._location = Place(settings, path)
        self.writer = Writer(self._history, self._own_canaries(), self._clock, self._take_notices, self._committed)
        self.outbox = Outbox(
            self._senders(),
            self._clock,
            History(settings.history, settings.location),
            owner=f"monitor/{settings.location}",
        )
        self.joint = self._candidate() if self._together else None
        self.scheduler = Scheduler(self._clock, self._probe, self._submit, self.live.probe_started)
        self._notifier = Notifier(environment)
        self._pages = Pages(
            self.live,
            self.writer,
            self.outbox,
            self._clock,
            History(settings.history, settings.location),
            settings,
        )
        registry = CollectorRegistry()
        registry.register(MonitorCollector(self.live, self.writer, self.outbox, self._clock, settings, self.joint))
        views = Views(registry, self._pages.health, self._pages.page)
        self.web = WebServer(settings.listen, views, settings.hosts) if settings.listen else None
        self._reload = asyncio.Event()
        self._stop = asyncio.Event()
        self._done = threading.Event()
        self._heartbeat = threading.Event()
        self._threads: list[threading.Thread] = []
        self._trouble = HistoryTrouble(settings, self._clock, self._take_notices)

    async def run(self) -> None:
        """Watch until asked to stop; then finish what is in flight, write it, and leave."""
        canaries = self.configuration.canaries
        self.live.watch(canaries, self._clock.wall())
        await asyncio.to_thread(self._location.take_over, self.configuration, self.outbox, self._clock.wall())
        # What was decided first is reported first: what is left over goes before what is decided now.
        await asyncio.to_thread(self.outbox.load)
        self.writer.keeps = self._location.keeps
        await asyncio.to_thread(self.writer.open)
        await asyncio.to_thread(self._restore_live)
        self.writer.start()
        self.outbox.start()
        if self.web is not None:
            self.web.start()
        threads = [threading.Thread(target=work, name=name, daemon=True) for work, name in self._work()]
        for thread in threads:
            thread.start()
        self._threads = threads
        _tune_runtime()
        self.scheduler.use(canaries, self.writer.state.slots)
        running = asyncio.create_task(self.scheduler.run())
        self._notifier.ready(f"watching {len(canaries)} canaries")
        try:
            await self._supervise(running)
        finally:
            await self._shut_down(running)

    def stop(self) -> None:
        """Ask ``run`` to leave. To be called in its event loop."""
        self._stop.set()

    def reload(self) -> None:
        """Ask for the configuration to be read again. To be called in the event loop."""
        self._reload.set()

    def handle_signals(self) -> None:
        """SIGTERM and SIGINT stop, SIGHUP reloads."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.stop)
        loop.add_signal_handler(signal.SIGHUP, self.reload)

    def _read(self) -> Configuration:
        configuration = load_configuration(self._path, self._environment)
        problems = target_problems(configuration, self._environment)
        if problems:
            raise MonitorConfigurationError(problems)
        return with_addresses(configuration, self._environment)

    def _own_canaries(self) -> Mapping[str, Canary]:
        """The canaries as this location decides about them: one of several that decide together tells nothing alone."""
        canaries = self.configuration.canaries
        return without_notices(canaries) if self._together else canaries

    def _candidate(self) -> Leader:
        settings = self.configuration.monitor
        joint = Leader(settings.history, self.configuration.canaries, settings, self._clock, owner=self.outbox.owner)
        joint.on_notices = self.outbox.add
        joint.on_lead = lambda: self.outbox.load(JOINT)
        joint.on_lost = lambda: self.outbox.forget(JOINT)
        return joint

    def _work(self) -> list[tuple[Callable[[], None], str]]:
        """What runs beside the schedule, each in a thread of its own."""
        found: list[tuple[Callable[[], None], str]] = [
            (self._heartbeat_loop, "lineman-heartbeat"),
            (self._tidy, "lineman-tidy"),
            (partial(self._location.stay, self._done), "lineman-location"),
        ]
        return found if self.joint is None else [*found, (self._decide_together, "lineman-joint")]

    def _senders(self) -> dict[str, Send]:
        return {name: sender(channel, self._environment) for name, channel in self.configuration.channels.items()}

    def _restore_live(self) -> None:
        """What rules compare over time goes on where it was: a start must not look like failures."""
        if self._history is not None:
            restore_streaks(self.live, self._history.address, self.configuration.monitor.location)

    async def _probe(self, canary: Canary) -> ProbeResult:
        return await self._prober.probe(canary)

    def _submit(self, end: SlotResult) -> None:
        self.live.slot_finished(end.entry, end.result)
        self.writer.enqueue(end)

    def _take_notices(self, notices: list[Notice]) -> None:
        self.outbox.add(notices)

    def _committed(self, changes: list[StateChange]) -> None:
        self.live.committed_up_to(changes, self._clock.wall())
        self._heartbeat.set()

    async def _supervise(self, running: asyncio.Task[None]) -> None:
        """Once a second: signs of life, history's state, a new configuration."""
        alive_at = 0.0
        while not self._stop.is_set() and not running.done():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stop.wait(), 1.0)
            if self._reload.is_set():
                self._reload.clear()
                await self._reload_configuration()
            self._trouble.look(self.writer.failing, self.configuration.canaries)
            now = self._clock.monotonic()
            period = self._notifier.watchdog
            healthy = self.writer.alive and not self.live.stale(self._clock.wall())
            if period is not None and healthy and now - alive_at >= period / 3:
                self._notifier.alive()
                alive_at = now

    async def _reload_configuration(self) -> None:
        """Take a new configuration whole, or keep the old one and say why."""
        self._notifier.reloading()
        try:
            configuration = await asyncio.to_thread(self._read)
        except MonitorConfigurationError as error:
            self.live.reload_failed = str(error)
            LOG.error("the new configuration does not hold, the old one stays in use:\n%s", error)  # noqa: TRY400
            self._notifier.ready("reload failed, the old configuration stays in use")
            return
        if configuration.monitor != self.configuration.monitor:
            LOG.warning("[monitor] has changed: that takes effect at the next start")
        old, self._prober = self._prober, Prober(self._environment, self._clock)
        self.configuration = configuration
        self.live.reload_failed = ""
        self.live.watch(configuration.canaries, self._clock.wall())
        untold = await asyncio.to_thread(self._location.take_over, configuration, self.outbox, self._clock.wall())
        self.outbox.replace_senders(self._senders())
        await asyncio.to_thread(self.outbox.load)
        self.writer.reconfigure(Watched(self._own_canaries(), self._location.keeps, untold))
        if self.joint is not None:
            self.joint.reconfigure(configuration.canaries)
        self.scheduler.use(configuration.canaries, self.writer.state.slots)
        LOG.info("the configuration was read anew: %d canaries", len(configuration.canaries))
        self._notifier.ready(f"watching {len(configuration.canaries)} canaries")
        self._closing = asyncio.create_task(self._close_later(old))

    async def _close_later(self, prober: Prober) -> None:
        await self.scheduler.finish(60)
        await prober.aclose()

    async def _shut_down(self, running: asyncio.Task[None]) -> None:
        self._notifier.stopping()
        self.scheduler.stop()
        longest = max((canary.timeout for canary in self.configuration.canaries.values()), default=0)
        await running
        await self.scheduler.finish(2 * longest / 1_000 + 5)
        await asyncio.to_thread(self.writer.stop, 30.0)
        self._done.set()
        self._heartbeat.set()
        await asyncio.to_thread(self.outbox.stop, 15.0)
        if self.joint is not None:
            # Only now may another one lead: it would send what is still on its way.
            await asyncio.to_thread(self._threads[-1].join, 15.0)
            self.joint.close()
        if self.web is not None:
            await asyncio.to_thread(self.web.stop)
        self._location.release()
        await self._prober.aclose()

    def _heartbeat_loop(self) -> None:
        """Ping the outside dead man's switch after results were committed, while nothing is stale."""
        settings = self.configuration.monitor
        given = (settings.heartbeat, settings.heartbeat_env, settings.heartbeat_file)
        deadline = Deadline(10)
        while not self._done.is_set() and any(given):
            self._heartbeat.wait()
            self._heartbeat.clear()
            if self._done.is_set() or self.live.stale(self._clock.wall()):
                continue
            try:
                address = reference(*given, self._environment)
                deadline.run(("heartbeat",), lambda: post(address, None, {"User-Agent": "lineman"}, 10))  # noqa: B023
            except ChannelError as error:
                LOG.warning("the heartbeat did not get through: %s", error)
            self._done.wait(settings.heartbeat_every / 1_000)

    def _decide_together(self) -> None:
        """Take the lead where nobody has it, and decide what is due, until the monitor leaves."""
        joint = self.joint
        assert joint is not None  # noqa: S101 - started only where there is one
        while not self._done.is_set():
            try:
                more = joint.tick()
                if joint.leads and self.outbox.stuck(JOINT):
                    joint.yield_lead()
            except Exception:
                # Without this thread nobody would be notified: another location takes the lead, or this one again.
                LOG.exception("deciding together failed for a reason of ours")
                joint.close()
                more = False
            self._done.wait(0.0 if more else poll_of(self.configuration.canaries))

    def _tidy(self) -> None:
        settings = self.configuration.monitor
        history, together = (History(settings.history, place) for place in (settings.location, JOINT))
        history.patience = together.patience = 60.0
        self._done.wait(MINUTE / 1_000)
        while not self._done.is_set():
            try:
                canaries = list(self.configuration.canaries.values())
                tidy(history, canaries, settings, self._clock.wall())
                self._location.show(self.configuration, self._clock.wall())
                if self.joint is not None and self.joint.leads:
                    tidy(together, canaries, settings, self._clock.wall())
            except FAILURES as error:
                LOG.warning("history could not be tidied: %s", reason(error))
            history.close()
            together.close()
            self._done.wait(HOUR / 1_000)


def _tune_runtime() -> None:
    """What is loaded by now stays: no collection need look at it again; and no thread may hold another up for long."""
    gc.collect()
    gc.freeze()
    sys.setswitchinterval(0.001)


def _opened(address: str, location: str) -> History:
    history = History(address, location, checked=True)
    try:
        history.open()
    except HistoryUnavailable as error:
        LOG.error("%s: going on from memory", error)  # noqa: TRY400 - a sentence, not a traceback
    if history.told:
        LOG.error("%s", history.told)
    return history
