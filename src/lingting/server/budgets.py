"""Lets models with a price be charged to who uses them."""

from __future__ import annotations

from lingting.security.budgets import Budgets, BudgetSettings
from lingting.security.rate_limit import Limiter
from lingting.server.recognition import Recognition
from lingting.settings import Settings
from lingting.storage.usage_store import UsageStore

__all__ = ["charge_budgets"]


def charge_budgets(settings: Settings, hearing: Recognition, limiter: Limiter, usage: UsageStore) -> None:
    """From now on, counted where the limiter counts."""
    budgets = Budgets(
        settings.built("budgets", BudgetSettings),
        limiter.store,
        usage,
        clock=hearing.clock,
        observer=hearing.telemetry.routing,
    )
    hearing.router.charge_to(budgets)
