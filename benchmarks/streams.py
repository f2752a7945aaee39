"""Live speech from several speakers at their own pace: how soon text comes, how much, how right, at what cost.

usage: python benchmarks/streams.py [--speakers 1,2,4,8] [--seconds 60] [--language given|auto] [--url URL]

Speakers take turns in language (zh, en, zh, ...) and send 16 kHz s16le in pieces of 100 ms over one WebSocket each.
First text: from the true beginning of a recording's speech to the first text of it. Final: from the true end of its
speech, by the detector run over the whole recording, to the last final of it. Both include the up to 100 ms for which a
microphone holds sound back. Recordings that begin in the first --warm-up seconds do not count.
"""

from __future__ import annotations

import argparse
import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from time import perf_counter

from corpus import Recording, recordings
from lingting.client import Event, Final, Notice, Partial, SegmentError, connect
from lingting.domain import SAMPLE_RATE_HZ
from lingting.domain.errors import LingtingError
from servers import Cost, Server, serving
from talks import Spoken, Talk, Utterance, error_rate, hear, make_talk, pcm, quantiles

PIECE_SECONDS = 0.1
LAST_FINALS_SECONDS = 120.0
GROUPS = ("zh speech", "en speech", "zh command", "en command")
LENGTH_SECONDS = (1.0, 14.0)


@dataclass(slots=True)
class Heard:
    """What one speaker got, with the seconds since the talk began at which it came."""

    talk: Talk
    events: list[tuple[float, Event]] = field(default_factory=list)
    problem: str = ""
    slip_seconds: float = 0.0
    """How late the worst piece was sent."""

    def finals(self) -> list[tuple[float, Final]]:
        return [(at, event) for at, event in self.events if isinstance(event, Final)]

    def of(self, one: Utterance) -> tuple[float | None, float | None, str]:
        """When the first text and the last final of a recording came, and its text."""
        texts = [
            at for at, event in self.events if isinstance(event, Partial | Final) and event.text and _meet(event, one)
        ]
        finals = [(at, final) for at, final in self.finals() if _nearest(final, self.talk) is one]
        last = max((at for at, _ in finals), default=None)
        return min(texts, default=None), last, " ".join(final.text for _, final in finals)


def _overlap(event: Partial | Final, one: Utterance) -> float:
    return min(event.end_seconds, one.speech_to) - max(event.start_seconds, one.speech_from)


def _meet(event: Partial | Final, one: Utterance) -> bool:
    return _overlap(event, one) > 0


def _nearest(final: Final, talk: Talk) -> Utterance | None:
    best = max(talk.utterances, key=lambda one: _overlap(final, one))
    return best if _meet(final, best) else None


async def speak(server: Server, talk: Talk, language: str) -> Heard:
    heard = Heard(talk)
    data, step = pcm(talk.samples), int(PIECE_SECONDS * SAMPLE_RATE_HZ) * 2
    try:
        async with connect(server.url, language=language) as stream:
            await anext(stream)
            began = perf_counter()

            async def send() -> None:
                for index, first in enumerate(range(0, len(data), step)):
                    due = began + (index + 1) * PIECE_SECONDS
                    await asyncio.sleep(max(0.0, due - perf_counter()))
                    heard.slip_seconds = max(heard.slip_seconds, perf_counter() - due)
                    await stream.send(data[first : first + step])
                await stream.finish()

            async with asyncio.timeout(talk.seconds + LAST_FINALS_SECONDS), asyncio.TaskGroup() as group:
                group.create_task(send())
                async for event in stream:
                    heard.events.append((perf_counter() - began, event))
    except TimeoutError:
        heard.problem = "timeout"
    except LingtingError as error:
        heard.problem = error.code
    except BaseExceptionGroup as several:
        heard.problem = type(several.exceptions[0]).__name__
    return heard


