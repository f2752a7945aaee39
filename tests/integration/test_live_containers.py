"""Compressed sound decoded while it arrives: the sound itself, hostile streams, and what becomes of the processes."""

from __future__ import annotations

import functools
import io
import os
import random
import signal
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
import psutil
import pytest

from hostile import encoded_tone, hostile_files, long_flac, tone, wav_bytes
from lingting.audio.decode import AudioSource, Decoder
from lingting.audio.live_decode import LiveDecoders
from lingting.audio.live_formats import CONTAINERS, LiveDecoder, LiveFormat, LiveSettings
from lingting.domain.errors import AudioUndecodable, Overloaded, ShuttingDown

pytestmark = pytest.mark.integration

SPEECH = Path(__file__).parents[2] / "samples" / "en-short.flac"
PATIENCE = LiveSettings(prompt_seconds=20.0)
"""For tests about which sound comes with which bytes: on a busy machine a process is not always prompt."""
COMPRESSED = tuple(name for name in CONTAINERS if name != "wav")


@dataclass(frozen=True)
class _Case:
    declared: str
    muxer: str
    codec: str
    rate_hz: int = 48_000
    layout: str = "mono"
    options: tuple[tuple[str, str], ...] = ()


CASES = {
    # A MediaRecorder's WebM: nothing to seek in, clusters and segment of unknown size, no duration.
    "webm_live": _Case("webm", "webm", "libopus", options=(("live", "1"),)),
    "webm_stereo": _Case("webm", "webm", "libopus", layout="stereo"),
    "webm_vorbis": _Case("webm", "webm", "vorbis", rate_hz=44_100, layout="stereo"),
    "ogg_opus": _Case("ogg", "ogg", "libopus"),
    "ogg_short_pages": _Case("ogg", "ogg", "libopus", options=(("page_duration", "20000"),)),
    "mp3": _Case("mp3", "mp3", "libmp3lame", rate_hz=44_100),
    "mp3_16khz": _Case("mp3", "mp3", "libmp3lame", rate_hz=16_000),
    "aac": _Case("aac", "adts", "aac", rate_hz=44_100, layout="stereo"),
    "flac": _Case("flac", "flac", "flac", rate_hz=16_000),
    "flac_48khz": _Case("flac", "flac", "flac", layout="stereo"),
    "amr": _Case("amr", "amr", "libopencore_amrnb", rate_hz=8_000),
    "wav": _Case("wav", "wav", "pcm_s16le", rate_hz=44_100, layout="stereo"),
}
CODEC_FRAME_SAMPLES = 1_152
"""The longest frame of the codecs here that do not say how much of the last one is padding: MP3."""


class _Pipe(io.RawIOBase):
    """Where a muxer writes that cannot go back."""

    def __init__(self) -> None:
        self.written = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: bytes) -> int:
        self.written += data
        return len(data)


@functools.cache
def _encoded(name: str) -> bytes:
    """The speech sample as one of `CASES`, written as to a pipe."""
    case, pipe = CASES[name], _Pipe()
    with av.open(str(SPEECH)) as reader, av.open(pipe, "w", format=case.muxer, options=dict(case.options)) as writer:
        stream = writer.add_stream(
            case.codec, rate=case.rate_hz, layout=case.layout, options={"strict": "experimental"}
        )
        convert = av.AudioResampler(format=stream.codec_context.format, layout=case.layout, rate=case.rate_hz)
        for frame in reader.decode(audio=0):
            for piece in convert.resample(frame):
                writer.mux(stream.encode(piece))
        for piece in convert.resample(None):
            writer.mux(stream.encode(piece))
        writer.mux(stream.encode(None))
    return bytes(pipe.written)


@functools.cache
def _whole(name: str) -> np.ndarray:
    """What the decoder of files makes of it."""
    with Decoder() as decoder, decoder.open(AudioSource(data=_encoded(name))) as audio:
        return np.concatenate(list(audio), axis=1)[0]


def _format(container: str) -> LiveFormat:
    return LiveFormat(pcm=None, container=container)


def _pieces(data: bytes, *, seed: int) -> Iterator[bytes]:
    rng, start = random.Random(seed), 0
    while start < len(data):
        end = start + rng.choice([1, 2, 3, 17, 160, 1_000, 5_000, 40_000])
        yield data[start:end]
        start = end


