"""A live session from its client's bytes to its events, with everything real but the engine and the detector."""

import asyncio
from collections import Counter
from dataclasses import replace

import pytest
from live_house import PLAIN, House, house, rest, silence, speech, until

from lingting.audio.live_formats import LiveFormat
from lingting.domain import (
    Closed,
    CloseReason,
    Committed,
    Final,
    Notice,
    NoticeKind,
    Partial,
    SegmentFailed,
    SessionBounds,
    SpeechEnded,
    SpeechStarted,
    StreamOptions,
)
from lingting.domain.errors import (
    AudioUndecodable,
    EngineFailed,
    InvalidMessage,
    Overloaded,
    SessionNotFound,
    ShuttingDown,
)
from lingting.engines.fake import FAKE_CAPABILITIES, FakeEngine, Gate
from lingting.recognition.batching import SchedulerSettings

pytestmark = pytest.mark.unit

SENTENCE = speech(1.0) + silence(1.0)


def finals(events) -> list[str]:
    return [event.text for event in events if isinstance(event, Final)]


def results(events) -> list[Final]:
    """The finals without what depends on when answers came."""
    return [replace(event, seq=0, lag_seconds=0.0) for event in events if isinstance(event, Final)]


async def say(house_: House, *parts: bytes, options: StreamOptions = PLAIN):
    session, subscription = await house_.session(options)
    for part in parts:
        await session.feed(part)
    await session.finish()
    return await rest(subscription)


async def test_the_tail_is_never_lost() -> None:
    async with house(FakeEngine(["first", "the tail"])) as it:
        events = await say(it, SENTENCE, speech(0.5))
    assert finals(events) == ["first", "the tail"]
    assert Counter(type(event) for event in events) == {SpeechStarted: 2, SpeechEnded: 2, Final: 2, Closed: 1}
    assert events[-1].reason is CloseReason.FINISHED


@pytest.mark.parametrize("size", [1, 333, 3_200, 10**9])
async def test_how_the_bytes_are_cut_changes_nothing(size) -> None:
    sound = SENTENCE * 2 if size > 1 else speech(0.2) + silence(0.8)
    async with house() as it:
        whole = await say(it, sound)
        cut = await say(it, *(sound[at : at + size] for at in range(0, len(sound), size)))
    assert results(cut) == results(whole)
    assert len(finals(whole)) == (2 if size > 1 else 1)


async def test_partials_come_while_somebody_speaks() -> None:
    async with house(FakeEngine(lambda _: "one two three")) as it:
        session, subscription = await it.session(StreamOptions())
        await session.feed(speech(1.0))
        (partial,) = [event for event in await until(subscription, Partial) if isinstance(event, Partial)]
        await session.feed(speech(1.0))
        later = (await until(subscription, Partial))[-1]
        await session.finish()
        await rest(subscription)
    assert (partial.stable, partial.text) == ("", "one two three")
    assert (later.stable, later.text) == ("one two", "one two three")


async def test_a_client_that_comes_back_gets_every_final_once_and_the_sentence_goes_on() -> None:
    async with house() as it:
        session, subscription = await it.session()
        await session.feed(SENTENCE + speech(0.5))
        first = await until(subscription, Final)
        session.detach(subscription)
        again = it.hub.resume(session.id).attach(after_seq=first[-1].seq)
        await session.feed(speech(0.5))
        await session.finish()
        events = await rest(again)
    assert len(finals(first)) == len(finals(events)) == 1
    final = next(event for event in events if isinstance(event, Final))
    assert final.end_seconds - final.start_seconds == pytest.approx(1.3, abs=0.1)


async def test_what_was_said_while_the_client_was_away_is_kept_after_the_end() -> None:
    async with house() as it:
        session, subscription = await it.session()
        await session.feed(SENTENCE)
        await session.finish()
        session.detach(subscription)
        await session.closed.wait()
        await asyncio.sleep(0)
        events = await rest(it.hub.resume(session.id).attach(after_seq=0))
    assert len(finals(events)) == 1
    assert isinstance(events[-1], Closed)


