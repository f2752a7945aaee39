"""Refused callers cannot fill the audit log."""

import pytest

from lingting.security.audit_flood import MAX_NETWORKS, OTHERS, Refusals, Summary, network_of

pytestmark = pytest.mark.unit


def test_the_first_refusals_of_an_address_have_a_row_each() -> None:
    refusals = Refusals(3)
    assert [refusals.admit("192.0.2.1", 0.0) for _ in range(5)] == [True, True, True, False, False]
    assert refusals.admit("192.0.2.2", 0.0)


def test_the_others_share_a_row_when_their_minute_is_over() -> None:
    refusals = Refusals(1)
    for _ in range(4):
        refusals.admit("192.0.2.1", 0.0)
    assert refusals.due(59.0) == []
    assert refusals.due(60.0) == [Summary("192.0.2.1", 3)]
    assert refusals.due(120.0) == []
    assert refusals.admit("192.0.2.1", 61.0)


def test_a_network_of_one_subscriber_counts_as_one() -> None:
    refusals = Refusals(1)
    assert refusals.admit("2001:db8::1", 0.0)
    assert not refusals.admit("2001:db8::2", 0.0)
    assert refusals.admit("2001:db8:0:1::2", 0.0)


def test_a_mapped_address_is_the_one_it_stands_for() -> None:
    assert network_of("::ffff:192.0.2.1") == network_of("192.0.2.1") == "192.0.2.1"


def test_all_networks_together_have_a_bound() -> None:
    refusals = Refusals(2)
    written = sum(refusals.admit(f"10.0.{n // 256}.{n % 256}", 0.0) for n in range(1_000))
    assert written == 40
    assert len(refusals.due(60.0)) == 3


def test_memory_is_bounded_by_counting_the_rest_as_one() -> None:
    refusals = Refusals(1)
    for number in range(MAX_NETWORKS + 500):
        refusals.admit(f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}", 0.0)
    assert len(refusals._networks) <= MAX_NETWORKS + 1
    summaries = refusals.due(60.0)
    assert summaries[-1].network == OTHERS
