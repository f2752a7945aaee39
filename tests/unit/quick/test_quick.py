"""One blocking call: the model is loaded once, from whatever thread it is called."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from lingting import quick
from lingting.audio.decode import AudioSource
from lingting.domain import RecognizeOptions, Segment, Task, Transcript
from lingting.domain.errors import InvalidOption, ModelMissing

pytestmark = pytest.mark.unit
WISHES = quick._Wishes(model=None, engine=None)
SOURCE = AudioSource(data=b"sound")


@dataclass
class Services:
    """Counts how often it is opened and closed, and answers with the name of the loop's thread."""

    opened: int = 0
    closed: int = 0
    fails: list[BaseException] = field(default_factory=list)

    @property
    def pipeline(self) -> Services:
        return self

    @asynccontextmanager
    async def open(self, wishes: quick._Wishes) -> AsyncIterator[Services]:
        self.opened += 1
        if self.fails:
            raise self.fails.pop()
        async with asyncio.TaskGroup():  # may only be left by the task that entered it
            yield self
        self.closed += 1

    async def transcribe(self, source: AudioSource, options: RecognizeOptions) -> Transcript:
        await asyncio.sleep(0)
        segment = Segment(0, 0.0, 1.0, threading.current_thread().name, options.language or "en")
        return Transcript(segments=(segment,), language="en", duration_seconds=1.0)


@pytest.fixture
def services() -> Services:
    return Services()


@pytest.fixture
def worker(services: Services) -> Iterator[quick._Worker]:
    made = quick._Worker(services.open)
    yield made
    made.close()


def _ask(worker: quick._Worker, wishes: quick._Wishes = WISHES) -> Transcript:
    return worker.run(worker.transcribe(SOURCE, RecognizeOptions(), wishes))


def test_the_model_is_opened_once_for_many_calls(worker: quick._Worker, services: Services) -> None:
    assert _ask(worker).text == _ask(worker).text == "lingting-quick"
    assert services.opened == 1


def test_another_model_is_opened_beside_the_first(worker: quick._Worker, services: Services) -> None:
    _ask(worker)
    _ask(worker, quick._Wishes(model="other", engine=None))
    assert services.opened == 2


def test_threads_share_one_loop(worker: quick._Worker, services: Services) -> None:
    threads = [threading.Thread(target=_ask, args=(worker,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert services.opened == 1


async def test_a_running_loop_is_no_hindrance(worker: quick._Worker) -> None:
    assert _ask(worker).text == "lingting-quick"


def test_a_failed_start_is_told_and_tried_again(worker: quick._Worker, services: Services) -> None:
    services.fails.append(ModelMissing("not here"))
    with pytest.raises(ModelMissing):
        _ask(worker)
    assert _ask(worker).text == "lingting-quick"


def test_closing_ends_everything_and_the_next_call_starts_anew(worker: quick._Worker, services: Services) -> None:
    _ask(worker)
    worker.close()
    assert services.closed == 1
    _ask(worker)
    assert services.opened == 2


def test_closing_twice_is_harmless(worker: quick._Worker) -> None:
    worker.close()
    worker.close()


def test_options_may_be_written_as_words() -> None:
    options = quick._options({"task": "translate", "language": "zh-CN", "word_times": True})
    assert (options.task, options.language, options.word_times) == (Task.TRANSLATE, "zh", True)


@pytest.mark.parametrize("given", [{"task": "sing"}, {"colour": "red"}, {"beam_size": 99}])
def test_wrong_options_are_named(given: dict[str, object]) -> None:
    with pytest.raises(InvalidOption, match=next(iter(given))):
        quick._options(dict(given))


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidOption, match="check the name"):
        quick.transcribe(tmp_path / "nothing.wav")