def _decoded(decoder: LiveDecoder, pieces: Iterator[bytes] | list[bytes]) -> np.ndarray:
    try:
        return np.concatenate([*(decoder.push(piece) for piece in pieces), decoder.finish()])
    finally:
        decoder.close()


def _assert_same_sound(samples: np.ndarray, expected: np.ndarray) -> None:
    assert abs(len(samples) - len(expected)) <= CODEC_FRAME_SAMPLES
    # The frame of an MP3 that holds no sound but a table of the file is passed over or silent: the ends agree.
    both = min(len(samples), len(expected))
    assert np.corrcoef(samples[-both:], expected[-both:])[0, 1] > 0.999


def _children() -> set[int]:
    return {child.pid for child in psutil.Process().children()}


@pytest.fixture(scope="module")
def decoders() -> Iterator[LiveDecoders]:
    opened = LiveDecoders()
    yield opened
    opened.close()


@pytest.fixture
def no_leak() -> Iterator[None]:
    """No process and no descriptor is left, and nothing that was not there before."""
    processes, descriptors = _children(), psutil.Process().num_fds()
    yield
    assert _children() == processes
    assert psutil.Process().num_fds() == descriptors


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("seed", [1, 2])
def test_the_sound_is_that_of_the_whole_file_however_it_is_cut(decoders, name, seed):
    samples = _decoded(decoders.open(_format(CASES[name].declared)), _pieces(_encoded(name), seed=seed))
    _assert_same_sound(samples, _whole(name))


@pytest.mark.parametrize("name", ["webm_live", "ogg_short_pages", "mp3", "aac", "flac"])
def test_single_bytes_are_enough(decoders, name):
    data = _encoded(name)[:12_000]
    samples = _decoded(decoders.open(_format(CASES[name].declared)), [data[i : i + 1] for i in range(len(data))])
    _assert_same_sound(samples, _decoded(decoders.open(_format(CASES[name].declared)), [data]))


