"""OpenAI's Realtime conversations: the official client's voice loop, in its major versions, against a real server.

The engine and the model are scripted, the voices are tones; voice detection, sockets and turn-taking are real.
"""

from __future__ import annotations

import pytest

from chat_stream import calling
from lingting.engines.fake import FakeEngine
from model_server import messages_of, model_in_a_thread, talking_settings
from openai_talk import ASKED, CALLED, CHECKS, LEFT, LONG, REPLY, RESULT, WHAT_IS_LEFT
from openai_versions import VERSIONS, report_of
from spoken import pcm_of

pytestmark = pytest.mark.integration
RATE_BYTES = 48_000


def answered(said: str) -> list[str] | bytes:
    if said == WHAT_IS_LEFT:
        return calling(("c1", *CALLED))
    return {"Tell me a tale": [LONG], RESULT: [LEFT]}.get(said, [REPLY[:5], REPLY[5:]])


@pytest.fixture(scope="module")
def house(open_live):
    with (
        model_in_a_thread(answered) as model,
        open_live(FakeEngine(lambda _: ASKED), talking_settings(model.port, chat={"cache": False})) as live,
    ):
        yield live, model


@pytest.fixture(scope="module")
def sentence(speech, tmp_path_factory):
    """Two seconds of real speech, and the silence that ends it."""
    path = tmp_path_factory.mktemp("speech") / "sentence.pcm"
    path.write_bytes(pcm_of(speech, 24_000)[: 2 * RATE_BYTES] + bytes(2 * RATE_BYTES))
    return path


@pytest.fixture(scope="module", params=VERSIONS)
def report(request, house, sentence):
    """What the client of one major version saw, check by check."""
    live, model = house
    model.requests.clear()
    return report_of(request.param, "openai_talk.py", f"{live.url}/v1", str(sentence))


@pytest.mark.parametrize("check", [check.__name__ for check in CHECKS])
def test_the_voice_loop_runs(report, check) -> None:
    assert report[check] is None, report[check]


def test_the_model_is_told_how_to_behave_for_the_session_and_for_one_response(house, report) -> None:
    told = {
        messages[-1]["content"]: messages[0]["content"].partition("\nAnswer")[0]
        for messages in map(messages_of, house[1].requests)
    }
    assert told["And once?"] == "Be a parrot.\nThe user is Ada."
    assert told["And again?"] == "Be a butler.\nThe user is Ada."
