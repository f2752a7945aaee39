"""What a caller may ask for: validated once, here, then frozen."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import IntEnum, StrEnum

from lingting.domain.errors import InvalidOption
from lingting.domain.hotwords import Hotwords
from lingting.domain.languages import mixed_languages, normalize_language
from lingting.domain.redaction import Redaction

__all__ = [
    "LIVE_BEAM_SIZE",
    "TALK_BEAM_SIZE",
    "ChannelMode",
    "Effort",
    "Priority",
    "Punctuation",
    "RecognizeOptions",
    "Script",
    "SessionBounds",
    "Spacing",
    "StreamOptions",
    "Task",
    "VadOptions",
]

DEFAULT_TEMPERATURES = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
"""The fallback ladder of Whisper's own decoder. Source: openai/whisper, transcribe()."""
MAX_PROMPT_CHARACTERS = 1_000
"""More than Whisper's 224 prompt tokens can hold; a longer one is a mistake worth telling."""
MAX_BEAM_SIZE = 10
MAX_LANGUAGES = 16
MAX_CHANNEL_NAMES, MAX_CHANNEL_NAME_CHARACTERS = 16, 40
MAX_SPEAKERS = 20
LIVE_BEAM_SIZE = 3
"""Quicker than the 5 that files get, and no less accurate on segments of live speech."""
TALK_BEAM_SIZE = 1
"""For a bot that is to answer within a second. On recordings of up to 8 s, commands and telephone speech among them,
Whisper base made 32.5 % errors in Mandarin (29.1 % with a beam of 3), 23.1 % in English (21.5 %); on read speech it was
all one. The first sound came after 0.56 s at the median and 0.91 at p95, with 3 after 0.78 and 1.05 s."""


class Task(StrEnum):
    TRANSCRIBE = "transcribe"
    TRANSLATE = "translate"
    """Into English."""


class Script(StrEnum):
    """The script of Chinese text in the answer."""

    SIMPLIFIED = "simplified"
    TRADITIONAL = "traditional"
    AS_IS = "as_is"


class Spacing(StrEnum):
    """The space between Chinese and the Latin words and digits in it."""

    AS_IS = "as_is"
    SPACED = "spaced"
    TIGHT = "tight"


class Punctuation(StrEnum):
    """Marks for text that comes without any."""

    AUTO = "auto"
    """By rules on pauses, particles and the words that clauses begin with."""
    MODEL = "model"
    """By a model, where the server has one."""
    OFF = "off"


class Priority(IntEnum):
    """Who goes first when the engine is busy; smaller is sooner."""

    STREAM_FINAL = 0
    STREAM_PARTIAL = 1
    REQUEST = 2
    JOB = 3


class Effort(StrEnum):
    """How often an engine may try again when its answer looks wrong."""

    FULL = "full"
    """With longer windows and other temperatures, until it looks right."""
    LIVE = "live"
    """With longer windows where it repeats itself: what live speech can wait for."""
    DRAFT = "draft"
    """Not at all: the answer will soon be replaced."""


class ChannelMode(StrEnum):
    MIX = "mix"
    """Average all channels into one."""
    SPLIT = "split"
    """Recognise each channel alone and mark its segments."""
    PICK = "pick"
    """Only the channel in `RecognizeOptions.channel`."""


@dataclass(frozen=True, slots=True)
class VadOptions:
    """When sound counts as speech."""

    threshold: float = 0.5
    """Probability at which speech begins, 0..1; it ends 0.15 below."""
    min_silence_seconds: float = 0.5
    """A shorter pause does not end a span."""
    min_speech_seconds: float = 0.1
    """A shorter burst is not speech."""
    pad_seconds: float = 0.3
    """Kept on each side of a span, so that soft onsets survive."""

    def __post_init__(self) -> None:
        _within("vad_threshold", self.threshold, 0.05, 0.95)
        _within("vad_min_silence_seconds", self.min_silence_seconds, 0.05, 10.0)
        _within("vad_min_speech_seconds", self.min_speech_seconds, 0.0, 5.0)
        _within("vad_pad_seconds", self.pad_seconds, 0.0, 2.0)


