"""Hostile files through the decoder: each costs one coded error, and nothing else is touched."""

from __future__ import annotations

import itertools
import os
import random
import subprocess
import sys

import numpy as np
import psutil
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hostile import encoded_tone, hostile_files, tone, wav_bytes
from lingting.audio.decode import AudioSource, Decoder, DecodeSettings
from lingting.domain import ChannelMode
from lingting.domain.errors import InvalidInput

pytestmark = pytest.mark.integration

GOOD = AudioSource(data=wav_bytes(tone(0.5)))
FILES = hostile_files()


@pytest.fixture(scope="module")
def decoder():
    with Decoder(DecodeSettings(max_seconds=600.0, max_processes=2)) as shared:
        yield shared


def _samples(decoder: Decoder, source: AudioSource, mode: ChannelMode = ChannelMode.MIX) -> int:
    with decoder.open(source, mode=mode) as audio:
        return sum(block.shape[1] for block in audio)


def _error(decoder: Decoder, data: bytes) -> InvalidInput:
    with pytest.raises(InvalidInput) as caught:
        _samples(decoder, AudioSource(data=data))
    return caught.value


def test_there_are_at_least_fifty_hostile_files():
    assert len({name for name, _ in FILES}) == len(FILES) >= 50


@pytest.mark.parametrize(("name", "data"), FILES, ids=[name for name, _ in FILES])
def test_a_hostile_file_costs_one_coded_error(decoder, name, data):
    error = _error(decoder, data)
    assert error.code == ("audio_too_long" if "bomb" in name else "audio_undecodable")
    assert 10 < len(error.message) < 200
    assert _samples(decoder, GOOD) == 8_000


@pytest.mark.parametrize(
    ("data", "seen"),
    [
        (b"", "empty"),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), "PNG"),
        (b"<html><body>no</body></html>", "HTML"),
        (wav_bytes(tone(1.0))[:5_000], "cut short"),
        (wav_bytes(np.zeros(0)), "WAV"),
    ],
)
def test_the_error_says_what_was_seen(decoder, data, seen):
    assert seen in _error(decoder, data).message


def test_a_playlist_opens_nothing(decoder, tmp_path):
    target = tmp_path / "target.wav"
    target.write_bytes(wav_bytes(tone(1.0)))
    for text in (f"ffconcat version 1.0\nfile '{target}'\n", f"#EXTM3U\n#EXTINF:1,\n{target}\n#EXT-X-ENDLIST\n"):
        playlist = tmp_path / "list.wav"
        playlist.write_text(text)
        with pytest.raises(InvalidInput, match="playlist"):
            _samples(decoder, AudioSource(path=playlist))


def test_memory_of_the_server_stays_flat(decoder):
    me = psutil.Process()
    for _, data in FILES[:-1]:
        _error(decoder, data)
    before = me.memory_info().rss
    for _, data in itertools.islice(itertools.cycle(FILES[:-1]), 400):
        _error(decoder, data)
    assert me.memory_info().rss - before < 8 * 1024 * 1024
    assert len(me.children()) <= 2


SEEDS = {
    "wav": wav_bytes(tone(0.5)),
    "mp3": encoded_tone("mp3", "libmp3lame", seconds=0.5),
    "flac": encoded_tone("flac", "flac", seconds=0.5),
    "opus": encoded_tone("ogg", "libopus", seconds=0.5),
    "webm": encoded_tone("webm", "libopus", seconds=0.5),
    "m4a": encoded_tone("mp4", "aac", seconds=0.5),
    "wma": encoded_tone("asf", "wmav2", seconds=0.5),
    "caf": encoded_tone("caf", "pcm_s16be", seconds=0.5),
    "aiff": encoded_tone("aiff", "pcm_s16be", seconds=0.5),
    "silk": b"\x02#!SILK_V3" + b"\x20\x00" + bytes(range(32)),
}


def _survives(decoder: Decoder, data: bytes) -> None:
    """Damage may go unnoticed, but the answer is samples or a coded error."""
    try:
        count = _samples(decoder, AudioSource(data=data))
    except InvalidInput:
        return
    assert 0 < count <= 600.1 * 16_000


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.binary(min_size=1, max_size=2_000))
def test_random_bytes_never_break_the_decoder(decoder, data):
    _survives(decoder, data)


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(kind=st.sampled_from(sorted(SEEDS)), seed=st.integers(0, 2**32), count=st.integers(1, 30), head=st.booleans())
def test_mutated_files_never_break_the_decoder(decoder, kind, seed, count, head):
    chance = random.Random(seed)
    data = bytearray(SEEDS[kind])
    reach = min(len(data), 200) if head else len(data)
    for _ in range(count):
        data[chance.randrange(reach)] = chance.choice((0, 1, 0x7F, 0x80, 0xFF, chance.randrange(256)))
    if chance.random() < 0.3:
        del data[chance.randrange(len(data)) :]
    _survives(decoder, bytes(data) or b"\0")


def test_the_decoder_is_well_afterwards(decoder):
    assert _samples(decoder, GOOD) == 8_000


SERVER_KILLED_AT_WORK = """
import os, psutil, signal
from hostile import tone, wav_bytes
from lingting.audio.decode import AudioSource, Decoder

decoder = Decoder()
busy = decoder.open(AudioSource(data=wav_bytes(tone(60.0))))
next(iter(busy))
decoder.warm_up()
print(*(child.pid for child in psutil.Process().children()), flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_no_process_outlives_a_killed_server():
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    killed = subprocess.run(
        [sys.executable, "-c", SERVER_KILLED_AT_WORK], capture_output=True, text=True, env=environment, check=False
    )
    children = [psutil.Process(int(pid)) for pid in killed.stdout.split() if psutil.pid_exists(int(pid))]
    assert killed.returncode == -9
    assert len(killed.stdout.split()) == 2
    _, alive = psutil.wait_procs([child for child in children if child.status() != psutil.STATUS_ZOMBIE], timeout=10)
    assert all(child.status() == psutil.STATUS_ZOMBIE for child in alive)
