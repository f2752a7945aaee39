"""Which packs of hotwords a key's requests get."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.add_column("api_keys", sa.Column("hotword_packs", sa.String(length=500), nullable=True))
