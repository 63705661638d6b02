"""What claims must remember of people, encrypted: enough to render the same bytes again.

The cells are kept, not re-read from the private snapshot: that one is gone after three publishes,
and a person's name may have changed in it, so a batch could no longer be rendered to the same sha.
Forgetting a person blanks their payload; the keyed hashes stay, so that nobody is written to again.
"""

import json
from datetime import UTC, datetime
from typing import Final

import polars as pl
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF


class Vault:
    """Seals and opens payloads with a key of its own, derived from the pepper.

    Deterministic (AES-SIV), bound to batch and number: an equal claim is equal bytes, and a payload
    moved to another row cannot be opened.
    """

    def __init__(self, pepper: bytes) -> None:
        derived = HKDF(algorithm=SHA256(), length=64, salt=None, info=b"okaeri claim payload 1")
        self._cipher = AESSIV(derived.derive(pepper))

    def seal(self, payloads: pl.DataFrame, *, batch_id: str) -> pl.Series:
        """Ciphertext of each payload, `payload_enc`.

        Shape: `ord`, `email`, `person_id`, `qualified_at`, `other_keys` as a list, and the finished
        cells as every column after those.
        """
        encrypt, place = self._cipher.encrypt, f"{batch_id}|".encode()
        texts = packed(payloads).to_list()
        sealed = [
            encrypt(text.encode(), [place + b"%d" % ord_])
            for ord_, text in zip(payloads["ord"].to_list(), texts, strict=True)
        ]
        # Of a type that is not named beforehand it is made in a third of the time.
        return pl.Series("payload_enc", sealed).cast(pl.Binary)

    def open(self, sealed: pl.DataFrame, *, batch_id: str) -> pl.DataFrame:
        """The rows with what is in them.

        Shape: `email`, `person_id`, `qualified_at`, `cells`, and `other_keys`, those that are no
        columns of the claim (of older versions' claims: all).

        Raises: cryptography's InvalidTag if a byte or its row was changed.
        """
        return sealed.drop("payload_enc").hstack(unpacked(self._texts(sealed, batch_id)))

    def cells(self, sealed: pl.DataFrame, *, batch_id: str) -> pl.Series:
        """The `cells` alone, for whoever asks nothing else. Raises: as `open`."""
        texts = self._texts(sealed, batch_id)
        if _are_json(texts).any():
            return unpacked(texts)["cells"]
        return texts.str.split_exact(_FIELD, 5).struct.field("field_5").str.split(_ITEM)

    def _texts(self, sealed: pl.DataFrame, batch_id: str) -> pl.Series:
        decrypt, place = self._cipher.decrypt, f"{batch_id}|".encode()
        rows = zip(sealed["ord"].to_list(), sealed["payload_enc"].to_list(), strict=True)
        texts = [decrypt(data, [place + b"%d" % ord_]).decode() for ord_, data in rows]
        return pl.Series("text", texts, pl.String)


# A cell holds no control character, so these two cannot stand in one; joining and cutting costs a
# tenth of what JSON does.
_FIELD, _ITEM = "\x1e", "\x1f"
_KEPT: Final = ("ord", "email", "person_id", "qualified_at", "other_keys")


def packed(payloads: pl.DataFrame) -> pl.Series:
    """One text per payload."""
    names = [name for name in payloads.columns if name not in _KEPT]
    at = pl.col("qualified_at").dt.strftime("%Y-%m-%dT%H:%M:%S%.6f+00:00")
    keys, cells = pl.col("other_keys").list.join(_ITEM), pl.concat_str(names, separator=_ITEM)
    fields = [pl.lit("1"), pl.col("email").fill_null(""), pl.col("person_id"), at, keys, cells]
    text = pl.concat_str(fields, separator=_FIELD)
    count = pl.col("other_keys").list.len()
    joints = pl.when(count > 0).then(count - 1).otherwise(0) + len(names) - 1
    found = payloads.select(text.alias("text"), joints.alias("joints")).with_columns(
        (
            (pl.col("text").str.count_matches(_FIELD, literal=True) == len(fields) - 1)
            & (pl.col("text").str.count_matches(_ITEM, literal=True) == pl.col("joints"))
        ).alias("is_whole"),
    )
    texts = found["text"].to_list()
    # Whatever holds one of the two after all is written so that nothing can be mistaken.
    for number in (~found["is_whole"]).arg_true():
        row = payloads.row(number, named=True)
        content = {
            "cells": [row[name] for name in names], "email": row["email"] or "",
            "person_id": row["person_id"], "keys": row["other_keys"],
            "qualified_at": row["qualified_at"].replace(tzinfo=UTC).isoformat(),
        }  # fmt: skip
        texts[number] = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    return pl.Series("text", texts, pl.String)


def _are_json(texts: pl.Series) -> pl.Series:
    return texts.str.starts_with("{")


def unpacked(texts: pl.Series) -> pl.DataFrame:
    """The payloads of texts, those that older versions packed as JSON among them."""
    parts = texts.str.split_exact(_FIELD, 5).struct.unnest()
    parts.columns = ["version", "email", "person_id", "qualified_at", "keys", "cells"]
    at = pl.col("qualified_at").str.strip_suffix("+00:00")
    found = parts.select(
        "email", "person_id",
        at.str.to_datetime("%Y-%m-%dT%H:%M:%S%.f", strict=False, time_unit="us"),
        pl.when(pl.col("keys") != "").then(pl.col("keys").str.split(_ITEM))
        .otherwise(pl.lit([], pl.List(pl.String))).alias("other_keys"),
        pl.col("cells").str.split(_ITEM),
    )  # fmt: skip
    is_json = _are_json(texts)
    if not is_json.any():
        return found
    rows = found.rows(named=True)
    for number in is_json.arg_true():
        content = json.loads(texts[number])
        aware = datetime.fromisoformat(content["qualified_at"])
        qualified_at = aware.astimezone(UTC).replace(tzinfo=None)
        rows[number] = {
            **content, "qualified_at": qualified_at, "other_keys": content["keys"],
        }  # fmt: skip
    return pl.DataFrame(rows, schema=found.schema)
