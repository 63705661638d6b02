"""Mailers' importers, written from their published rules: a wrong file does not pass any of them."""

import gzip
import importlib
import json
from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime
from types import ModuleType

import pytest

from tests.exports.importers import core

MAILERS = (
    "listmonk", "mautic", "mailchimp", "klaviyo", "sendgrid", "brevo", "braze", "hubspot", "ses",
    "blastmail", "haihaimail", "arara", "shopserve", "generic_utf8", "generic_cp932",
    "people_excel", "postal_dm", "onsite_json",
)  # fmt: skip
JAPANESE = frozenset({"blastmail", "haihaimail", "arara", "shopserve", "generic_cp932"})


def importer(mailer: str) -> ModuleType:
    return importlib.import_module(f"tests.exports.importers.{mailer}")


# A file that each importer takes as it is: two people, with the addresses it holds afterwards.
RIGHT = {
    "listmonk": 'email,name,attributes\na@x.jp,花子,"{""price"":15003}"\nb+c@x.jp,次郎,{}\n',
    "mautic": "email,firstname,price\na@x.jp,花子,15003\nb+c@x.jp,次郎,1\n",
    "mailchimp": "Email Address,Name,Bought On\na@x.jp,花子,2026-11-10\nb+c@x.jp,次郎,11/10/2026\n",
    "klaviyo": "Email Address,Name,Bought\na@x.jp,花子,2026-11-10\nb+c@x.jp,次郎,11/10/2026 09:00\n",
    "sendgrid": "email,first_name,bought_on\na@x.jp,花子,11/10/2026\nb+c@x.jp,次郎,1/2/2026\n",
    "brevo": "EMAIL;PRENOM;PRICE\na@x.jp;花子;15003\nb+c@x.jp;次郎;1\n",
    "braze": "external_id,email,email_subscribe,price\n1,a@x.jp,opted_in,15003\n2,b+c@x.jp,subscribed,1\n",
    "hubspot": "Email,First Name,Bought\na@x.jp,花子,2026-11-10\nb+c@x.jp,次郎,2026-11-11\n",
    "ses": 'emailAddress,unsubscribeAll,attributesData\na@x.jp,false,"{""n"": ""花子""}"\nb+c@x.jp,true,\n',
    "blastmail": "氏名,E-Mail,状態\n花子,a@x.jp,配信中\n次郎,b+c@x.jp,配信停止\n",
    "haihaimail": "メールアドレス,氏名,状態\na@x.jp,花子,配信可能\nb+c@x.jp,次郎,配信停止\n",
    "arara": "メールアドレス,氏名,性別\r\na@x.jp,花子,2\r\nb+c@x.jp,次郎,1\r\n",
    "shopserve": "メールアドレス,氏名,メール受信許可\na@x.jp,花子,1\nb+c@x.jp,次郎,0\n",
    "generic_utf8": 'email,name,consent\r\na@x.jp,"花,子",granted\r\nb+c@x.jp,次郎,granted\r\n',
    "generic_cp932": "メールアドレス,氏名,配信許可\r\na@x.jp,髙﨑,1\r\nb+c@x.jp,ｶﾅ,1\r\n",
    "people_excel": "\ufeffemail,name,price\r\na@x.jp,花子,15003\r\nb+c@x.jp,'=1,1\r\n",
    "postal_dm": "\ufeff氏名,郵便番号,住所,DM可否\r\n花子,001-0001,札幌市1,Y\r\n次郎,530-0004,大阪市2,N\r\n",
    "onsite_json": '{"b1": {"url": "https://x.jp/1"}, "b2": {"url": "https://x.jp/2"}}',
}  # fmt: skip


def right(mailer: str) -> bytes:
    return RIGHT[mailer].encode("cp932" if mailer in JAPANESE else "utf-8")


def name_of(mailer: str) -> str:
    return "batch.json" if mailer == "onsite_json" else "batch.csv"


def taken(mailer: str, data: bytes | str, **more: object) -> core.Imported:
    if isinstance(data, str):
        data = data.encode("cp932" if mailer in JAPANESE else "utf-8")
    return importer(mailer).import_file(data, name_of(mailer), **more)


@pytest.mark.parametrize("mailer", MAILERS)
def test_a_right_file_is_taken_whole(mailer: str) -> None:
    imported = taken(mailer, right(mailer))

    assert len(imported.contacts) == 2
    assert imported.refused == []
    assert imported.damage == []


