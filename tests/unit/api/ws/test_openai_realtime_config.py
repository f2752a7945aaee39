"""What a Realtime client may set: both shapes read, merged, refused by name, shown again."""

import pytest
from openai.types.realtime import RealtimeTranscriptionSessionCreateResponse

from lingting.api.ws.openai.config import RealtimeConfig, merged, options_of
from lingting.api.ws.openai.session_object import session_object
from lingting.domain import PcmFormat, RecognizeOptions, StreamOptions
from lingting.domain.errors import InvalidOption, LingtingError, UnsupportedLanguage

pytestmark = pytest.mark.unit

MODELS = ("whisper-base", "whisper-1", "gpt-live-transcribe")
DEFAULTS = StreamOptions(recognize=RecognizeOptions(language="zh"))


def merge(session, config=None):
    return merged(config or RealtimeConfig(), session, models=MODELS)


def nested(**input_fields):
    return {"type": "transcription", "audio": {"input": input_fields}}


def test_the_defaults_are_those_of_openai() -> None:
    config = RealtimeConfig()
    options = options_of(config, StreamOptions())
    assert config.pcm == PcmFormat("s16le", 24_000)
    assert (options.silence_seconds, options.recognize.vad.pad_seconds, options.recognize.vad.threshold) == (
        0.5,
        0.3,
        0.5,
    )
    assert not options.recognize.denoise


def test_what_is_shown_is_what_the_official_client_reads() -> None:
    config = merge(nested(noise_reduction={"type": "far_field"}, transcription={"keywords": ["a"]}))
    shown = session_object(config, "sess_1", served="whisper-base")
    parsed = RealtimeTranscriptionSessionCreateResponse.model_validate(shown, strict=True)
    assert parsed.audio.input.turn_detection.silence_duration_ms == 500
    assert parsed.audio.input.transcription.model == "whisper-base"
    assert parsed.audio.input.noise_reduction.type == "far_field"


def test_present_fields_merge_and_absent_ones_stay() -> None:
    first = merge(nested(transcription={"language": "en", "prompt": "names"}, turn_detection={"threshold": 0.7}))
    second = merge(nested(transcription={"prompt": "others"}, turn_detection={"silence_duration_ms": 800}), first)
    options = options_of(second, DEFAULTS)
    assert (options.recognize.language, options.recognize.prompt) == ("en", "others")
    assert (options.recognize.vad.threshold, options.silence_seconds) == (0.7, 0.8)


def test_null_clears() -> None:
    full = merge(nested(transcription={"language": "en"}, noise_reduction={"type": "near_field"}))
    assert options_of(full, DEFAULTS).recognize.language == "en"
    bare = merge(nested(transcription=None, noise_reduction=None, turn_detection=None, format=None), full)
    assert options_of(bare, DEFAULTS).recognize.language == "zh"
    assert (bare.noise_reduction, bare.is_manual) == (None, True)
    assert options_of(merge(nested(transcription={"language": None}), full), DEFAULTS).recognize.language == "zh"


def test_the_older_flat_shape_means_the_same() -> None:
    flat = merge(
        {
            "input_audio_format": "g711_ulaw",
            "input_audio_transcription": {"model": "whisper-1", "language": "en"},
            "turn_detection": {"type": "server_vad", "silence_duration_ms": 650},
            "input_audio_noise_reduction": {"type": "near_field"},
            "include": ["item.input_audio_transcription.logprobs"],
        }
    )
    other = merge(
        nested(
            format={"type": "audio/pcmu"},
            transcription={"model": "whisper-1", "language": "en"},
            turn_detection={"type": "server_vad", "silence_duration_ms": 650},
            noise_reduction={"type": "near_field"},
        )
        | {"include": ["item.input_audio_transcription.logprobs"]}
    )
    assert flat == other
    assert session_object(flat, "sess_1", served="m", flat=True)["input_audio_format"] == "g711_ulaw"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"type": "audio/pcm"}, PcmFormat("s16le", 24_000)),
        ({"type": "audio/pcm", "rate": 16_000}, PcmFormat("s16le", 16_000)),
        ({"rate": 8_000}, PcmFormat("s16le", 8_000)),
        ({"type": "audio/pcma"}, PcmFormat("alaw", 8_000)),
        ({"type": "audio/pcmu", "rate": 8_000}, PcmFormat("mulaw", 8_000)),
    ],
)
def test_formats(given, expected) -> None:
    assert merge(nested(format=given)).pcm == expected


@pytest.mark.parametrize(
    ("eagerness", "seconds"), [("low", 1.2), ("medium", 0.8), ("auto", 0.8), ("high", 0.5), (None, 0.8)]
)
def test_an_eager_semantic_vad_waits_for_less_silence(eagerness, seconds) -> None:
    config = merge(nested(turn_detection={"type": "semantic_vad", "eagerness": eagerness}))
    assert options_of(config, DEFAULTS).silence_seconds == seconds


