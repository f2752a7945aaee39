"""Which models are in memory: loaded on use, counted, unloaded when idle, all within a budget.

Promises: a model is loaded once, however many wait for it; it stays while somebody uses it; what was used longest ago
goes first when room is needed, and only if nobody uses it; a load that fails is told to all who wait, and tried again
after `retry_seconds`; whoever waits longer than `load_seconds` gets `Starting`, while the load goes on.

Each model that is in memory has a task, which opens it and closes it again. Belongs to one event loop.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from contextvars import Context
from typing import Generic, TypeVar

from lingting.domain import Clock
from lingting.domain.errors import (
    EngineUnavailable,
    InvalidOption,
    LingtingError,
    ModelNotFound,
    Overloaded,
    ShuttingDown,
    Starting,
    WrongState,
)
from lingting.recognition.residents import (
    ResidencyObserver,
    ResidencySettings,
    Resident,
    ResidentReport,
    ResidentState,
)
from lingting.telemetry import log

__all__ = ["Residency"]

DoorT = TypeVar("DoorT")
RETRY_ROOM_SECONDS = 5.0
"""Somebody may be done with a model by then."""
SWEEPS_PER_IDLE_TIME = 4
MIN_SWEEP_SECONDS, MAX_SWEEP_SECONDS = 0.5, 30.0


class _Slot(Generic[DoorT]):
    """One model, in whatever state."""

    def __init__(self, resident: Resident) -> None:
        self.resident = resident
        self.state = ResidentState.UNLOADED
        self.users = 0
        self.last_used_seconds: float | None = None
        self.door: DoorT | None = None
        self.error: LingtingError | None = None
        self.retry_at_seconds = 0.0
        self.keeping: asyncio.Task[None] | None = None
        self.settled = asyncio.Event()
        """Loaded, or failed; cleared while it loads."""
        self.leave = asyncio.Event()

    @property
    def takes_memory(self) -> bool:
        return self.state not in (ResidentState.UNLOADED, ResidentState.FAILED)


class Residency(Generic[DoorT]):
    """Keeps models in memory while they are wanted."""

    def __init__(
        self,
        residents: Iterable[Resident],
        open_door: Callable[[str], AbstractAsyncContextManager[DoorT]],
        settings: ResidencySettings,
        *,
        clock: Clock,
        observer: ResidencyObserver,
    ) -> None:
        """open_door: loads a model by its name, and unloads it on leaving, both in one task"""
        self._slots: dict[str, _Slot[DoorT]] = {each.name: _Slot(each) for each in residents}
        self._open_door = open_door
        self._settings = settings
        self._clock = clock
        self._observer = observer
        self._is_open = True
        self._sweeping: asyncio.Task[None] | None = None

    @property
    def memory_bytes(self) -> int:
        """Of what is loaded, or is being loaded or unloaded."""
        return sum(slot.resident.memory_bytes for slot in self._slots.values() if slot.takes_memory)

    def report(self) -> list[ResidentReport]:
        return [self._report_of(slot) for slot in self._slots.values()]

    def report_of(self, name: str) -> ResidentReport:
        """raises    ModelNotFound"""
        return self._report_of(self._slot(name))

    def door_if_loaded(self, name: str) -> DoorT | None:
        return self._slot(name).door

    def start(self) -> None:
        """Begin to unload what is idle."""
        if self._settings.idle_seconds:
            self._sweeping = asyncio.create_task(self._sweep_for_ever(), name="residency")

    @asynccontextmanager
    async def use(self, name: str) -> AsyncIterator[DoorT]:
        """The model, loaded if need be, and kept inside.

        raises    ModelNotFound; Starting, Overloaded, ShuttingDown; EngineError, ModelError, SettingsInvalid
        """
        slot = self._slot(name)
        slot.users += 1
        try:
            yield await self._loaded(slot)
        finally:
            self._left(slot)

    async def load(self, name: str) -> ResidentReport:
        """Have it in memory, as if somebody had used it, however long that takes; raises what `use` does."""
        slot = self._slot(name)
        slot.users += 1
        try:
            await self._brought(slot)
        finally:
            self._left(slot)
        return self.report_of(name)

    async def unload(self, name: str) -> ResidentReport:
        """Have it out of memory; waits until it is.

        raises    ModelNotFound; WrongState while it is used, or if it is kept
        """
        slot = self._slot(name)
        if slot.resident.is_kept:
            raise WrongState(f"{name!r} is the default model, which stays in memory")
        if slot.users:
            raise WrongState(f"{name!r} is in use by {slot.users}; try again when they are done")
        await self._unload(slot)
        return self.report_of(name)

    async def sweep(self) -> None:
        """Unload what nobody has used for long enough."""
        now_seconds = self._clock.monotonic()
        for slot in self._idle():
            assert slot.last_used_seconds is not None
            if now_seconds - slot.last_used_seconds >= self._settings.idle_seconds:
                log.info("model.idle", model=slot.resident.name)
                await self._unload(slot)

    async def aclose(self) -> None:
        """Close all, those in use as well."""
        self._is_open = False
        if self._sweeping is not None:
            self._sweeping.cancel()
            await asyncio.gather(self._sweeping, return_exceptions=True)
        keeping = [slot.keeping for slot in self._slots.values() if slot.keeping is not None]
        for slot in self._slots.values():
            slot.leave.set()
        await asyncio.gather(*keeping, return_exceptions=True)

    def _slot(self, name: str) -> _Slot[DoorT]:
        slot = self._slots.get(name)
        if slot is None:
            raise ModelNotFound(name, sorted(self._slots))
        return slot

    def _report_of(self, slot: _Slot[DoorT]) -> ResidentReport:
        used_seconds = slot.last_used_seconds
        idle_seconds = None if used_seconds is None else self._clock.monotonic() - used_seconds
        code = slot.error.code if slot.error is not None and slot.state is ResidentState.FAILED else None
        return ResidentReport(slot.resident, slot.state, slot.users, 0.0 if slot.users else idle_seconds, code)

    async def _loaded(self, slot: _Slot[DoorT]) -> DoorT:
        try:
            async with asyncio.timeout(self._settings.load_seconds):
                return await self._brought(slot)
        except TimeoutError as late:
            raise Starting(
                f"the model {slot.resident.name!r} is still loading; try again in a moment",
                retry_after_seconds=RETRY_ROOM_SECONDS,
            ) from late

    async def _brought(self, slot: _Slot[DoorT]) -> DoorT:
        while slot.door is None or slot.state is not ResidentState.LOADED:
            await self._come_nearer(slot)
        return slot.door

    def _left(self, slot: _Slot[DoorT]) -> None:
        slot.users -= 1
        slot.last_used_seconds = self._clock.monotonic()

    async def _come_nearer(self, slot: _Slot[DoorT]) -> None:
        """One step towards having it loaded; the state may be another afterwards."""
        if slot.state is ResidentState.LOADING:
            await slot.settled.wait()
            if slot.error is not None:
                raise _anew(slot.error)
        elif slot.state is ResidentState.UNLOADING:
            await self._gone(slot)
        else:
            self._require_may_load(slot)
            if await self._has_room(slot):
                self._begin(slot)

    def _require_may_load(self, slot: _Slot[DoorT]) -> None:
        if not self._is_open:
            raise ShuttingDown("the server is stopping; try another", retry_after_seconds=RETRY_ROOM_SECONDS)
        if slot.error is not None and self._clock.monotonic() < slot.retry_at_seconds:
            raise _anew(slot.error)

    async def _has_room(self, slot: _Slot[DoorT]) -> bool:
        """True when it fits at once; False after waiting for something else to leave, when all may be different.

        raises    Overloaded when nothing that is loaded can leave; InvalidOption when it never fits
        """
        budget_bytes, wanted_bytes = self._settings.memory_bytes, slot.resident.memory_bytes
        if not budget_bytes or self.memory_bytes + wanted_bytes <= budget_bytes:
            return True
        kept_bytes = sum(each.resident.memory_bytes for each in self._slots.values() if each.resident.is_kept)
        if wanted_bytes + (0 if slot.resident.is_kept else kept_bytes) > budget_bytes:
            raise InvalidOption(
                "model", f"{slot.resident.name!r} does not fit into residency.memory_bytes beside the default model"
            )
        leaving = next((each for each in self._slots.values() if each.state is ResidentState.UNLOADING), None)
        if leaving is not None:
            await self._gone(leaving)
            return False
        idle = self._idle()
        if not idle:
            raise Overloaded(
                f"there is no room for the model {slot.resident.name!r}: all that are loaded are in use; try again in "
                f"{RETRY_ROOM_SECONDS:.0f} seconds",
                retry_after_seconds=RETRY_ROOM_SECONDS,
            )
        await self._unload(min(idle, key=lambda each: each.last_used_seconds or 0.0))
        return False

    def _idle(self) -> list[_Slot[DoorT]]:
        return [
            slot
            for slot in self._slots.values()
            if slot.state is ResidentState.LOADED and not slot.users and not slot.resident.is_kept
        ]

    def _begin(self, slot: _Slot[DoorT]) -> None:
        slot.state = ResidentState.LOADING
        slot.error = None
        slot.settled.clear()
        slot.leave.clear()
        # Its stay is nobody's request in particular, whoever was the first to come.
        keeping = asyncio.create_task(self._keep(slot), name=f"model-{slot.resident.name}", context=Context())
        slot.keeping = keeping

    async def _unload(self, slot: _Slot[DoorT]) -> None:
        if slot.state is ResidentState.LOADING:
            await slot.settled.wait()
        if slot.state is ResidentState.LOADED and not slot.users:
            slot.state = ResidentState.UNLOADING
            slot.leave.set()
        if slot.state is ResidentState.UNLOADING:
            await self._gone(slot)

    async def _gone(self, slot: _Slot[DoorT]) -> None:
        if slot.keeping is not None:
            await asyncio.wait([slot.keeping])

    async def _keep(self, slot: _Slot[DoorT]) -> None:
        """The whole stay of one model in memory."""
        name, began_seconds = slot.resident.name, self._clock.monotonic()
        try:
            async with self._open_door(name) as door:
                slot.door, slot.state = door, ResidentState.LOADED
                slot.last_used_seconds = self._clock.monotonic()
                slot.settled.set()
                took_seconds = slot.last_used_seconds - began_seconds
                self._observer.loaded(name, seconds=took_seconds, memory_bytes=slot.resident.memory_bytes)
                await slot.leave.wait()
                slot.door, slot.state = None, ResidentState.UNLOADING
        except LingtingError as error:
            self._ended_badly(slot, error)
        except Exception as error:  # noqa: BLE001 - the model's worker loop: whoever waits for it gets an answer
            failure = EngineUnavailable(f"the model {name!r} cannot be loaded; the server's log says more")
            failure.__cause__ = error
            self._ended_badly(slot, failure)
        else:
            slot.state = ResidentState.UNLOADED
            self._observer.unloaded(name)
        finally:
            slot.door, slot.keeping = None, None
            slot.settled.set()

    def _ended_badly(self, slot: _Slot[DoorT], error: LingtingError) -> None:
        was_loaded = slot.state is not ResidentState.LOADING
        slot.state, slot.error = ResidentState.FAILED, error
        slot.retry_at_seconds = self._clock.monotonic() + self._settings.retry_seconds
        cause = type(error.__cause__ or error).__name__
        log.error("model.failed", model=slot.resident.name, code=error.code, cause=cause, was_loaded=was_loaded)
        self._observer.load_failed(slot.resident.name, error)
        if was_loaded:
            self._observer.unloaded(slot.resident.name)

    async def _sweep_for_ever(self) -> None:
        every_seconds = self._settings.idle_seconds / SWEEPS_PER_IDLE_TIME
        while True:
            await asyncio.sleep(min(max(every_seconds, MIN_SWEEP_SECONDS), MAX_SWEEP_SECONDS))
            await self.sweep()


def _anew(error: LingtingError) -> LingtingError:
    """The same error for one more caller, without the frames of those before."""
    return error.with_traceback(None)
