"""The seal of what an outbox tells of itself: what a ledger is judged by must be our own word.

A keyed hash over the bytes as they stand, in their last lines. The key is derived from the shop's
secret, so whoever can write into an outbox can still not make people count as written to, nor an
older ledger look like the newest.
"""

import hmac
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_LABEL: Final = b',\n"seal": "'
_END: Final = b'"\n}\n'
_TAIL: Final = len(_LABEL) + 64 + len(_END)
_CHUNK: Final = 1 << 20
_CLAIMS: Final = b'"claims": [\n'


def manifest_key(pepper: bytes) -> bytes:
    """Key of a shop's manifests, and of nothing else."""
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=b"okaeri manifest 1").derive(pepper)


def owner_key(key: bytes) -> bytes:
    """Key of the word on whose an outbox is: no manifest stands in its place, nor it in one's."""
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=b"okaeri owner 1").derive(key)


def sealed(content: Mapping[str, object], *, key: bytes) -> Iterator[bytes]:
    """Bytes of a manifest or of an outbox's owner, in pieces, the seal as the last entry.

    Shape: a line per entry, one per claim: read by people, written by the fast encoder.
    """
    seal = hmac.new(key, digestmod="sha256")
    for piece in _pieces(content):
        seal.update(piece)
        yield piece
    yield _LABEL + seal.hexdigest().encode() + _END


def is_sealed(path: Path, *, key: bytes) -> bool:
    """Whether a file bears the seal of this key and was not changed since."""
    left = path.stat().st_size - _TAIL
    if left < 0:
        return False
    seal = hmac.new(key, digestmod="sha256")
    with path.open("rb") as stream:
        while piece := stream.read(min(_CHUNK, left)):
            seal.update(piece)
            left -= len(piece)
        tail = stream.read()
    return hmac.compare_digest(tail, _LABEL + seal.hexdigest().encode() + _END)


def opened(path: Path, *, with_claims: bool) -> Mapping[str, Any]:
    """What a manifest tells. Without its claims it is small, however large the batch."""
    with path.open("rb") as stream:
        text = stream.read() if with_claims else b"".join(_without_claims(stream))
    found: Mapping[str, Any] = json.loads(text)
    return found


def _pieces(content: Mapping[str, object]) -> Iterator[bytes]:
    encode = json.JSONEncoder(ensure_ascii=False, sort_keys=True).encode
    between = "{\n"
    for name, value in sorted(content.items()):
        yield f'{between}"{name}": '.encode()
        between = ",\n"
        if not isinstance(value, list | Iterator):
            yield encode(value).encode()
            continue
        lead = "[\n"
        for one in value:
            # Many lines at once are written already, by who has them in columns.
            yield lead.encode() + (one if isinstance(one, bytes) else encode(one).encode())
            lead = ",\n"
        yield b"\n]" if lead == ",\n" else b"[\n\n]"


def _without_claims(lines: Iterable[bytes]) -> Iterator[bytes]:
    is_claim = False
    for line in lines:
        is_claim = is_claim and not line.startswith(b"]")
        if not is_claim:
            yield line
        is_claim = is_claim or line == _CLAIMS
