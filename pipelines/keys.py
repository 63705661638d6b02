"""Keyed hashes of addresses and persons: one normal form, used by landing and by the ledger.

Invariant: strip and fold first, prefix after. An address that is normalised differently in two
places is a person who is written to twice.
"""

import hmac
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

import idna


def email_key(address: str | None) -> str | None:
    """Normal form of an e-mail address (NFKC, trimmed, lower case, IDNA domain); None if empty."""
    if address is None:
        return None
    if address.isascii():
        # Nothing of it is folded, and its domain needs no writing anew: so are most of a million.
        return address.strip().lower() or None
    folded = unicodedata.normalize("NFKC", address).strip().lower()
    local, at, domain = folded.rpartition("@")
    if not at or not local or not domain:
        return folded or None
    return f"{local}@{_ascii_domain(domain)}"


@lru_cache(maxsize=4096)
def _ascii_domain(domain: str) -> str:
    try:
        return idna.encode(domain, uts46=True).decode()
    except idna.IDNAError:
        # Real carriers' addresses break the rules; they are kept as given and still compared.
        return domain


def keyed_hash(kind: str, value: str, *, pepper: bytes) -> str:
    """HMAC-SHA-256 of `kind:value`, hex. `value` is already in its normal form."""
    return hmac.digest(pepper, f"{kind}:{value}".encode(), "sha256").hex()


def _keyed_hashes(kind: str, values: Iterable[str | None], *, pepper: bytes) -> list[str | None]:
    # Begun once: most of what a short text costs is the beginning.
    begun = hmac.new(pepper, f"{kind}:".encode(), "sha256").copy
    found: list[str | None] = []
    for value in values:
        one = begun()
        one.update((value or "").encode())
        found.append(None if value is None else one.hexdigest())
    return found


def email_hash(address: str | None, *, pepper: bytes) -> str | None:
    """Keyed hash of an address, equal for every spelling of it."""
    key = email_key(address)
    return None if key is None else keyed_hash("email", key, pepper=pepper)


def person_key(person_id: str, *, pepper: bytes) -> str:
    """Keyed hash of one of a person's own ids, as the ledger stores it."""
    return keyed_hash("person", person_id.strip(), pepper=pepper)


def email_hashes(addresses: Iterable[str | None], *, pepper: bytes) -> list[str | None]:
    """`email_hash` of each of many."""
    return _keyed_hashes("email", map(email_key, addresses), pepper=pepper)


def person_keys(person_ids: Iterable[str], *, pepper: bytes) -> list[str | None]:
    """`person_key` of each of many."""
    return _keyed_hashes("person", (one.strip() for one in person_ids), pepper=pepper)


def tokens(batch_id: str, ords: Iterable[int], *, pepper: bytes) -> list[str]:
    """Recipient tokens of these places of a batch: equal for an equal place, on every render."""
    found = _keyed_hashes(f"token:{batch_id}", map(str, ords), pepper=pepper)
    return [token[:32] for token in found if token is not None]