async def measure(server: Server, talks: Sequence[Talk], language: str) -> tuple[list[Heard], Cost, Cost]:
    before = server.cost()
    heard = await asyncio.gather(
        *(speak(server, talk, talk.language if language == "given" else "auto") for talk in talks)
    )
    return list(heard), before, server.cost()


def report(count: int, heard: Sequence[Heard], before: Cost, after: Cost, *, warm_up: float) -> None:
    expected, delivered = 0, 0
    firsts, finals, said, unheard = [], [], [], []
    for one in heard:
        for utterance in one.talk.utterances:
            if utterance.speech_from < warm_up:
                continue
            first, last, text = one.of(utterance)
            expected += 1
            said.append((utterance.row, text))
            if last is None:
                unheard.append(utterance.row.id)
                continue
            delivered += 1
            finals.append(last - utterance.speech_to)
            if first is not None:
                firsts.append(first - utterance.speech_from)
    lags = [final.lag_seconds for one in heard for _, final in one.finals()]
    notices = Counter(event.kind for one in heard for _, event in one.events if isinstance(event, Notice))
    errors = Counter(one.problem for one in heard if one.problem)
    errors["segment"] = sum(isinstance(event, SegmentError) for one in heard for _, event in one.events)
    cores = (after.cpu_seconds - before.cpu_seconds) / (after.wall_seconds - before.wall_seconds)
    rates = "  ".join(f"{language} {100 * wrong / all_:.1f} %" for language, (wrong, all_) in error_rate(said).items())
    talk_ratio = sum(one.talk.talk_ratio for one in heard) / count
    print(
        f"{count:8} {talk_ratio:6.2f} {quantiles(firsts)} | {quantiles(finals)} | {quantiles(lags)} "
        f"| {delivered:4}/{expected:<4} {cores:6.2f} {after.unshared_mib:7.0f}  {rates}",
        flush=True,
    )
    told = [f"{kind} {times}" for kind, times in (notices + errors).items() if times]
    slip = max(one.slip_seconds for one in heard)
    print(
        f"         notices and errors: {', '.join(told) or 'none'}; worst slip of a sent piece {slip:.2f} s", flush=True
    )
    if unheard:
        print(f"         without a final: {', '.join(unheard)}", flush=True)


def choose(rows: Sequence[Recording]) -> dict[str, list[Spoken]]:
    low, high = LENGTH_SECONDS
    chosen = [
        row for row in rows if row.group in GROUPS and row.transcript and not row.weak and low <= row.seconds <= high
    ]
    spoken = hear(chosen)
    return {language: [one for one in spoken if one.row.language == language] for language in ("zh", "en")}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--speakers", default="1,2,4,8", help="how many at once, one row for each")
    parser.add_argument("--seconds", type=float, default=60.0, help="of each talk")
    parser.add_argument("--warm-up", type=float, default=5.0)
    parser.add_argument("--language", choices=("given", "auto"), default="given")
    parser.add_argument("--url", help="of another server; its cost is not measured")
    args = parser.parse_args()
    spoken = choose(recordings())
    print(f"{sum(map(len, spoken.values()))} recordings of {', '.join(GROUPS)}; language {args.language}")
    print(f"{'':8} {'talk':>6} {'first text, s':^20} | {'final, s':^20} | {'server lag, s':^20} |   finals")
    heads = " | ".join([f"{'p50':>6} {'p95':>6} {'p99':>6}"] * 3)
    print(f"{'speakers':8} {'ratio':>6} {heads} | {'':9} {'cores':>6} {'MiB':>7}  errors")
    with serving(args.url) as server:
        for count in map(int, args.speakers.split(",")):
            talks = [
                make_talk(spoken["zh" if index % 2 == 0 else "en"], seconds=args.seconds, seed=index)
                for index in range(count)
            ]
            warming = make_talk(spoken["en"], seconds=3.0, seed=-1)
            asyncio.run(speak(server, warming, "en"))
            heard, before, after = asyncio.run(measure(server, talks, args.language))
            report(count, heard, before, after, warm_up=args.warm_up)


if __name__ == "__main__":
    main()
