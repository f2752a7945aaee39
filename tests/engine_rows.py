"""The engines of the registry as the contract suites open them: by the contract they keep, with weights where they
are installed."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from faster_whisper.audio import decode_audio

from absent import absent
from lingting.domain import Audio
from lingting.domain.errors import EngineUnavailable, ModelMissing
from lingting.engines.base import AnyEngine, EngineKind
from lingting.engines.hf_transformers.settings import TransformersSettings
from lingting.engines.registry import ENGINES, open_engine
from lingting.engines.sherpa.settings import SherpaOnlineSettings, SherpaSettings
from lingting.engines.vosk import VoskSettings
from lingting.engines.whisper_window import DoubtLimits, WindowPolicy
from lingting.server import locate_model
from lingting.settings import load_settings
from tiny_sherpa import MAKERS
from tiny_transformers import make_ctc, make_whisper

__all__ = ["KOREAN", "names", "opened", "opened_tiny", "speech"]

VARIANTS = {"transformers": ("transformers-whisper", "transformers-ctc")}
"""Of engines that are several: each is held to the contract."""
NOT_DOUBTING = WindowPolicy(limits=DoubtLimits(max_compression_ratio=1e9, max_repeated_share=2.0, max_echo_letters=0))
"""For weights that are random, and say what they say again and again."""

TINY = {
    "sherpa": ("sense-voice", SherpaSettings(languages=("en", "zh", "ja", "ko", "yue"), family="sense-voice")),
    "sherpa-online": ("transducer", SherpaOnlineSettings(languages=("en", "zh"), family="transducer")),
}
"""Of those whose models are made on the spot: the family, and settings."""
MODELS = {"whisper": ("whisper-base", None), "vosk": ("vosk-ko", VoskSettings(languages=("ko",)))}
"""Of the engines that have weights: with which model, and settings, the suites open them."""
SAMPLES = Path(__file__).parents[1] / "samples"
KOREAN = Path(__file__).parents[2] / "shared/speech/other/ko_sensevoice.mp3"


def names(kind: EngineKind) -> list[str]:
    rows = sorted(name for name, row in ENGINES.items() if row.kind is kind)
    return [each for name in rows for each in VARIANTS.get(name, (name,))]


def opened(name: str) -> AnyEngine:
    """Open the engine; skip the test, or fail it where CI is set, if its package or its weights are not here."""
    if name in VARIANTS["transformers"]:
        return tiny_transformers(name)
    if not ENGINES[name].has_weights:
        return open_engine(name)
    if name in TINY:
        return opened_tiny(name, *TINY[name])
    assert name in MODELS, f"say in {Path(__file__).name} with which model the suites open {name!r}"
    model, settings = MODELS[name]
    try:
        folder = locate_model(load_settings(model=model))
        return open_engine(name, folder, *([settings] if settings is not None else []))
    except (ModelMissing, EngineUnavailable) as missing:
        absent(str(missing))


def tiny_transformers(name: str) -> AnyEngine:
    """One of the families, with random weights that are made here."""
    if ENGINES["transformers"].missing:
        absent(f"{', '.join(ENGINES['transformers'].missing)} not installed: {ENGINES['transformers'].install}")
    settings = TransformersSettings(threads=1, max_batch=4, languages=("en", "zh"), window=NOT_DOUBTING)
    with TemporaryDirectory() as folder:
        make = make_whisper if name == "transformers-whisper" else make_ctc
        return open_engine("transformers", make(Path(folder)), settings)


def opened_tiny(name: str, family: str, settings: SherpaSettings | SherpaOnlineSettings) -> AnyEngine:
    """On a model of the family that is made for it, and gone when it is loaded."""
    with TemporaryDirectory() as folder:
        MAKERS[name, family](Path(folder))
        try:
            return open_engine(name, Path(folder), settings)
        except EngineUnavailable as missing:
            absent(str(missing))


def speech(*languages: str) -> Audio:
    """Speech in one of these languages, where a recording of it is here; else in English."""
    known = {language: SAMPLES / f"{language}-short.flac" for language in ("zh", "en")} | {"ko": KOREAN}
    paths = [known[language] for language in languages if language in known and known[language].is_file()]
    return Audio(decode_audio(str([*paths, known["en"]][0])))
