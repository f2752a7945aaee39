"""Whether a server stayed as it was, from what its metrics said."""

import pytest

from lingting.client.errors import ServerError
from lingting.proof.endurance.looks import Look, read_metrics
from lingting.proof.endurance.verdict import judge

pytestmark = pytest.mark.unit


def looks(memory_mib: list[float], *, files: float = 40.0, waiting: list[float] | None = None) -> list[Look]:
    queued = waiting or [0.0] * len(memory_mib)
    return [
        Look(
            at_seconds=float(number),
            is_idle=True,
            memory_bytes=mib * 2**20,
            open_files=files,
            threads=20.0,
            queued_clips=clips,
            live_sessions=0.0,
            sockets=0.0,
        )
        for number, (mib, clips) in enumerate(zip(memory_mib, queued, strict=True))
    ]


def flat(found: list[Look]) -> dict[str, bool]:
    return {one.name: one.is_flat for one in judge(found)}


def test_what_stays_is_flat() -> None:
    assert set(flat(looks([300, 302, 301, 303, 300, 302])).values()) == {True}


def test_memory_that_grows_is_seen() -> None:
    assert flat(looks([300, 310, 320, 330, 340, 350]))["memory, MiB"] is False


def test_one_high_moment_is_no_growth() -> None:
    assert flat(looks([300, 300, 300, 300, 300, 300, 300, 300, 400]))["memory, MiB"] is True


def test_what_still_waits_at_the_end_is_seen() -> None:
    assert flat(looks([300] * 6, waiting=[0, 0, 0, 0, 1, 1]))["clips that wait"] is False


def test_few_looks_give_no_verdict() -> None:
    assert judge(looks([300] * 5)) == ()


def test_metrics_are_summed_over_their_labels() -> None:
    text = (
        "process_resident_memory_bytes 1.5e+08\n"
        'asr_sockets_open{door="/a"} 2.0\nasr_sockets_open{door="/b"} 1.0\nprocess_open_fds 30\n'
    )
    found = read_metrics(text)
    assert (found["memory_bytes"], found["sockets"], found["open_files"], found["threads"]) == (1.5e8, 3.0, 30.0, 0.0)


@pytest.mark.parametrize("text", ["<html>", "other_metric 1\n", ""])
def test_what_is_no_lingting_server_is_told(text: str) -> None:
    with pytest.raises(ServerError):
        read_metrics(text)
