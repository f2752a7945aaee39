"""A clip goes down its chain until one answers; what is wrong with the clip itself is told at once."""

import asyncio
from dataclasses import replace

import pytest

from lingting.domain import Hypothesis, Priority, RecognizeOptions
from lingting.domain.errors import (
    AudioTooLong,
    DeadlineExceeded,
    EngineFailed,
    EngineUnavailable,
    InvalidOption,
    ModelMissing,
    Overloaded,
    Superseded,
    UnsupportedLanguage,
)
from lingting.engines.fake import FAKE_CAPABILITIES, FakeEngine
from lingting.engines.fake_remote import FakeRemote
from lingting.recognition.route_policy import RouteRule
from routing_house import CLOUD, LOCAL, routing_house

pytestmark = pytest.mark.unit

OUT, BACK = RouteRule(("local", "cloud")), RouteRule(("cloud", "local"))


@pytest.fixture
def virtual_breakers(monkeypatch):
    """The library counts by the machine's time; here by the clock of a house."""

    def follow(clock) -> None:
        class Time:
            time = staticmethod(clock.monotonic)

        monkeypatch.setattr("purgatory.domain.model.time", Time)

    return follow


def said(text: str, logprob: float = 0.0) -> Hypothesis:
    return Hypothesis(text, "en", avg_logprob=logprob)


async def test_the_first_answers_and_says_who_it_is() -> None:
    async with routing_house(BACK) as house:
        found = await house.ask()
        assert (found.text, found.engine, found.model, found.attempts) == ("cloud", "fake-remote", "cloud", ())
        assert not found.is_substitute
        assert house.engines["local"].computed == []


@pytest.mark.parametrize(
    ("problem", "code"),
    [
        (EngineUnavailable("away"), "engine_unavailable"),
        (EngineFailed("broke"), "engine_failed"),
        (RuntimeError("broke"), "engine_failed"),
        (Overloaded("full", retry_after_seconds=3.0), "overloaded"),
        (DeadlineExceeded("late"), "deadline_exceeded"),
    ],
)
async def test_the_next_answers_for_one_that_cannot(problem, code) -> None:
    async with routing_house(BACK) as house:
        house.engines["cloud"].script = lambda _: problem
        found = await house.ask()
        assert (found.text, found.attempts, found.is_substitute) == ("local", (f"cloud: {code}",), True)
    assert f'asr_model_clips_total{{model="cloud",outcome="{code}"}} 1.0'.encode() in house.telemetry.exposition()


async def test_what_is_wrong_with_the_clip_is_told_at_once() -> None:
    async with routing_house(BACK) as house:
        house.engines["cloud"].script = lambda _: AudioTooLong(60.0)
        with pytest.raises(AudioTooLong):
            await house.ask()
        assert house.engines["local"].computed == []


async def test_one_that_does_not_load_is_passed_by() -> None:
    async with routing_house(OUT) as house:
        house.broken["local"] = ModelMissing("not here")
        assert (await house.ask()).attempts == ("local: model_missing",)


async def test_one_that_does_not_speak_the_language_is_passed_by() -> None:
    deaf = FakeEngine(capabilities=replace(FAKE_CAPABILITIES, languages=frozenset({"en"})))
    async with routing_house(OUT, engines={"local": deaf}) as house:
        chinese = RecognizeOptions(language="zh")
        found = await house.ask(chinese)
        assert (found.text, found.attempts) == ("cloud", ("local: unsupported_language",))
        house.router.route(chinese).check(chinese)
        alone = replace(chinese, model="local")
        with pytest.raises(UnsupportedLanguage):
            house.router.route(alone).check(alone)
        with pytest.raises(UnsupportedLanguage):
            await house.ask(alone)


async def test_of_several_errors_the_caller_is_told_the_one_to_act_on() -> None:
    async with routing_house(BACK) as house:
        house.engines["cloud"].script = lambda _: Overloaded("later", retry_after_seconds=9.0)
        house.broken["local"] = ModelMissing("not here")
        with pytest.raises(Overloaded) as told:
            await house.ask()
        assert told.value.retry_after_seconds == 9.0
    async with routing_house(BACK) as house:
        house.engines["cloud"].script = lambda _: EngineUnavailable("away")
        house.broken["local"] = ModelMissing("not here")
        with pytest.raises(EngineUnavailable, match="away"):
            await house.ask()


async def test_a_local_model_that_is_late_is_passed_by() -> None:
    from lingting.engines.fake import Gate

    gate = Gate()
    models = (replace(LOCAL, deadline_seconds=0.02), CLOUD)
    async with routing_house(OUT, models=models, engines={"local": FakeEngine(gate=gate)}) as house:
        assert (await house.ask()).attempts == ("local: deadline_exceeded",)
        gate.let_through(10)