@dataclass(frozen=True, slots=True)
class RecognizeOptions:
    """One request's wishes, the same for every engine and every door."""

    language: str | None = None
    """As engines name it ("zh", "en", "yue"); None to detect. "zh-en" becomes `languages`."""
    languages: tuple[str, ...] = ()
    """The only ones that are possible, where there are several: detected anew for each stretch of speech."""
    per_segment_language: bool = False
    """Detect anew for each stretch of speech, for recordings that switch language."""
    task: Task = Task.TRANSCRIBE
    prompt: str = ""
    """Words the recording may hold, or the style to write in."""
    hotwords: Hotwords = field(default_factory=Hotwords)
    """Words it may hold that are written where what was recognised sounds like them."""
    hotword_prompt: bool = False
    """Let an engine that knows no hotwords, but reads a prompt, read the heaviest of them there. Off because it harms
    recordings that say none of them (benchmarks/README.md)."""
    beam_size: int = 5
    temperatures: tuple[float, ...] = DEFAULT_TEMPERATURES
    """Tried in order while an answer looks wrong; the first is the normal one."""
    word_times: bool = False
    script: Script = Script.SIMPLIFIED
    """Applies to Chinese text only."""
    itn: bool = False
    """Write numbers, dates and sums in digits, where the engine gives them as they are said."""
    spacing: Spacing = Spacing.AS_IS
    punctuation: Punctuation = Punctuation.AUTO
    """Give marks to a stretch of text that has none at all."""
    redaction: Redaction = field(default_factory=Redaction)
    """What of persons is hidden in the answer and in all that is kept of it."""
    channel_mode: ChannelMode = ChannelMode.MIX
    channel: int = 0
    """Counted from 0; used with ChannelMode.PICK."""
    channel_names: tuple[str, ...] = ()
    """Who is on each channel ("agent", "customer"); used with ChannelMode.SPLIT."""
    speakers: int | None = None
    """How many persons to tell apart by their voices, at most; 0 finds out, None tells nobody apart."""
    mood: bool = False
    """Say how each segment sounds, and how the conversation went."""
    denoise: bool = False
    """Off because it raises Whisper's error rate; for recordings where a listener would want it."""
    vad: VadOptions = field(default_factory=VadOptions)
    guard: bool = True
    """Drop text that the guard judges invented."""
    effort: Effort = Effort.FULL
    adaptive_window: bool = True
    """False always feeds the encoder its full 30 s, as other Whisper servers do."""
    model: str | None = None
    """A name under which a model is served here; None takes the default, or what the routes say."""
    local_only: bool = False
    """Let the audio go to no other server."""

    def __post_init__(self) -> None:
        _settle_languages(self)
        _within("beam_size", self.beam_size, 1, MAX_BEAM_SIZE)
        if not self.temperatures or len(self.temperatures) > len(DEFAULT_TEMPERATURES):
            raise InvalidOption("temperature", f"give 1 to {len(DEFAULT_TEMPERATURES)} temperatures")
        for temperature in self.temperatures:
            _within("temperature", temperature, 0.0, 1.0)
        if len(self.prompt) > MAX_PROMPT_CHARACTERS:
            raise InvalidOption("prompt", f"{len(self.prompt)} characters; at most {MAX_PROMPT_CHARACTERS}")
        _within("channel", self.channel, 0, 255)
        _check_names(self)
        _check_speakers(self)


@dataclass(frozen=True, slots=True)
class SessionBounds:
    """What a protocol allows one live session, besides what the server does; None adds nothing."""

    max_seconds: float | None = None
    """Of audio; more ends the session as too long."""
    idle_seconds: float | None = None
    """Without audio; then the session ends as idle."""
    lead_seconds: float | None = None
    """Of audio in which nobody speaks, at its beginning; then the session ends as silent."""


