"""One person, one key: every spelling of an address gives one hash, different people never do."""

import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines import keys

PEPPER = b"a pepper for tests only"
LOCAL = st.from_regex(r"[a-z0-9][a-z0-9._+-]{0,20}", fullmatch=True)
DOMAIN = st.from_regex(r"[a-z0-9]{1,10}\.(com|co\.jp|ne\.jp)", fullmatch=True)


@pytest.mark.parametrize(
    ("given_as", "key"),
    [
        ("a@example.com", "a@example.com"),
        ("  A@Example.COM\n", "a@example.com"),
        # Full-width letters, as Japanese forms let them through.
        ("Ａ@ｅｘａｍｐｌｅ．ｃｏｍ", "a@example.com"),
        ("a@日本語.jp", "a@xn--wgv71a119e.jp"),
        ("a@xn--wgv71a119e.jp", "a@xn--wgv71a119e.jp"),
        # Neither dots nor plus signs are folded: they may be two people.
        ("a.b+news@example.com", "a.b+news@example.com"),
        # Carriers once gave out addresses that break the rules; they are people all the same.
        ("a..b.@docomo.ne.jp", "a..b.@docomo.ne.jp"),
        ('"a b"@example.com', '"a b"@example.com'),
        ("no address", "no address"),
        ("a@-bad-.example", "a@-bad-.example"),
        ("", None),
        ("   ", None),
        (None, None),
    ],
)
def test_an_address_has_one_normal_form(given_as: str | None, key: str | None) -> None:
    assert keys.email_key(given_as) == key


def test_the_hash_is_a_keyed_sha256_of_the_normal_form() -> None:
    expected = hmac.new(PEPPER, b"email:a@example.com", hashlib.sha256).hexdigest()

    assert keys.email_hash(" A@example.com", pepper=PEPPER) == expected


def test_a_person_and_an_address_of_the_same_text_have_different_keys() -> None:
    address = keys.email_hash("a@example.com", pepper=PEPPER)

    assert keys.person_key("a@example.com", pepper=PEPPER) != address


def test_another_pepper_gives_another_hash() -> None:
    hashes = {keys.email_hash("a@example.com", pepper=pepper) for pepper in (b"one", b"two")}

    assert len(hashes) == 2


def test_nobody_without_an_address_has_a_hash() -> None:
    assert keys.email_hash(None, pepper=PEPPER) is None
    assert keys.email_hash("  ", pepper=PEPPER) is None


def to_full_width(text: str) -> str:
    return "".join(chr(ord(letter) + 0xFEE0) if "!" <= letter <= "~" else letter for letter in text)


@given(
    local=LOCAL,
    domain=DOMAIN,
    before=st.text(" \t　", max_size=2),
    after=st.text(" \n", max_size=2),
)
def test_every_spelling_of_an_address_is_the_same_person(
    local: str, domain: str, before: str, after: str
) -> None:
    address = f"{local}@{domain}"
    spellings = [
        f"{before}{address}{after}",
        address.upper(),
        local.upper() + "@" + domain.title(),
        to_full_width(address),
    ]

    hashes = {keys.email_hash(spelling, pepper=PEPPER) for spelling in [address, *spellings]}

    assert len(hashes) == 1


@given(one=LOCAL, other=LOCAL, domain=DOMAIN)
def test_different_addresses_are_different_people(one: str, other: str, domain: str) -> None:
    hashes = [keys.email_hash(f"{name}@{domain}", pepper=PEPPER) for name in (one, other)]

    assert (hashes[0] == hashes[1]) == (one == other)


@given(text=st.text(max_size=40))
def test_the_normal_form_of_a_normal_form_is_itself(text: str) -> None:
    once = keys.email_key(text)

    assert keys.email_key(once) == once


def test_many_at_once_have_the_keys_each_has_alone() -> None:
    addresses = ["a@example.com", None, " Ａ@例え.jp", "", "b@example.com"]
    people = ["c:1", " c:1 ", "品"]

    assert keys.email_hashes(addresses, pepper=PEPPER) == [
        keys.email_hash(one, pepper=PEPPER) for one in addresses
    ]
    assert keys.person_keys(people, pepper=PEPPER) == [
        keys.person_key(one, pepper=PEPPER) for one in people
    ]
    assert keys.tokens("batch", [0, 12], pepper=PEPPER) == [
        keys.keyed_hash("token", f"batch:{ord_}", pepper=PEPPER)[:32] for ord_ in (0, 12)
    ]
