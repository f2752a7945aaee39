"""What becomes of decoder processes: reuse, replacement, stalls, crashes, closing, sharing."""

from __future__ import annotations

import os
import signal
import threading

import numpy as np
import psutil
import pytest

from hostile import tone, wav_bytes
from lingting.audio.decode import AudioSource, DecodedAudio, Decoder, DecodeSettings
from lingting.domain import PcmFormat
from lingting.domain.errors import AudioUndecodable, Overloaded, ShuttingDown

pytestmark = pytest.mark.integration


def _all(audio: DecodedAudio) -> np.ndarray:
    with audio:
        return np.concatenate(list(audio), axis=1)


def _children() -> set[int]:
    return {child.pid for child in psutil.Process().children()}


def test_a_process_serves_many_files_and_is_replaced_after_its_share():
    before = _children()
    with Decoder(DecodeSettings(files_per_process=2)) as decoder:
        seen = []
        for _ in range(4):
            _all(decoder.open(AudioSource(data=wav_bytes(tone(0.2)))))
            seen.append(frozenset(_children() - before))
        assert len(seen[0]) == 1
        assert seen[1] == seen[3] == frozenset()
        assert seen[0] != seen[2]
    assert _children() == before


def test_a_process_killed_while_idle_is_replaced_unseen():
    before = _children()
    with Decoder() as decoder:
        decoder.warm_up()
        (pid,) = _children() - before
        os.kill(pid, signal.SIGKILL)
        assert _all(decoder.open(AudioSource(data=wav_bytes(tone(0.2))))).shape[1] == 3_200
    assert _children() == before


def test_a_process_killed_at_work_costs_one_error():
    before = _children()
    with Decoder() as decoder:
        audio = decoder.open(AudioSource(data=wav_bytes(tone(60.0))))
        blocks = iter(audio)
        next(blocks)
        (pid,) = _children() - before
        os.kill(pid, signal.SIGSEGV)
        with pytest.raises(AudioUndecodable, match="broke the decoder"):
            list(blocks)
        assert _all(decoder.open(AudioSource(data=wav_bytes(tone(0.2))))).shape[1] == 3_200


def test_a_process_that_stalls_is_ended():
    before = _children()
    with Decoder(DecodeSettings(stall_seconds=0.2)) as decoder:
        audio = decoder.open(AudioSource(data=wav_bytes(tone(60.0))))
        (pid,) = _children() - before
        os.kill(pid, signal.SIGSTOP)
        with pytest.raises(AudioUndecodable, match="too long to decode"):
            list(audio)
        assert pid not in _children()


def test_a_file_that_needs_too_much_memory_costs_one_error():
    with Decoder(DecodeSettings(memory_bytes=4 * 1024 * 1024)) as decoder:
        hungry = AudioSource(data=bytes(16 * 384_000 * 4), pcm=PcmFormat("f32le", 384_000, 16))
        with pytest.raises(AudioUndecodable, match="more memory"):
            _all(decoder.open(hungry))
        assert _all(decoder.open(AudioSource(data=wav_bytes(tone(0.2))))).shape[1] == 3_200


def test_closing_early_ends_the_work_and_frees_the_place():
    before = _children()
    with Decoder(DecodeSettings(max_processes=1, wait_seconds=0.05)) as decoder:
        audio = decoder.open(AudioSource(data=wav_bytes(tone(60.0))))
        next(iter(audio))
        with pytest.raises(Overloaded) as caught:
            decoder.open(AudioSource(data=wav_bytes(tone(0.2))))
        assert caught.value.retry_after_seconds > 0
        audio.close()
        audio.close()
        assert _children() == before
        assert _all(decoder.open(AudioSource(data=wav_bytes(tone(0.2))))).shape[1] == 3_200


@pytest.mark.parametrize("closed", ["audio", "decoder"])
def test_closing_from_another_thread_wakes_the_reader(closed):
    before = _children()
    with Decoder() as decoder:
        audio = decoder.open(AudioSource(data=wav_bytes(tone(60.0))))
        (pid,) = _children() - before
        os.kill(pid, signal.SIGSTOP)
        errors: list[BaseException] = []

        def read() -> None:
            with pytest.raises(ShuttingDown) as caught:
                list(audio)
            errors.append(caught.value)

        reading = threading.Thread(target=read)
        reading.start()
        (audio if closed == "audio" else decoder).close()
        reading.join(timeout=10)
        assert not reading.is_alive()
        assert len(errors) == 1
    assert _children() == before


def test_a_closed_decoder_refuses():
    decoder = Decoder()
    decoder.close()
    with pytest.raises(ShuttingDown):
        decoder.open(AudioSource(data=wav_bytes(tone(0.2))))


def test_many_threads_share_the_pool():
    source = AudioSource(data=wav_bytes(tone(1.5)))
    lengths: list[int] = []
    with Decoder(DecodeSettings(max_processes=2)) as decoder:

        def work() -> None:
            for _ in range(5):
                lengths.append(_all(decoder.open(source)).shape[1])

        threads = [threading.Thread(target=work) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert lengths == [24_000] * 30
