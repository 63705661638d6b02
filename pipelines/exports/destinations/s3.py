"""A bucket: one PUT that is visible whole or not at all, refused where the key is taken.

Nothing can be hidden there, so a PUT whose answer was lost and whose object is not there (any
more) stays in doubt. Invariant: nothing below repeats a request by itself. botocore obeys that;
the asynchronous libraries send a PUT again when a connection is lost, which here is a second mail.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import botocore.session
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    PartialCredentialsError,
)

from pipelines.exports.destinations.remote import Look
from pipelines.exports.errors import OutboxUnusable, Unsent
from pipelines.shop import S3Place

# No byte left this machine.
_NEVER_LEFT: Final = (
    EndpointConnectionError, ConnectTimeoutError, NoCredentialsError, PartialCredentialsError,
)  # fmt: skip
_CONFIG: Final = Config(
    retries={"max_attempts": 0, "mode": "legacy"}, connect_timeout=30, read_timeout=300,
    request_checksum_calculation="when_required", response_checksum_validation="when_required",
)  # fmt: skip
_TAKEN: Final = 412
_CONFLICT: Final = 409


@dataclass(frozen=True)
class S3Store:
    """One bucket and prefix. `secrets`: as botocore names them; empty = the machine's own role."""

    place: S3Place
    secrets: dict[str, str] = field(repr=False)

    def address(self, name: str) -> str:
        """`s3://bucket/prefix/name`."""
        return f"s3://{self.place.bucket}/{self._key(name)}"

    def send(self, source: Path, name: str) -> None:
        """Nothing: a bucket cannot hide an object."""

    def reveal(self, source: Path, name: str, sha256: str) -> None:
        """One conditional PUT. Raises: Unsent if it was refused or never left this machine."""
        try:
            with source.open("rb") as stream:
                self._call(
                    "put_object", name, Body=stream, IfNoneMatch="*", Metadata={"sha256": sha256}
                )
        except OutboxUnusable as error:
            cause = error.__cause__
            status = _status(cause)
            # A taken key and a conflict with another writer are looked at; 5xx tells nothing.
            refused = status is not None and 400 <= status < 500 and status not in (
                _TAKEN, _CONFLICT,
            )  # fmt: skip
            if refused or isinstance(cause, _NEVER_LEFT):
                raise Unsent(str(error)) from error
            raise

    def look(self, source: Path, name: str, sha256: str) -> Look:
        """Whether the object is there, with the sha256 it was put with and our length."""
        try:
            found = self._call("head_object", name)
        except OutboxUnusable as error:
            if _status(error.__cause__) == 404:
                return Look.ABSENT
            raise
        same = found["Metadata"].get("sha256") == sha256
        return Look.THERE if same and _is_long_as(found, source) else Look.OTHER

    def replace(self, name: str, data: bytes) -> None:
        """Put a list of people to drop there whole, in place of an older one."""
        self._call("put_object", name, Body=data)

    def forget(self, name: str) -> None:
        """Nothing was sent that could be left."""

    def _call(self, method: str, name: str, **arguments: object) -> Any:
        client = botocore.session.Session().create_client(
            "s3", endpoint_url=self.place.endpoint, region_name=self.place.region,
            config=_CONFIG, **self.secrets,
        )  # fmt: skip
        try:
            return getattr(client, method)(
                Bucket=self.place.bucket, Key=self._key(name), **arguments
            )
        except (OSError, BotoCoreError, ClientError) as error:
            code = _status(error)
            said = type(error).__name__ if code is None else f"status {code}"
            raise OutboxUnusable(
                f"{self.address(name)}: {method} failed ({said}): look at bucket, region and the "
                "secret (OKAERI_DESTINATION_<KEY>_ACCESS_KEY, _SECRET_KEY); who waits stays "
                "reserved, and the next export tries again"
            ) from error
        finally:
            client.close()

    def _key(self, name: str) -> str:
        return f"{self.place.prefix.strip('/')}/{name}" if self.place.prefix else name


def _status(error: BaseException | None) -> int | None:
    response = getattr(error, "response", None)
    if not isinstance(response, dict):
        return None
    found = response.get("ResponseMetadata", {}).get("HTTPStatusCode")
    return found if isinstance(found, int) else None


def _is_long_as(found: Any, source: Path) -> bool:
    return bool(found["ContentLength"] == source.stat().st_size)
