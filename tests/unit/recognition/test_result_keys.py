"""What is the same question, and what is not."""

from dataclasses import fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lingting.crypto import Keyring, Vault, new_master_key
from lingting.domain import (
    ChannelMode,
    Hotword,
    Hotwords,
    PcmFormat,
    Punctuation,
    RecognizeOptions,
    Redaction,
    RedactMode,
    Script,
    Spacing,
    Task,
    VadOptions,
)
from lingting.domain.options import Effort
from lingting.domain.principal import Call, Principal
from lingting.recognition.result_keys import ResultKeys

pytestmark = pytest.mark.unit

LINES = [new_master_key()]
VAULT = Vault(Keyring.parse(LINES), b"r" * 32)
KEYS = ResultKeys(VAULT, "recipe", is_shared=False)
MINE = Call(Principal("key1"), "/asr")
OTHER_VALUES = {
    "language": "zh",
    "languages": ("zh", "en"),
    "per_segment_language": True,
    "task": Task.TRANSLATE,
    "prompt": "hello",
    "model": "cloud",
    "local_only": True,
    "hotwords": Hotwords((Hotword("stent"),)),
    "hotword_prompt": True,
    "beam_size": 4,
    "temperatures": (0.1,),
    "word_times": True,
    "script": Script.TRADITIONAL,
    "itn": True,
    "punctuation": Punctuation.OFF,
    "spacing": Spacing.SPACED,
    "redaction": Redaction(RedactMode.MASK),
    "channel_mode": ChannelMode.SPLIT,
    "channel": 1,
    "channel_names": ("agent",),
    "speakers": 2,
    "mood": True,
    "denoise": True,
    "vad": VadOptions(threshold=0.4),
    "guard": False,
    "effort": Effort.DRAFT,
    "adaptive_window": False,
}
PICKED = RecognizeOptions(channel_mode=ChannelMode.PICK)
options = st.builds(
    RecognizeOptions,
    language=st.sampled_from([None, "zh", "en"]),
    prompt=st.text(st.characters(exclude_categories=["Cs"]), max_size=5),
    beam_size=st.integers(1, 5),
    temperatures=st.sampled_from([(0.0,), (0.0, 0.2), (0.2,)]),
    word_times=st.booleans(),
    denoise=st.booleans(),
    script=st.sampled_from(Script),
    channel_mode=st.sampled_from(ChannelMode),
    channel=st.integers(0, 2),
    vad=st.builds(VadOptions, threshold=st.sampled_from([0.4, 0.5])),
)


def key(digest: bytes = b"d" * 32, pcm: PcmFormat | None = None, wishes=PICKED, call: Call = MINE) -> str:
    return KEYS.key_of(digest, pcm, wishes, call)


@pytest.mark.parametrize("name", [field.name for field in fields(RecognizeOptions)])
def test_every_option_changes_the_key(name) -> None:
    base = replace(PICKED, channel_mode=ChannelMode.SPLIT) if name == "channel_names" else PICKED
    other = replace(base, **{name: OTHER_VALUES[name]})
    assert other != base
    assert key(wishes=base) != key(wishes=other)


@pytest.mark.parametrize("name", [field.name for field in fields(VadOptions)])
def test_every_option_of_the_voice_detector_changes_the_key(name) -> None:
    vad = replace(PICKED.vad, **{name: getattr(PICKED.vad, name) + 0.05})
    assert key() != key(wishes=replace(PICKED, vad=vad))


@given(options, options)
def test_keys_are_equal_exactly_when_the_wishes_are(one, other) -> None:
    def heard(wishes: RecognizeOptions) -> RecognizeOptions:
        return wishes if wishes.channel_mode is ChannelMode.PICK else replace(wishes, channel=0)

    assert (key(wishes=one) == key(wishes=other)) == (heard(one) == heard(other))


@given(st.binary(min_size=32, max_size=32), st.binary(min_size=32, max_size=32))
def test_keys_are_equal_exactly_when_the_recordings_are(one, other) -> None:
    assert (key(one) == key(other)) == (one == other)


@given(*[st.tuples(st.sampled_from(["", "a", "b"]), st.sampled_from(["", "t"]), st.sampled_from(["", "a", "u"]))] * 2)
def test_keys_are_equal_exactly_when_owner_and_person_are(one, other) -> None:
    def call(who) -> Call:
        return Call(Principal(who[0], tenant=who[1]), "/asr", user=who[2])

    def asker(who) -> tuple[str, str]:
        return call(who).principal.owner, who[2]

    assert (key(call=call(one)) == key(call=call(other))) == (asker(one) == asker(other))


def test_how_headerless_audio_is_declared_changes_the_key() -> None:
    declared = [None, PcmFormat("s16le", 16_000, 1), PcmFormat("s16le", 8_000, 1), PcmFormat("mulaw", 8_000, 1)]
    assert len({key(pcm=pcm) for pcm in declared}) == len(declared)


def test_another_recipe_or_installation_has_other_keys() -> None:
    others = [
        ResultKeys(VAULT, "another", is_shared=False),
        ResultKeys(Vault(Keyring.parse(LINES), b"s" * 32), "recipe", is_shared=False),
    ]
    assert key() not in [other.key_of(b"d" * 32, None, PICKED, MINE) for other in others]


def test_where_results_are_shared_it_does_not_matter_who_asks() -> None:
    shared = ResultKeys(VAULT, "recipe", is_shared=True)
    callers = [MINE, Call(Principal("key2"), "/asr"), Call(Principal("key1"), "/asr", user="ann")]
    assert len({shared.key_of(b"d" * 32, None, PICKED, call) for call in callers}) == 1
    assert shared.key_of(b"d" * 32, None, PICKED, MINE) != key()
