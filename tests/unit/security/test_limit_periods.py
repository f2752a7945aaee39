"""Calendar days and months in UTC."""

from datetime import UTC, datetime

import pytest

from lingting.security.limit_periods import day_of, month_of

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("now", "month", "days_left"),
    [
        (datetime(2026, 1, 31, tzinfo=UTC), "2026-01", 1),
        (datetime(2026, 12, 1, tzinfo=UTC), "2026-12", 31),
        (datetime(2028, 2, 1, tzinfo=UTC), "2028-02", 29),
    ],
)
def test_a_month_ends_with_its_last_day(now, month, days_left) -> None:
    period = month_of(now)
    assert (period.name, period.first_day) == (month, f"{month}-01")
    assert period.remaining_seconds == days_left * 86_400


def test_a_day_ends_at_midnight() -> None:
    period = day_of(datetime(2026, 2, 28, 23, 59, 30, tzinfo=UTC))
    assert (period.name, period.remaining_seconds) == ("2026-02-28", 30)
