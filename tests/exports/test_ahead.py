"""Shares made one step ahead: the same ones, in their order, and their errors in their place."""

import threading
from collections.abc import Iterator

import pytest

from pipelines.exports.ahead import ahead


def test_what_comes_out_is_what_was_made_in_its_order() -> None:
    assert list(ahead(iter(range(5)))) == [0, 1, 2, 3, 4]
    assert list(ahead(())) == []
    assert list(ahead([None, None])) == [None, None]


def test_the_next_one_is_made_while_the_one_before_is_used() -> None:
    is_made = threading.Event()

    def shares() -> Iterator[int]:
        yield 1
        is_made.set()
        yield 2

    for share in ahead(shares()):
        # The second is under way while the first is in use: nobody has asked for it yet.
        assert share == 2 or is_made.wait(timeout=10)


def test_an_error_comes_where_its_share_would_have() -> None:
    def shares() -> Iterator[int]:
        yield 1
        yield 2
        raise ValueError("the third cannot be made")

    found: list[int] = []
    with pytest.raises(ValueError, match="the third"):
        found.extend(ahead(shares()))
    assert found == [1, 2]


def test_who_stops_early_leaves_no_thread_behind() -> None:
    before = threading.active_count()
    shares = ahead(iter(range(100)))
    next(shares)
    shares.close()

    assert threading.active_count() == before