async def test_a_second_connection_takes_over_from_the_first() -> None:
    async with house() as it:
        session, first = await it.session()
        second = session.attach()
        assert await rest(first) == []
        assert first.replaced
        await session.finish()
        assert isinstance((await rest(second))[-1], Closed)


async def test_an_abandoned_session_ends_and_gives_back_its_place() -> None:
    async with house(resume_seconds=0.01) as it:
        session, subscription = await it.session()
        heard = []
        session.observe(heard.append)
        await session.feed(SENTENCE)
        session.detach(subscription)
        async with asyncio.timeout(30):
            await session.closed.wait()
            await asyncio.sleep(0)
        assert len(it.hub) == 0
    assert it.watcher.reasons == ["abandoned"]
    assert len(finals(heard)) == 1


async def test_a_silent_client_is_let_go_with_a_reason() -> None:
    async with house(idle_seconds=0.01, stall_seconds=5.0) as it:
        _, subscription = await it.session()
        assert (await rest(subscription))[-1].reason is CloseReason.IDLE


async def test_a_protocol_may_be_less_patient_than_the_server() -> None:
    async with house(idle_seconds=600.0, stall_seconds=5.0) as it:
        _, subscription = await it.session(replace(PLAIN, bounds=SessionBounds(idle_seconds=0.01)))
        assert (await rest(subscription))[-1].reason is CloseReason.IDLE


async def test_a_protocol_may_allow_less_audio_than_the_server() -> None:
    async with house() as it:
        session, subscription = await it.session(replace(PLAIN, bounds=SessionBounds(max_seconds=3.0)))
        await session.feed(SENTENCE * 2)
        events = await rest(subscription)
    assert len(finals(events)) == 2
    assert events[-1].reason is CloseReason.TOO_LONG


async def test_who_does_not_begin_to_speak_in_time_is_let_go() -> None:
    async with house() as it:
        session, subscription = await it.session(replace(PLAIN, bounds=SessionBounds(lead_seconds=1.0)))
        await session.feed(silence(1.5))
        events = await rest(subscription)
    assert [type(event) for event in events] == [Closed]
    assert events[-1].reason is CloseReason.SILENT


async def test_who_has_begun_to_speak_may_take_any_time() -> None:
    async with house() as it:
        session, subscription = await it.session(replace(PLAIN, bounds=SessionBounds(lead_seconds=1.0)))
        await session.feed(speech(0.8) + silence(2.0) + speech(0.8))
        await session.finish()
        events = await rest(subscription)
    assert len(finals(events)) == 2
    assert events[-1].reason is CloseReason.FINISHED


async def test_sound_that_stops_in_the_middle_ends_the_sentence() -> None:
    async with house(stall_seconds=0.01) as it:
        session, subscription = await it.session()
        await session.feed(speech(1.0))
        assert len(finals(await until(subscription, Final))) == 1
        await session.finish()
        await rest(subscription)


async def test_more_audio_than_allowed_ends_it_with_what_was_said() -> None:
    async with house(max_seconds=3.0) as it:
        session, subscription = await it.session()
        await session.feed(SENTENCE * 2)
        events = await rest(subscription)
        await session.feed(SENTENCE)
    assert len(finals(events)) == 2
    assert events[-1].reason is CloseReason.TOO_LONG


async def test_undecodable_audio_ends_it_with_what_was_said() -> None:
    class Breaking:
        def __init__(self, decoder) -> None:
            self.decoder, self.pushes = decoder, 0

        def push(self, data):
            self.pushes += 1
            if self.pushes > 2:
                raise AudioUndecodable("this is no sound")
            return self.decoder.push(data)

        def close(self) -> None:
            self.decoder.close()

    from live_house import open_decoder

    async with house(decoder=lambda fmt: Breaking(open_decoder(fmt))) as it:
        session, subscription = await it.session()
        await session.feed(SENTENCE + speech(1.0))
        events = await rest(subscription)
    assert len(finals(events)) == 1
    assert (events[-1].reason, events[-1].message) == (CloseReason.UNDECODABLE, "this is no sound")


async def test_a_segment_that_fails_is_told_and_the_session_goes_on() -> None:
    async with house(FakeEngine([EngineFailed("it broke"), "fine"])) as it:
        events = await say(it, SENTENCE, SENTENCE)
    (failed,) = [event for event in events if isinstance(event, SegmentFailed)]
    assert failed.code == "engine_failed"
    assert finals(events) == ["fine"]


