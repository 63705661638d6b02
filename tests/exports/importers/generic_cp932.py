"""A Japanese mailer that reads cp932 with CRLF.

Source: formats.md, section 3 (encodings: cp932 and never shift_jis, CRLF) and RFC 4180.
"""

import re

from tests.exports.importers import core, generic_utf8


def import_file(data: bytes, name: str) -> core.Imported:
    """Contacts by address; rows end in CRLF."""
    if data.startswith(b"\xef\xbb\xbf"):
        raise core.WrongEncoding("UTF-8 with a byte order mark")
    text = core.decoded(data, "cp932")
    if re.search(r"(?<!\r)\n", text):
        raise core.WrongQuoting("a line break that is not CRLF")
    return generic_utf8.take(text, name)
