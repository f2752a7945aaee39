"""How many servers a load needs, on numbers that can be reckoned by hand."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from lingting.cli.main import app
from lingting.domain.errors import InvalidOption
from lingting.proof.capacity import Measured, Wanted, plan_for

pytestmark = pytest.mark.unit
MEASURED = Measured(audio_per_second=20.0, cached_per_second=500.0, speakers=4, latency_seconds=2.0)


def test_a_day_has_a_busiest_second() -> None:
    assert Wanted.peak(86_400, 3) == 3.0


def test_servers_are_reckoned_from_the_sound_and_the_bound_of_utilisation() -> None:
    """100,000 a day, three times that in the busiest hour: 3.47 a second of 10 s are 34.7 s of sound, 1.74 servers."""
    plan = plan_for(Wanted(Wanted.peak(100_000, 3), audio_seconds=10.0, utilisation=0.6, spare=1), MEASURED)
    assert plan.busy_servers == pytest.approx(1.736, abs=0.001)
    assert plan.servers == 3 + 1  # 1.736 / 0.6 = 2.9
    assert plan.in_hand == pytest.approx(3.472 * 2.0, abs=0.001)


def test_cached_answers_cost_what_they_cost() -> None:
    plan = plan_for(Wanted(5_000, cached_ratio=1.0, utilisation=0.5, spare=0), MEASURED)
    assert plan.servers == 20
    assert plan.in_hand == 0


def test_a_full_server_is_not_rounded_up_by_arithmetic() -> None:
    assert plan_for(Wanted(0.6 * 3 * 2, utilisation=0.6, spare=0), MEASURED).servers == 3


def test_speakers_take_servers_too() -> None:
    assert plan_for(Wanted(speakers=40, utilisation=0.8, spare=0), MEASURED).servers == 13


def test_no_load_takes_no_server() -> None:
    assert plan_for(Wanted(), MEASURED).servers == 0


def test_what_was_not_measured_is_asked_for() -> None:
    with pytest.raises(InvalidOption, match="not measured"):
        plan_for(Wanted(speakers=1), Measured(audio_per_second=20.0))


@pytest.mark.parametrize("wrong", [{"cached_ratio": 1.1}, {"utilisation": 1.0}, {"audio_seconds": 0.0}, {"spare": -1}])
def test_what_cannot_be_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(InvalidOption):
        Wanted(1.0, **wrong)


@pytest.fixture
def figures(tmp_path: Path) -> list[str]:
    spread = {"count": 9, "p50": 0.5, "p95": 1.0, "p99": 1.2}
    late = {"count": 9, "p50": 0.5, "p95": 3.0, "p99": 3.2}
    bodies = [
        {"kind": "http", "runs": [{"audio_per_second": 20.0, "latency": spread}]},
        {"kind": "cached", "runs": [{"requests_per_second": 500.0}]},
        {"kind": "streams", "runs": [{"speakers": n, "final": f, "failed": {}} for n, f in ((4, spread), (8, late))]},
    ]
    files = [tmp_path / f"{body['kind']}.json" for body in bodies]
    for file, body in zip(files, bodies, strict=True):
        file.write_text(json.dumps(body), encoding="utf-8")
    return [str(file) for file in files]


def test_the_command_joins_runs_and_shows_how_it_reckons(figures: list[str]) -> None:
    result = CliRunner().invoke(app, ["capacity", *figures, "--per-day", "100000"])
    assert result.exit_code == 0, result.stderr
    assert "20 s/s, 500/s, 4" in result.stdout  # eight speakers waited too long
    assert result.stdout.rstrip().splitlines()[-3].split()[-1] == "4"


def test_the_command_speaks_json(figures: list[str]) -> None:
    given = ["capacity", *figures, "--per-second", "5000", "--cached-ratio", "1", "--json"]
    plan = json.loads(CliRunner().invoke(app, given).stdout)["plan"]
    assert plan["servers"] == 18


def test_a_file_that_is_no_run_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "other.json"
    file.write_text('{"kind": "http"}', encoding="utf-8")
    result = CliRunner().invoke(app, ["capacity", str(file), "--per-day", "1"])
    assert result.exit_code == 2
    assert "lingting bench --json" in result.stderr


def test_a_load_must_be_named(figures: list[str]) -> None:
    assert CliRunner().invoke(app, ["capacity", *figures]).exit_code == 2
    assert CliRunner().invoke(app, ["capacity", *figures, "--speakers", "4"]).exit_code == 0
