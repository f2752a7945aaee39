"""How Alembic reaches the connection that `migrating` has opened."""

from __future__ import annotations

from alembic import context

from lingting.storage.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=False,  # the transaction is the caller's
)
context.run_migrations()
