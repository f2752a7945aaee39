"""How many tokens of language models each key used."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.add_column("usage", sa.Column("tokens", sa.BigInteger(), nullable=False, server_default="0"))