async def test_a_final_waits_for_room_in_a_full_queue() -> None:
    gate = Gate()
    engine = FakeEngine(gate=gate, capabilities=replace(FAKE_CAPABILITIES, replicas=1))
    async with house(engine, scheduler=SchedulerSettings(max_queue_items=1)) as it:
        session, subscription = await it.session()
        for _ in range(4):
            await session.feed(SENTENCE)
        await session.finish()
        await asyncio.to_thread(gate.wait_for_arrival)
        gate.let_through(100)
        events = await rest(subscription)
    assert len(finals(events)) == 4


async def test_a_client_far_ahead_is_told_and_read_no_further() -> None:
    gate = Gate()
    engine = FakeEngine(gate=gate, capabilities=replace(FAKE_CAPABILITIES, replicas=1))
    async with house(engine, max_ahead_seconds=3.0, max_finals_in_hand=1) as it:
        session, subscription = await it.session()
        feeding = asyncio.create_task(session.feed(SENTENCE * 5))
        notice = (await until(subscription, Notice))[-1]
        assert not feeding.done()
        gate.let_through(100)
        await feeding
        await session.finish()
        events = await rest(subscription)
    assert notice.kind is NoticeKind.BACKLOG
    assert len(finals(events)) == 5


async def test_commit_ends_the_sentence_and_says_when_all_is_said() -> None:
    async with house() as it:
        session, subscription = await it.session()
        await session.feed(speech(1.0))
        await session.commit()
        events = await until(subscription, Committed)
        await session.finish()
        await rest(subscription)
    assert len(finals(events)) == 1
    assert (events[-1].start_seconds, events[-1].end_seconds) == (0.0, pytest.approx(1.0, abs=0.05))


async def test_cleared_sound_is_never_recognised() -> None:
    async with house() as it:
        session, subscription = await it.session()
        await session.feed(speech(1.0))
        await session.clear()
        await session.finish()
        events = await rest(subscription)
    assert [(event.text, event.suppressed) for event in events if isinstance(event, Final)] == [("", "cleared")]


async def test_nothing_can_be_fed_after_the_end() -> None:
    async with house() as it:
        session, subscription = await it.session()
        await session.finish()
        with pytest.raises(InvalidMessage):
            await session.feed(b"\0\0")
        await rest(subscription)


async def test_a_session_over_the_capacity_is_refused_with_a_time() -> None:
    async with house(max_sessions=1) as it:
        session, subscription = await it.session()
        with pytest.raises(Overloaded) as refusal:
            await it.session()
        assert refusal.value.retry_after_seconds > 0
        await session.finish()
        await rest(subscription)
        await asyncio.sleep(0)
        await it.session()


async def test_only_its_owner_finds_a_session_again() -> None:
    async with house() as it:
        session, _ = await it.session(owner="anna")
        assert it.hub.resume(session.id, owner="anna") is session
        with pytest.raises(SessionNotFound):
            it.hub.resume(session.id, owner="ben")
        with pytest.raises(SessionNotFound):
            it.hub.resume("nobody", owner="anna")


async def test_stopping_gives_the_last_final_and_a_reason() -> None:
    async with house() as it:
        session, subscription = await it.session()
        await session.feed(speech(1.0))
        await it.hub.aclose()
        events = await rest(subscription)
        with pytest.raises(ShuttingDown):
            await it.hub.open(PLAIN, LiveFormat())
    assert len(finals(events)) == 1
    assert events[-1].reason is CloseReason.SHUTTING_DOWN


async def test_no_task_is_left_however_sessions_end() -> None:
    before = asyncio.all_tasks()
    async with house() as it:
        for number in range(6):
            session, subscription = await it.session(StreamOptions())
            await session.feed(SENTENCE + speech(0.7))
            if number % 3 == 0:
                await session.finish()
                await rest(subscription)
            elif number % 3 == 1:
                await session.aclose()
    assert asyncio.all_tasks() == before
    assert sorted(it.watcher.reasons) == ["abandoned", "abandoned", "finished", "finished", *["shutting_down"] * 2]
