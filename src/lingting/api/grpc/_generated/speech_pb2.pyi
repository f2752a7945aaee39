from google.protobuf import struct_pb2 as _struct_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class RecognizeRequest(_message.Message):
    __slots__ = ("audio", "config")
    AUDIO_FIELD_NUMBER: _ClassVar[int]
    CONFIG_FIELD_NUMBER: _ClassVar[int]
    audio: bytes
    config: RecognizeConfig
    def __init__(self, audio: _Optional[bytes] = ..., config: _Optional[_Union[RecognizeConfig, _Mapping]] = ...) -> None: ...

class RecognizeConfig(_message.Message):
    __slots__ = ("format", "sample_rate", "channels", "language", "per_segment_language", "prompt", "words", "task", "script", "itn", "spacing", "punctuation", "channel", "channel_names", "intents", "mood", "beam_size", "temperature", "denoise", "redact", "redact_kinds", "user", "store", "cache", "model", "local_only", "hotwords", "hotword_packs", "hotword_prompt", "speakers")
    FORMAT_FIELD_NUMBER: _ClassVar[int]
    SAMPLE_RATE_FIELD_NUMBER: _ClassVar[int]
    CHANNELS_FIELD_NUMBER: _ClassVar[int]
    LANGUAGE_FIELD_NUMBER: _ClassVar[int]
    PER_SEGMENT_LANGUAGE_FIELD_NUMBER: _ClassVar[int]
    PROMPT_FIELD_NUMBER: _ClassVar[int]
    WORDS_FIELD_NUMBER: _ClassVar[int]
    TASK_FIELD_NUMBER: _ClassVar[int]
    SCRIPT_FIELD_NUMBER: _ClassVar[int]
    ITN_FIELD_NUMBER: _ClassVar[int]
    SPACING_FIELD_NUMBER: _ClassVar[int]
    PUNCTUATION_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_NAMES_FIELD_NUMBER: _ClassVar[int]
    INTENTS_FIELD_NUMBER: _ClassVar[int]
    MOOD_FIELD_NUMBER: _ClassVar[int]
    BEAM_SIZE_FIELD_NUMBER: _ClassVar[int]
    TEMPERATURE_FIELD_NUMBER: _ClassVar[int]
    DENOISE_FIELD_NUMBER: _ClassVar[int]
    REDACT_FIELD_NUMBER: _ClassVar[int]
    REDACT_KINDS_FIELD_NUMBER: _ClassVar[int]
    USER_FIELD_NUMBER: _ClassVar[int]
    STORE_FIELD_NUMBER: _ClassVar[int]
    CACHE_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    LOCAL_ONLY_FIELD_NUMBER: _ClassVar[int]
    HOTWORDS_FIELD_NUMBER: _ClassVar[int]
    HOTWORD_PACKS_FIELD_NUMBER: _ClassVar[int]
    HOTWORD_PROMPT_FIELD_NUMBER: _ClassVar[int]
    SPEAKERS_FIELD_NUMBER: _ClassVar[int]
    format: str
    sample_rate: int
    channels: int
    language: str
    per_segment_language: bool
    prompt: str
    words: bool
    task: str
    script: str
    itn: bool
    spacing: str
    punctuation: str
    channel: str
    channel_names: _containers.RepeatedScalarFieldContainer[str]
    intents: str
    mood: bool
    beam_size: int
    temperature: float
    denoise: bool
    redact: str
    redact_kinds: _containers.RepeatedScalarFieldContainer[str]
    user: str
    store: bool
    cache: bool
    model: str
    local_only: bool
    hotwords: _containers.RepeatedScalarFieldContainer[str]
    hotword_packs: _containers.RepeatedScalarFieldContainer[str]
    hotword_prompt: bool
    speakers: str
    def __init__(self, format: _Optional[str] = ..., sample_rate: _Optional[int] = ..., channels: _Optional[int] = ..., language: _Optional[str] = ..., per_segment_language: _Optional[bool] = ..., prompt: _Optional[str] = ..., words: _Optional[bool] = ..., task: _Optional[str] = ..., script: _Optional[str] = ..., itn: _Optional[bool] = ..., spacing: _Optional[str] = ..., punctuation: _Optional[str] = ..., channel: _Optional[str] = ..., channel_names: _Optional[_Iterable[str]] = ..., intents: _Optional[str] = ..., mood: _Optional[bool] = ..., beam_size: _Optional[int] = ..., temperature: _Optional[float] = ..., denoise: _Optional[bool] = ..., redact: _Optional[str] = ..., redact_kinds: _Optional[_Iterable[str]] = ..., user: _Optional[str] = ..., store: _Optional[bool] = ..., cache: _Optional[bool] = ..., model: _Optional[str] = ..., local_only: _Optional[bool] = ..., hotwords: _Optional[_Iterable[str]] = ..., hotword_packs: _Optional[_Iterable[str]] = ..., hotword_prompt: _Optional[bool] = ..., speakers: _Optional[str] = ...) -> None: ...

