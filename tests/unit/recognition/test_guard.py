from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lingting.domain import Hotword, Hotwords, Hypothesis, Word
from lingting.recognition.guard import NOTHING, Prompted, Reason, Verdict, judge
from lingting.recognition.guard_phrases import STOCK_PHRASES, squash

pytestmark = pytest.mark.unit

CLEAR = {"avg_logprob": -0.25, "no_speech_prob": 0.03}
DOUBTFUL = {"avg_logprob": -0.9, "no_speech_prob": 0.45}
NOISE = {"avg_logprob": -1.6, "no_speech_prob": 0.8}


def verdict_on(
    text: str, *, seconds: float = 2.0, prompted: Prompted = NOTHING, words: bool = False, **scores: float
) -> Verdict:
    spoken = words_of(text) if words else ()
    hypothesis = Hypothesis(text=text, language="zh", words=spoken, **{**CLEAR, **scores})
    return judge(hypothesis, clip_seconds=seconds, speech_seconds=seconds, prompted=prompted)


def words_of(text: str) -> tuple[Word, ...]:
    pieces = text.split(" ") if " " in text else list(text)
    joint = " " if " " in text else ""
    return tuple(Word(joint + piece, i * 0.2, i * 0.2 + 0.2, 0.9, (i,)) for i, piece in enumerate(pieces))


@pytest.mark.parametrize("text", ["Thank you.", "谢谢", "嗯", "谢谢大家", "Yes.", "Bye.", "好", "감사합니다", "you"])
def test_short_phrases_survive_when_speech_is_clear(text: str) -> None:
    assert verdict_on(text) == Verdict(text, (), (), None)


@pytest.mark.parametrize(
    "text",
    [
        "Thank you.",
        "谢谢观看",
        "謝謝觀看!",
        "Thanks for watching!",
        "MBC 뉴스 김성현입니다.",
        "ご視聴ありがとうございました",
    ],
)
def test_stock_phrases_fall_when_the_engine_doubts(text: str) -> None:
    verdict = verdict_on(text, **DOUBTFUL)
    assert (verdict.text, verdict.reason) == ("", Reason.INVENTED_PHRASE)


def test_several_stock_phrases_fall_together() -> None:
    assert verdict_on("Thank you. Thank you. Bye.", **DOUBTFUL).reason is Reason.INVENTED_PHRASE


def test_a_stock_phrase_alone_on_long_speech_falls() -> None:
    assert verdict_on("谢谢观看", seconds=25.0).reason is Reason.INVENTED_PHRASE


def test_doubtful_text_that_is_no_stock_phrase_survives() -> None:
    assert verdict_on("打开客厅的灯", **DOUBTFUL).text == "打开客厅的灯"


def test_a_stock_phrase_inside_a_sentence_survives_doubt() -> None:
    assert verdict_on("谢谢你昨天帮我修车", **DOUBTFUL).reason is None


@pytest.mark.parametrize(
    "text",
    [
        "字幕由Amara.org社区提供",
        "字幕由 Amara.org 社群提供",
        "请不吝点赞 订阅 转发 打赏支持明镜与点点栏目",
        "請不吝點贊訂閱轉發打賞支持明鏡與點點欄目",
        "字幕by索兰娅",
        "中文字幕志愿者 李宗盛",
        "优优独播剧场——YoYo Television Series Exclusive",
        "MING PAO CANADA // MING PAO TORONTO",
        "以下是普通话的句子。",
        "Subtitles by the Amara.org community",
        "Sous-titres réalisés para la communauté d'Amara.org",
        "Sous-titrage Société Radio-Canada",
        "Untertitelung im Auftrag des ZDF für funk, 2017",
        "Untertitel der Amara.org-Community",
        "Subtítulos realizados por la comunidad de Amara.org",
        "Legendas pela comunidade Amara.org",
        "Sottotitoli creati dalla comunità Amara.org",
        "Субтитры сделал DimaTorzok",
        "Редактор субтитров А.Синецкая Корректор А.Егорова",
        "Altyazı M.K.",
        "Napisy stworzone przez społeczność Amara.org",
    ],
)
def test_credits_fall_however_sure_the_engine_is(text: str) -> None:
    verdict = verdict_on(text, seconds=5.0)
    assert (verdict.text, verdict.reason) == ("", Reason.INVENTED_PHRASE)


def test_a_credit_after_true_speech_is_cut_from_text_and_words() -> None:
    verdict = verdict_on("今天的会议到此结束。字幕由Amara.org社区提供", seconds=6.0, words=True)
    assert verdict.text == "今天的会议到此结束。"
    assert "".join(word.text for word in verdict.words) == verdict.text
    assert len(verdict.tokens) == len(verdict.words)
    assert verdict.reason is Reason.INVENTED_PHRASE


@pytest.mark.parametrize(
    "text", ["[Music]", "(applause)", "♪", "♪ la la la ♪", "...", "。", "(音乐)", "【掌声】", "*sighs*", "♪♪"]
)
def test_marks_and_sound_labels_are_no_text(text: str) -> None:
    assert verdict_on(text).reason is Reason.SOUND_LABEL


def test_a_bracket_inside_a_sentence_survives() -> None:
    assert verdict_on("see appendix (b) for details").reason is None


@pytest.mark.parametrize("text", ["I am a man of the world.", "这些人都在想。", "you", "1.5kg", "《证判》"])
def test_noise_as_measured_gives_nothing(text: str) -> None:
    verdict = verdict_on(text, seconds=8.0, **NOISE)
    assert (verdict.text, verdict.words, verdict.reason) == ("", (), Reason.NO_SPEECH)