async def test_a_model_that_fails_again_and_again_is_left_alone_then_tried_by_one(virtual_breakers) -> None:
    async with routing_house(BACK) as house:
        virtual_breakers(house.clock)
        cloud = house.engines["cloud"]
        cloud.script = lambda _: EngineUnavailable("away")
        reasons = [(await house.ask()).attempts for _ in range(5)]
        assert reasons == [("cloud: engine_unavailable",)] * 3 + [("cloud: breaker_open",)] * 2
        assert (len(cloud.heard), house.router.ailing) == (3, ["cloud"])
        assert b'asr_model_left_alone{model="cloud"} 1.0' in house.telemetry.exposition()
        house.clock.advance(30.1)
        cloud.script = lambda _: "cloud"
        cloud.hold()
        probe = asyncio.create_task(house.ask())
        await asyncio.sleep(0.01)
        assert (await house.ask()).attempts == ("cloud: breaker_open",)
        cloud.let_go()
        assert (await probe).text == "cloud"
        assert ((await house.ask()).text, house.router.ailing) == ("cloud", [])


async def test_a_local_model_alone_is_asked_however_often_it_fails() -> None:
    failing = FakeEngine(lambda _: RuntimeError("broke"))
    async with routing_house(engines={"local": failing}) as house:
        for _ in range(6):
            with pytest.raises(EngineFailed):
                await house.ask()
        assert len(failing.computed) == 6


async def test_when_all_are_left_alone_the_local_one_is_asked_after_all(virtual_breakers) -> None:
    failing = FakeEngine(lambda _: RuntimeError("broke"))
    async with routing_house(BACK, engines={"local": failing}) as house:
        virtual_breakers(house.clock)
        house.engines["cloud"].script = lambda _: EngineUnavailable("away")
        for _ in range(5):
            with pytest.raises((EngineFailed, EngineUnavailable)):
                await house.ask()
        assert (len(failing.computed), len(house.engines["cloud"].heard)) == (5, 3)


CASCADE = RouteRule(("local", "cloud"), min_logprob=-0.5)


@pytest.mark.parametrize(
    ("local", "cloud", "text", "attempts"),
    [
        (said("sure", -0.2), said("cloud", -0.1), "sure", ()),
        (said("unsure", -0.9), said("cloud", -0.1), "cloud", ("local: low_confidence",)),
        (said("unsure", -0.9), said("worse", -1.5), "unsure", ("cloud: low_confidence",)),
        (said("", -0.9), said("cloud", -0.1), "", ()),
        (said("unsure", -0.9), EngineUnavailable("away"), "unsure", ("cloud: engine_unavailable",)),
        (EngineFailed("broke"), said("cloud", -0.9), "cloud", ("local: engine_failed",)),
        (said("unsure", -0.9), said("", 0.0), "unsure", ("cloud: low_confidence",)),
    ],
)
async def test_an_answer_that_is_not_believed_goes_on_and_the_better_counts(local, cloud, text, attempts) -> None:
    engines = {"local": FakeEngine(lambda _: local), "cloud": FakeRemote(lambda _: cloud)}
    async with routing_house(CASCADE, engines=engines) as house:
        found = await house.ask()
        assert (found.text, found.attempts) == (text, attempts)
        assert found.is_substitute is isinstance(local, EngineFailed)


async def test_partials_go_to_those_that_are_asked_for_them_and_take_no_detours() -> None:
    engines = {"local": FakeEngine(lambda _: said("unsure", -2.0))}
    async with routing_house(replace(CASCADE, chain=("cloud", "local")), engines=engines) as house:
        draft = await house.ask(priority=Priority.STREAM_PARTIAL)
        assert (draft.text, draft.attempts) == ("unsure", ())
        assert house.engines["cloud"].heard == []
    async with routing_house(RouteRule(("cloud",))) as house:
        with pytest.raises(Superseded):
            await house.ask(priority=Priority.STREAM_PARTIAL)
        assert (await house.ask(priority=Priority.STREAM_FINAL)).text == "cloud"


async def test_a_language_that_becomes_known_may_change_the_way() -> None:
    async with routing_house(RouteRule(("cloud",), languages=("zh",))) as house:
        options = RecognizeOptions()
        route = house.router.route(options)
        first = await route.transcribe(_sound(), options, priority=Priority.REQUEST)
        later = await route.transcribe(_sound(), replace(options, language="zh"), priority=Priority.REQUEST)
        assert (route.model, first.text, later.text) == ("local", "local", "cloud")


def _sound():
    from lingting.testing import silence

    return silence(1.0)


async def test_a_request_holds_the_first_that_can_be_had() -> None:
    async with routing_house(OUT) as house:
        house.broken["local"] = ModelMissing("not here")
        route = house.router.route(RecognizeOptions())
        async with route.held():
            assert house.residency.report_of("cloud").users == 1
        assert house.residency.report_of("cloud").users == 0
        house.broken["cloud"] = EngineUnavailable("away")
        await house.residency.unload("cloud")
        with pytest.raises(EngineUnavailable):
            async with route.held():
                pass


async def test_nobody_who_keeps_audio_here_reaches_another_server() -> None:
    async with routing_house(OUT, engines={"local": FakeEngine(lambda _: RuntimeError("broke"))}) as house:
        with pytest.raises(EngineFailed):
            await house.ask(RecognizeOptions(local_only=True))
        assert house.engines["cloud"].heard == []
        with pytest.raises(InvalidOption, match="another server"):
            await house.ask(RecognizeOptions(model="cloud", local_only=True))
