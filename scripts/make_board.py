"""Writes deploy/grafana/lingting.json, the board for Grafana, from the table below.

usage: python scripts/make_board.py [--check]

A panel is a title, a unit and its queries; three graphs or six numbers fill the width. `--check` writes nothing and
ends with 1 when the file is not what the table says.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path

BOARD = Path(__file__).parents[1] / "deploy" / "grafana" / "lingting.json"
HERE = 'instance=~"$instance"'
COLUMNS = 24
PANEL_WIDTH, PANEL_HEIGHT = 8, 8
STAT_WIDTH, STAT_HEIGHT = 4, 4
DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}


@dataclass(frozen=True, slots=True)
class Panel:
    """One graph, or one number."""

    title: str
    unit: str
    """Of Grafana: s, short, bytes, percentunit, reqps."""
    queries: tuple[tuple[str, str], ...]
    """PromQL, and what its line is called."""
    about: str = ""
    is_number: bool = False
    is_stacked: bool = False


def rate(metric: str, by: str = "", where: str = "") -> str:
    grouped = f" by ({by})" if by else ""
    return f"sum{grouped} (rate({metric}{{{HERE}{where}}}[$__rate_interval]))"


def quantiles(metric: str, *parts: float, where: str = "") -> tuple[tuple[str, str], ...]:
    return tuple(
        (f"histogram_quantile({part}, {rate(f'{metric}_bucket', 'le', where)})", f"p{part * 100:g}")
        for part in parts or (0.5, 0.95, 0.99)
    )


def total(metric: str, by: str = "") -> str:
    return f"sum{f' by ({by})' if by else ''} ({metric}{{{HERE}}})"


APART, BOTH = "asr_shadow_disagreement_ratio", "{{model}} {{shadow}}"
FILES = ', door=~"/recognize|/asr|/v1/asr|/v1/audio/.*"'
FOUND, ASKED = ', outcome=~"hit|joined"', ', outcome!="off"'
FAULTS = ', outcome=~"5..", outcome!="503"'
ROWS: dict[str, tuple[Panel, ...]] = {
    "At a glance": (
        Panel("Requests", "reqps", ((rate("asr_requests_total"), ""),), is_number=True),
        Panel(
            "Faults",
            "percentunit",
            ((f"{rate('asr_requests_total', where=FAULTS)} / {rate('asr_requests_total')}", ""),),
            "Answers of 500 and the like; refusals for load are not faults.",
            is_number=True,
        ),
        Panel("Live sessions", "short", ((total("asr_live_sessions"), ""),), is_number=True),
        Panel(
            "Audio a second",
            "s",
            ((f"{rate('asr_audio_seconds_total')} + {rate('asr_live_audio_seconds_total')}", ""),),
            "Seconds of sound recognised in each second.",
            is_number=True,
        ),
        Panel("Jobs not ended", "short", (("sum(max by (state) (asr_jobs_open))", ""),), is_number=True),
        Panel("Engine at work", "percentunit", ((rate("asr_engine_busy_seconds_total"), ""),), is_number=True),
    ),
    "Load": (
        Panel("Requests by door", "reqps", ((rate("asr_requests_total", "door"), "{{door}}"),), is_stacked=True),
        Panel("Requests by outcome", "reqps", ((rate("asr_requests_total", "outcome"), "{{outcome}}"),)),
        Panel("Errors by code", "reqps", ((rate("asr_errors_total", "code"), "{{code}}"),), is_stacked=True),
        Panel("Latency of recordings", "s", quantiles("asr_latency_seconds", where=FILES)),
        Panel(
            "In hand",
            "short",
            ((total("asr_requests_in_hand"), "requests"), (total("asr_sockets_open", "door"), "{{door}}")),
        ),
        Panel("Received", "Bps", ((rate("asr_received_bytes_total"), "bodies"),)),
    ),
    "Engine": (
        Panel(
            "Real-time factor",
            "short",
            quantiles("asr_real_time_factor"),
            "Wall time of a request by the length of its audio; live speech needs well under 1.",
        ),
        Panel("Wait in the queue", "s", quantiles("asr_queue_wait_seconds")),
        Panel("Clips by model", "short", ((rate("asr_model_clips_total", "model, outcome"), "{{model}} {{outcome}}"),)),
        Panel("Models left alone", "short", ((total("asr_model_left_alone", "model"), "{{model}}"),), is_stacked=True),
        Panel(
            "Answers by model, p95",
            "s",
            (
                (
                    f"histogram_quantile(0.95, {rate('asr_model_answer_seconds_bucket', 'le, model')})",
                    "{{model}}",
                ),
            ),
        ),
        Panel("Money a second", "short", ((rate("asr_spent_money_total", "model"), "{{model}}"),)),
        Panel("Paid audio a second", "s", ((rate("asr_paid_audio_seconds_total", "model"), "{{model}}"),)),
        Panel(
            "Disagreement with shadows",
            "percentunit",
            ((f"{rate(f'{APART}_sum', 'model, shadow')} / {rate(f'{APART}_count', 'model, shadow')}", BOTH),),
            "How far the answers of a second model are from those that were given.",
        ),
        Panel("Shadows lost", "short", ((rate("asr_shadows_lost_total", "shadow, reason"), "{{shadow}} {{reason}}"),)),
        Panel("Models in memory", "short", ((total("asr_model_loaded", "model"), "{{model}}"),), is_stacked=True),
        Panel("Memory of models", "bytes", ((total("asr_model_memory_bytes", "model"), "{{model}}"),), is_stacked=True),
        Panel(
            "Loads of models", "short", ((rate("asr_model_loads_total", "model, outcome"), "{{model}} {{outcome}}"),)
        ),
        Panel("Time of loads", "s", quantiles("asr_model_load_seconds", 0.5, 0.95)),
        Panel(
            "Queue",
            "short",
            ((total("asr_queue_clips"), "clips"), (total("asr_queue_audio_seconds"), "seconds of audio")),
        ),
        Panel(
            "Clips in a batch",
            "short",
            ((f"{rate('asr_batch_clips_sum')} / {rate('asr_batch_clips_count')}", "mean"),),
        ),
        Panel(
            "Never computed, withheld, failed",
            "short",
            (
                (rate("asr_dropped_clips_total", "reason"), "dropped: {{reason}}"),
                (rate("asr_guard_suppressed_total", "reason"), "withheld: {{reason}}"),
                (rate("asr_engine_errors_total", "code"), "failed: {{code}}"),
            ),
        ),
        Panel(
            "Computed",
            "s",
            ((rate("asr_engine_padded_seconds_total"), "audio a second, with padding and partials"),),
        ),
    ),
    "Live speech": (
        Panel("Final lag", "s", quantiles("asr_live_final_lag_seconds"), "From the end of a segment to its final."),
        Panel(
            "Sessions",
            "short",
            ((total("asr_live_sessions"), "open"), (rate("asr_live_ended_total", "reason"), "ended: {{reason}}")),
        ),
        Panel("Partials", "short", ((rate("asr_live_partials_total"), "a second"),)),
        Panel("Rooms", "short", ((total("asr_rooms"), "rooms"), (total("asr_room_viewers"), "viewers"))),
        Panel(
            "Captions",
            "short",
            (
                (rate("asr_room_captions_total"), "published"),
                (rate("asr_room_updates_skipped_total"), "skipped"),
                (rate("asr_room_viewers_cut_total"), "viewers cut off"),
            ),
        ),
        Panel("Sockets closed", "short", ((rate("asr_sockets_total", "outcome"), "{{outcome}}"),)),
    ),
    "Callers": (
        Panel("Checks of keys", "reqps", ((rate("asr_access_checks_total", "outcome"), "{{outcome}}"),)),
        Panel(
            "Refused for a limit",
            "reqps",
            (
                (rate("asr_limited_total", "limit"), "{{limit}}"),
                (rate("asr_limit_store_failures_total"), "the store did not answer"),
            ),
        ),
        Panel(
            "Charged",
            "s",
            ((rate("asr_charged_audio_seconds_total"), "audio a second"), (total("asr_stream_places"), "streams")),
        ),
        Panel(
            "Cache",
            "percentunit",
            (
                (
                    f"{rate('asr_cache_lookups_total', where=FOUND)} / {rate('asr_cache_lookups_total', where=ASKED)}",
                    "found",
                ),
            ),
        ),
        Panel("Cache in memory", "bytes", ((total("asr_cache_bytes"), "size"),)),
        Panel(
            "Cache trouble",
            "short",
            ((rate("asr_cache_evicted_total"), "put out"), (rate("asr_cache_failures_total"), "did not answer")),
        ),
    ),
    "Voices": (
        Panel("First sound", "s", quantiles("asr_speech_first_sound_seconds", 0.5, 0.95)),
        Panel(
            "Texts spoken",
            "short",
            (
                (rate("asr_speech_texts_total", "engine, outcome"), "{{engine}}: {{outcome}}"),
                (total("asr_speech_in_hand"), "in hand"),
            ),
        ),
        Panel(
            "Spoken",
            "short",
            (
                (rate("asr_speech_seconds_total", "engine"), "{{engine}}: seconds of sound"),
                (rate("asr_speech_characters_total", "engine"), "{{engine}}: characters"),
            ),
        ),
        Panel("Clauses", "short", ((rate("asr_speech_phrases_total", "outcome"), "{{outcome}}"),)),
        Panel("Clauses in memory", "bytes", ((total("asr_speech_phrase_bytes"), "size"),)),
    ),
    "Jobs and what goes out": (
        Panel("Jobs by state", "short", (("max by (state) (asr_jobs_open)", "{{state}}"),), is_stacked=True),
        Panel(
            "Jobs ended",
            "short",
            ((rate("asr_jobs_ended_total", "state"), "{{state}}"), (rate("asr_jobs_accepted_total"), "accepted")),
        ),
        Panel(
            "Attempts",
            "short",
            (
                (rate("asr_job_attempts_total", "outcome"), "{{outcome}}"),
                (total("asr_jobs_running_here", "instance"), "running at {{instance}}"),
            ),
        ),
        Panel("Wait of jobs", "s", quantiles("asr_job_wait_seconds", 0.5, 0.95)),
        Panel("Time of jobs", "s", quantiles("asr_job_seconds", 0.5, 0.95)),
        Panel("Callbacks", "short", ((rate("asr_callback_attempts_total", "outcome"), "{{outcome}}"),)),
        Panel("Callbacks not delivered", "short", (("max by (state) (asr_callbacks_open)", "{{state}}"),)),
        Panel("Time of callbacks", "s", quantiles("asr_callback_seconds", 0.5, 0.95)),
        Panel(
            "Fetched and published",
            "short",
            (
                (rate("asr_fetches_total", "outcome"), "fetch: {{outcome}}"),
                (rate("asr_kafka_messages_total", "outcome"), "Kafka: {{outcome}}"),
                (total("asr_kafka_waiting"), "Kafka: waiting"),
            ),
        ),
        Panel(
            "Commands told",
            "short",
            (
                (rate("asr_commands_total", "target, outcome"), "{{target}}: {{outcome}}"),
                (total("asr_commands_waiting", "target"), "{{target}}: waiting"),
                ("min(asr_commands_mqtt_connected)", "MQTT broker"),
            ),
        ),
    ),
    "What is kept": (
        Panel("Database", "s", quantiles("asr_database_seconds", 0.5, 0.95)),
        Panel(
            "Database trouble",
            "short",
            (
                (rate("asr_database_failures_total", "work"), "failed: {{work}}"),
                (rate("asr_database_retries_total"), "tried again"),
            ),
        ),
        Panel("Commit of the audit log", "s", quantiles("asr_audit_commit_seconds", 0.5, 0.95)),
        Panel(
            "Audit rows",
            "short",
            (
                (rate("asr_audit_entries_total"), "written"),
                (rate("asr_audit_failures_total"), "failed"),
                (rate("asr_audit_summarised_total"), "summarised"),
                (total("asr_audit_waiting"), "waiting"),
            ),
        ),
        Panel(
            "History",
            "short",
            ((rate("asr_history_saved_total", "kind"), "{{kind}}"), (rate("asr_history_failures_total"), "failed")),
        ),
        Panel(
            "Deleted",
            "short",
            (
                (rate("asr_retention_deleted_total", "kind"), "over its time: {{kind}}"),
                (rate("asr_erased_total", "kind"), "erased: {{kind}}"),
                (rate("asr_retention_failures_total"), "sweeps failed"),
            ),
        ),
        Panel("Sealed files", "Bps", ((rate("asr_blob_bytes_total", "direction"), "{{direction}}"),)),
    ),
    "Language model": (
        Panel("Replies", "ops", ((rate("asr_chat_replies_total", "outcome"), "{{outcome}}"),)),
        Panel("First word of a reply", "s", quantiles("asr_chat_first_token_seconds", 0.5, 0.95)),
        Panel("Whole reply", "s", quantiles("asr_chat_seconds", 0.5, 0.95)),
        Panel("Tokens", "short", ((rate("asr_chat_tokens_total", "kind"), "{{kind}}"),)),
        Panel(
            "Turns stored",
            "ops",
            ((rate("asr_conversation_turns_total"), "stored"), (rate("asr_conversation_failures_total"), "failed")),
        ),
        Panel("Calls of tools", "ops", ((rate("asr_chat_tools_total", "outcome"), "{{outcome}}"),)),
        Panel("Spoken conversations", "short", ((total("asr_talks_open"), "going on"),)),
        Panel("Spoken turns", "ops", ((rate("asr_talk_turns_total", "outcome"), "{{outcome}}"),)),
        Panel("Replies begun early", "ops", ((rate("asr_talk_foreseen_total", "outcome"), "{{outcome}}"),)),
        Panel(
            "From the end of speech to the first sound",
            "s",
            quantiles("asr_talk_stage_seconds", 0.5, 0.95, where=', stage="first_audio"'),
        ),
    ),
    "Process": (
        Panel(
            "Memory",
            "bytes",
            ((f"process_resident_memory_bytes{{{HERE}}}", "{{instance}}"),),
            "Should be flat once a server is warm. The decoder's processes are not in it.",
        ),
        Panel("Lag of the event loop", "s", quantiles("asr_event_loop_lag_seconds", 0.5, 0.99)),
        Panel(
            "Processor", "short", ((f"rate(process_cpu_seconds_total{{{HERE}}}[$__rate_interval])", "{{instance}}"),)
        ),
        Panel(
            "Files and threads",
            "short",
            (
                (f"process_open_fds{{{HERE}}}", "files, {{instance}}"),
                (f"asr_threads{{{HERE}}}", "threads, {{instance}}"),
            ),
        ),
        Panel("Running", "short", ((f"asr_build_info{{{HERE}}}", "{{instance}}: {{version}}, {{engine}}, {{model}}"),)),
    ),
}


def board() -> dict[str, object]:
    """The whole board, as Grafana imports it."""
    panels: list[dict[str, object]] = []
    y = 0
    for title, row in ROWS.items():
        panels.append(
            {"type": "row", "title": title, "collapsed": False, "panels": [], "gridPos": _place(0, y, COLUMNS, 1)}
        )
        y += 1
        x = 0
        width, height = (STAT_WIDTH, STAT_HEIGHT) if row[0].is_number else (PANEL_WIDTH, PANEL_HEIGHT)
        for panel in row:
            if x + width > COLUMNS:
                x, y = 0, y + height
            panels.append(_drawn(panel, _place(x, y, width, height)))
            x += width
        y += height
    for number, drawn in enumerate(panels, start=1):
        drawn["id"] = number
    return {
        "uid": "lingting",
        "title": "Lingting",
        "tags": ["lingting", "speech"],
        "schemaVersion": 39,
        "editable": True,
        "refresh": "30s",
        "time": {"from": "now-3h", "to": "now"},
        "graphTooltip": 1,
        "templating": {"list": [_datasource(), _instances()]},
        "panels": panels,
    }


def _drawn(panel: Panel, place: dict[str, int]) -> dict[str, object]:
    custom = {"fillOpacity": 25 if panel.is_stacked else 8, "showPoints": "never"}
    if panel.is_stacked:
        custom["stacking"] = {"mode": "normal", "group": "A"}
    return {
        "type": "stat" if panel.is_number else "timeseries",
        "title": panel.title,
        "description": panel.about,
        "datasource": DATASOURCE,
        "gridPos": place,
        "fieldConfig": {"defaults": {"unit": panel.unit, "min": 0, "custom": custom}, "overrides": []},
        "options": {} if panel.is_number else {"legend": {"displayMode": "list", "placement": "bottom"}},
        "targets": [
            {"refId": chr(ord("A") + i), "datasource": DATASOURCE, "expr": expr, "legendFormat": legend}
            for i, (expr, legend) in enumerate(panel.queries)
        ],
    }


def _place(x: int, y: int, w: int, h: int) -> dict[str, int]:
    return {"x": x, "y": y, "w": w, "h": h}


def _datasource() -> dict[str, object]:
    return {"name": "datasource", "type": "datasource", "query": "prometheus", "label": "Prometheus"}


def _instances() -> dict[str, object]:
    return {
        "name": "instance",
        "label": "Server",
        "type": "query",
        "datasource": DATASOURCE,
        "query": {"query": "label_values(asr_build_info, instance)", "refId": "instances"},
        "includeAll": True,
        "multi": True,
        "allValue": ".*",
        "current": {"text": "All", "value": "$__all"},
        "refresh": 2,
    }


def main() -> int:
    text = json.dumps(board(), indent=2, ensure_ascii=False) + "\n"
    if "--check" in sys.argv:
        return int(BOARD.read_text(encoding="utf-8") != text)
    BOARD.parent.mkdir(parents=True, exist_ok=True)
    BOARD.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