class RecognizeResponse(_message.Message):
    __slots__ = ("id", "cached", "transcript", "language", "language_probability", "duration_seconds", "speech_seconds", "engine", "model", "segments", "redactions", "suppressed", "mood", "intents", "attempts")
    ID_FIELD_NUMBER: _ClassVar[int]
    CACHED_FIELD_NUMBER: _ClassVar[int]
    TRANSCRIPT_FIELD_NUMBER: _ClassVar[int]
    LANGUAGE_FIELD_NUMBER: _ClassVar[int]
    LANGUAGE_PROBABILITY_FIELD_NUMBER: _ClassVar[int]
    DURATION_SECONDS_FIELD_NUMBER: _ClassVar[int]
    SPEECH_SECONDS_FIELD_NUMBER: _ClassVar[int]
    ENGINE_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    SEGMENTS_FIELD_NUMBER: _ClassVar[int]
    REDACTIONS_FIELD_NUMBER: _ClassVar[int]
    SUPPRESSED_FIELD_NUMBER: _ClassVar[int]
    MOOD_FIELD_NUMBER: _ClassVar[int]
    INTENTS_FIELD_NUMBER: _ClassVar[int]
    ATTEMPTS_FIELD_NUMBER: _ClassVar[int]
    id: str
    cached: bool
    transcript: str
    language: str
    language_probability: float
    duration_seconds: float
    speech_seconds: float
    engine: str
    model: str
    segments: _containers.RepeatedCompositeFieldContainer[Segment]
    redactions: _containers.RepeatedCompositeFieldContainer[Redaction]
    suppressed: _containers.RepeatedCompositeFieldContainer[Suppression]
    mood: _struct_pb2.Struct
    intents: _containers.RepeatedCompositeFieldContainer[Intent]
    attempts: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, id: _Optional[str] = ..., cached: _Optional[bool] = ..., transcript: _Optional[str] = ..., language: _Optional[str] = ..., language_probability: _Optional[float] = ..., duration_seconds: _Optional[float] = ..., speech_seconds: _Optional[float] = ..., engine: _Optional[str] = ..., model: _Optional[str] = ..., segments: _Optional[_Iterable[_Union[Segment, _Mapping]]] = ..., redactions: _Optional[_Iterable[_Union[Redaction, _Mapping]]] = ..., suppressed: _Optional[_Iterable[_Union[Suppression, _Mapping]]] = ..., mood: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ..., intents: _Optional[_Iterable[_Union[Intent, _Mapping]]] = ..., attempts: _Optional[_Iterable[str]] = ...) -> None: ...

class Segment(_message.Message):
    __slots__ = ("id", "start", "end", "text", "language", "channel", "speaker", "words", "mood", "corrections")
    ID_FIELD_NUMBER: _ClassVar[int]
    START_FIELD_NUMBER: _ClassVar[int]
    END_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    LANGUAGE_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_FIELD_NUMBER: _ClassVar[int]
    SPEAKER_FIELD_NUMBER: _ClassVar[int]
    WORDS_FIELD_NUMBER: _ClassVar[int]
    MOOD_FIELD_NUMBER: _ClassVar[int]
    CORRECTIONS_FIELD_NUMBER: _ClassVar[int]
    id: int
    start: float
    end: float
    text: str
    language: str
    channel: int
    speaker: str
    words: _containers.RepeatedCompositeFieldContainer[Word]
    mood: Mood
    corrections: _containers.RepeatedCompositeFieldContainer[Correction]
    def __init__(self, id: _Optional[int] = ..., start: _Optional[float] = ..., end: _Optional[float] = ..., text: _Optional[str] = ..., language: _Optional[str] = ..., channel: _Optional[int] = ..., speaker: _Optional[str] = ..., words: _Optional[_Iterable[_Union[Word, _Mapping]]] = ..., mood: _Optional[_Union[Mood, _Mapping]] = ..., corrections: _Optional[_Iterable[_Union[Correction, _Mapping]]] = ...) -> None: ...

