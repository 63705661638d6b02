"""What a claim must remember of a person, encrypted: enough to render the same bytes again.

The cells are kept, not re-read from the private snapshot: that one is gone after three publishes,
and a person's name may have changed in it, so a batch could no longer be rendered to the same sha.
Forgetting a person blanks their payload; the keyed hashes stay, so that nobody is written to again.
"""

import json
from dataclasses import dataclass
from datetime import datetime

from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF


@dataclass(frozen=True, slots=True)
class Payload:
    """One recipient's finished cells, and what the late gates need to look at them again."""

    cells: tuple[str, ...]
    email: str
    person_id: str
    keys: tuple[str, ...]
    qualified_at: datetime


class Vault:
    """Seals and opens payloads with a key of its own, derived from the pepper.

    Deterministic (AES-SIV), bound to batch and number: an equal claim is equal bytes, and a payload
    moved to another row cannot be opened.
    """

    def __init__(self, pepper: bytes) -> None:
        derived = HKDF(algorithm=SHA256(), length=64, salt=None, info=b"okaeri claim payload 1")
        self._cipher = AESSIV(derived.derive(pepper))

    def seal(self, payload: Payload, *, batch_id: str, ord_: int) -> bytes:
        """Ciphertext of one payload."""
        return self._cipher.encrypt(_packed(payload).encode(), [_row(batch_id, ord_)])

    def open(self, sealed: bytes, *, batch_id: str, ord_: int) -> Payload:
        """The payload. Raises: cryptography's InvalidTag if a byte or its row was changed."""
        return _unpacked(self._cipher.decrypt(sealed, [_row(batch_id, ord_)]).decode())


# A cell holds no control character, so these two cannot stand in one; joining and cutting costs a
# tenth of what JSON does, and a batch is opened three times on its way.
_FIELD, _ITEM = "\x1e", "\x1f"


def _packed(payload: Payload) -> str:
    cells, keys = _ITEM.join(payload.cells), _ITEM.join(payload.keys)
    at = payload.qualified_at.isoformat()
    packed = _FIELD.join(("1", payload.email, payload.person_id, at, keys, cells))
    if packed.count(_FIELD) == 5 and packed.count(_ITEM) == _joints(payload):
        return packed
    content = {
        "cells": payload.cells, "email": payload.email, "person_id": payload.person_id,
        "keys": payload.keys, "qualified_at": at,
    }  # fmt: skip
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"))


def _joints(payload: Payload) -> int:
    return max(len(payload.cells) - 1, 0) + max(len(payload.keys) - 1, 0)


def _unpacked(text: str) -> Payload:
    if text.startswith("{"):
        content = json.loads(text)
        return Payload(
            cells=tuple(content["cells"]),
            email=content["email"],
            person_id=content["person_id"],
            keys=tuple(content["keys"]),
            qualified_at=datetime.fromisoformat(content["qualified_at"]),
        )
    _, email, person_id, at, keys, cells = text.split(_FIELD)
    return Payload(
        cells=tuple(cells.split(_ITEM)),
        email=email,
        person_id=person_id,
        keys=tuple(keys.split(_ITEM)) if keys else (),
        qualified_at=datetime.fromisoformat(at),
    )


def _row(batch_id: str, ord_: int) -> bytes:
    return f"{batch_id}|{ord_}".encode()