def test_numbers_outside_of_what_is_offered_become_the_nearest_and_are_shown() -> None:
    turns = {"threshold": 0, "prefix_padding_ms": 5_000, "silence_duration_ms": 50}
    config = merge(nested(turn_detection=turns))
    options_of(config, DEFAULTS)
    shown = session_object(config, "sess_1", served="m")["audio"]["input"]["turn_detection"]
    assert shown == {
        "type": "server_vad",
        "threshold": 0.05,
        "prefix_padding_ms": 2_000,
        "silence_duration_ms": 200,
    }


def test_what_only_conversations_have_and_unknown_fields_are_let_pass() -> None:
    turns = {"type": "server_vad", "create_response": True, "interrupt_response": False, "idle_timeout_ms": None}
    assert merge({"modalities": ["text"], **nested(turn_detection=turns, colour="red")}).turn_detection


def test_a_model_without_turn_detection_at_openai_has_none_here_unless_asked() -> None:
    live = merge(nested(transcription={"model": "gpt-live-transcribe"}))
    assert live.is_manual
    assert not merge(nested(turn_detection={"type": "server_vad"}), live).is_manual
    assert not merge(nested(transcription={"model": "whisper-1"}), live).is_manual


def test_several_languages_are_detected_by_segment_and_keywords_are_hotwords() -> None:
    config = merge(nested(transcription={"languages": ["en", "zh"], "keywords": ["Lingting"], "prompt": "Names"}))
    recognize = options_of(config, DEFAULTS).recognize
    assert (recognize.language, recognize.per_segment_language) == (None, True)
    assert recognize.prompt == "Names"
    assert [word.text for word in recognize.hotwords.words] == ["Lingting"]


@pytest.mark.parametrize(
    ("session", "param"),
    [
        ("text", "session"),
        (None, "session"),
        ({"type": "conversation"}, "session.type"),
        ({"audio": []}, "session.audio"),
        ({"audio": {"input": 3}}, "session.audio.input"),
        (nested(format="opus"), "session.audio.input.format"),
        (nested(format={"type": "audio/opus"}), "session.audio.input.format.type"),
        (nested(format={"type": "audio/pcm", "rate": 11_025}), "session.audio.input.format.rate"),
        (nested(format={"type": "audio/pcm", "rate": "24000"}), "session.audio.input.format.rate"),
        (nested(format={"type": "audio/pcmu", "rate": 16_000}), "session.audio.input.format.rate"),
        (nested(transcription="whisper-1"), "session.audio.input.transcription"),
        (nested(transcription={"model": 3}), "session.audio.input.transcription.model"),
        (nested(transcription={"model": "gpt-9"}), "session.audio.input.transcription.model"),
        (nested(transcription={"prompt": "\ud800"}), "session.audio.input.transcription.prompt"),
        (nested(transcription={"keywords": ["a", 1]}), "session.audio.input.transcription.keywords[1]"),
        (nested(transcription={"keywords": ["a"] * 300}), "session.audio.input.transcription.keywords"),
        (nested(turn_detection={"type": "none"}), "session.audio.input.turn_detection.type"),
        (nested(turn_detection={"threshold": True}), "session.audio.input.turn_detection.threshold"),
        (nested(turn_detection={"threshold": 10**400}), "session.audio.input.turn_detection.threshold"),
        (nested(turn_detection={"silence_duration_ms": -1}), "session.audio.input.turn_detection.silence_duration_ms"),
        (nested(turn_detection={"prefix_padding_ms": 0.5}), "session.audio.input.turn_detection.prefix_padding_ms"),
        (
            nested(turn_detection={"type": "semantic_vad", "eagerness": "very"}),
            "session.audio.input.turn_detection.eagerness",
        ),
        (nested(noise_reduction={"type": "loud"}), "session.audio.input.noise_reduction.type"),
        ({"input_audio_format": "opus"}, "session.input_audio_format"),
        ({"turn_detection": "on"}, "session.turn_detection"),
        ({"include": "all"}, "session.include"),
    ],
)
def test_a_field_of_the_wrong_kind_is_refused_by_its_path(session, param) -> None:
    with pytest.raises(LingtingError) as refused:
        merge(session)
    assert refused.value.param == param
    assert len(refused.value.message) < 400


@pytest.mark.parametrize(
    ("fields", "kind", "param"),
    [
        ({"language": "klingon"}, UnsupportedLanguage, "session.audio.input.transcription.language"),
        ({"languages": ["en", "klingon"]}, UnsupportedLanguage, "session.audio.input.transcription.languages"),
        ({"prompt": "x" * 2_000}, InvalidOption, "session.audio.input.transcription.prompt"),
    ],
)
def test_what_no_model_can_do_is_refused(fields, kind, param) -> None:
    with pytest.raises(kind) as refused:
        merge(nested(transcription=fields))
    assert refused.value.param == param
