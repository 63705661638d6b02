"""Whom an address belongs to: answered beside the addresses, and by the pseudonym of the marts."""

from pipelines import keys
from pipelines.exports.errors import NoAddress
from pipelines.exports.snapshot import open_snapshot
from pipelines.settings import Home
from pipelines.shop import Shop, pepper_of


def person_by_email(home: Home, shop: Shop, email: str) -> str | None:
    """Person who goes by an address; None for nobody's, and for one that several persons use.

    Raises: NoAddress for a text that no address could be; SnapshotMissing.
    """
    pepper = pepper_of(shop, home)
    hashed = keys.email_hash(email, pepper=pepper)
    if hashed is None or "@" not in (keys.email_key(email) or ""):
        raise NoAddress("that is no e-mail address; give it as name@example.com")
    return open_snapshot(home, shop.id).facts(pepper).owners([hashed]).get(hashed)
