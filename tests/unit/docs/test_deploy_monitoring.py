"""The alert rules and the board name metrics that exist, and Prometheus understands them."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from absent import absent
from lingting.telemetry import Telemetry

pytestmark = pytest.mark.unit

ROOT = Path(__file__).parents[3]
RULES = ROOT / "deploy" / "prometheus" / "lingting.rules.yml"
RULE_TESTS = RULES.with_name("lingting.rules.test.yml")
BOARD = ROOT / "deploy" / "grafana" / "lingting.json"
SUFFIXES = {"counter": ("_total",), "gauge": ("",), "histogram": ("_bucket", "_sum", "_count"), "unknown": ("",)}


def exposed() -> set[str]:
    """Every name that a query may use."""
    families = Telemetry()._registry.collect()
    return {f"{family.name}{suffix}" for family in families for suffix in SUFFIXES[family.type]}


def named(expression: str) -> set[str]:
    return set(re.findall(r"\b(?:asr|process)_\w+", expression))


def alerts() -> list[dict]:
    groups = yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"]
    return [rule for group in groups for rule in group["rules"]]


def panels() -> list[dict]:
    return [panel for panel in json.loads(BOARD.read_text(encoding="utf-8"))["panels"] if panel["type"] != "row"]


@pytest.mark.parametrize("alert", alerts(), ids=lambda alert: alert["alert"])
def test_an_alert_names_metrics_that_exist_and_says_what_it_means(alert: dict) -> None:
    assert named(alert["expr"]) <= exposed()
    assert alert["labels"]["severity"] in {"page", "ticket"}
    assert {"summary", "description"} <= set(alert["annotations"])


def test_no_two_alerts_share_a_name() -> None:
    names = [alert["alert"] for alert in alerts()]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("panel", panels(), ids=lambda panel: panel["title"])
def test_a_panel_names_metrics_that_exist(panel: dict) -> None:
    assert panel["targets"]
    for target in panel["targets"]:
        assert named(target["expr"])
        assert named(target["expr"]) <= exposed()


def test_the_board_shows_every_metric_that_the_server_has() -> None:
    shown = {name for panel in panels() for target in panel["targets"] for name in named(target["expr"])}
    families = {re.sub(r"_(?:total|bucket|sum|count)$", "", name) for name in shown}
    left_out = {"process_virtual_memory_bytes", "process_max_fds", "process_start_time_seconds", "asr_cache_entries"}
    left_out |= {"asr_fetched_bytes"}
    assert {name for name in Telemetry().metric_names if name not in families} == left_out


def test_panels_do_not_lie_on_each_other() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in panels():
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken
        assert place["x"] + place["w"] <= 24
        taken |= cells


def test_the_board_is_what_its_table_says() -> None:
    script = ROOT / "scripts" / "make_board.py"
    assert subprocess.run([sys.executable, str(script), "--check"], check=False).returncode == 0


@pytest.mark.parametrize("name", [alert["alert"] for alert in alerts()])
def test_every_alert_is_on_the_page(name: str) -> None:
    assert f"`{name}`" in (ROOT / "docs" / "observability.md").read_text(encoding="utf-8")


def _promtool(*arguments: str) -> subprocess.CompletedProcess[str]:
    found = shutil.which("promtool")
    if found is None:
        absent("promtool is not installed; apt-get install prometheus to run this")
    return subprocess.run([found, *arguments], capture_output=True, text=True, check=False)


def test_prometheus_reads_the_rules() -> None:
    done = _promtool("check", "rules", str(RULES))
    assert done.returncode == 0, done.stderr


def test_the_rules_fire_when_they_should() -> None:
    done = _promtool("test", "rules", str(RULE_TESTS))
    assert done.returncode == 0, done.stderr


def test_prometheus_reads_every_query_of_the_board(tmp_path: Path) -> None:
    queries = [target["expr"] for panel in panels() for target in panel["targets"]]
    plain = [query.replace("$__rate_interval", "5m").replace("$instance", ".*") for query in queries]
    rules = [{"record": f"panel:number{number}", "expr": query} for number, query in enumerate(plain)]
    file = tmp_path / "board.yml"
    file.write_text(json.dumps({"groups": [{"name": "board", "rules": rules}]}))
    done = _promtool("check", "rules", str(file))
    assert done.returncode == 0, done.stderr
