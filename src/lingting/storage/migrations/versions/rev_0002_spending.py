"""What each key spent on models that cost."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    for name in ("paid_ms", "spent_micro"):
        op.add_column("usage", sa.Column(name, sa.BigInteger(), nullable=False, server_default="0"))