class Correction(_message.Message):
    __slots__ = ("start", "end", "heard", "written", "score", "pack")
    START_FIELD_NUMBER: _ClassVar[int]
    END_FIELD_NUMBER: _ClassVar[int]
    HEARD_FIELD_NUMBER: _ClassVar[int]
    WRITTEN_FIELD_NUMBER: _ClassVar[int]
    SCORE_FIELD_NUMBER: _ClassVar[int]
    PACK_FIELD_NUMBER: _ClassVar[int]
    start: float
    end: float
    heard: str
    written: str
    score: float
    pack: str
    def __init__(self, start: _Optional[float] = ..., end: _Optional[float] = ..., heard: _Optional[str] = ..., written: _Optional[str] = ..., score: _Optional[float] = ..., pack: _Optional[str] = ...) -> None: ...

class Word(_message.Message):
    __slots__ = ("word", "start", "end", "probability")
    WORD_FIELD_NUMBER: _ClassVar[int]
    START_FIELD_NUMBER: _ClassVar[int]
    END_FIELD_NUMBER: _ClassVar[int]
    PROBABILITY_FIELD_NUMBER: _ClassVar[int]
    word: str
    start: float
    end: float
    probability: float
    def __init__(self, word: _Optional[str] = ..., start: _Optional[float] = ..., end: _Optional[float] = ..., probability: _Optional[float] = ...) -> None: ...

class Mood(_message.Message):
    __slots__ = ("score", "label")
    SCORE_FIELD_NUMBER: _ClassVar[int]
    LABEL_FIELD_NUMBER: _ClassVar[int]
    score: float
    label: str
    def __init__(self, score: _Optional[float] = ..., label: _Optional[str] = ...) -> None: ...

class Redaction(_message.Message):
    __slots__ = ("kind", "segment", "start", "end")
    KIND_FIELD_NUMBER: _ClassVar[int]
    SEGMENT_FIELD_NUMBER: _ClassVar[int]
    START_FIELD_NUMBER: _ClassVar[int]
    END_FIELD_NUMBER: _ClassVar[int]
    kind: str
    segment: int
    start: float
    end: float
    def __init__(self, kind: _Optional[str] = ..., segment: _Optional[int] = ..., start: _Optional[float] = ..., end: _Optional[float] = ...) -> None: ...

class Suppression(_message.Message):
    __slots__ = ("start", "end", "reason")
    START_FIELD_NUMBER: _ClassVar[int]
    END_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    start: float
    end: float
    reason: str
    def __init__(self, start: _Optional[float] = ..., end: _Optional[float] = ..., reason: _Optional[str] = ...) -> None: ...

class Intent(_message.Message):
    __slots__ = ("segment", "pack", "intent", "score", "slots", "runner_up", "by")
    class SlotsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: Slot
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[Slot, _Mapping]] = ...) -> None: ...
    SEGMENT_FIELD_NUMBER: _ClassVar[int]
    PACK_FIELD_NUMBER: _ClassVar[int]
    INTENT_FIELD_NUMBER: _ClassVar[int]
    SCORE_FIELD_NUMBER: _ClassVar[int]
    SLOTS_FIELD_NUMBER: _ClassVar[int]
    RUNNER_UP_FIELD_NUMBER: _ClassVar[int]
    BY_FIELD_NUMBER: _ClassVar[int]
    segment: int
    pack: str
    intent: str
    score: float
    slots: _containers.MessageMap[str, Slot]
    runner_up: RunnerUp
    by: str
    def __init__(self, segment: _Optional[int] = ..., pack: _Optional[str] = ..., intent: _Optional[str] = ..., score: _Optional[float] = ..., slots: _Optional[_Mapping[str, Slot]] = ..., runner_up: _Optional[_Union[RunnerUp, _Mapping]] = ..., by: _Optional[str] = ...) -> None: ...

