"""A Japanese mailer that reads cp932 with CRLF.

Source: RFC 4180; manuals of Japanese carts and mailers (aiship "CSVレイアウト", Next Engine 5552:
Shift-JIS with CRLF, of which cp932 is the set that shops write).
"""

import re

from tests.exports.importers import core, generic_utf8

DATES = ("%Y/%m/%d", "%Y/%m/%d %H:%M", "%Y/%m/%d %H:%M:%S")


def import_file(data: bytes, name: str) -> core.Imported:
    """Contacts by address; rows end in CRLF."""
    if data.startswith(b"\xef\xbb\xbf"):
        raise core.WrongEncoding("UTF-8 with a byte order mark")
    text = core.decoded(data, "cp932")
    if re.search(r"(?<!\r)\n", text):
        raise core.WrongQuoting("a line break that is not CRLF")
    return generic_utf8.take(text, name, (*DATES, *generic_utf8.DATES))