def test_types_are_those_of_the_mailer() -> None:
    midnight = datetime(2026, 11, 10, tzinfo=UTC)

    assert taken("klaviyo", right("klaviyo")).contacts["a@x.jp"].fields["Bought"] == midnight
    assert taken("mautic", right("mautic")).contacts["a@x.jp"].fields["price"] == 15003
    assert taken("sendgrid", right("sendgrid")).contacts["b+c@x.jp"].fields["bought_on"] == date(
        2026, 1, 2
    )
    assert taken("listmonk", right("listmonk")).contacts["a@x.jp"].fields["price"] == 15003


Refusal = type[core.ImportRefused]

# (mailer, what is wrong, the file, how it is refused)
REFUSED: list[tuple[str, str, bytes | str, Refusal]] = [
    *((m, "cp932 where UTF-8 is read", RIGHT[m].encode("cp932", "replace"), core.WrongEncoding)
      for m in ("listmonk", "mautic", "mailchimp", "klaviyo", "sendgrid", "brevo", "hubspot", "ses",
                "generic_utf8")),
    ("braze", "cp932 where UTF-8 is read", "email,名\na@x.jp,花\n".encode("cp932"), core.WrongEncoding),
    ("onsite_json", "cp932 where UTF-8 is read", '{"b": {"n": "花子"}}'.encode("cp932"), core.WrongEncoding),
    ("generic_cp932", "UTF-8 with a byte order mark", RIGHT["generic_cp932"].encode("utf-8-sig"), core.WrongEncoding),
    ("generic_cp932", "a byte order mark", "\ufeffemail,name\r\na@x.jp,x\r\n".encode(), core.WrongEncoding),
    ("generic_utf8", "a byte order mark", RIGHT["generic_utf8"].encode("utf-8-sig"), core.WrongEncoding),
    ("braze", "a byte order mark in the first label", "\ufeffemail,x\na@x.jp,1\n", core.WrongHeader),
    ("sendgrid", "a byte order mark in the first label", "\ufeffemail\na@x.jp\n", core.WrongHeader),
    ("onsite_json", "a byte order mark", "\ufeff{}", core.WrongEncoding),
    ("people_excel", "UTF-8 without a byte order mark", "メールアドレス,氏名\na@x.jp,花子\n", core.WrongEncoding),
    ("blastmail", "UTF-8 where cp932 is read", "氏名,E-Mail\n花子,a@x.jp\n".encode(), core.ImportRefused),
    ("haihaimail", "UTF-8 where cp932 is read", RIGHT["haihaimail"].encode(), core.ImportRefused),
    ("arara", "UTF-8 where Shift_JIS is read", RIGHT["arara"].encode(), core.ImportRefused),
    ("shopserve", "UTF-8 where cp932 is read", RIGHT["shopserve"].encode(), core.ImportRefused),
    ("postal_dm", "UTF-8 without a byte order mark", "氏名,郵便番号,住所\n花子,001-0001,札幌\n", core.ImportRefused),
    ("listmonk", "Email with a capital", "Email,name\na@x.jp,x\n", core.WrongHeader),
    ("mautic", "no column for the address", "mail,name\na@x.jp,x\n", core.WrongHeader),
    ("mautic", "two labels that are one field", "email,E mail,e_mail\na@x.jp,b,c\n", core.WrongHeader),
    ("mailchimp", "no column for the address", "Name,City\nx,y\n", core.WrongHeader),
    ("mailchimp", "two columns for the address", "Email Address,Email\na@x.jp,b@x.jp\n", core.WrongHeader),
    ("klaviyo", "the address in the second column", "Name,Email Address\nx,a@x.jp\n", core.WrongHeader),
    ("sendgrid", "Email Address instead of email", "Email Address,first_name\na@x.jp,x\n", core.WrongHeader),
    ("sendgrid", "a label with a space", "email,Bought on\na@x.jp,1\n", core.WrongHeader),
    ("sendgrid", "a label that clashes with first_name", "email,first_name,Name\na@x.jp,x,y\n", core.WrongHeader),
    ("sendgrid", "the address not first", "first_name,email\nx,a@x.jp\n", core.WrongHeader),
    ("brevo", "email in small letters", "email;NAME\na@x.jp;x\n", core.WrongHeader),
    ("braze", "an identifier in other letters", "Email,first_name\na@x.jp,x\n", core.WrongHeader),
    ("braze", "half an alias", "user_alias_name,email\n1,a@x.jp\n", core.WrongHeader),
    ("braze", "external id and alias", "external_id,user_alias_name,user_alias_label,email\n1,2,3,a@x.jp\n", core.WrongHeader),
    ("hubspot", "nothing to tell contacts apart", "Name\nx\n", core.WrongHeader),
    ("hubspot", "a column without a label", "Email,\na@x.jp,1\n", core.WrongHeader),
    ("ses", "an attribute that is not supported", "emailAddress,name\na@x.jp,x\n", core.WrongHeader),
    ("ses", "no emailAddress", "unsubscribeAll\nfalse\n", core.WrongHeader),
    ("blastmail", "no E-Mail", "氏名,メールアドレス\n花子,a@x.jp\n", core.WrongHeader),
    ("haihaimail", "no address", "氏名,状態\n花子,配信可能\n", core.WrongHeader),
    ("arara", "no header and no table", "a@x.jp,花子\r\n", core.WrongHeader),
    ("arara", "LF only", RIGHT["arara"].replace("\r\n", "\n"), core.WrongQuoting),
    ("shopserve", "no address", "氏名\n花子\n", core.WrongHeader),
    ("postal_dm", "no postal code", "\ufeff氏名,住所\n花子,札幌\n", core.WrongHeader),
    ("postal_dm", "a label that stands twice", "\ufeff氏名,郵便番号,住所,住所\n花子,001-0001,a,b\n", core.WrongHeader),
    ("generic_utf8", "no address", "name\r\nx\r\n", core.WrongHeader),
    ("people_excel", "no address", "name\r\nx\r\n", core.WrongHeader),
    ("onsite_json", "a text instead of entries", '"b1"', core.WrongFileType),
    ("generic_cp932", "LF only", RIGHT["generic_cp932"].replace("\r\n", "\n"), core.WrongQuoting),
    *((m, "a label that stands twice", t, core.WrongHeader) for m, t in (
        ("mailchimp", "Email Address,A,A\na@x.jp,1,2\n"), ("klaviyo", "Email Address,A,A\na@x.jp,1,2\n"),
        ("sendgrid", "email,a,A\na@x.jp,1,2\n"), ("brevo", "EMAIL;A;A\na@x.jp;1;2\n"),
        ("braze", "email,a,a\na@x.jp,1,2\n"), ("hubspot", "Email,A,A\na@x.jp,1,2\n"),
        ("ses", "emailAddress,emailAddress\na@x.jp,b@x.jp\n"), ("blastmail", "E-Mail,A,A\na@x.jp,1,2\n"),
        ("haihaimail", "メールアドレス,A,A\na@x.jp,1,2\n"), ("arara", "メールアドレス,A,A\r\na@x.jp,1,2\r\n"),
        ("shopserve", "メールアドレス,A,A\na@x.jp,1,2\n"), ("generic_utf8", "email,a,a\r\nb@x.jp,1,2\r\n"),
        ("generic_cp932", "email,a,a\r\nb@x.jp,1,2\r\n"), ("onsite_json", '{"b1": {}, "b1": {}}'))),
    *((m, "another separator", right(m).replace(b"," if m != "brevo" else b";", b"\t"), core.WrongDelimiter)
      for m in ("mautic", "mailchimp", "klaviyo", "sendgrid", "brevo", "braze", "hubspot", "ses",
                "haihaimail", "shopserve", "generic_cp932", "people_excel", "postal_dm")),
    *((m, "another separator", "email;name\r\na@x.jp;x\r\n", core.WrongDelimiter)
      for m in ("listmonk", "generic_utf8")),
    *((m, "another separator", right(m).replace(b",", b"\t"), core.WrongHeader)
      for m in ("blastmail", "arara")),
    ("listmonk", "a bare quotation mark", 'email,name\na@x.jp,5" nails\n', core.WrongQuoting),
    ("generic_utf8", "text after a closing quotation mark", 'email,name\r\na@x.jp,"x"y\r\n', core.WrongQuoting),
    ("generic_utf8", "a quotation mark that is never closed", 'email,name\r\na@x.jp,"x\r\n', core.WrongQuoting),
    ("onsite_json", "no JSON", "[}", core.WrongFileType),
    ("klaviyo", "51 MB", b"x" * 51_000_000, core.TooManyBytes),
    ("brevo", "11 MB", b"x" * 11_000_000, core.TooManyBytes),
    ("blastmail", "31 MB", b"x" * 31_000_000, core.TooManyBytes),
    ("hubspot", "1,000 columns", "Email," + ",".join(f"c{n}" for n in range(999)) + "\n", core.TooManyColumns),
    ("sendgrid", "501 custom fields", "email," + ",".join(f"c{n}" for n in range(501)) + "\n", core.TooManyColumns),
    ("ses", "21 topics", "emailAddress," + ",".join(f"topicPreferences.t{n}" for n in range(21)) + "\n", core.TooManyColumns),
    ("people_excel", "16,385 columns", "email" + "," * 16_384 + "\n", core.TooManyColumns),
]  # fmt: skip


