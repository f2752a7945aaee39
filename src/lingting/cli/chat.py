"""`lingting chat`: a conversation with the bot at a terminal, spoken or typed."""

from __future__ import annotations

import asyncio
from contextlib import AbstractContextManager, AsyncExitStack, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from lingting.cli.opening import Opener, Wishes
from lingting.cli.reporting import err, reported
from lingting.domain.errors import InvalidOption

if TYPE_CHECKING:  # else --help would load the models' code
    from lingting.cli.chat_spoken import SpokenPlan
    from lingting.cli.ears import Source
    from lingting.cli.loudspeaker import Mouth

__all__ = ["chat"]


@dataclass(frozen=True, slots=True)
class ChatPlan:
    """What the command line says."""

    wishes: Wishes
    is_typed: bool
    speaks: bool
    file: Path | None
    device: str | None
    output: Path | None
    voice: str | None
    speed: float
    language: str | None
    has_headphones: bool
    is_keyed: bool
    wake: tuple[str, ...]
    has_timings: bool


@reported
def chat(  # noqa: PLR0913, PLR0917 - the options of the command line
    context: typer.Context,
    is_typed: Annotated[bool, typer.Option("--text", help="type instead of speaking")] = False,
    is_voiced: Annotated[bool, typer.Option("--voice", help="with --text: speak the replies as well")] = False,
    file: Annotated[Path | None, typer.Option("--from", help="a recording instead of the microphone")] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="write the replies' sound to this .wav, play nothing")
    ] = None,
    model: Annotated[str | None, typer.Option(help="of the language model, as its server names it")] = None,
    base_url: Annotated[str | None, typer.Option(help="of its server: http://127.0.0.1:11434/v1")] = None,
    key_env: Annotated[str | None, typer.Option(help="the variable that holds that server's key")] = None,
    speaker: Annotated[str | None, typer.Option(help="the bot's voice; see lingting say --list")] = None,
    speed: Annotated[float, typer.Option(help="of its speech, 0.25 to 4")] = 1.0,
    language: Annotated[str | None, typer.Option(help="zh, en, ...; detected when not given")] = None,
    device: Annotated[str | None, typer.Option(help="a microphone; see lingting listen --list-devices")] = None,
    has_headphones: Annotated[bool, typer.Option("--headphones", help="no echo to take out")] = False,
    is_keyed: Annotated[bool, typer.Option("--push-to-talk", help="Enter begins and ends each turn")] = False,
    wake: Annotated[list[str] | None, typer.Option(help="sleep until this is said; may be repeated")] = None,
    has_timings: Annotated[bool, typer.Option("--timings", help="how long each stage of a turn took")] = False,
) -> None:
    """Talk with the bot; Ctrl-C ends it."""
    _check(is_typed=is_typed, spoken_only={"--from": file, "--device": device, "--wake": wake}, is_keyed=is_keyed)
    if is_voiced and not is_typed:
        raise InvalidOption("--voice", "is for --text; a spoken conversation always speaks. Name a voice by --speaker")
    if output is not None and output.suffix.lower() != ".wav":
        raise InvalidOption("--output", f"{output.name!r} does not end in .wav")
    if file is not None and is_keyed:
        raise InvalidOption("--push-to-talk", "is for the microphone; leave it out to play a recording")
    plan = ChatPlan(
        wishes=Wishes(chat_url=base_url, chat_model=model, chat_key_env=key_env),
        is_typed=is_typed,
        speaks=is_voiced or not is_typed,
        file=file,
        device=device,
        output=output,
        voice=speaker,
        speed=speed,
        language=language,
        has_headphones=has_headphones,
        is_keyed=is_keyed,
        wake=tuple(wake or ()),
        has_timings=has_timings,
    )
    asyncio.run(_chat(cast("Opener", context.obj), plan))


def _check(*, is_typed: bool, spoken_only: dict[str, object], is_keyed: bool) -> None:
    """raises    InvalidOption"""
    if not is_typed:
        return
    for name, value in (spoken_only | {"--push-to-talk": is_keyed}).items():
        if value:
            raise InvalidOption(name, "is for spoken conversations; leave it or --text out")


async def _chat(opener: Opener, plan: ChatPlan) -> None:
    from lingting.cli.chat_display import ChatDisplay
    from lingting.cli.chat_spoken import Party, converse, type_to
    from lingting.cli.listening import stop_on_signal
    from lingting.domain import ANYBODY, Call

    call, stop = Call(ANYBODY, "cli"), asyncio.Event()
    display = ChatDisplay(has_timings=plan.has_timings, has_sound=plan.speaks)
    async with AsyncExitStack() as held:
        source = None if plan.is_typed else held.enter_context(_source(opener, plan))
        mouth = held.enter_context(_mouth(plan))
        spoken = await asyncio.to_thread(_spoken, plan)
        with err().status("loading the models"):
            bot = await held.enter_async_context(opener.bot(plan.wishes, hears=source is not None))
        held.enter_context(stop_on_signal(stop))
        party = Party(bot, call, mouth, display, stop)
        if source is None:
            await type_to(party, spoken)
        else:
            display.note(f"listening to {source.label}; Ctrl-C ends the conversation")
            await converse(party, source, spoken)
    if plan.output is not None:
        await asyncio.to_thread(mouth.save, plan.output)


def _source(opener: Opener, plan: ChatPlan) -> AbstractContextManager[Source]:
    ears = opener.ears()
    return ears.file(plan.file) if plan.file is not None else ears.microphone(plan.device)


def _mouth(plan: ChatPlan) -> AbstractContextManager[Mouth]:
    from lingting.cli.loudspeaker import Loudspeaker, Taken
    from lingting.speech.hub import SPEECH_RATE_HZ

    if plan.output is not None or not plan.speaks:
        return nullcontext(Taken(SPEECH_RATE_HZ))
    return Loudspeaker.opened(SPEECH_RATE_HZ)


def _spoken(plan: ChatPlan) -> SpokenPlan:
    """Blocking: wake phrases load the pinyin.

    raises    InvalidOption
    """
    from lingting.cli.chat_spoken import SpokenPlan
    from lingting.dialogue.talk.talk_parts import TalkWish
    from lingting.dialogue.wake.wake import Wake
    from lingting.dialogue.wake.wake_settings import WakeSettings
    from lingting.domain import StreamOptions, SystemClock

    wish = TalkWish(
        voice=plan.voice,
        speed=plan.speed,
        speaks=plan.speaks,
        language=plan.language or "zh",
        is_automatic=not (plan.is_keyed or plan.is_typed),
        asks_back=plan.file is None,
        wake=Wake(WakeSettings(plan.wake), now_seconds=SystemClock().monotonic()) if plan.wake else None,
    )
    has_echo = plan.file is None and plan.output is None and not plan.has_headphones
    options = StreamOptions().for_talk()
    recognize = replace(options.recognize, language=plan.language, word_times=False)
    return SpokenPlan(wish, replace(options, recognize=recognize, echo=has_echo), plan.is_keyed)
