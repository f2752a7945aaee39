"""A connection whose bot sleeps until a fixed word is heard."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from absent import absent
from lingting.api.ws.dialect import Open
from lingting.api.ws.talking import TalkLink
from lingting.audio.live_formats import LiveFormat
from lingting.audio.wake_words import Spotted, WordSpotter, require_wake_words
from lingting.dialogue.talk.talk_events import BotCalled
from lingting.dialogue.talk.talk_parts import TalkWish
from lingting.dialogue.wake.wake_settings import WakeWish
from lingting.domain import Closed, CloseReason, Event, StreamOptions
from lingting.live.asks import Foreseen
from talk_house import CALL, TalkHouse

pytestmark = pytest.mark.unit


class Session:
    """What a link joins its bot to."""

    far_end = None

    def moment_of(self, audio_seconds: float) -> float:
        return audio_seconds

    def observe(self, callback: Callable[[Event], None]) -> None:
        self.hear = callback

    def foresee(self, told: Callable[[Foreseen], None]) -> None:
        self.foreseen = told

    def spot(self, spotter: WordSpotter, told: Callable[[Spotted], None]) -> None:
        self.spotter, self.told = spotter, told


class Wording:
    def __init__(self) -> None:
        self.events: list[object] = []

    def render_talk(self, event: object) -> list[object]:
        self.events.append(event)
        return []


async def test_the_session_of_a_bot_with_a_fixed_word_listens_for_it_and_the_bot_is_told() -> None:
    if not _is_installed():
        absent("pymicro-wakeword is not here; pip install 'lingting[wake]' to run this")
    session, wording, link = Session(), Wording(), TalkLink(TalkHouse().hub, None, CALL)
    opening = Open(StreamOptions(), LiveFormat(), talk=TalkWish(), wake=WakeWish(words=("alexa",)))
    await link.begin(opening, session)  # type: ignore[arg-type]  # as much of one as a link needs
    assert isinstance(session.spotter, WordSpotter)
    session.told(Spotted("alexa", 1.0))
    session.hear(Closed(1, CloseReason.FINISHED, 1.0))

    async def do(_messages: object) -> None: ...

    await link.tell(wording, do)
    await link.aclose()
    session.spotter.close()
    assert wording.events[0] == BotCalled("alexa")


def _is_installed() -> bool:
    from lingting.domain.errors import EngineUnavailable

    try:
        require_wake_words(["alexa"])
    except EngineUnavailable:
        return False
    return True
