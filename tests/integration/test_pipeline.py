"""The whole way from bytes to transcript: real decoder, real scheduler, a scripted engine."""

import asyncio
from contextlib import asynccontextmanager

import pytest

from lingting.audio.decode import AudioSource, Decoder
from lingting.audio.vad_models import EnergyScorer
from lingting.domain import SAMPLE_RATE_HZ, ChannelMode, Hypothesis, RecognizeOptions, Span, SystemClock
from lingting.domain.errors import AudioUndecodable, EngineFailed, Overloaded, UnsupportedLanguage
from lingting.engines.fake import FAKE_CAPABILITIES, FakeEngine, Gate
from lingting.recognition.batching import Scheduler, SchedulerSettings
from lingting.recognition.engine_doors import EngineDoor
from lingting.recognition.pipeline import Pipeline, PipelineSettings
from lingting.testing import DirectRoute, bursts, silence, wav_bytes

pytestmark = pytest.mark.integration


class EnergyModel:
    def scorer(self) -> EnergyScorer:
        return EnergyScorer()


class Told:
    def __init__(self) -> None:
        self.reasons: list[str] = []
        self.audio_seconds: list[float] = []

    def suppressed(self, reason: str) -> None:
        self.reasons.append(reason)

    def transcribed(self, *, engine: str, audio_seconds: float, wall_seconds: float) -> None:
        self.audio_seconds.append(audio_seconds)


@pytest.fixture(scope="module")
def decoder():
    decoder = Decoder()
    yield decoder
    decoder.close()


@asynccontextmanager
async def pipeline(decoder: Decoder, engine: FakeEngine, *, queue: SchedulerSettings | None = None, **settings):
    scheduler = Scheduler(engine, queue or SchedulerSettings(), clock=SystemClock())
    await scheduler.start()
    told = Told()
    made = Pipeline(
        recognizer=DirectRoute(EngineDoor("fake", "fake-model", engine.capabilities, scheduler)),
        decoder=decoder,
        vad=EnergyModel(),
        observer=told,
        settings=PipelineSettings(**settings),
    )
    made.told = told
    made.scheduler = scheduler
    try:
        yield made
    finally:
        await scheduler.stop()
        await made.aclose()


def spoken(*spans: tuple[float, float], seconds: float) -> AudioSource:
    marks = [Span(int(start * SAMPLE_RATE_HZ), int(end * SAMPLE_RATE_HZ)) for start, end in spans]
    return AudioSource(data=wav_bytes(bursts(marks, seconds)))


async def waiting(work: Pipeline, count: int) -> None:
    """Until so many clips wait for the engine."""
    async with asyncio.timeout(30):
        while work.scheduler.waiting_items != count:  # noqa: ASYNC110 - nothing tells when it changes
            await asyncio.sleep(0.001)


MANY = tuple((4.0 * index + 1, 4.0 * index + 2) for index in range(12))


async def test_a_recording_becomes_a_transcript(decoder) -> None:
    async with pipeline(decoder, FakeEngine()) as work:
        transcript = await work.transcribe(spoken((1, 3), seconds=5), RecognizeOptions(language="en"))
    assert transcript.text == "2.6 seconds of speech"
    assert transcript.duration_seconds == pytest.approx(5.0)
    assert transcript.segments[0].start_seconds == pytest.approx(0.7, abs=0.1)
    assert (transcript.engine, transcript.model) == ("fake", "fake-model")
    assert work.told.audio_seconds == [pytest.approx(5.0)]


async def test_silence_never_reaches_the_engine(decoder) -> None:
    engine = FakeEngine()
    async with pipeline(decoder, engine) as work:
        transcript = await work.transcribe(AudioSource(data=wav_bytes(silence(30))), RecognizeOptions())
    assert transcript.text == ""
    assert transcript.segments == ()
    assert engine.computed == []


async def test_segments_and_progress_come_in_audio_order(decoder) -> None:
    starts, done = [], []
    async with pipeline(decoder, FakeEngine()) as work:
        await work.transcribe(
            spoken(*MANY, seconds=50),
            RecognizeOptions(language="en"),
            on_segments=lambda segments: starts.extend(segment.start_seconds for segment in segments),
            on_progress=lambda step: done.append(step.done_seconds),
        )
    assert len(starts) == len(MANY)
    assert starts == sorted(starts)
    assert done == sorted(done)


async def test_no_more_pieces_than_the_bound_are_in_flight(decoder) -> None:
    gate = Gate()
    engine = FakeEngine(gate=gate)
    async with pipeline(decoder, engine, max_pieces_in_flight=3) as work:
        task = asyncio.create_task(work.transcribe(spoken(*MANY, seconds=50), RecognizeOptions(language="en")))
        seen = 0
        while not task.done():
            arrival = asyncio.ensure_future(asyncio.to_thread(gate.wait_for_arrival))
            await asyncio.wait([task, arrival], return_when=asyncio.FIRST_COMPLETED)
            batch = engine.computed[-1].clips
            assert len(batch) <= 3
            seen += len(batch)
            gate.let_through()
            if seen == len(MANY):
                await task
        assert len(task.result().segments) == len(MANY)


async def test_the_first_speech_decides_the_language_of_the_rest(decoder) -> None:
    languages = []

    def answer(clip):
        languages.append(clip.options.language)
        return Hypothesis("好", "zh", language_probability=0.9)

    async with pipeline(decoder, FakeEngine(answer)) as work:
        transcript = await work.transcribe(spoken(*MANY, seconds=50), RecognizeOptions())
    assert languages == [None] + ["zh"] * (len(MANY) - 1)
    assert transcript.language == "zh"


