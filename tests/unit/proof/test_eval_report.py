"""What engines heard becomes a report that is complete and escaped."""

import json
from pathlib import Path

import pytest

from lingting.proof.accuracy.hearing import Heard, Hearing, Utterance
from lingting.proof.accuracy.machine import to_json
from lingting.proof.accuracy.markdown import to_markdown
from lingting.proof.accuracy.page import to_html
from lingting.proof.accuracy.results import EngineRun, Report, make_report

pytestmark = pytest.mark.unit
EVIL = "<script>alert(1)</script> | *x*"


def utterance(number: int, *, language: str = "en", text: str = "red green blue black", group: str = "") -> Utterance:
    return Utterance(f"u{number}", Path("a.wav"), language, text, group or language, 2.0)


def run(name: str, *texts: str | None, price: float | None = None) -> EngineRun:
    heard = tuple(
        Heard("", 0.5, "audio_undecodable", "not audio") if text is None else Heard(text, 0.5) for text in texts
    )
    return EngineRun(name, Hearing(heard, wall_seconds=0.5 * len(texts), at_once=1), price)


def report() -> Report:
    utterances = [
        *(utterance(number) for number in range(6)),
        utterance(6, language="zh", text="你好世界"),
        utterance(7, language="zh", text="再见", group=EVIL),
    ]
    good = ["red green blue black"] * 5
    return make_report(
        EVIL,
        utterances,
        [
            run("first", *good, "red green", "你好世界", None),
            run(EVIL, *["red green"] * 6, "你世界", "再见", price=0.06),
        ],
    )


def test_rates_are_by_group_and_never_mix_words_with_characters() -> None:
    rates = {(one.group, one.unit.value): one for one in report().engines[1].rates}
    assert rates["en", "words"].rate == 0.5
    assert rates["zh", "characters"].rate == 0.25
    assert rates["all", "characters"].score.tokens == 6
    assert ("all", "words") not in rates  # one group is all there is


def test_a_recording_that_failed_is_counted_and_in_no_rate() -> None:
    first = report().engines[0]
    assert first.failed == {"audio_undecodable": 1}
    assert sum(one.files for one in first.rates if one.group != "all") == 7
    assert first.audio_seconds == 14.0
    assert first.real_time_factor == pytest.approx(4.0 / 14.0)


def test_engines_are_held_to_the_first_over_what_both_heard() -> None:
    compared = {(one.group, one.unit.value): one for one in report().comparisons}
    words = compared["en", "words"]
    assert (words.files, words.better_files, words.worse_files) == (6, 0, 5)
    assert words.difference == pytest.approx(10 / 24)
    assert words.interval is not None
    assert not words.interval.holds_zero
    assert compared["zh", "characters"].files == 1


def test_the_price_is_of_the_sound_that_was_heard() -> None:
    first, second = report().engines
    assert first.price is None
    assert second.price == pytest.approx(0.06 * 16 / 60)


def test_the_page_escapes_what_is_not_ours_and_loads_nothing() -> None:
    page = to_html(report())
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert "http" not in page.replace("http-equiv", "")
    assert "default-src 'none'" in page
    assert page.count("<svg") == 4  # two units, the differences and the latencies
    assert "<del>blue black</del>" in page


def test_markdown_escapes_what_is_not_ours() -> None:
    page = to_markdown(report())
    assert page.count("<script") == page.count("\\<script")
    assert "\\|" in page
    assert "audio\\_undecodable: not audio" in page
    assert all(line.count(" | ") == 8 for line in page.splitlines() if line.startswith("| en |"))


def test_json_has_every_recording() -> None:
    body = json.loads(to_json(report()))
    assert [row["id"] for row in body["utterances"]] == [f"u{number}" for number in range(8)]
    assert body["utterances"][7]["engines"][0]["problem"] == "audio_undecodable: not audio"
    assert body["comparisons"][0]["verdict"] == "worse"


def test_a_report_in_which_nothing_was_heard_can_be_written() -> None:
    nothing = make_report("none", [utterance(0)], [run("a", None), run("b", None)])
    assert "1 audio_undecodable" in to_html(nothing)
    assert "Failed: 1 recordings" in to_markdown(nothing)
    assert json.loads(to_json(nothing))["engines"][0]["rates"] == []
