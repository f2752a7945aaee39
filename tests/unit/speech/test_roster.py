"""Who says a text."""

import pytest

from lingting.domain.errors import SettingsInvalid, VoiceNotFound
from lingting.speech.base import VoiceInfo
from lingting.speech.roster import Roster
from lingting.speech.settings import SpeechSettings

pytestmark = pytest.mark.unit

VOICES = [
    VoiceInfo("heart", "hibari", ("en",)),
    VoiceInfo("bei", "kokoro", ("zh", "en")),
    VoiceInfo("yun", "kokoro", ("zh", "en")),
    VoiceInfo("robot", "espeak", ("en", "zh", "de")),
]


def chosen(text, *, voices=VOICES, settings=None, **named):
    asked = {"voice": None, "engine": None, "language": None} | named
    found = Roster(voices, settings or SpeechSettings()).choose(text, **asked)
    return found.voice.name, found.language


@pytest.mark.parametrize(
    ("text", "named", "expected"),
    [
        ("Hello there, how are you?", {}, ("heart", "en")),
        ("你好", {"voice": "alloy"}, ("bei", "zh")),
        ("我的 iPhone 坏了", {}, ("bei", "zh")),
        ("Please call 王小明 tomorrow morning", {}, ("bei", "zh")),
        ("Guten Morgen, wie geht es Ihnen heute?", {}, ("robot", "de")),
        ("42", {}, ("heart", "en")),
        ("Hello", {"voice": "yun"}, ("yun", "en")),
        ("Hello there", {"engine": "kokoro"}, ("bei", "en")),
        ("你好", {"engine": "espeak"}, ("robot", "zh")),
        ("hm", {"language": "de"}, ("robot", "de")),
    ],
)
def test_the_name_or_the_language_picks_the_voice(text, named, expected) -> None:
    assert chosen(text, **named) == expected


def test_the_settings_name_the_voice_of_a_language() -> None:
    assert chosen("你好", settings=SpeechSettings(by_language=("zh=yun",))) == ("yun", "zh")


@pytest.mark.parametrize("pair", ["zh", "zh=nobody", "de=heart"])
def test_a_preference_for_a_voice_that_cannot_is_refused(pair) -> None:
    with pytest.raises(SettingsInvalid, match=r"speech\.by_language"):
        Roster(VOICES, SpeechSettings(by_language=(pair,)))


@pytest.mark.parametrize(
    ("text", "named", "said"),
    [
        ("Hello", {"voice": "nobody"}, "use one of heart, bei, yun, robot"),
        ("Hello", {"voice": "heart", "engine": "kokoro"}, "not a voice of kokoro"),
        ("你好", {"voice": "heart"}, "'heart' speaks en, not 'zh'"),
        ("これはペンです", {}, "no voice here speaks 'ja', only en, zh, de"),
        ("안녕하세요", {}, "no voice here speaks 'ko'"),
    ],
)
def test_whom_nobody_can_say_is_refused_with_those_who_are_there(text, named, said) -> None:
    with pytest.raises(VoiceNotFound, match=said):
        chosen(text, **named)


def test_without_voices_the_line_that_installs_some_is_said() -> None:
    with pytest.raises(VoiceNotFound, match="pip install"):
        chosen("Hello", voices=[])
