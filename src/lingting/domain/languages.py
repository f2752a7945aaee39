"""Language codes: what callers write, and what the house calls it."""

from __future__ import annotations

from collections.abc import Sequence

from lingting.domain.errors import UnsupportedLanguage

__all__ = ["LANGUAGES", "languages_problem", "mixed_languages", "normalize_language"]

# fmt: off
LANGUAGES: dict[str, str] = {
    "en": "english", "zh": "chinese", "de": "german", "es": "spanish", "ru": "russian", "ko": "korean",
    "fr": "french", "ja": "japanese", "pt": "portuguese", "tr": "turkish", "pl": "polish", "ca": "catalan",
    "nl": "dutch", "ar": "arabic", "sv": "swedish", "it": "italian", "id": "indonesian", "hi": "hindi",
    "fi": "finnish", "vi": "vietnamese", "he": "hebrew", "uk": "ukrainian", "el": "greek", "ms": "malay",
    "cs": "czech", "ro": "romanian", "da": "danish", "hu": "hungarian", "ta": "tamil", "no": "norwegian",
    "th": "thai", "ur": "urdu", "hr": "croatian", "bg": "bulgarian", "lt": "lithuanian", "la": "latin", "mi": "maori",
    "ml": "malayalam", "cy": "welsh", "sk": "slovak", "te": "telugu", "fa": "persian", "lv": "latvian",
    "bn": "bengali", "sr": "serbian", "az": "azerbaijani", "sl": "slovenian", "kn": "kannada", "et": "estonian",
    "mk": "macedonian", "br": "breton", "eu": "basque", "is": "icelandic", "hy": "armenian", "ne": "nepali",
    "mn": "mongolian", "bs": "bosnian", "kk": "kazakh", "sq": "albanian", "sw": "swahili", "gl": "galician",
    "mr": "marathi", "pa": "punjabi", "si": "sinhala", "km": "khmer", "sn": "shona", "yo": "yoruba", "so": "somali",
    "af": "afrikaans", "oc": "occitan", "ka": "georgian", "be": "belarusian", "tg": "tajik", "sd": "sindhi",
    "gu": "gujarati", "am": "amharic", "yi": "yiddish", "lo": "lao", "uz": "uzbek", "fo": "faroese",
    "ht": "haitian_creole", "ps": "pashto", "tk": "turkmen", "nn": "nynorsk", "mt": "maltese", "sa": "sanskrit",
    "lb": "luxembourgish", "my": "myanmar", "bo": "tibetan", "tl": "tagalog", "mg": "malagasy", "as": "assamese",
    "tt": "tatar", "haw": "hawaiian", "ln": "lingala", "ha": "hausa", "ba": "bashkir", "jw": "javanese",
    "su": "sundanese", "yue": "cantonese",
}
# fmt: on
"""Code to English name, in the order of Whisper's language tokens. Source: openai/whisper, tokenizer.py."""

_ALIASES = {
    "cmn": "zh",
    "mandarin": "zh",
    "zho": "zh",
    "chi": "zh",
    "eng": "en",
    "jv": "jw",
    "fil": "tl",
    "iw": "he",
    "nb": "no",
} | {name: code for code, name in LANGUAGES.items()}


MIXES = {"-".join(pair): pair for pair in (("zh", "en"), ("en", "zh"), ("yue", "en"), ("en", "yue"))}
"""Spellings of two languages in one recording, which no locale has."""


def mixed_languages(given: str) -> tuple[str, ...]:
    """The languages of "zh-en" and the like; none for what names one language."""
    return MIXES.get(given.strip().lower().replace("_", "-"), ())


def normalize_language(given: str) -> str:
    """Return the house's code for `given`: "zh-CN", "cmn-Hans", "Chinese" and "zh" are all "zh".

    raises    UnsupportedLanguage, naming the accepted codes
    """
    text = given.strip().lower().replace("_", "-")
    for candidate in (text, text.replace("-", "_").replace(" ", "_"), text.split("-")[0]):
        code = _ALIASES.get(candidate, candidate)
        if code in LANGUAGES:
            return code
    raise UnsupportedLanguage(given, sorted(LANGUAGES))


def languages_problem(codes: Sequence[str]) -> str:
    """What is wrong with the languages that a setting lists; empty when they are codes of the house."""
    try:
        known = [normalize_language(code) for code in codes]
    except UnsupportedLanguage as problem:
        return problem.message
    return "" if known and known == list(codes) else "give codes such as zh and en, at least one"
