"""What each number may be, section by section: the lowest and the highest."""

from __future__ import annotations

__all__ = [
    "ACCESS_RANGES",
    "AUDIT_RANGES",
    "BUDGET_RANGES",
    "CACHE_RANGES",
    "CALLBACK_RANGES",
    "CHAT_RANGES",
    "COMMAND_RANGES",
    "DECODE_RANGES",
    "HEALTH_RANGES",
    "HISTORY_RANGES",
    "JOB_RANGES",
    "KAFKA_RANGES",
    "LIMIT_RANGES",
    "LIVE_DECODE_RANGES",
    "LIVE_RANGES",
    "OUTBOUND_RANGES",
    "PIPELINE_RANGES",
    "PUNCTUATION_RANGES",
    "RESIDENCY_RANGES",
    "ROOM_RANGES",
    "ROUTING_RANGES",
    "SOCKET_RANGES",
    "STORAGE_RANGES",
    "TRACE_RANGES",
    "VOICE_RANGES",
    "WHISPER_RANGES",
]

PUNCTUATION_RANGES = {"threads": (1, 64)}
VOICE_RANGES = {"threads": (1, 64), "same_voice": (0.1, 0.99)}

DECODE_RANGES = {
    "max_bytes": (1_024, 2**40),
    "max_seconds": (1.0, 7 * 86_400.0),
    "max_channels": (1, 255),
    "stall_seconds": (1.0, 600.0),
    "memory_bytes": (128 * 2**20, 64 * 2**30),
    "max_processes": (1, 256),
    "wait_seconds": (0.0, 600.0),
    "files_per_process": (1, 1_000_000),
}
WHISPER_RANGES = {"device_index": (0, 63), "threads": (0, 1_024), "replicas": (0, 64), "max_batch": (1, 256)}
LIVE_RANGES = {
    "max_sessions": (1, 100_000),
    "idle_seconds": (1.0, 86_400.0),
    "stall_seconds": (0.5, 600.0),
    "resume_seconds": (0.0, 3_600.0),
    "max_seconds": (1.0, 7 * 86_400.0),
    "max_ahead_seconds": (1.0, 3_600.0),
    "max_finals_in_hand": (1, 64),
    "replayed_events": (1, 100_000),
    "waiting_events": (16, 1_000_000),
    "drain_seconds": (0.0, 600.0),
    "hearing_threads": (1, 64),
}
LIVE_DECODE_RANGES = {
    "max_processes": (1, 256),
    "spare_processes": (0, 16),
    "memory_bytes": (64 * 2**20, 64 * 2**30),
    "prompt_seconds": (0.0, 1.0),
    "stall_seconds": (1.0, 600.0),
}
SOCKET_RANGES = {
    "max_message_bytes": (4_096, 64 * 2**20),
    "send_seconds": (0.1, 600.0),
    "hello_seconds": (0.1, 600.0),
    "max_outbox_messages": (1, 10_000),
    "max_bad_messages": (1, 10_000),
    "max_sockets": (1, 100_000),
}
ROOM_RANGES = {
    "max_rooms": (1, 1_000_000),
    "max_viewers": (1, 100_000),
    "max_all_viewers": (1, 1_000_000),
    "history_limit": (1, 1_000_000),
    "ttl_seconds": (1.0, 366 * 86_400.0),
    "waiting_updates": (4, 10_000),
    "send_seconds": (0.1, 600.0),
    "keep_alive_seconds": (1.0, 600.0),
    "lease_seconds": (1.0, 600.0),
}
PIPELINE_RANGES = {
    "max_pieces_in_flight": (1, 1_024),
    "urgent_pieces": (1, 1_024),
    "max_pause_seconds": (0.001, 60.0),
    "reader_threads": (1, 1_024),
    "confident_language": (0.0, 1.0),
}
COMMAND_RANGES = {
    "mqtt_qos": (0, 2),
    "max_waiting": (1, 100_000),
    "max_age_seconds": (1.0, 86_400.0),
    "flush_seconds": (0.0, 600.0),
}
ROUTING_RANGES = {"breaker_failures": (1, 1_000), "breaker_seconds": (0.1, 3_600.0), "shadow_at_once": (1, 1_000)}
BUDGET_RANGES = {"minutes_per_day": (0.0, 1e6), "money_per_day": (0.0, 1e9)}
RESIDENCY_RANGES = {
    "idle_seconds": (0.0, 30 * 86_400.0),
    "memory_bytes": (0, 2**50),
    "load_seconds": (0.1, 3_600.0),
    "retry_seconds": (0.0, 3_600.0),
}
CALLBACK_RANGES = {
    "seconds": (0.1, 300.0),
    "at_once": (1, 1_000),
    "per_host": (1, 1_000),
    "poll_seconds": (0.1, 3_600.0),
    "keep_delivered_seconds": (0.0, 366 * 86_400.0),
    "keep_dead_seconds": (0.0, 366 * 86_400.0),
    "secret_grace_seconds": (0.0, 366 * 86_400.0),
}
KAFKA_RANGES = {"max_waiting": (1, 10_000_000), "message_seconds": (1.0, 86_400.0), "flush_seconds": (0.0, 600.0)}
OUTBOUND_RANGES = {"max_redirects": (0, 20), "connect_seconds": (0.1, 120.0)}
STORAGE_RANGES = {"pool_size": (1, 1_000)}
HISTORY_RANGES = {"ttl_days": (0.0, 36_500.0), "audio_ttl_days": (0.0, 36_500.0), "sweep_seconds": (1.0, 86_400.0)}
LIMIT_RANGES = {
    "requests_per_minute": (0, 1_000_000),
    "streams": (0, 100_000),
    "audio_seconds_per_day": (0, 10**9),
    "audio_seconds_per_month": (0, 10**9),
}
HEALTH_RANGES = {
    "timeout_seconds": (0.1, 60.0),
    "keep_seconds": (0.0, 60.0),
    "stuck_seconds": (1.0, 86_400.0),
    "min_disk_bytes": (0, 2**50),
}
AUDIT_RANGES = {"keep_days": (0, 36_500), "refused_per_minute": (1, 100_000)}
ACCESS_RANGES = {"refresh_seconds": (0.0, 60.0), "failures_per_minute": (1, 1_000_000)}
TRACE_RANGES = {"sample_ratio": (0.0, 1.0)}
CACHE_RANGES = {
    "max_bytes": (2**20, 2**40),
    "max_value_bytes": (1_024, 2**30),
    "ttl_seconds": (1.0, 366 * 86_400.0),
}
JOB_RANGES = {
    "workers": (0, 1_024),
    "max_open": (1, 10_000_000),
    "max_batch": (1, 10_000),
    "max_attempts": (1, 100),
    "retry_seconds": (0.0, 86_400.0),
    "max_retry_seconds": (0.0, 86_400.0),
    "max_age_seconds": (1.0, 366 * 86_400.0),
    "attempt_seconds": (1.0, 366 * 86_400.0),
    "lease_seconds": (0.5, 3_600.0),
    "watch_seconds": (0.05, 60.0),
    "poll_seconds": (0.05, 3_600.0),
    "fetch_seconds": (1.0, 86_400.0),
    "ttl_days": (0.0, 36_500.0),
    "sent_ahead": (1, 1_000_000),
    "resend_seconds": (1.0, 86_400.0),
}
WYOMING_RANGES = {"port": (0, 65_535), "max_connections": (1, 10_000)}
CHAT_RANGES = {
    "temperature": (0.0, 2.0),
    "max_tokens": (1, 100_000),
    "history_tokens": (0, 1_000_000),
    "tokens_per_day": (0, 10**12),
    "max_connections": (1, 10_000),
    "connect_seconds": (0.1, 60.0),
    "answer_seconds": (0.1, 600.0),
    "token_seconds": (0.1, 600.0),
    "total_seconds": (0.1, 3_600.0),
    "max_retries": (0, 20),
    "backoff_seconds": (0.0, 10.0),
    "tool_rounds": (1, 20),
    "cache_similarity": (0.0, 1.0),
    "conversations": (1, 1_000_000),
    "conversation_seconds": (1.0, 86_400.0),
    "keep_seconds": (0.0, 315_360_000.0),
}
GRPC_RANGES = {
    "port": (0, 65_535),
    "max_message_bytes": (1_024, 512 * 2**20),
    "max_calls": (1, 100_000),
    "max_connection_calls": (1, 100_000),
}