@pytest.mark.parametrize(
    ("mailer", "wrong", "data", "refusal"), REFUSED, ids=[f"{m}: {w}" for m, w, *_ in REFUSED]
)
def test_a_wrong_file_is_refused_whole(
    mailer: str, wrong: str, data: bytes | str, refusal: Refusal
) -> None:
    with pytest.raises(refusal):
        taken(mailer, data)


@pytest.mark.parametrize("mailer", MAILERS)
def test_an_empty_file_and_one_of_another_kind_are_refused(mailer: str) -> None:
    with pytest.raises(core.ImportRefused):
        taken(mailer, b"")
    with pytest.raises(core.WrongFileType):
        importer(mailer).import_file(right(mailer), "batch.pdf")


@pytest.mark.parametrize(
    ("mailer", "limit", "documented"),
    [
        ("sendgrid", "MAX_ROWS", 1_000_000), ("ses", "MAX_ROWS", 1_000_000),
        ("hubspot", "MAX_ROWS", 1_048_576), ("people_excel", "MAX_ROWS", 1_048_576),
    ],
)  # fmt: skip
def test_one_row_too_many_is_refused(mailer: str, limit: str, documented: int, monkeypatch) -> None:
    assert getattr(importer(mailer), limit) == documented
    assert len(taken(mailer, right(mailer)).contacts) == 2

    monkeypatch.setattr(importer(mailer), limit, 1)

    with pytest.raises(core.TooManyRows):
        taken(mailer, right(mailer))