def test_text_without_any_speech_found_is_dropped() -> None:
    verdict = judge(Hypothesis("hello there", "en", **CLEAR), clip_seconds=5.0, speech_seconds=0.0)
    assert verdict.reason is Reason.NO_SPEECH


def test_a_long_guess_is_dropped_for_low_confidence() -> None:
    assert verdict_on("我认为你会不会有我", avg_logprob=-1.97, no_speech_prob=0.1).reason is Reason.LOW_CONFIDENCE


def test_an_isolated_digit_that_scores_badly_survives() -> None:
    assert verdict_on(" for", seconds=0.31, avg_logprob=-2.3, no_speech_prob=0.449).text == " for"


def test_a_loop_keeps_what_stood_before_it_and_its_first_round() -> None:
    verdict = verdict_on("我们去公园" + "看花" * 60, seconds=4.0, words=True)
    assert (verdict.text, verdict.reason) == ("我们去公园看花", Reason.REPETITION)
    assert "".join(word.text for word in verdict.words) == verdict.text
    assert verdict.tokens == tuple(range(7))


def test_a_loop_cut_short_by_the_token_budget_leaves_no_tail() -> None:
    assert (
        verdict_on("turn on " + "the kitchen light, " * 20 + "the kitchen", seconds=3.0).text
        == "turn on the kitchen light"
    )


def test_speech_after_a_loop_stays() -> None:
    text = "okay " + "no " * 30 + "let us begin with the first page"
    verdict = verdict_on(text, seconds=8.0, words=True)
    assert verdict.text == "okay no let us begin with the first page"
    assert "".join(word.text for word in verdict.words).strip() == verdict.text


@pytest.mark.parametrize("text", ["这些人," * 50, " " + "a" * 600, " 1" + ".5" * 110, "《大人》" * 56])
def test_a_text_that_is_all_loop_falls_when_the_engine_heard_no_speech(text: str) -> None:
    verdict = verdict_on(text, seconds=20.0, avg_logprob=-0.11, no_speech_prob=0.6, compression_ratio=17.0)
    assert (verdict.text, verdict.reason) == ("", Reason.REPETITION)


def test_a_text_that_is_all_loop_keeps_one_round_on_clear_speech() -> None:
    assert verdict_on("开灯" * 60, seconds=1.5).text == "开灯"


@pytest.mark.parametrize(
    "text", ["no no no no no", "哈哈哈哈哈", "一二一二一二", "八八八八八八八八", "very, very, very good"]
)
def test_people_may_repeat_themselves(text: str) -> None:
    assert verdict_on(text, seconds=3.0) == Verdict(text, (), (), None)


def test_more_text_than_a_mouth_can_say_is_dropped() -> None:
    text = "天地玄黄宇宙洪荒日月盈昃辰宿列张寒来暑往秋收冬藏闰余成岁律吕调阳"
    assert verdict_on(text, seconds=0.6).reason is Reason.TOO_DENSE
    assert verdict_on(text, seconds=5.0).reason is None


def test_a_prompt_given_back_falls_only_in_doubt() -> None:
    assert verdict_on("客厅卧室厨房", prompted=Prompted("客厅、卧室、厨房"), **DOUBTFUL).reason is Reason.PROMPT_ECHO
    assert verdict_on("客厅卧室厨房", prompted=Prompted("客厅、卧室、厨房")).reason is None


def test_hotwords_given_back_in_a_row_fall_in_doubt_and_one_alone_stays() -> None:
    prompted = Prompted(hotwords=Hotwords((Hotword("冠状动脉"), Hotword("心力衰竭"))))
    assert verdict_on("心力衰竭、冠状动脉", prompted=prompted, **DOUBTFUL).reason is Reason.PROMPT_ECHO
    assert verdict_on("心力衰竭", prompted=prompted, **DOUBTFUL).reason is None


@pytest.mark.parametrize("prompt", ["以下是普通话的句子。"])
def test_the_engines_own_prompts_given_back_always_fall(prompt: str) -> None:
    assert verdict_on(prompt).reason is Reason.INVENTED_PHRASE


def test_an_empty_answer_is_not_a_suppression() -> None:
    assert verdict_on("") == Verdict("", (), (), None)


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_is_documented(reason: Reason) -> None:
    page = Path(__file__).parents[3] / "docs" / "guard.md"
    assert f"| `{reason}` |" in page.read_text(encoding="utf-8")


def test_stock_phrases_are_stored_as_they_are_compared() -> None:
    assert all(phrase and squash(phrase) == phrase for phrase in STOCK_PHRASES)


@given(st.text(max_size=200), st.floats(0, 30), st.floats(-3, 0), st.floats(0, 1))
def test_a_verdict_never_adds_text_and_its_words_spell_it(
    text: str, speech: float, logprob: float, prob: float
) -> None:
    words = tuple(Word(text[i : i + 3], i, i + 1, 1.0) for i in range(0, len(text), 3))
    hypothesis = Hypothesis(text, "en", words=words, avg_logprob=logprob, no_speech_prob=prob)
    verdict = judge(hypothesis, clip_seconds=30.0, speech_seconds=speech)
    assert len(verdict.text) <= len(text)
    if verdict.text:
        assert "".join("".join(word.text for word in verdict.words).split()) == "".join(verdict.text.split())
    else:
        assert verdict.words == () or not text.strip()


@given(st.lists(st.sampled_from("abc好的不"), max_size=120).map("".join))
def test_any_repetition_is_handled(text: str) -> None:
    verdict = verdict_on(text, seconds=2.0, words=True, compression_ratio=3.0)
    assert "".join(word.text for word in verdict.words) == verdict.text
