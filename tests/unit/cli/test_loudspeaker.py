"""The loudspeaker, with a PortAudio that the test plays."""

from contextlib import contextmanager

import numpy as np
import pytest

from lingting.audio.decode import AudioSource, Decoder
from lingting.cli.loudspeaker import DUCKED_GAIN, Loudspeaker, LoudspeakerUnavailable, Taken
from lingting.domain.errors import InvalidOption

pytestmark = pytest.mark.unit


class PortAudioError(Exception):
    pass


class PortAudio:
    PortAudioError = PortAudioError

    def __init__(self, channels: int = 2, problem: Exception | None = None) -> None:
        self._channels, self._problem = channels, problem

    def query_devices(self) -> list[dict]:
        return [{"max_output_channels": self._channels}]

    @contextmanager
    def _open(self):
        yield

    def OutputStream(self, **_asked: object):  # noqa: N802 - as the library names it
        if self._problem is not None:
            raise self._problem
        return self._open()


def filled(loudspeaker: Loudspeaker, frames: int) -> list[float]:
    sound = np.full((frames, 1), 9.0, np.float32)
    loudspeaker.fill(sound, frames, None, None)
    return [float(value) for value in sound[:, 0]]


def test_sound_is_played_in_order_however_it_is_cut_and_silence_after_it() -> None:
    with Loudspeaker.opened(24_000, PortAudio()) as loudspeaker:
        loudspeaker.play(np.array([0.1, 0.2, 0.3], np.float32))
        loudspeaker.play(np.array([0.4], np.float32))
        assert filled(loudspeaker, 2) == pytest.approx([0.1, 0.2])
        assert filled(loudspeaker, 4) == pytest.approx([0.3, 0.4, 0.0, 0.0])


def test_a_ducked_reply_is_quieter_and_a_stopped_one_is_silent() -> None:
    loudspeaker = Loudspeaker(24_000)
    loudspeaker.play(np.full(4, 0.8, np.float32))
    loudspeaker.duck(is_ducked=True)
    assert filled(loudspeaker, 2) == pytest.approx([0.8 * DUCKED_GAIN] * 2)
    loudspeaker.stop()
    assert filled(loudspeaker, 2) == [0.0, 0.0]


@pytest.mark.parametrize(
    ("library", "words"),
    [(PortAudio(0), "no loudspeaker was found"), (PortAudio(problem=PortAudioError("busy")), "cannot be opened: busy")],
)
def test_a_loudspeaker_that_is_not_there_is_said_at_once(library: PortAudio, words: str) -> None:
    with pytest.raises(LoudspeakerUnavailable, match=words), Loudspeaker.opened(24_000, library):
        pass


def test_what_is_taken_is_written_as_a_file(tmp_path) -> None:
    mouth = Taken(24_000)
    mouth.play(np.zeros(12_000, np.float32))
    mouth.save(tmp_path / "reply.wav")
    with Decoder() as decoder, decoder.open(AudioSource(path=tmp_path / "reply.wav")) as decoded:
        assert sum(block.shape[1] for block in decoded) == pytest.approx(8_000, abs=20)


def test_a_file_that_cannot_be_written_is_said(tmp_path) -> None:
    with pytest.raises(InvalidOption, match="cannot write"):
        Taken(24_000).save(tmp_path / "nowhere" / "reply.wav")
