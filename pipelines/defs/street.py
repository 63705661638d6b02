"""What every asset of one run shares: the shop, its folder, its clock, and the right to write."""

import fcntl
import logging
import os
from collections.abc import Generator
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Final

import dagster as dg
from pydantic import PrivateAttr

from pipelines import landing, publish, requests, settings
from pipelines.run_state import Progress, Stage
from pipelines.settings import Home
from pipelines.shop import Shop, Source, load_shop

log = logging.getLogger("okaeri")

# The one place of whoever writes the warehouse.
WRITER_POOL: Final = "warehouse_writer"


class Busy(Exception):
    """Another run writes this shop's folder."""


class Street(dg.ConfigurableResource):  # type: ignore[type-arg]
    """One run of one shop. Instants are ISO 8601 with an offset; None means now."""

    shop_file: str
    as_of: str | None = None
    known_at: str | None = None
    full_refresh: bool = False
    # What looks back is published beside the live numbers, unless it is asked to replace them.
    replaces: bool = False
    # A hand-off reads what is published and needs no right to the folder's build.
    writes: bool = True

    _shop: Shop = PrivateAttr()
    _run: landing.Run = PrivateAttr()
    _is_replay: bool = PrivateAttr()
    _progress: Progress | None = PrivateAttr(default=None)

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Generator["Street"]:
        """The resource while its run holds the folder's lock.

        Raises: Busy when another run holds it; the kernel frees the lock when its process dies.
        """
        self._shop = load_shop(Path(self.shop_file))
        with _alone(self.home) if self.writes else nullcontext():
            if self.writes and context.instance is not None:
                _free_pool(context.instance, own=context.run_id)
            self._run = self._new_run(context.run_id or "unnamed")
            self._is_replay = self._looks_back()
            if self.writes and not self._is_replay:
                started_at = self._run.loaded_at
                self._progress = Progress(self.home, self._run.run_id, started_at=started_at)
            try:
                yield self
            finally:
                if self._progress is not None:
                    self._progress.end()

    def reach(self, stage: Stage) -> None:
        """Tell the screens how far the run is; of a replay, which leaves them alone, nothing."""
        if self._progress is not None:
            self._progress.reach(stage)

    @property
    def shop(self) -> Shop:
        """The validated shop.yml."""
        return self._shop

    @property
    def sources(self) -> tuple[Source, ...]:
        """The shop's sources, and the reports somebody handed in on a screen."""
        handed_in = tuple(
            requests.uploaded_source(self.home, kind)
            for kind in requests.REPORT_KINDS
            if (self.home.uploads / kind).is_dir()
        )
        return (*self._shop.sources, *handed_in)

    @property
    def home(self) -> Home:
        """The shop's data folder."""
        return settings.home_of(self._shop.id)

    @property
    def is_replay(self) -> bool:
        """Whether this run shows what was, and so leaves the live numbers and the exports alone."""
        return self._is_replay

    @property
    def built_in(self) -> Home:
        """Where this run builds and publishes: the shop's folder, for a replay one beside it."""
        return self.home.replay if self._is_replay else self.home

    @property
    def run(self) -> landing.Run:
        """This run's clock and versions."""
        return self._run

    def _looks_back(self) -> bool:
        """Whether the run knows only a part, or is as of an earlier instant than the live numbers.

        Only an instant that was asked for looks back: a clock that once went ahead heals by itself.
        """
        if self.known_at is not None:
            return True
        live = publish.pointer_if_whole(self.home.published)
        if self.as_of is None or self.replaces or live is None:
            return False
        return self._run.as_of_at < datetime.fromisoformat(live.as_of_at)

    def _new_run(self, run_id: str) -> landing.Run:
        now = datetime.now(UTC)
        as_of = _instant(self.as_of) or self._shop.clock or now
        return landing.new_run(
            self._shop,
            run_id=run_id,
            as_of_at=as_of,
            known_at=_instant(self.known_at) or now,
            loaded_at=now,
            code_version=settings.code_version(),
        )


def _instant(text: str | None) -> datetime | None:
    if text is None:
        return None
    value = datetime.fromisoformat(text)
    if value.tzinfo is None:
        raise ValueError(f"{text!r} has no offset: write for example 2026-11-20T06:05+09:00")
    return value.astimezone(UTC)


@contextmanager
def _alone(home: Home) -> Generator[None]:
    home.path.mkdir(parents=True, exist_ok=True)
    with (home.path / "run.lock").open("a+") as handle:
        _take(handle, home.path)
        yield


def _free_pool(instance: dg.DagsterInstance, *, own: str | None) -> None:
    """Take the writer's place back from runs that were killed in it.

    Nothing else does without a daemon, and the next run would wait for them for ever. The folder's
    lock is held: nobody else is at work.
    """
    storage = instance.event_log_storage
    held = storage.get_concurrency_info(WRITER_POOL)
    for run_id in {*held.active_run_ids, *held.pending_run_ids, *held.assigned_run_ids} - {own}:
        storage.free_concurrency_slots_for_run(run_id)


def _take(handle: IO[str], folder: Path) -> None:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        handle.seek(0)
        holder = handle.read().strip() or "unknown"
        raise Busy(
            f"{folder}: another run is at work (process {holder}). Wait for it, or stop it."
        ) from None
    handle.truncate(0)
    handle.write(str(os.getpid()))
    handle.flush()