class Slot(_message.Message):
    __slots__ = ("type", "value", "text")
    TYPE_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    type: str
    value: _struct_pb2.Value
    text: str
    def __init__(self, type: _Optional[str] = ..., value: _Optional[_Union[_struct_pb2.Value, _Mapping]] = ..., text: _Optional[str] = ...) -> None: ...

class RunnerUp(_message.Message):
    __slots__ = ("intent", "score")
    INTENT_FIELD_NUMBER: _ClassVar[int]
    SCORE_FIELD_NUMBER: _ClassVar[int]
    intent: str
    score: float
    def __init__(self, intent: _Optional[str] = ..., score: _Optional[float] = ...) -> None: ...

class RecognizeFileResponse(_message.Message):
    __slots__ = ("progress", "segments", "result")
    PROGRESS_FIELD_NUMBER: _ClassVar[int]
    SEGMENTS_FIELD_NUMBER: _ClassVar[int]
    RESULT_FIELD_NUMBER: _ClassVar[int]
    progress: Progress
    segments: Segments
    result: RecognizeResponse
    def __init__(self, progress: _Optional[_Union[Progress, _Mapping]] = ..., segments: _Optional[_Union[Segments, _Mapping]] = ..., result: _Optional[_Union[RecognizeResponse, _Mapping]] = ...) -> None: ...

class Progress(_message.Message):
    __slots__ = ("done_seconds", "total_seconds")
    DONE_SECONDS_FIELD_NUMBER: _ClassVar[int]
    TOTAL_SECONDS_FIELD_NUMBER: _ClassVar[int]
    done_seconds: float
    total_seconds: float
    def __init__(self, done_seconds: _Optional[float] = ..., total_seconds: _Optional[float] = ...) -> None: ...

class Segments(_message.Message):
    __slots__ = ("segments",)
    SEGMENTS_FIELD_NUMBER: _ClassVar[int]
    segments: _containers.RepeatedCompositeFieldContainer[Segment]
    def __init__(self, segments: _Optional[_Iterable[_Union[Segment, _Mapping]]] = ...) -> None: ...

class StreamRequest(_message.Message):
    __slots__ = ("config", "audio", "commit", "clear", "end")
    CONFIG_FIELD_NUMBER: _ClassVar[int]
    AUDIO_FIELD_NUMBER: _ClassVar[int]
    COMMIT_FIELD_NUMBER: _ClassVar[int]
    CLEAR_FIELD_NUMBER: _ClassVar[int]
    END_FIELD_NUMBER: _ClassVar[int]
    config: StreamConfig
    audio: bytes
    commit: Commit
    clear: Clear
    end: End
    def __init__(self, config: _Optional[_Union[StreamConfig, _Mapping]] = ..., audio: _Optional[bytes] = ..., commit: _Optional[_Union[Commit, _Mapping]] = ..., clear: _Optional[_Union[Clear, _Mapping]] = ..., end: _Optional[_Union[End, _Mapping]] = ...) -> None: ...

