"""Items of a Realtime session: whatever the session says and the client does, deltas and transcripts agree."""

import json
import random
from collections import deque

import pytest

from lingting.api.ws.openai.events import EventWriter
from lingting.api.ws.openai.items import Conversation
from lingting.domain import Committed, Final, Partial, SegmentFailed, SpeechEnded, SpeechStarted

pytestmark = pytest.mark.unit

DELTA = "conversation.item.input_audio_transcription.delta"
COMPLETED = "conversation.item.input_audio_transcription.completed"
FAILED = "conversation.item.input_audio_transcription.failed"
WORDS = ["the", "quick", "brown", "fox", "jumps", "over", "lazy", "dogs", "and", "then", "你好", "世界", "今天"]


class Core:
    """A session's order of events without its sound: takes orders and steps, and gives events when it likes."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.orders: deque[str] = deque()
        self.events: deque[object] = deque()
        self.said: dict[int, str] = {}
        """What was said in each segment, by the finals."""
        self.of_commit: dict[int, list[int]] = {}
        """Which segments have their end before each commit, since the one before."""
        self._pending: deque[object] = deque()
        self._open: tuple[int, str] | None = None
        self._segments = self._commits = 0
        self._since: list[int] = []

    def step(self) -> None:
        """One thing happens to the session."""
        if self.orders and self.chance.random() < 0.4:
            self._obey(self.orders.popleft())
        elif self._open is None:
            if self.chance.random() < 0.5:
                self._segments += 1
                self._open = (self._segments, "")
                self.events.append(SpeechStarted(0, self._segments, 0.0))
        elif self.chance.random() < 0.7:
            number, stable = self._open
            stable = f"{stable} {self.chance.choice(WORDS)}".strip()
            self._open = (number, stable)
            self.events.append(Partial(0, number, 0.0, 1.0, stable, " tail", "en"))
        else:
            self._end()
        if self._pending and self.chance.random() < 0.4:
            self._answer()

    def finish(self) -> None:
        while self.orders:
            self._obey(self.orders.popleft())
        self._end()
        while self._pending:
            self._answer()

    def _obey(self, order: str) -> None:
        self._end()
        if order == "clear":
            cleared = {("final", number) for number in self._since}
            self._pending = deque(("cleared", one[1]) if one in cleared else one for one in self._pending)
            return
        self._commits += 1
        self.of_commit[self._commits], self._since = self._since, []
        self._pending.append(("commit", self._commits))
        while self._pending and self._pending[0][0] == "commit":
            self._answer()

    def _end(self) -> None:
        if self._open is None:
            return
        number, stable = self._open
        self._open = None
        self._since.append(number)
        self.said[number] = stable
        self.events.append(SpeechEnded(0, number, 0.0, 1.0))
        self._pending.append(("final", number))

    def _answer(self) -> None:
        kind, number = self._pending.popleft()
        if kind == "commit":
            self.events.append(Committed(0, number, 0.0, 2.0))
        elif kind == "cleared":
            self.events.append(Final(0, number, 0.0, 1.0, "", "en", suppressed="cleared"))
        elif self.chance.random() < 0.1:
            self.events.append(SegmentFailed(0, number, 0.0, 1.0, "engine_failed", "broke", retryable=True))
        else:
            text = self.said[number]
            if self.chance.random() < 0.5:
                text = f"{text.title()}, {self.chance.choice(WORDS)} segment{number}."
            self.events.append(Final(0, number, 0.0, 1.0, text, "en"))


class Client:
    """What one connection was told, checked as it comes."""

    def __init__(self) -> None:
        self.ids: set[str] = set()
        self.added: list[str] = []
        self.committed: list[str] = []
        self.text: dict[str, str] = {}
        self.over: dict[str, str] = {}
        self.deleted: set[str] = set()

    def hear(self, messages: list[str]) -> None:
        for message in messages:
            event = json.loads(message)
            assert event["event_id"] not in self.ids
            self.ids.add(event["event_id"])
            self._hear(event)

    def _hear(self, event: dict) -> None:
        kind, item = event["type"], event.get("item_id") or event.get("item", {}).get("id")
        if kind == "conversation.item.added":
            assert item not in self.added
            assert event["previous_item_id"] == (self._last() if self.added else None)
            self.added.append(item)
        elif kind == "input_audio_buffer.committed":
            assert item not in self.committed
            self.committed.append(item)
        elif kind == "conversation.item.done":
            assert item in self.added
            assert item in self.committed
        elif kind == "conversation.item.deleted":
            assert item in self.added
            assert item not in self.committed
            self.deleted.add(item)
        elif kind == DELTA:
            assert item in self.added
            assert item not in self.over
            assert item not in self.deleted
            self.text[item] = self.text.get(item, "") + event["delta"]
        elif kind in (COMPLETED, FAILED):
            assert item in self.committed
            assert item not in self.over
            self.over[item] = kind
            if kind == COMPLETED:
                assert event["transcript"] == self.text.get(item, "")

    def _last(self) -> str | None:
        return next((item for item in reversed(self.added) if item not in self.deleted), None)


def render(conversation: Conversation, event: object) -> list[str]:
    words = {
        SpeechStarted: conversation.started,
        SpeechEnded: conversation.ended,
        Partial: conversation.partial,
        Final: conversation.final,
        SegmentFailed: conversation.failed,
        Committed: conversation.committed,
    }
    return words[type(event)](event)


def play(seed: int, *, is_manual: bool, may_switch: bool = False) -> tuple[Core, Client, Conversation]:
    chance = random.Random(seed)
    core, client = Core(chance), Client()
    conversation = Conversation(EventWriter("t"), is_manual=is_manual)

    def order(kind: str) -> None:
        if kind == "commit":
            client.hear(conversation.commit())
            core.orders.append("commit")
        else:
            client.hear(conversation.clear())
            core.orders.extend(["clear", "commit"] if is_manual else ["clear"])

    for _ in range(120):
        action = chance.random()
        if action < 0.06:
            order("commit")
        elif action < 0.08:
            order("clear")
        elif action < 0.10 and may_switch:
            if is_manual and conversation.has_uncommitted_speech:
                order("commit")
            is_manual = not is_manual
            conversation.detect_turns(not is_manual)
        elif action < 0.55:
            core.step()
        elif core.events:
            client.hear(render(conversation, core.events.popleft()))
    order("commit")
    core.finish()
    while core.events:
        client.hear(render(conversation, core.events.popleft()))
    return core, client, conversation


@pytest.mark.parametrize("seed", range(25))
@pytest.mark.parametrize("is_manual", [True, False], ids=["manual", "detected"])
def test_every_committed_item_has_one_end_and_its_deltas_are_its_transcript(seed, is_manual) -> None:
    core, client, conversation = play(seed, is_manual=is_manual)
    assert set(client.over) == set(client.committed)
    assert set(client.added) == set(client.committed) | client.deleted
    assert conversation.awaited == 0
    assert not conversation.has_uncommitted_speech
    if not is_manual:
        assert len(client.committed) >= len(core.said)


@pytest.mark.parametrize("seed", range(25))
def test_the_same_holds_while_detection_is_switched_on_and_off(seed) -> None:
    _, client, conversation = play(seed, is_manual=seed % 2 == 0, may_switch=True)
    assert set(client.over) == set(client.committed)
    assert conversation.awaited == 0


@pytest.mark.parametrize("seed", range(25))
def test_a_manual_item_holds_the_speech_before_its_commit_and_no_other(seed) -> None:
    core, client, _ = play(seed, is_manual=True)
    told = {number: {item for item, text in client.text.items() if f"segment{number}." in text} for number in core.said}
    for segments in core.of_commit.values():
        homes = {item for number in segments for item in told[number]}
        assert len(homes) <= 1
    owners = [items for items in told.values() if items]
    assert all(len(items) == 1 for items in owners)


def test_a_turn_is_told_in_the_order_that_clients_know() -> None:
    conversation, kinds = Conversation(EventWriter("t"), is_manual=False), []
    for event in (
        SpeechStarted(1, 1, 0.5),
        SpeechEnded(2, 1, 0.5, 2.0),
        Final(3, 1, 0.5, 2.0, "Hello there.", "en"),
    ):
        kinds += [json.loads(message)["type"] for message in render(conversation, event)]
    assert kinds == [
        "input_audio_buffer.speech_started",
        "input_audio_buffer.speech_stopped",
        "input_audio_buffer.committed",
        "conversation.item.added",
        "conversation.item.done",
        DELTA,
        COMPLETED,
    ]