@pytest.mark.parametrize(
    ("mailer", "limit", "documented"),
    [
        ("braze", "MAX_BYTES", 500_000_000), ("hubspot", "MAX_BYTES", 512_000_000),
        ("sendgrid", "MAX_BYTES", 5_000_000_000),
    ],
)  # fmt: skip
def test_one_byte_too_many_is_refused(
    mailer: str, limit: str, documented: int, monkeypatch
) -> None:
    assert getattr(importer(mailer), limit) == documented

    monkeypatch.setattr(importer(mailer), limit, len(right(mailer)) - 1)

    with pytest.raises(core.TooManyBytes):
        taken(mailer, right(mailer))


def row(mailer: str, **cells: str) -> str:
    """The right file of a mailer with the cells of the first person changed, by their text."""
    text = RIGHT[mailer]
    for old, new in cells.items():
        text = text.replace({"address": "a@x.jp"}.get(old, old), new, 1)
    return text


# Excel does not look at addresses; three mailers take any character before the @.
BY_ADDRESS = tuple(m for m in MAILERS if "a@x.jp" in RIGHT[m] and m != "people_excel")
ANY_CHARACTER = ("listmonk", "generic_utf8", "generic_cp932")
NO_ADDRESS = [(m, wrong) for m in BY_ADDRESS for wrong in ("a.x.jp", "a b@x.jp", "a@")]
NO_ADDRESS += [(m, "山田@x.jp") for m in BY_ADDRESS if m not in ANY_CHARACTER]


@pytest.mark.parametrize(("mailer", "wrong"), NO_ADDRESS)
def test_what_is_no_address_leaves_its_row_out(mailer: str, wrong: str) -> None:
    imported = taken(mailer, row(mailer, address=wrong))

    assert list(imported.contacts) == ["b+c@x.jp"]
    assert [refused.address for refused in imported.refused] == [wrong]


@pytest.mark.parametrize("mailer", ["listmonk", "mautic", "mailchimp", "sendgrid", "ses"])
def test_the_carrier_addresses_that_break_the_rules_are_refused_abroad(mailer: str) -> None:
    imported = taken(mailer, row(mailer, address="foo..bar@docomo.ne.jp"))

    assert list(imported.contacts) == ["b+c@x.jp"]


@pytest.mark.parametrize("mailer", ["blastmail", "haihaimail", "arara", "shopserve"])
def test_the_carrier_addresses_that_break_the_rules_are_taken_in_japan(mailer: str) -> None:
    imported = taken(mailer, row(mailer, address="foo..bar@docomo.ne.jp"))

    assert list(imported.contacts) == ["foo..bar@docomo.ne.jp", "b+c@x.jp"]