class Commit(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class Clear(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class End(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class StreamConfig(_message.Message):
    __slots__ = ("encoding", "sample_rate", "channels", "language", "per_segment_language", "prompt", "words", "script", "itn", "spacing", "punctuation", "intents", "mood", "beam_size", "redact", "redact_kinds", "partials", "partial_interval_ms", "silence_ms", "max_segment_ms", "vad_threshold", "vad_pad_ms", "guard", "model", "local_only", "publish", "room", "room_token", "resumable", "session", "seq", "hotwords", "hotword_packs", "hotword_prompt")
    ENCODING_FIELD_NUMBER: _ClassVar[int]
    SAMPLE_RATE_FIELD_NUMBER: _ClassVar[int]
    CHANNELS_FIELD_NUMBER: _ClassVar[int]
    LANGUAGE_FIELD_NUMBER: _ClassVar[int]
    PER_SEGMENT_LANGUAGE_FIELD_NUMBER: _ClassVar[int]
    PROMPT_FIELD_NUMBER: _ClassVar[int]
    WORDS_FIELD_NUMBER: _ClassVar[int]
    SCRIPT_FIELD_NUMBER: _ClassVar[int]
    ITN_FIELD_NUMBER: _ClassVar[int]
    SPACING_FIELD_NUMBER: _ClassVar[int]
    PUNCTUATION_FIELD_NUMBER: _ClassVar[int]
    INTENTS_FIELD_NUMBER: _ClassVar[int]
    MOOD_FIELD_NUMBER: _ClassVar[int]
    BEAM_SIZE_FIELD_NUMBER: _ClassVar[int]
    REDACT_FIELD_NUMBER: _ClassVar[int]
    REDACT_KINDS_FIELD_NUMBER: _ClassVar[int]
    PARTIALS_FIELD_NUMBER: _ClassVar[int]
    PARTIAL_INTERVAL_MS_FIELD_NUMBER: _ClassVar[int]
    SILENCE_MS_FIELD_NUMBER: _ClassVar[int]
    MAX_SEGMENT_MS_FIELD_NUMBER: _ClassVar[int]
    VAD_THRESHOLD_FIELD_NUMBER: _ClassVar[int]
    VAD_PAD_MS_FIELD_NUMBER: _ClassVar[int]
    GUARD_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    LOCAL_ONLY_FIELD_NUMBER: _ClassVar[int]
    PUBLISH_FIELD_NUMBER: _ClassVar[int]
    ROOM_FIELD_NUMBER: _ClassVar[int]
    ROOM_TOKEN_FIELD_NUMBER: _ClassVar[int]
    RESUMABLE_FIELD_NUMBER: _ClassVar[int]
    SESSION_FIELD_NUMBER: _ClassVar[int]
    SEQ_FIELD_NUMBER: _ClassVar[int]
    HOTWORDS_FIELD_NUMBER: _ClassVar[int]
    HOTWORD_PACKS_FIELD_NUMBER: _ClassVar[int]
    HOTWORD_PROMPT_FIELD_NUMBER: _ClassVar[int]
    encoding: str
    sample_rate: int
    channels: int
    language: str
    per_segment_language: bool
    prompt: str
    words: bool
    script: str
    itn: bool
    spacing: str
    punctuation: str
    intents: str
    mood: bool
    beam_size: int
    redact: str
    redact_kinds: _containers.RepeatedScalarFieldContainer[str]
    partials: bool
    partial_interval_ms: int
    silence_ms: int
    max_segment_ms: int
    vad_threshold: float
    vad_pad_ms: int
    guard: bool
    model: str
    local_only: bool
    publish: bool
    room: str
    room_token: str
    resumable: bool
    session: str
    seq: int
    hotwords: _containers.RepeatedScalarFieldContainer[str]
    hotword_packs: _containers.RepeatedScalarFieldContainer[str]
    hotword_prompt: bool
    def __init__(self, encoding: _Optional[str] = ..., sample_rate: _Optional[int] = ..., channels: _Optional[int] = ..., language: _Optional[str] = ..., per_segment_language: _Optional[bool] = ..., prompt: _Optional[str] = ..., words: _Optional[bool] = ..., script: _Optional[str] = ..., itn: _Optional[bool] = ..., spacing: _Optional[str] = ..., punctuation: _Optional[str] = ..., intents: _Optional[str] = ..., mood: _Optional[bool] = ..., beam_size: _Optional[int] = ..., redact: _Optional[str] = ..., redact_kinds: _Optional[_Iterable[str]] = ..., partials: _Optional[bool] = ..., partial_interval_ms: _Optional[int] = ..., silence_ms: _Optional[int] = ..., max_segment_ms: _Optional[int] = ..., vad_threshold: _Optional[float] = ..., vad_pad_ms: _Optional[int] = ..., guard: _Optional[bool] = ..., model: _Optional[str] = ..., local_only: _Optional[bool] = ..., publish: _Optional[bool] = ..., room: _Optional[str] = ..., room_token: _Optional[str] = ..., resumable: _Optional[bool] = ..., session: _Optional[str] = ..., seq: _Optional[int] = ..., hotwords: _Optional[_Iterable[str]] = ..., hotword_packs: _Optional[_Iterable[str]] = ..., hotword_prompt: _Optional[bool] = ...) -> None: ...

class StreamResponse(_message.Message):
    __slots__ = ("ready", "speech_started", "speech_stopped", "partial", "final", "intent", "segment_error", "committed", "configured", "notice", "ended")
    READY_FIELD_NUMBER: _ClassVar[int]
    SPEECH_STARTED_FIELD_NUMBER: _ClassVar[int]
    SPEECH_STOPPED_FIELD_NUMBER: _ClassVar[int]
    PARTIAL_FIELD_NUMBER: _ClassVar[int]
    FINAL_FIELD_NUMBER: _ClassVar[int]
    INTENT_FIELD_NUMBER: _ClassVar[int]
    SEGMENT_ERROR_FIELD_NUMBER: _ClassVar[int]
    COMMITTED_FIELD_NUMBER: _ClassVar[int]
    CONFIGURED_FIELD_NUMBER: _ClassVar[int]
    NOTICE_FIELD_NUMBER: _ClassVar[int]
    ENDED_FIELD_NUMBER: _ClassVar[int]
    ready: Ready
    speech_started: SpeechStarted
    speech_stopped: SpeechStopped
    partial: Partial
    final: Final
    intent: Intent
    segment_error: SegmentError
    committed: Committed
    configured: Configured
    notice: Notice
    ended: Ended
    def __init__(self, ready: _Optional[_Union[Ready, _Mapping]] = ..., speech_started: _Optional[_Union[SpeechStarted, _Mapping]] = ..., speech_stopped: _Optional[_Union[SpeechStopped, _Mapping]] = ..., partial: _Optional[_Union[Partial, _Mapping]] = ..., final: _Optional[_Union[Final, _Mapping]] = ..., intent: _Optional[_Union[Intent, _Mapping]] = ..., segment_error: _Optional[_Union[SegmentError, _Mapping]] = ..., committed: _Optional[_Union[Committed, _Mapping]] = ..., configured: _Optional[_Union[Configured, _Mapping]] = ..., notice: _Optional[_Union[Notice, _Mapping]] = ..., ended: _Optional[_Union[Ended, _Mapping]] = ...) -> None: ...

class Ready(_message.Message):
    __slots__ = ("session", "resumed", "seq", "received_ms", "transcript")
    SESSION_FIELD_NUMBER: _ClassVar[int]
    RESUMED_FIELD_NUMBER: _ClassVar[int]
    SEQ_FIELD_NUMBER: _ClassVar[int]
    RECEIVED_MS_FIELD_NUMBER: _ClassVar[int]
    TRANSCRIPT_FIELD_NUMBER: _ClassVar[int]
    session: str
    resumed: bool
    seq: int
    received_ms: int
    transcript: str
    def __init__(self, session: _Optional[str] = ..., resumed: _Optional[bool] = ..., seq: _Optional[int] = ..., received_ms: _Optional[int] = ..., transcript: _Optional[str] = ...) -> None: ...

class SpeechStarted(_message.Message):
    __slots__ = ("seq", "segment", "start_ms")
    SEQ_FIELD_NUMBER: _ClassVar[int]
    SEGMENT_FIELD_NUMBER: _ClassVar[int]
    START_MS_FIELD_NUMBER: _ClassVar[int]
    seq: int
    segment: int
    start_ms: int
    def __init__(self, seq: _Optional[int] = ..., segment: _Optional[int] = ..., start_ms: _Optional[int] = ...) -> None: ...

class SpeechStopped(_message.Message):
    __slots__ = ("seq", "segment", "start_ms", "end_ms")
    SEQ_FIELD_NUMBER: _ClassVar[int]
    SEGMENT_FIELD_NUMBER: _ClassVar[int]
    START_MS_FIELD_NUMBER: _ClassVar[int]
    END_MS_FIELD_NUMBER: _ClassVar[int]
    seq: int
    segment: int
    start_ms: int
    end_ms: int
    def __init__(self, seq: _Optional[int] = ..., segment: _Optional[int] = ..., start_ms: _Optional[int] = ..., end_ms: _Optional[int] = ...) -> None: ...

class Partial(_message.Message):
    __slots__ = ("seq", "segment", "start_ms", "end_ms", "transcript", "stable", "language")
    SEQ_FIELD_NUMBER: _ClassVar[int]
    SEGMENT_FIELD_NUMBER: _ClassVar[int]
    START_MS_FIELD_NUMBER: _ClassVar[int]
    END_MS_FIELD_NUMBER: _ClassVar[int]
    TRANSCRIPT_FIELD_NUMBER: _ClassVar[int]
    STABLE_FIELD_NUMBER: _ClassVar[int]
    LANGUAGE_FIELD_NUMBER: _ClassVar[int]
    seq: int
    segment: int
    start_ms: int
    end_ms: int
    transcript: str
    stable: str
    language: str
    def __init__(self, seq: _Optional[int] = ..., segment: _Optional[int] = ..., start_ms: _Optional[int] = ..., end_ms: _Optional[int] = ..., transcript: _Optional[str] = ..., stable: _Optional[str] = ..., language: _Optional[str] = ...) -> None: ...

class Final(_message.Message):
    __slots__ = ("seq", "segment", "start_ms", "end_ms", "transcript", "language", "language_probability", "confidence", "words", "redactions", "suppressed", "mood", "lag_ms", "corrections", "engine", "model", "attempts")
    SEQ_FIELD_NUMBER: _ClassVar[int]
    SEGMENT_FIELD_NUMBER: _ClassVar[int]
    START_MS_FIELD_NUMBER: _ClassVar[int]
    END_MS_FIELD_NUMBER: _ClassVar[int]
    TRANSCRIPT_FIELD_NUMBER: _ClassVar[int]
    LANGUAGE_FIELD_NUMBER: _ClassVar[int]
    LANGUAGE_PROBABILITY_FIELD_NUMBER: _ClassVar[int]
    CONFIDENCE_FIELD_NUMBER: _ClassVar[int]
    WORDS_FIELD_NUMBER: _ClassVar[int]
    REDACTIONS_FIELD_NUMBER: _ClassVar[int]
    SUPPRESSED_FIELD_NUMBER: _ClassVar[int]
    MOOD_FIELD_NUMBER: _ClassVar[int]
    LAG_MS_FIELD_NUMBER: _ClassVar[int]
    CORRECTIONS_FIELD_NUMBER: _ClassVar[int]
    ENGINE_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    ATTEMPTS_FIELD_NUMBER: _ClassVar[int]
    seq: int
    segment: int
    start_ms: int
    end_ms: int
    transcript: str
    language: str
    language_probability: float
    confidence: float
    words: _containers.RepeatedCompositeFieldContainer[LiveWord]
    redactions: _containers.RepeatedCompositeFieldContainer[LiveRedaction]
    suppressed: str
    mood: Mood
    lag_ms: int
    corrections: _containers.RepeatedCompositeFieldContainer[LiveCorrection]
    engine: str
    model: str
    attempts: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, seq: _Optional[int] = ..., segment: _Optional[int] = ..., start_ms: _Optional[int] = ..., end_ms: _Optional[int] = ..., transcript: _Optional[str] = ..., language: _Optional[str] = ..., language_probability: _Optional[float] = ..., confidence: _Optional[float] = ..., words: _Optional[_Iterable[_Union[LiveWord, _Mapping]]] = ..., redactions: _Optional[_Iterable[_Union[LiveRedaction, _Mapping]]] = ..., suppressed: _Optional[str] = ..., mood: _Optional[_Union[Mood, _Mapping]] = ..., lag_ms: _Optional[int] = ..., corrections: _Optional[_Iterable[_Union[LiveCorrection, _Mapping]]] = ..., engine: _Optional[str] = ..., model: _Optional[str] = ..., attempts: _Optional[_Iterable[str]] = ...) -> None: ...

class LiveCorrection(_message.Message):
    __slots__ = ("start_ms", "end_ms", "heard", "written", "score", "pack")
    START_MS_FIELD_NUMBER: _ClassVar[int]
    END_MS_FIELD_NUMBER: _ClassVar[int]
    HEARD_FIELD_NUMBER: _ClassVar[int]
    WRITTEN_FIELD_NUMBER: _ClassVar[int]
    SCORE_FIELD_NUMBER: _ClassVar[int]
    PACK_FIELD_NUMBER: _ClassVar[int]
    start_ms: int
    end_ms: int
    heard: str
    written: str
    score: float
    pack: str
    def __init__(self, start_ms: _Optional[int] = ..., end_ms: _Optional[int] = ..., heard: _Optional[str] = ..., written: _Optional[str] = ..., score: _Optional[float] = ..., pack: _Optional[str] = ...) -> None: ...

class LiveWord(_message.Message):
    __slots__ = ("word", "start_ms", "end_ms", "probability")
    WORD_FIELD_NUMBER: _ClassVar[int]
    START_MS_FIELD_NUMBER: _ClassVar[int]
    END_MS_FIELD_NUMBER: _ClassVar[int]
    PROBABILITY_FIELD_NUMBER: _ClassVar[int]
    word: str
    start_ms: int
    end_ms: int
    probability: float
    def __init__(self, word: _Optional[str] = ..., start_ms: _Optional[int] = ..., end_ms: _Optional[int] = ..., probability: _Optional[float] = ...) -> None: ...

class LiveRedaction(_message.Message):
    __slots__ = ("kind", "start_ms", "end_ms")
    KIND_FIELD_NUMBER: _ClassVar[int]
    START_MS_FIELD_NUMBER: _ClassVar[int]
    END_MS_FIELD_NUMBER: _ClassVar[int]
    kind: str
    start_ms: int
    end_ms: int
    def __init__(self, kind: _Optional[str] = ..., start_ms: _Optional[int] = ..., end_ms: _Optional[int] = ...) -> None: ...

class SegmentError(_message.Message):
    __slots__ = ("seq", "segment", "start_ms", "end_ms", "code", "message", "retryable")
    SEQ_FIELD_NUMBER: _ClassVar[int]
    SEGMENT_FIELD_NUMBER: _ClassVar[int]
    START_MS_FIELD_NUMBER: _ClassVar[int]
    END_MS_FIELD_NUMBER: _ClassVar[int]
    CODE_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    RETRYABLE_FIELD_NUMBER: _ClassVar[int]
    seq: int
    segment: int
    start_ms: int
    end_ms: int
    code: str
    message: str
    retryable: bool
    def __init__(self, seq: _Optional[int] = ..., segment: _Optional[int] = ..., start_ms: _Optional[int] = ..., end_ms: _Optional[int] = ..., code: _Optional[str] = ..., message: _Optional[str] = ..., retryable: _Optional[bool] = ...) -> None: ...

class Committed(_message.Message):
    __slots__ = ("seq", "number", "start_ms", "end_ms")
    SEQ_FIELD_NUMBER: _ClassVar[int]
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    START_MS_FIELD_NUMBER: _ClassVar[int]
    END_MS_FIELD_NUMBER: _ClassVar[int]
    seq: int
    number: int
    start_ms: int
    end_ms: int
    def __init__(self, seq: _Optional[int] = ..., number: _Optional[int] = ..., start_ms: _Optional[int] = ..., end_ms: _Optional[int] = ...) -> None: ...

class Configured(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class Notice(_message.Message):
    __slots__ = ("seq", "notice", "lag_ms", "message")
    SEQ_FIELD_NUMBER: _ClassVar[int]
    NOTICE_FIELD_NUMBER: _ClassVar[int]
    LAG_MS_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    seq: int
    notice: str
    lag_ms: int
    message: str
    def __init__(self, seq: _Optional[int] = ..., notice: _Optional[str] = ..., lag_ms: _Optional[int] = ..., message: _Optional[str] = ...) -> None: ...

class Ended(_message.Message):
    __slots__ = ("seq", "transcript", "audio_ms", "reason", "message")
    SEQ_FIELD_NUMBER: _ClassVar[int]
    TRANSCRIPT_FIELD_NUMBER: _ClassVar[int]
    AUDIO_MS_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    seq: int
    transcript: str
    audio_ms: int
    reason: str
    message: str
    def __init__(self, seq: _Optional[int] = ..., transcript: _Optional[str] = ..., audio_ms: _Optional[int] = ..., reason: _Optional[str] = ..., message: _Optional[str] = ...) -> None: ...
