"""One step ahead: the next share is made while the one before is written."""

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar, cast

_Share = TypeVar("_Share")
_END: Final = object()


def ahead(shares: Iterable[_Share]) -> Iterator[_Share]:
    """The same shares in the same order, each made in a thread while the one before is used.

    Raises: what making a share raises, in its place. Invariant: one share is made at a time, so
    what it is made from needs no lock; whoever uses the shares must not use that meanwhile.
    """
    making = iter(shares)
    with ThreadPoolExecutor(max_workers=1) as thread:
        coming = thread.submit(next, making, _END)
        while (made := coming.result()) is not _END:
            coming = thread.submit(next, making, _END)
            yield cast(_Share, made)
