"""Conversations with the language model, and their turns."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

MYSQL: dict[str, Any] = {  # Any: as create_table takes them
    "mysql_charset": "utf8mb4",
    "mysql_collate": "utf8mb4_bin",
    "mysql_engine": "InnoDB",
}


def upgrade() -> None:
    op.create_table(
        "conversations",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("owner", sa.String(length=80), nullable=False),
        sa.Column("key_id", sa.String(length=40), nullable=False),
        sa.Column("user_hash", sa.LargeBinary(length=32), nullable=True),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.Column("last_ms", sa.BigInteger(), nullable=False),
        sa.Column("expires_ms", sa.BigInteger(), nullable=False),
        sa.Column("door", sa.String(length=80), nullable=False),
        sa.Column("turns", sa.BigInteger(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(length=4294967295), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        **MYSQL,
    )
    for columns in (["owner", "created_ms", "id"], ["key_id"], ["expires_ms"]):
        op.create_index(f"ix_conversations_{'_'.join(columns)}", "conversations", columns, unique=False)
    op.create_index(
        "ix_conversations_owner_user_hash",
        "conversations",
        ["owner", "user_hash"],
        unique=False,
        mysql_length={"user_hash": 32},
    )
    op.create_table(
        "conversation_turns",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("conversation_id", sa.String(length=40), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(length=4294967295), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        **MYSQL,
    )
    numbered = ["conversation_id", "number"]
    op.create_index("ix_conversation_turns_conversation_id_number", "conversation_turns", numbered, unique=False)