@pytest.mark.parametrize("name", ["webm_live", "ogg_short_pages", "mp3", "mp3_16khz", "aac", "flac", "wav"])
def test_sound_comes_with_its_bytes(name):
    opened = LiveDecoders(PATIENCE)
    decoder, data = opened.open(_format(CASES[name].declared)), _encoded(name)
    half = sum(len(decoder.push(data[i : i + 500])) for i in range(0, len(data) // 2, 500))
    rest = sum(len(decoder.push(data[i : i + 500])) for i in range(len(data) // 2 // 500 * 500 + 500, len(data), 500))
    last = len(decoder.finish())
    opened.close()
    assert half > 0.3 * len(_whole(name))  # speech is not spread evenly over its bytes
    assert half + rest + last == pytest.approx(len(_whole(name)), abs=CODEC_FRAME_SAMPLES)
    assert last < 0.3 * 16_000


def test_a_large_message_does_not_block_either_side(decoders):
    # 9 MB of samples come back while 1 MB goes down: far more than both sockets hold.
    data = encoded_tone("flac", "flac", seconds=150.0, rate_hz=16_000)
    samples = _decoded(decoders.open(_format("flac")), [data])
    assert len(samples) == 150 * 16_000


@pytest.mark.parametrize("name", ["webm_live", "ogg_opus", "mp3", "flac", "wav"])
def test_a_recorder_that_starts_again_goes_on(decoders, name):
    samples = _decoded(decoders.open(_format(CASES[name].declared)), [_encoded(name), _encoded(name)])
    assert len(samples) == pytest.approx(2 * len(_whole(name)), abs=4 * CODEC_FRAME_SAMPLES)


@pytest.mark.parametrize("name", CASES)
def test_a_stream_that_is_cut_off_gives_what_had_come(decoders, name):
    data = _encoded(name)
    samples = _decoded(decoders.open(_format(CASES[name].declared)), [data[: len(data) // 2 - 3]])
    assert len(samples) > 0.3 * len(_whole(name))


@pytest.mark.parametrize("container", CONTAINERS)
def test_a_stream_without_a_byte_is_silent(decoders, container):
    assert len(_decoded(decoders.open(_format(container)), [b"", b""])) == 0


@pytest.mark.parametrize("container", CONTAINERS)
@pytest.mark.parametrize("sent", ["webm_live", "ogg_opus", "mp3", "flac", "wav"])
def test_another_container_than_declared_is_named(decoders, container, sent):
    if CASES[sent].declared == container:
        return
    decoder = decoders.open(_format(container))
    with pytest.raises(AudioUndecodable, match=f"declared as {container}"):
        _decoded(decoder, [_encoded(sent)])


@pytest.mark.parametrize("container", COMPRESSED)
def test_hostile_streams_cost_one_error_or_their_first_sound(decoders, container):
    for name, data in hostile_files():
        decoder = decoders.open(_format(container))
        try:
            samples = _decoded(decoder, [data[i : i + 4_000] for i in range(0, len(data), 4_000)])
        except AudioUndecodable:
            continue
        assert len(samples) < 3 * 16_000, name


@pytest.mark.parametrize("name", ["webm_live", "ogg_short_pages"])
def test_a_gap_costs_only_what_was_in_it(decoders, name):
    data, expected = _encoded(name), _whole(name)
    middle = len(data) // 2
    samples = _decoded(decoders.open(_format(CASES[name].declared)), [data[: middle - 1_500], data[middle + 1_500 :]])
    assert len(samples) > 0.85 * len(expected)
    assert np.corrcoef(samples[-32_000:], expected[-32_000:])[0, 1] > 0.99


@pytest.mark.parametrize("name", ["aac", "flac"])
def test_damage_in_the_middle_is_an_error(decoders, name):
    data = bytearray(_encoded(name))
    middle = len(data) // 2
    data[middle : middle + 6_000] = np.random.default_rng(4).integers(0, 256, 6_000, dtype=np.uint8).tobytes()
    with pytest.raises(AudioUndecodable):
        _decoded(decoders.open(_format(CASES[name].declared)), _pieces(bytes(data), seed=1))


def test_a_little_that_unfolds_to_hours_is_refused(decoders):
    decoder = decoders.open(_format("flac"))
    with pytest.raises(AudioUndecodable, match=r"unfolds|at once"):
        _decoded(decoder, [long_flac(5.0)])


def test_megabytes_without_sound_are_refused(decoders):
    tag = b"ID3\x04\x00\x00\x7f\x7f\x7f\x7f"
    with pytest.raises(AudioUndecodable, match="no sound in the first"):
        _decoded(decoders.open(_format("mp3")), [tag, *[bytes(1_000_000)] * 6])


@pytest.mark.usefixtures("no_leak")
def test_a_killed_process_costs_its_stream_and_no_other():
    before = _children()
    opened = LiveDecoders(LiveSettings(spare_processes=0))
    first, other = opened.open(_format("webm")), None
    (pid,) = _children() - before
    other = opened.open(_format("webm"))
    data = _encoded("webm_live")
    first.push(data[:5_000])
    os.kill(pid, signal.SIGSEGV)
    with pytest.raises(AudioUndecodable, match="broke the decoder"):
        _decoded(first, [data[5_000:]])
    _assert_same_sound(_decoded(other, [data]), _whole("webm_live"))
    opened.close()


@pytest.mark.usefixtures("no_leak")
def test_a_process_that_stands_still_is_ended():
    before = _children()
    opened = LiveDecoders(LiveSettings(spare_processes=0, stall_seconds=0.2, prompt_seconds=0.01))
    decoder = opened.open(_format("webm"))
    (pid,) = _children() - before
    os.kill(pid, signal.SIGSTOP)
    with pytest.raises(AudioUndecodable, match="too long to decode"):
        _decoded(decoder, [bytes.fromhex("1a45dfa3") + bytes(4_000_000)])
    assert pid not in _children()
    opened.close()


@pytest.mark.usefixtures("no_leak")
def test_a_process_that_stands_still_over_small_pushes_is_ended():
    before = _children()
    opened = LiveDecoders(LiveSettings(spare_processes=0, stall_seconds=0.2, prompt_seconds=0.01))
    decoder = opened.open(_format("webm"))
    (pid,) = _children() - before
    os.kill(pid, signal.SIGSTOP)
    data = _encoded("webm_live")
    with pytest.raises(AudioUndecodable, match="too long to decode"):
        _decoded(decoder, [data[i : i + 100] for i in range(0, len(data), 100)])
    opened.close()


@pytest.mark.usefixtures("no_leak")
def test_closing_in_any_order_and_twice_leaves_nothing():
    opened = LiveDecoders()
    opened.warm_up()
    streams = [opened.open(_format(container)) for container in ("webm", "flac", "mp3")]
    streams[0].push(_encoded("webm_live")[:3_000])
    streams[1].push(_encoded("flac"))
    streams[1].finish()
    for stream in streams * 2:
        stream.close()
    with pytest.raises(ShuttingDown):
        streams[0].push(b"more")
    opened.close()
    opened.close()


@pytest.mark.usefixtures("no_leak")
@pytest.mark.parametrize("closed", ["stream", "all"])
def test_closing_from_another_thread_wakes_the_pusher(closed):
    before = _children()
    opened = LiveDecoders(LiveSettings(spare_processes=0, stall_seconds=60.0))
    decoder = opened.open(_format("webm"))
    (pid,) = _children() - before
    os.kill(pid, signal.SIGSTOP)
    errors: list[BaseException] = []

    def push() -> None:
        with pytest.raises(ShuttingDown) as caught:
            decoder.push(bytes.fromhex("1a45dfa3") + bytes(4_000_000))
        errors.append(caught.value)

    pushing = threading.Thread(target=push)
    pushing.start()
    (decoder if closed == "stream" else opened).close()
    pushing.join(timeout=20)
    assert not pushing.is_alive()
    assert len(errors) == 1
    opened.close()


@pytest.mark.usefixtures("no_leak")
@pytest.mark.parametrize("end", ["close", "finish", "error"])
def test_one_stream_too_many_is_refused_until_a_place_is_free(end):
    opened = LiveDecoders(LiveSettings(max_processes=1))
    decoder = opened.open(_format("webm"))
    with pytest.raises(Overloaded) as caught:
        opened.open(_format("ogg"))
    assert caught.value.retry_after_seconds > 0
    assert len(opened.open(_format("wav")).push(wav_bytes(tone(0.1)))) == 1_600  # which needs no process
    if end == "close":
        decoder.close()
    elif end == "finish":
        decoder.finish()
    else:
        with pytest.raises(AudioUndecodable):
            decoder.push(b"OggS" + bytes(100))
    _assert_same_sound(_decoded(opened.open(_format("ogg")), [_encoded("ogg_opus")]), _whole("ogg_opus"))
    opened.close()


@pytest.mark.usefixtures("no_leak")
def test_one_process_is_kept_ready_and_a_dead_one_is_replaced_unseen():
    before = _children()
    opened = LiveDecoders()
    assert _children() == before
    opened.warm_up()
    opened.warm_up()
    (spare,) = _children() - before
    os.kill(spare, signal.SIGKILL)
    _assert_same_sound(_decoded(opened.open(_format("webm")), [_encoded("webm_live")]), _whole("webm_live"))
    assert len(_children() - before) == 1
    opened.close()


@pytest.mark.usefixtures("no_leak")
def test_a_process_that_got_no_byte_serves_the_next_stream():
    before = _children()
    opened = LiveDecoders()
    opened.warm_up()
    spare = _children() - before
    for _ in range(3):
        with pytest.raises(AudioUndecodable, match="declared as ogg"):
            _decoded(opened.open(_format("ogg")), [b"no sound, but words"])
        assert _children() - before == spare
    opened.close()


def test_a_closed_server_refuses():
    opened = LiveDecoders()
    opened.close()
    with pytest.raises(ShuttingDown):
        opened.open(_format("webm"))


def test_a_process_holds_no_secret_and_no_file(monkeypatch, decoders):
    monkeypatch.setenv("LINGTING_SECRET", "do-not-tell")
    opened = LiveDecoders(LiveSettings(spare_processes=0))
    before = _children()
    decoder = opened.open(_format("webm"))
    (pid,) = _children() - before
    child = psutil.Process(pid)
    assert "LINGTING_SECRET" not in child.environ()
    assert child.open_files() == []
    decoder.close()
    opened.close()
