"""One recording for one caller: what is asked in which order, and what callers of the same share."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import pytest

from lingting.audio.decode import AudioSource
from lingting.crypto import Keyring, Vault, new_master_key
from lingting.domain import Priority, Progress, RecognizeOptions, Segment, Transcript
from lingting.domain.errors import EngineFailed, QuotaExceeded, ShuttingDown, StorageUnavailable
from lingting.domain.principal import Call, Principal
from lingting.recognition.result_keys import ResultKeys
from lingting.recognition.transcriber import CacheUse, Transcriber, TranscriberParts
from lingting.storage.caching.cache import CacheSettings, MemoryCache
from lingting.storage.caching.cached_results import CachedResults, CacheTag
from lingting.telemetry import Telemetry
from lingting.testing import VirtualClock

pytestmark = pytest.mark.unit

SPEECH = AudioSource(data=b"speech")
OPTIONS = RecognizeOptions()
SEGMENTS = tuple(Segment(i, i, i + 1.0, f"part {i}", "en") for i in range(3))


def call(key: str = "key1", *, user: str = "", tenant: str = "", keep: bool | None = None) -> Call:
    return Call(Principal(key, tenant=tenant), "/recognize", user=user, keep=keep)


class Pipeline:
    """Says its segments one by one, each when it is let."""

    def __init__(self) -> None:
        self.began = 0
        self.stopped = 0
        self.priorities: list[Priority] = []
        self.error: Exception | None = None
        self.gate = asyncio.Semaphore(1_000)
        self.arrived = asyncio.Event()

    async def transcribe(
        self,
        source: AudioSource,
        options,
        *,
        priority=Priority.REQUEST,
        on_segments=None,
        on_progress=None,
        caller=None,
    ) -> Transcript:
        self.began += 1
        self.priorities.append(priority)
        try:
            for i, segment in enumerate(SEGMENTS):
                self.arrived.set()
                await self.gate.acquire()
                if self.error is not None:
                    raise self.error
                if on_segments:
                    on_segments([segment])
                if on_progress:
                    on_progress(Progress(i + 1.0, 3.0))
        except asyncio.CancelledError:
            self.stopped += 1
            raise
        return Transcript(SEGMENTS, "en", 3.0)


class Meter:
    def __init__(self) -> None:
        self.charged: list[tuple[str, float]] = []
        self.has_quota = True

    async def require_audio(self, principal: Principal) -> None:
        if not self.has_quota:
            raise QuotaExceeded("used up", retry_after_seconds=1.0)

    async def charge_audio(self, principal: Principal, seconds: float) -> None:
        self.charged.append((principal.key_id, seconds))


class Keeper:
    def __init__(self) -> None:
        self.kept: list[tuple[str, str, str | None]] = []
        self.error: Exception | None = None

    async def keep(self, call: Call, transcript, source, *, kind, cache_key, record_id) -> str | None:
        await asyncio.sleep(0)
        if self.error is not None:
            raise self.error
        if call.keep is False:
            return None
        self.kept.append((call.principal.key_id, kind, cache_key))
        return record_id or f"tr_{len(self.kept)}"


class House:
    """A transcriber and all it leans on."""

    def __init__(self, *, is_shared: bool = False, has_cache: bool = True) -> None:
        vault = Vault(Keyring.parse([new_master_key()]))
        self.telemetry = Telemetry()
        self.pipeline, self.meter, self.keeper = Pipeline(), Meter(), Keeper()
        memory = MemoryCache(CacheSettings(), VirtualClock(), self.telemetry.cache)
        self.results = CachedResults(memory, vault, self.telemetry.cache, max_value_bytes=10**6)
        self.transcriber = Transcriber(
            TranscriberParts(
                pipeline=self.pipeline,
                meter=self.meter,
                keeper=self.keeper,
                results=self.results if has_cache else None,
                keys=ResultKeys(vault, "recipe", is_shared=is_shared),
                observer=self.telemetry.cache,
            )
        )

    def ask(self, by: Call | None = None, *, source: AudioSource = SPEECH, options=OPTIONS, **wishes):
        return self.transcriber.transcribe(source, options, by or call(), **wishes)

    def begin(self, *args, **wishes) -> asyncio.Task:
        return asyncio.create_task(self.ask(*args, **wishes))

    def hold(self) -> None:
        """Let the pipeline stand before its first segment."""
        self.pipeline.gate = asyncio.Semaphore(0)

    async def let(self, segments: int) -> None:
        for _ in range(segments):
            self.pipeline.gate.release()
        await settle()


async def settle() -> None:
    """Let everything that is ready run, threads of the cache among it."""
    for _ in range(20):
        await asyncio.sleep(0)


async def test_the_second_time_the_answer_is_known() -> None:
    house = House()
    first, second = await house.ask(), await house.ask()
    assert (first.cache, second.cache, house.pipeline.began) == (CacheUse.MISS, CacheUse.HIT, 1)
    assert first.transcript == second.transcript
    assert first.record_id == second.record_id == "tr_1"


async def test_what_is_known_is_not_charged_and_not_kept_again() -> None:
    house = House()
    for _ in range(3):
        await house.ask()
    assert house.meter.charged == [("key1", 3.0)]
    assert len(house.keeper.kept) == 1


async def test_without_quota_nothing_is_answered() -> None:
    house = House()
    await house.ask()
    house.meter.has_quota = False
    with pytest.raises(QuotaExceeded):
        await house.ask()


async def test_a_caller_may_have_it_recognised_anew_and_leaves_nothing_behind() -> None:
    house = House()
    answers = [await house.ask(use_cache=False), await house.ask(), await house.ask(use_cache=False)]
    assert [answer.cache for answer in answers] == [CacheUse.OFF, CacheUse.MISS, CacheUse.OFF]


async def test_without_a_cache_everything_is_recognised() -> None:
    house = House(has_cache=False)
    answers = [await house.ask(), await house.ask()]
    assert [answer.cache for answer in answers] == [CacheUse.OFF, CacheUse.OFF]
    assert [answer.record_id for answer in answers] == ["tr_1", "tr_2"]


@pytest.mark.parametrize(
    "other",
    [call("key2"), call(user="ann"), call(tenant="ward")],
    ids=["another key", "another person", "another tenant"],
)
async def test_nobody_is_answered_with_anothers_result(other) -> None:
    house = House()
    await house.ask(call())
    assert (await house.ask(other)).cache is CacheUse.MISS


async def test_keys_of_a_tenant_share_answers() -> None:
    house = House()
    await house.ask(call("key1", tenant="ward"))
    again = await house.ask(call("key2", tenant="ward"))
    assert (again.cache, again.record_id) == (CacheUse.HIT, "tr_1")


async def test_where_sharing_is_allowed_the_record_stays_its_owners() -> None:
    house = House(is_shared=True)
    first = await house.ask(call("key1"))
    other, again = await house.ask(call("key2")), await house.ask(call("key1"))
    assert (other.cache, other.record_id) == (CacheUse.HIT, "tr_2")
    assert again.record_id == first.record_id == "tr_1"


async def test_other_bytes_and_other_options_are_other_questions() -> None:
    house = House()
    await house.ask()
    others = [
        await house.ask(source=AudioSource(data=b"speech!")),
        await house.ask(options=replace(OPTIONS, word_times=True)),
    ]
    assert {answer.cache for answer in others} == {CacheUse.MISS}


async def test_a_file_and_its_bytes_are_the_same_question(tmp_path) -> None:
    (tmp_path / "a.wav").write_bytes(b"speech")
    house = House()
    await house.ask()
    assert (await house.ask(source=AudioSource(path=tmp_path / "a.wav"))).is_cached


async def test_what_is_no_file_is_left_to_the_decoder_to_refuse(tmp_path) -> None:
    house = House()
    answers = [await house.ask(source=AudioSource(path=path)) for path in (tmp_path, tmp_path / "none")]
    assert {answer.cache for answer in answers} == {CacheUse.OFF}


async def test_an_answer_that_was_not_kept_is_kept_when_somebody_wants_it() -> None:
    house = House()
    answers = [await house.ask(call(keep=keep)) for keep in (False, None, None)]
    assert [answer.record_id for answer in answers] == [None, "tr_1", "tr_1"]


async def test_what_was_erased_is_recognised_anew() -> None:
    house = House()
    first = await house.ask(call(user="ann"))
    assert await house.results.erase(tags=[CacheTag.record(first.record_id)]) == 1
    assert (await house.ask(call(user="ann"))).cache is CacheUse.MISS


async def test_a_failure_is_not_cached() -> None:
    house = House()
    house.pipeline.error = EngineFailed("broke")
    with pytest.raises(EngineFailed):
        await house.ask()
    house.pipeline.error = None
    assert (await house.ask()).cache is CacheUse.MISS
    assert len(house.meter.charged) == 1


async def test_where_history_is_required_its_failure_is_the_answer() -> None:
    house = House()
    house.keeper.error = StorageUnavailable("away", retry_after_seconds=1.0)
    with pytest.raises(StorageUnavailable):
        await house.ask()


async def test_jobs_are_kept_as_jobs_under_the_id_they_bring() -> None:
    house = House()
    answer = await house.ask(priority=Priority.JOB, record_id="tr_job")
    assert (answer.record_id, house.keeper.kept[0][1]) == ("tr_job", "job")
    assert house.pipeline.priorities == [Priority.JOB]


async def test_equal_questions_in_hand_are_worked_on_once() -> None:
    house = House()
    house.hold()
    asking = [house.begin() for _ in range(5)]
    await settle()
    await house.let(3)
    answers = await asyncio.gather(*asking)
    assert house.pipeline.began == 1
    assert sorted(answer.cache for answer in answers) == ["hit", "hit", "hit", "hit", "miss"]
    assert {answer.record_id for answer in answers} == {"tr_1"}
    assert house.meter.charged == [("key1", 3.0)]


@pytest.mark.parametrize("wishes", [{"by": call("key2")}, {"priority": Priority.JOB}], ids=["owner", "priority"])
async def test_only_equal_questions_are_shared(wishes) -> None:
    house = House()
    house.hold()
    asking = [house.begin(), house.begin(**wishes)]
    await settle()
    await house.let(6)
    await asyncio.gather(*asking)
    assert house.pipeline.began == 2


async def test_who_joins_late_hears_what_was_said_in_order() -> None:
    house = House()
    house.hold()
    early, late, progress = [], [], []

    def hear(said: list[Segment], segments: Sequence[Segment]) -> None:
        said.extend(segments)

    first = house.begin(on_segments=lambda segments: hear(early, segments))
    await settle()
    await house.let(2)
    second = house.begin(on_segments=lambda segments: hear(late, segments), on_progress=progress.append)
    await settle()
    heard_on_joining = list(late)
    await house.let(1)
    await asyncio.gather(first, second)
    assert heard_on_joining == list(SEGMENTS[:2])
    assert early == late == list(SEGMENTS)
    assert [step.done_seconds for step in progress] == [2.0, 3.0]


async def test_who_asks_what_is_known_hears_all_of_it() -> None:
    house = House()
    await house.ask()
    said: list[Segment] = []
    await house.ask(on_segments=said.extend)
    assert said == list(SEGMENTS)


async def test_who_began_may_leave_without_hurting_the_others(tmp_path) -> None:
    house = House()
    house.hold()
    (tmp_path / "a.wav").write_bytes(b"speech")
    first = house.begin(source=AudioSource(path=tmp_path / "a.wav"))
    second = house.begin()
    await house.pipeline.arrived.wait()
    await settle()
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    await house.let(3)
    answer = await second
    assert (answer.transcript.text, house.pipeline.began, house.pipeline.stopped) == ("part 0 part 1 part 2", 1, 0)


async def test_when_the_last_one_leaves_the_work_stops() -> None:
    house = House()
    house.hold()
    asking = [house.begin(), house.begin()]
    await settle()
    for task in asking:
        task.cancel()
    await asyncio.gather(*asking, return_exceptions=True)
    assert house.pipeline.stopped == 1
    house.pipeline.gate = asyncio.Semaphore(10)
    assert (await house.ask()).cache is CacheUse.MISS


async def test_all_who_wait_get_the_same_error_and_the_next_one_tries_again() -> None:
    house = House()
    house.hold()
    asking = [house.begin(), house.begin()]
    await settle()
    house.pipeline.error = EngineFailed("broke")
    await house.let(1)
    errors = await asyncio.gather(*asking, return_exceptions=True)
    house.pipeline.error = None
    await house.let(3)
    assert [type(error) for error in errors] == [EngineFailed, EngineFailed]
    assert (await house.ask()).cache is CacheUse.MISS


async def test_of_callers_in_company_one_who_wants_a_record_gets_one() -> None:
    house = House()
    house.hold()
    asking = [house.begin(call(keep=False)), house.begin(call()), house.begin(call())]
    await settle()
    await house.let(3)
    answers = await asyncio.gather(*asking)
    assert [answer.record_id for answer in answers] == [None, "tr_1", "tr_1"]
    assert (await house.ask()).record_id == "tr_1"


async def test_a_stopping_server_tells_those_who_wait() -> None:
    house = House()
    house.hold()
    waiting = house.begin()
    await settle()
    await house.transcriber.aclose()
    with pytest.raises(ShuttingDown):
        await waiting


async def test_lookups_are_counted_by_what_they_found() -> None:
    house = House()
    await house.ask()
    await house.ask()
    await house.ask(use_cache=False)
    text = house.telemetry.exposition().decode()
    assert all(f'asr_cache_lookups_total{{outcome="{name}"}} 1.0' in text for name in ("miss", "hit", "off"))
