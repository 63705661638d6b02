"""Many people in shares: made one step ahead, asked about at once, written where they lie."""

import hashlib
import threading
from collections.abc import Iterator

import duckdb
import polars as pl
import pytest

from pipelines.exports import frames
from pipelines.exports.ahead import ahead
from pipelines.exports.frames import answers
from pipelines.exports.looks import by_key


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


# Rows per person asked about: none of the last, and many of one.
ROWS = [1, 0, 0, 2, 1, 9, 0, 0, 0, 1, 3, 0]


@pytest.mark.parametrize("size", [1, 3, 4, 12, 50])
@pytest.mark.parametrize("read", [1, 2, 5, 100])
def test_an_answer_comes_for_so_many_people_at_a_time(
    size: int, read: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(frames, "_READ", read)
    every = [(n, f"{n}-{turn}") for n, count in enumerate(ROWS) for turn in range(count)]
    rows = pl.DataFrame(every, schema={"n": pl.UInt32, "said": pl.String}, orient="row")
    with duckdb.connect() as connection:
        connection.register("given", rows)
        found = connection.execute("select n, said from given order by n, said")
        shares = list(answers(found, count=len(ROWS), size=size))

    starts = range(0, len(ROWS), size)
    assert [share.rows() for share in shares] == [
        [(n - start, said) for n, said in every if start <= n < start + size] for start in starts
    ]


def test_of_nobody_an_answer_is_one_share_of_nobody() -> None:
    with duckdb.connect() as connection:
        found = connection.execute("select 1 as n, 'a' as said where false")
        (share,) = answers(found, count=0, size=5)

    assert (share.columns, share.height) == (["n", "said"], 0)


def test_keys_are_written_in_their_order_whichever_column_they_are_of() -> None:
    made = [hashlib.sha256(str(n).encode()).digest() for n in range(300)]
    people = pl.DataFrame({
        "person_key": made[:150], "email_hash": [None if n % 7 == 0 else made[150 + n]
                                                 for n in range(150)],
        "is_meant": [n % 5 != 0 for n in range(150)],
    })  # fmt: skip

    places = by_key(people, "person_key", "email_hash", among=pl.col("is_meant")).to_list()

    both = people["person_key"].to_list() + people["email_hash"].to_list()
    is_meant = people["is_meant"].to_list() * 2
    assert [both[place] for place in places] == sorted(
        key for key, meant in zip(both, is_meant, strict=True) if meant and key is not None
    )
