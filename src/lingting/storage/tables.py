"""Every table, for SQLite, MySQL or MariaDB, and PostgreSQL alike.

Times are whole milliseconds since 1970 UTC, lengths of audio whole milliseconds. What a person said or wrote is only in
`sealed` columns (see crypto.py). A change here needs a migration of its own; those that exist are never edited.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, MetaData, String, Table, Text, UniqueConstraint

__all__ = [
    "api_keys",
    "audit",
    "audit_head",
    "blobs",
    "conversation_turns",
    "conversations",
    "deliveries",
    "jobs",
    "metadata",
    "secrets",
    "transcript_terms",
    "transcripts",
    "usage",
]

metadata = MetaData(
    naming_convention={"ix": "ix_%(table_name)s_%(column_0_N_name)s", "uq": "uq_%(table_name)s_%(column_0_N_name)s"}
)
_MYSQL: dict[str, Any] = {
    "mysql_engine": "InnoDB",
    "mysql_charset": "utf8mb4",
    "mysql_collate": "utf8mb4_bin",
}  # Any: as Table takes them
"""A binary collation: identifiers differ by case, as everywhere else."""

ID = String(40)
OWNER = String(80)
HASH = LargeBinary(32)
LARGE = LargeBinary(2**32 - 1)
"""MySQL chooses LONGBLOB by this length; the others have one kind."""

api_keys = Table(
    "api_keys",
    metadata,
    Column("id", ID, primary_key=True),
    Column("tenant", String(64), nullable=False),
    Column("label", String(200), nullable=False),
    Column("scopes", String(200), nullable=False),
    Column("networks", Text, nullable=False),
    Column("secret_hash", HASH, nullable=False),
    Column("previous_hash", HASH),
    Column("previous_until_ms", BigInteger),
    Column("requests_per_minute", BigInteger),
    Column("streams", BigInteger),
    Column("audio_seconds_per_day", BigInteger),
    Column("audio_seconds_per_month", BigInteger),
    Column("created_ms", BigInteger, nullable=False),
    Column("created_by", ID, nullable=False),
    Column("expires_ms", BigInteger),
    Column("revoked_ms", BigInteger),
    Column("last_used_ms", BigInteger),
    Column("hotword_packs", String(500)),
    **_MYSQL,
)

usage = Table(
    "usage",
    metadata,
    Column("key_id", ID, primary_key=True),
    Column("day", String(10), primary_key=True),
    Column("requests", BigInteger, nullable=False),
    Column("audio_ms", BigInteger, nullable=False),
    Column("paid_ms", BigInteger, nullable=False, server_default="0"),
    Column("spent_micro", BigInteger, nullable=False, server_default="0"),
    Column("tokens", BigInteger, nullable=False, server_default="0"),
    **_MYSQL,
)

audit = Table(
    "audit",
    metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("request_id", String(64), nullable=False),
    Column("actor", ID, nullable=False),
    Column("address", String(64), nullable=False),
    Column("action", String(80), nullable=False),
    Column("subject", String(120), nullable=False),
    Column("outcome", String(80), nullable=False),
    Column("audio_ms", BigInteger, nullable=False),
    Column("detail", Text, nullable=False),
    Column("hash", HASH, nullable=False),
    Index("ix_audit_at_ms", "at_ms"),
    Index("ix_audit_actor_seq", "actor", "seq"),
    **_MYSQL,
)

audit_head = Table(
    "audit_head",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("first_seq", BigInteger, nullable=False),
    Column("first_hash", HASH, nullable=False),
    Column("last_seq", BigInteger, nullable=False),
    Column("last_hash", HASH, nullable=False),
    Column("mac", HASH, nullable=False),
    **_MYSQL,
)

secrets = Table(
    "secrets",
    metadata,
    Column("name", String(120), primary_key=True),
    Column("created_ms", BigInteger, nullable=False),
    Column("sealed", LARGE, nullable=False),
    **_MYSQL,
)

transcripts = Table(
    "transcripts",
    metadata,
    Column("id", ID, primary_key=True),
    Column("owner", OWNER, nullable=False),
    Column("key_id", ID, nullable=False),
    Column("user_hash", HASH),
    Column("created_ms", BigInteger, nullable=False),
    Column("expires_ms", BigInteger),
    Column("door", String(80), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("language", String(16), nullable=False),
    Column("engine", String(64), nullable=False),
    Column("model", String(120), nullable=False),
    Column("duration_ms", BigInteger, nullable=False),
    Column("speech_ms", BigInteger, nullable=False),
    Column("characters", BigInteger, nullable=False),
    Column("request_id", String(64), nullable=False),
    Column("cache_key", String(80)),
    Column("blob_id", ID),
    Column("sealed", LARGE, nullable=False),
    Index("ix_transcripts_owner_created_ms_id", "owner", "created_ms", "id"),
    Index("ix_transcripts_owner_user_hash", "owner", "user_hash", mysql_length={"user_hash": 32}),
    Index("ix_transcripts_key_id", "key_id"),
    Index("ix_transcripts_expires_ms", "expires_ms"),
    **_MYSQL,
)

transcript_terms = Table(
    "transcript_terms",
    metadata,
    Column("term", BigInteger, primary_key=True, autoincrement=False),
    Column("transcript_id", ID, primary_key=True),
    Index("ix_transcript_terms_transcript_id", "transcript_id"),
    **_MYSQL,
)

conversations = Table(
    "conversations",
    metadata,
    Column("id", ID, primary_key=True),
    Column("owner", OWNER, nullable=False),
    Column("key_id", ID, nullable=False),
    Column("user_hash", HASH),
    Column("created_ms", BigInteger, nullable=False),
    Column("last_ms", BigInteger, nullable=False),
    Column("expires_ms", BigInteger, nullable=False),
    Column("door", String(80), nullable=False),
    Column("turns", BigInteger, nullable=False),
    Column("revision", BigInteger, nullable=False),
    Column("sealed", LARGE, nullable=False),
    Index("ix_conversations_owner_created_ms_id", "owner", "created_ms", "id"),
    Index("ix_conversations_owner_user_hash", "owner", "user_hash", mysql_length={"user_hash": 32}),
    Index("ix_conversations_key_id", "key_id"),
    Index("ix_conversations_expires_ms", "expires_ms"),
    **_MYSQL,
)

conversation_turns = Table(
    "conversation_turns",
    metadata,
    Column("id", ID, primary_key=True),
    Column("conversation_id", ID, nullable=False),
    Column("number", BigInteger, nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    Column("sealed", LARGE, nullable=False),
    Index("ix_conversation_turns_conversation_id_number", "conversation_id", "number"),
    **_MYSQL,
)

blobs = Table(
    "blobs",
    metadata,
    Column("id", ID, primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("owner", OWNER, nullable=False),
    Column("user_hash", HASH),
    Column("size_bytes", BigInteger, nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    Column("expires_ms", BigInteger),
    Column("is_complete", Integer, nullable=False),
    Column("sealed_key", LargeBinary(255), nullable=False),
    Index("ix_blobs_expires_ms", "expires_ms"),
    **_MYSQL,
)

jobs = Table(
    "jobs",
    metadata,
    Column("id", ID, primary_key=True),
    Column("owner", OWNER, nullable=False),
    Column("key_id", ID, nullable=False),
    Column("user_hash", HASH),
    Column("batch_id", ID),
    Column("idempotency_key", String(200)),
    Column("request_hash", HASH),
    Column("state", String(16), nullable=False),
    Column("priority", Integer, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("lease", ID),
    Column("lease_until_ms", BigInteger),
    Column("not_before_ms", BigInteger, nullable=False),
    Column("sent_ms", BigInteger),
    Column("created_ms", BigInteger, nullable=False),
    Column("updated_ms", BigInteger, nullable=False),
    Column("started_ms", BigInteger),
    Column("finished_ms", BigInteger),
    Column("expires_ms", BigInteger),
    Column("done_ms", BigInteger, nullable=False),
    Column("total_ms", BigInteger),
    Column("blob_id", ID),
    Column("error_code", String(64)),
    Column("error_message", Text),
    Column("sealed", LARGE, nullable=False),
    Column("sealed_result", LARGE),
    UniqueConstraint("owner", "idempotency_key"),
    Index("ix_jobs_state_not_before_ms", "state", "not_before_ms"),
    Index("ix_jobs_owner_created_ms_id", "owner", "created_ms", "id"),
    Index("ix_jobs_batch_id", "batch_id"),
    Index("ix_jobs_expires_ms", "expires_ms"),
    **_MYSQL,
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("id", ID, primary_key=True),
    Column("owner", OWNER, nullable=False),
    Column("job_id", ID, nullable=False),
    Column("host_hash", HASH, nullable=False),
    Column("state", String(16), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_ms", BigInteger, nullable=False),
    Column("lease", ID),
    Column("lease_until_ms", BigInteger),
    Column("created_ms", BigInteger, nullable=False),
    Column("updated_ms", BigInteger, nullable=False),
    Column("expires_ms", BigInteger),
    Column("last_status", Integer),
    Column("last_error", String(200)),
    Column("sealed", LARGE, nullable=False),
    Index("ix_deliveries_state_next_ms", "state", "next_ms"),
    Index("ix_deliveries_owner_created_ms", "owner", "created_ms"),
    Index("ix_deliveries_job_id", "job_id"),
    **_MYSQL,
)