@pytest.mark.parametrize("mailer", [m for m in MAILERS if m != "onsite_json"])
def test_a_separator_without_quotation_marks_breaks_its_row(mailer: str) -> None:
    mark = ";" if mailer == "brevo" else ","
    name = {"listmonk": "花子", "braze": "opted_in", "ses": "false", "generic_utf8": '"花,子"',
            "generic_cp932": "髙﨑"}.get(mailer, "花子")  # fmt: skip
    imported = taken(mailer, RIGHT[mailer].replace(name, f"花{mark}子", 1))

    broken = [line.line for line in imported.refused] == [2]
    assert broken or imported.damage[0][0] == "cell_beside_the_table"


Look = Callable[[core.Imported], object]
# (mailer, what happens, the file, what is looked at, what it is)
DOCUMENTED: list[tuple[str, str, bytes | str, Look, object]] = [
    ("listmonk", "broken JSON: imported without attributes", "email,attributes\na@x.jp,{x\n",
     lambda i: (dict(i.contacts["a@x.jp"].fields), i.damage[0][0]), ({"name": "A"}, "attributes_lost")),
    ("listmonk", "attributes that are a list are lost", "email,attributes\na@x.jp,[1]\n",
     lambda i: i.damage[0][0], "attributes_lost"),
    ("listmonk", "other columns are ignored", "email,city\na@x.jp,x\n", lambda i: i.ignored, ("city",)),
    ("listmonk", "the address is lower-cased", "email\nA@X.jp\n", lambda i: list(i.contacts), ["a@x.jp"]),
    ("mautic", "a line break inside quotation marks ends the record",
     'email,name,consent\na@x.jp,"花\n子",1\n', lambda i: (dict(i.contacts["a@x.jp"].fields), i.reasons),
     ({"name": "花"}, ["invalid e-mail"])),
    ("mautic", "a backslash before a quotation mark eats the rest", 'email,name,x\na@x.jp,"C:\\",1\n',
     lambda i: dict(i.contacts["a@x.jp"].fields), {"name": 'C:\\",1'}),
    ("mautic", "what looks like a tag is taken out", "email,name\na@x.jp,花子<3\n",
     lambda i: (i.contacts["a@x.jp"].fields["name"], i.damage[0][0]), ("花子", "tag_removed")),
    ("mautic", "a line without anything in its cells", "email,a\n,\n", lambda i: i.reasons, ["line_empty"]),
    ("mautic", "NULL clears and blank does not", "email,a,b\na@x.jp,NULL,\n",
     lambda i: dict(i.contacts["a@x.jp"].fields), {"a": None}),
    ("mailchimp", "text is clipped at 255 bytes", "Email Address,N\na@x.jp," + "茶" * 86 + "\n",
     lambda i: (i.contacts["a@x.jp"].fields["N"], i.damage[0][0]), ("茶" * 85, "clipped")),
    ("mailchimp", "a number with commas is text", 'Email Address,N\na@x.jp,"15,003"\n',
     lambda i: i.damage[0][0], "number_as_text"),
    ("mailchimp", "the second row of an address is left out", "Email Address\na@x.jp\nA@x.jp\n",
     lambda i: i.reasons, ["duplicate"]),
    ("klaviyo", "a day in another layout stays text", "Email Address,D\na@x.jp,10-11-2026\n",
     lambda i: i.damage, [("date_as_text", "D", "10-11-2026")]),
    ("klaviyo", "a telephone number that is not E.164", "Email Address,Phone Number\na@x.jp,090-1234-5678\n",
     lambda i: i.damage[0][0], "phone_not_e164"),
    ("klaviyo", "the second row of an address is left out", "Email Address\na@x.jp\nA@x.jp\n",
     lambda i: i.reasons, ["duplicate unique identifier"]),
    ("klaviyo", "a row of nobody", "Email Address,A\n,1\n", lambda i: i.reasons, ["missing unique identifier"]),
    ("klaviyo", "a blank consent is never subscribed", "Email Address,Email Marketing Consent\na@x.jp,\n",
     lambda i: i.contacts["a@x.jp"].status, "never subscribed"),
    ("klaviyo", "a consent that does not exist", "Email Address,Email Marketing Consent\na@x.jp,granted\n",
     lambda i: i.reasons, ["consent is granted"]),
    ("sendgrid", "a day in another layout stays text", "email,d\na@x.jp,2026-11-10\n",
     lambda i: i.damage, [("date_as_text", "d", "2026-11-10")]),
    ("sendgrid", "a number below zero is text", "email,a,b\na@x.jp,-500,0.125\n",
     lambda i: dict(i.contacts["a@x.jp"].fields), {"a": "-500", "b": "0.125"}),
    ("sendgrid", "one address twice is one contact", "email,a\na@x.jp,1\na@x.jp,2\n",
     lambda i: [dict(c.fields) for c in i.contacts.values()], [{"a": 2}]),
    ("brevo", "an attribute in small letters is ignored", "EMAIL;price\na@x.jp;1\n",
     lambda i: (i.ignored, dict(i.contacts["a@x.jp"].fields)), (("price",), {})),
    ("brevo", "a day in another layout stays text", "EMAIL;D\na@x.jp;2026.11.10\n",
     lambda i: i.damage[0][0], "date_as_text"),
    ("braze", "a default attribute in other letters becomes a custom one", "email,First_Name\na@x.jp,x\n",
     lambda i: i.damage[0][0], "custom_beside_default"),
    ("braze", "a state that does not exist", "email,email_subscribe\na@x.jp,granted\n",
     lambda i: i.reasons, ["email_subscribe is granted"]),
    ("braze", "a day that is not ISO 8601 stays text", "email,d\na@x.jp,2026/11/10\n",
     lambda i: i.damage[0][0], "date_as_text"),
    ("braze", "an offset without a colon stays text", "email,d\na@x.jp,2026-11-10T08:30:15+0900\n",
     lambda i: i.damage[0][0], "date_as_text"),
    ("braze", "one external id for two is one user", "external_id,email\n1,a@x.jp\n1,b@x.jp\n",
     lambda i: (list(i.contacts), i.damage[0][0]), (["b@x.jp"], "overwritten")),
    ("braze", "guests beside members need a file of their own", "external_id,email\n,a@x.jp\n",
     lambda i: i.reasons, ["no external_id in a file of external_ids"]),
    ("braze", "subscribed is no consent", "email,email_subscribe\na@x.jp,subscribed\n",
     lambda i: i.contacts["a@x.jp"].consent, core.UNSTATED),
    ("braze", "a day of birth that is not YYYY-MM-DD", "email,dob\na@x.jp,1980/12/21\n",
     lambda i: i.damage[0][0], "date_as_text"),
    ("braze", "a telephone number that is not E.164", "email,phone\na@x.jp,090-1234-5678\n",
     lambda i: i.damage[0][0], "phone_not_e164"),
    ("brevo", "more than 8 MB", "EMAIL;A\na@x.jp;" + "x" * 8_000_000 + "\n",
     lambda i: i.damage[0][0], "above_safe_size"),
    ("hubspot", "the second row of an address is an error", "Email\na@x.jp\nA@x.jp\n",
     lambda i: i.reasons, ["DUPLICATE_ALTERNATE_ID"]),
    ("hubspot", "a day in another layout than the one chosen", "Email,D\na@x.jp,11/10/2026\n",
     lambda i: i.damage[0][0], "date_as_text"),
    ("ses", "a preference that does not exist", "emailAddress,topicPreferences.t\na@x.jp,granted\n",
     lambda i: i.reasons, ["topic preference is granted"]),
    ("ses", "a truth that does not exist", "emailAddress,unsubscribeAll\na@x.jp,0\n",
     lambda i: i.reasons, ["unsubscribeAll is 0"]),
    ("ses", "attributes that are no JSON", "emailAddress,attributesData\na@x.jp,{x\n",
     lambda i: i.damage[0][0], "attributes_lost"),
    ("blastmail", "the last of two rows stays", "E-Mail,氏名\na@x.jp,花子\na@x.jp,次郎\n",
     lambda i: dict(i.contacts["a@x.jp"].fields), {"氏名": "次郎"}),
    ("haihaimail", "a state that does not exist", "メールアドレス,状態\na@x.jp,granted\n",
     lambda i: len(i.refused), 1),
    ("arara", "a quoted address is none", '"メールアドレス"\r\n"a@x.jp"\r\n'.replace('"メールアドレス"', "メールアドレス"),
     lambda i: i.reasons, ["メールアドレスではありません"]),
    ("arara", "a quotation mark is data", 'メールアドレス,氏名\r\na@x.jp,"花子"\r\n',
     lambda i: (i.contacts["a@x.jp"].fields["氏名"], i.damage[0][0]), ('"花子"', "quotation_mark_is_data")),
    ("arara", "a row above 4,096 bytes of UTF-8", "メールアドレス,氏名\r\na@x.jp," + "茶" * 1366 + "\r\n",
     lambda i: i.reasons, ["4,096byteを超えています"]),
    ("arara", "a carrier flag", "メールアドレス,携帯キャリアフラグ\r\na@x.jp,1\r\n",
     lambda i: i.reasons, ["携帯キャリアフラグは空白か0"]),
    ("generic_utf8", "the second row of an address is left out", "email\r\na@x.jp\r\na@x.jp\r\n",
     lambda i: i.reasons, ["duplicate"]),
    ("people_excel", "a cell that starts with = is calculated", '\ufeffemail,n\na@x.jp,"=1+1"\n',
     lambda i: i.damage, [("formula", "n", "=1+1")]),
    ("people_excel", "leading zeros are lost", '\ufeffemail,n\na@x.jp,"0010001"\n',
     lambda i: (i.contacts["a@x.jp"].fields["n"], i.damage[0][0]), (10001, "leading_zero")),
    ("people_excel", "the sixteenth digit is lost", "\ufeffemail,n\na@x.jp,7210448301122999\n",
     lambda i: (i.contacts["a@x.jp"].fields["n"], i.damage[0][0]), (7210448301122990, "precision")),
    ("people_excel", "12e3 becomes a number", "\ufeffemail,n\na@x.jp,12e3\n", lambda i: i.damage[0][0], "exponent"),
    ("people_excel", "a cell above 32,767 characters", "\ufeffemail,n\na@x.jp," + "x" * 32_768 + "\n",
     lambda i: i.damage[0][0], "cut"),
    ("people_excel", "UTF-8 without a byte order mark", "email,n\na@x.jp,髙\n",
     lambda i: i.damage[0][0], "unreadable"),
    ("people_excel", "a second row of an address", "\ufeffemail,n\na@x.jp,1\na@x.jp,2\n",
     lambda i: i.reasons, ["duplicate"]),
    ("people_excel", "1-2 becomes a day", "\ufeffemail,n\na@x.jp,1-2\n", lambda i: i.damage[0][0], "date"),
    ("postal_dm", "a postal code that has lost its zeros", row("postal_dm", **{"001-0001": "10001"}),
     lambda i: i.reasons, ["郵便番号"]),
    ("postal_dm", "a telephone number in another form", "\ufeff氏名,郵便番号,住所,電話番号\n花子,001-0001,札幌,+8190\n",
     lambda i: i.damage[0][0], "phone_lost"),
    ("postal_dm", "a line break in an address", '\ufeff氏名,郵便番号,住所\n花子,001-0001,"札幌\n1"\n',
     lambda i: i.damage[0][0], "line_break"),
    ("postal_dm", "no address", row("postal_dm", 札幌市1=""), lambda i: len(i.refused), 1),
    ("onsite_json", "an address in a public feed", '[{"browser_id": "b", "email": "a@x.jp"}]',
     lambda i: i.reasons, ["an address in a public feed"]),
    ("onsite_json", "a URL that is not absolute", '[{"browser_id": "b", "item_url": "/p/1"}]',
     lambda i: i.reasons, ["a URL that is not absolute https"]),
    ("onsite_json", "an offset without a colon is no date", '[{"member_id": 1, "d": "2026-11-10T08:30:15+0900"}]',
     lambda i: i.damage[0][0], "date_as_text"),
    ("onsite_json", "an entry of nobody", '[{"item": 1}]', lambda i: len(i.refused), 1),
    ("onsite_json", "one browser twice", '[{"browser_ids": "a,b"}, {"member_id": 1, "browser_ids": "b"}]',
     lambda i: i.reasons, ["duplicate"]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("mailer", "what", "data", "look", "found"),
    DOCUMENTED,
    ids=[f"{mailer}: {what}" for mailer, what, *_ in DOCUMENTED],
)
def test_the_damage_is_the_documented_one(
    mailer: str, what: str, data: bytes | str, look: Look, found: object
) -> None:
    assert look(taken(mailer, data)) == found


def test_no_importer_is_blind() -> None:
    shown = Counter(mailer for mailer, *_ in [*REFUSED, *DOCUMENTED])

    assert {mailer for mailer in MAILERS if shown[mailer] < 4} == set()


def test_blastmail_takes_only_the_items_of_the_shop() -> None:
    with pytest.raises(core.WrongHeader, match="項目名に誤りがあります"):
        taken("blastmail", right("blastmail"), items=("E-Mail", "氏名", "状態"))


def test_blastmail_reports_duplicates_and_the_bin_to_those_who_only_register() -> None:
    twice = "E-Mail\na@x.jp\na@x.jp\nbinned@x.jp\n"

    imported = taken("blastmail", twice, mode="新規登録のみ", binned=frozenset({"binned@x.jp"}))

    assert imported.reasons == ["重複", "ゴミ箱にあります"]


def test_arara_takes_only_the_columns_of_the_table_definition() -> None:
    with pytest.raises(core.WrongHeader):
        taken("arara", right("arara"), table=("メールアドレス", "性別", "氏名"))


def test_arara_wants_choices_as_numbers() -> None:
    wrong = RIGHT["arara"].replace("花子,2", "花子,女性")

    assert taken("arara", wrong, choices=frozenset({"性別"})).reasons == ["選択肢は1から始まる数値"]


def test_brevo_ignores_attributes_that_the_account_does_not_have() -> None:
    imported = taken("brevo", right("brevo"), attributes=frozenset({"PRENOM"}))

    assert imported.ignored == ("EMAIL", "PRICE")
    assert dict(imported.contacts["a@x.jp"].fields) == {"PRENOM": "花子"}


def test_sendgrid_takes_gzip_and_hubspot_less_of_the_free() -> None:
    packed = importer("sendgrid").import_file(gzip.compress(right("sendgrid")), "batch.csv.gz")

    assert len(packed.contacts) == 2
    with pytest.raises(core.TooManyBytes):
        taken("hubspot", b"x" * 20_000_001, free=True)


def test_ses_takes_lines_of_json() -> None:
    line = {
        "emailAddress": "a@x.jp", "unsubscribeAll": False,
        "topicPreferences": [{"topicName": "t", "subscriptionStatus": "OPT_IN"}],
    }  # fmt: skip
    imported = importer("ses").import_file(json.dumps(line).encode(), "batch.json")

    assert imported.contacts["a@x.jp"].consent == core.GRANTED
    with pytest.raises(core.WrongFileType):
        importer("ses").import_file(b"emailAddress\n", "batch.json")


# A file that says nothing about consent registers people as ones who may be mailed.
SILENT = {
    "mailchimp": "Email Address\na@x.jp\n", "klaviyo": "Email Address\na@x.jp\n",
    "braze": "email\na@x.jp\n", "ses": "emailAddress\na@x.jp\n", "blastmail": "E-Mail\na@x.jp\n",
    "haihaimail": "メールアドレス\na@x.jp\n", "shopserve": "メールアドレス\na@x.jp\n",
    "hubspot": "Email\na@x.jp\n", "brevo": "EMAIL\na@x.jp\n", "sendgrid": "email\na@x.jp\n",
    "mautic": "email\na@x.jp\n", "arara": "メールアドレス\r\na@x.jp\r\n",
    "generic_utf8": "email\r\na@x.jp\r\n", "generic_cp932": "メールアドレス\r\na@x.jp\r\n",
}  # fmt: skip


@pytest.mark.parametrize("mailer", SILENT)
def test_a_missing_consent_column_registers_people_as_opted_in(mailer: str) -> None:
    contact = taken(mailer, SILENT[mailer]).contacts["a@x.jp"]

    assert (contact.consent, contact.status) == (core.UNSTATED, "subscribed")


REVIVES = {
    "mautic": "email,doNotEmail\na@x.jp,0\n",
    "braze": "email,email_subscribe\na@x.jp,opted_in\n",
    "ses": "emailAddress,unsubscribeAll\na@x.jp,false\n",
    "klaviyo": "Email Address,Email Marketing Consent\na@x.jp,Subscribe\n",
    "haihaimail": "メールアドレス,状態\na@x.jp,配信可能\n",
    "blastmail": "E-Mail,状態\na@x.jp,配信中\n",
}


@pytest.mark.parametrize("mailer", REVIVES)
def test_some_columns_mail_people_again_who_had_stopped_it(mailer: str) -> None:
    held = {"a@x.jp": "unsubscribed", "other@x.jp": "unsubscribed"}

    assert taken(mailer, REVIVES[mailer]).after(held) == {
        "a@x.jp": "subscribed",
        "other@x.jp": "unsubscribed",
    }


def test_mautic_takes_an_empty_do_not_email_for_permission() -> None:
    held = {"a@x.jp": "unsubscribed"}

    assert taken("mautic", "email,doNotEmail,x\na@x.jp,,1\n").after(held)["a@x.jp"] == "subscribed"
    assert taken("mautic", "email,x\na@x.jp,1\n").after(held)["a@x.jp"] == "unsubscribed"


def test_listmonk_keeps_a_stopped_subscription_unless_told_to_overwrite_it() -> None:
    held = {"a@x.jp": "unsubscribed"}

    assert taken("listmonk", right("listmonk")).after(held)["a@x.jp"] == "unsubscribed"
    told = taken("listmonk", right("listmonk"), overwrite_status=True, status="confirmed")
    assert told.after(held)["a@x.jp"] == "confirmed"