@dataclass(frozen=True, slots=True)
class StreamOptions:
    """What a caller may ask of a live session."""

    recognize: RecognizeOptions = field(
        default_factory=lambda: RecognizeOptions(word_times=True, beam_size=LIVE_BEAM_SIZE)
    )
    """`vad.threshold`, `vad.min_speech_seconds` and `vad.pad_seconds` (the pre-roll) hold here too."""
    silence_seconds: float = 0.5
    """Silence that ends a segment."""
    adaptive_silence: bool = True
    """Wait a little longer after a few words, and less and less when somebody has spoken for long."""
    max_segment_seconds: float = 15.0
    """Longer speech is cut at its quietest point."""
    partials: bool = True
    partial_interval_seconds: float = 0.5
    """At most one partial in this time; fewer under load."""
    bounds: SessionBounds = SessionBounds()
    """Those that it begins with hold to its end."""
    intents: str = ""
    """The pack of commands that finals are held against; empty for none."""
    publishes: bool = False
    """Whether the commands found are told to others."""
    echo: bool = False
    """Whether the microphone hears what a bot says, so that this is taken out; holds from the beginning to the end."""

    def __post_init__(self) -> None:
        if self.recognize.speakers is not None:
            raise InvalidOption("speakers", "are told apart in recordings only; send the whole one as a file or a job")
        _within("silence_seconds", self.silence_seconds, 0.2, 6.0)
        _within("max_segment_seconds", self.max_segment_seconds, 5.0, 28.0)
        _within("partial_interval_seconds", self.partial_interval_seconds, 0.1, 10.0)

    def for_talk(self) -> StreamOptions:
        """The same where a bot is to answer: recognised as quickly as can be."""
        beam_size = min(self.recognize.beam_size, TALK_BEAM_SIZE)
        return replace(self, recognize=replace(self.recognize, beam_size=beam_size))


def _settle_languages(options: RecognizeOptions) -> None:
    """One language, or several that are possible; what is given last counts."""
    given, several = options.language, options.languages
    if given is not None:
        several = mixed_languages(given)
    if len(several) > MAX_LANGUAGES:
        raise InvalidOption("languages", f"{len(several)} languages; at most {MAX_LANGUAGES}")
    several = tuple(dict.fromkeys(normalize_language(code) for code in several))
    if len(several) == 1:
        given, several = several[0], ()
    if several:
        object.__setattr__(options, "per_segment_language", True)
    language = None if given is None or several else normalize_language(given)
    object.__setattr__(options, "language", language)
    object.__setattr__(options, "languages", several)


def _check_names(options: RecognizeOptions) -> None:
    names = options.channel_names
    if not names:
        return
    if options.channel_mode is not ChannelMode.SPLIT:
        raise InvalidOption("channel_names", "are for split channels; send channel=split with them")
    if len(names) > MAX_CHANNEL_NAMES or len(set(names)) < len(names):
        raise InvalidOption("channel_names", f"give at most {MAX_CHANNEL_NAMES} names, no two alike")
    if any(not name.strip() or len(name) > MAX_CHANNEL_NAME_CHARACTERS or not name.isprintable() for name in names):
        raise InvalidOption("channel_names", f"a name has 1 to {MAX_CHANNEL_NAME_CHARACTERS} printable characters")


def _check_speakers(options: RecognizeOptions) -> None:
    if options.speakers is None:
        return
    _within("speakers", options.speakers, 0, MAX_SPEAKERS)
    if options.channel_mode is ChannelMode.SPLIT:
        raise InvalidOption("speakers", "split channels are told apart already; leave out either speakers or channel")


def _within(name: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:
        raise InvalidOption(name, f"{value} is outside {low} to {high}")