async def test_each_segment_may_have_its_own_language(decoder) -> None:
    def answer(clip):
        assert clip.options.language is None
        return Hypothesis("text", "en", language_probability=0.9)

    async with pipeline(decoder, FakeEngine(answer)) as work:
        transcript = await work.transcribe(spoken(*MANY, seconds=50), RecognizeOptions(per_segment_language=True))
    assert len(transcript.segments) == len(MANY)


async def test_speech_in_doubt_is_tried_in_both_languages_and_the_likelier_stands(decoder) -> None:
    tried: list[str | None] = []

    def answer(clip):
        tried.append(clip.options.language)
        if clip.options.language == "zh":
            return Hypothesis("你好", "zh", avg_logprob=-0.1)
        return Hypothesis("knee how", "en", language_probability=0.51, avg_logprob=-0.8)

    async with pipeline(decoder, FakeEngine(answer)) as work:
        transcript = await work.transcribe(spoken((1, 3), seconds=5), RecognizeOptions(language="zh-en"))
    assert tried == [None, "zh"]
    assert (transcript.text, transcript.language) == ("你好", "zh")


async def test_a_caller_that_leaves_takes_its_work_along(decoder) -> None:
    gate = Gate()
    engine = FakeEngine(gate=gate)
    async with pipeline(decoder, engine) as work:
        task = asyncio.create_task(work.transcribe(spoken(*MANY, seconds=50), RecognizeOptions(language="en")))
        await asyncio.to_thread(gate.wait_for_arrival)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        gate.let_through(10)
        transcript = await work.transcribe(spoken((1, 3), seconds=5), RecognizeOptions(language="en"))
        assert transcript.text
    assert sum(len(batch.clips) for batch in engine.computed) < len(MANY)


async def test_an_engine_that_breaks_costs_one_error(decoder) -> None:
    def answer(clip):
        if clip.audio.duration_seconds > 3:
            raise RuntimeError("device lost")
        return "fine"

    async with pipeline(decoder, FakeEngine(answer)) as work:
        with pytest.raises(EngineFailed):
            await work.transcribe(spoken((1, 6), seconds=8), RecognizeOptions(language="en"))
        transcript = await work.transcribe(spoken((1, 3), seconds=5), RecognizeOptions(language="en"))
    assert transcript.text == "fine"


async def test_bytes_that_are_no_audio_cost_one_error(decoder) -> None:
    async with pipeline(decoder, FakeEngine()) as work:
        with pytest.raises(AudioUndecodable):
            await work.transcribe(AudioSource(data=b"<html></html>"), RecognizeOptions())


async def test_a_language_the_model_lacks_is_refused_before_the_audio_is_read(decoder) -> None:
    import dataclasses

    limited = dataclasses.replace(FAKE_CAPABILITIES, languages=frozenset({"en"}))
    async with pipeline(decoder, FakeEngine(capabilities=limited)) as work:
        with pytest.raises(UnsupportedLanguage, match="en"):
            await work.transcribe(AudioSource(data=b""), RecognizeOptions(language="zh"))


async def test_split_channels_are_recognised_apart(decoder) -> None:
    left = bursts([Span(16_000, 48_000)], 8)
    right = bursts([Span(80_000, 112_000)], 8, seed=1)
    async with pipeline(decoder, FakeEngine()) as work:
        transcript = await work.transcribe(
            AudioSource(data=wav_bytes(left, right)), RecognizeOptions(language="en", channel_mode=ChannelMode.SPLIT)
        )
    assert [segment.channel for segment in transcript.segments] == [0, 1]


async def test_a_recording_that_was_taken_in_survives_a_full_queue(decoder) -> None:
    queue = SchedulerSettings(max_queue_items=2, request_queue_ratio=1.0, job_queue_ratio=1.0)
    async with pipeline(decoder, FakeEngine(), queue=queue, max_pause_seconds=0.001) as work:
        transcript = await work.transcribe(spoken(*MANY, seconds=50), RecognizeOptions(language="en"))
    assert len(transcript.segments) == len(MANY)


async def test_a_full_queue_refuses_a_recording_at_its_first_piece(decoder) -> None:
    gate = Gate()
    queue = SchedulerSettings(max_queue_items=1, request_queue_ratio=1.0, max_wait_seconds=0.0)
    options = RecognizeOptions(language="en")
    async with pipeline(decoder, FakeEngine(gate=gate), queue=queue) as work:
        on_device = asyncio.create_task(work.transcribe(spoken((1, 3), seconds=5), options))
        await asyncio.to_thread(gate.wait_for_arrival)
        in_queue = asyncio.create_task(work.transcribe(spoken((1, 3), seconds=5), options))
        await waiting(work, 1)
        with pytest.raises(Overloaded):
            await work.transcribe(spoken(*MANY, seconds=50), options)
        gate.let_through(2)
        assert (await on_device).text == (await in_queue).text


async def test_a_short_request_passes_the_rest_of_a_long_one(decoder) -> None:
    gate = Gate()
    engine = FakeEngine(gate=gate)
    async with pipeline(decoder, engine, queue=SchedulerSettings(max_batch=1, ageing_seconds=3_600.0)) as work:
        options = RecognizeOptions(language="en")
        long = asyncio.create_task(work.transcribe(spoken(*MANY, seconds=50), options))
        await asyncio.to_thread(gate.wait_for_arrival)
        gate.let_through(2)
        await asyncio.to_thread(gate.wait_for_arrival)
        await asyncio.to_thread(gate.wait_for_arrival)
        short = asyncio.create_task(work.transcribe(spoken((1, 3), seconds=5), options))
        await waiting(work, len(MANY) - 3 + 1)
        gate.let_through(2)
        assert (await short).text
        assert not long.done()
        gate.let_through(len(MANY))
        await long
