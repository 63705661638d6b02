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


@dataclass(frozen=True)
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
        content = {
            "cells": payload.cells,
            "email": payload.email,
            "person_id": payload.person_id,
            "keys": payload.keys,
            "qualified_at": payload.qualified_at.isoformat(),
        }
        text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
        return self._cipher.encrypt(text.encode(), [_row(batch_id, ord_)])

    def open(self, sealed: bytes, *, batch_id: str, ord_: int) -> Payload:
        """The payload. Raises: cryptography's InvalidTag if a byte or its row was changed."""
        content = json.loads(self._cipher.decrypt(sealed, [_row(batch_id, ord_)]))
        return Payload(
            cells=tuple(content["cells"]),
            email=content["email"],
            person_id=content["person_id"],
            keys=tuple(content["keys"]),
            qualified_at=datetime.fromisoformat(content["qualified_at"]),
        )


def _row(batch_id: str, ord_: int) -> bytes:
    return f"{batch_id}|{ord_}".encode()
