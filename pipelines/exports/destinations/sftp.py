"""A folder on an SFTP server: sent under a hidden name, revealed by one rename.

The hidden file is the only copy there, so as long as it lies there the rename has not happened.
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any

import paramiko
from fsspec.implementations.sftp import SFTPFileSystem

from pipelines.exports.destinations.remote import Look
from pipelines.exports.errors import InDoubt, OutboxUnusable
from pipelines.shop import SftpPlace

_CHUNK = 1 << 20
_TIMEOUT_SECONDS = 30.0


class _Pinned(paramiko.MissingHostKeyPolicy):  # type: ignore[misc]
    """Takes the keys `shop.yml` names and no other: who answers gets the shop's customers."""

    def __init__(self, keys: tuple[str, ...]) -> None:
        self._keys = {tuple(key.split()[:2]) for key in keys}

    def missing_host_key(
        self, _client: paramiko.SSHClient, hostname: str, key: paramiko.PKey
    ) -> None:
        """Nothing for a known key. Raises: SSHException for any other."""
        if (key.get_name(), key.get_base64()) not in self._keys:
            raise paramiko.SSHException(
                f"{hostname} shows the key {key.get_name()} {key.get_base64()}, which shop.yml "
                "does not name under host_keys"
            )


@dataclass(frozen=True)
class SftpStore:
    """One folder. `secrets`: password, key_filename, passphrase as paramiko names them."""

    place: SftpPlace
    secrets: dict[str, str] = field(repr=False)

    def address(self, name: str) -> str:
        """`sftp://user@host/folder/name`."""
        return f"sftp://{self.place.user}@{self.place.host}/{self._path(name).lstrip('/')}"

    def send(self, source: Path, name: str) -> None:
        """Write the hidden file anew, whole."""
        with self._session() as files:
            # The answer carries the size the server holds: half a file is an error here.
            files.ftp.put(str(source), self._hidden(name), confirm=True)

    def reveal(self, source: Path, name: str, sha256: str) -> None:  # noqa: ARG002 - the protocol's
        """Rename the hidden file. Raises: InDoubt if its name is taken."""
        with self._session() as files:
            if _size(files, self._path(name)) is not None:
                raise InDoubt(f"{self.address(name)} is taken; nothing was replaced")
            try:
                files.mv(self._hidden(name), self._path(name))
            except OSError as error:
                if "unsupported" not in str(error).lower():
                    raise
                # A server without posix-rename: the plain one refuses a taken name by itself.
                files.ftp.rename(self._hidden(name), self._path(name))

    def look(self, source: Path, name: str, sha256: str) -> Look:
        """What lies under the name and under the hidden one; the bytes are read to compare."""
        with self._session() as files:
            size = source.stat().st_size
            out, hidden = _size(files, self._path(name)), _size(files, self._hidden(name))
            if out is not None:
                same = hidden is None and out == size and self._sha256(files, name) == sha256
                return Look.THERE if same else Look.OTHER
            # Half a hidden file was never revealed: it is sent again.
            return Look.HIDDEN if hidden == size else Look.ABSENT

    def replace(self, name: str, data: bytes) -> None:
        """Write beside, then rename over: whoever reads sees the old list or the new one."""
        with self._session() as files:
            files.ftp.putfo(BytesIO(data), self._hidden(name), confirm=True)
            try:
                files.mv(self._hidden(name), self._path(name))
            except OSError as error:
                if "unsupported" not in str(error).lower():
                    raise
                if _size(files, self._path(name)) is not None:
                    files.ftp.remove(self._path(name))
                files.ftp.rename(self._hidden(name), self._path(name))

    def forget(self, name: str) -> None:
        """Remove the hidden file, if it is there."""
        with self._session() as files:
            if _size(files, self._hidden(name)) is not None:
                files.ftp.remove(self._hidden(name))

    @contextmanager
    def _session(self) -> Iterator[Any]:
        try:
            files = SFTPFileSystem(
                self.place.host, port=self.place.port, username=self.place.user,
                host_key_policy=_Pinned(self.place.host_keys), allow_agent=False,
                look_for_keys=False, timeout=_TIMEOUT_SECONDS, banner_timeout=_TIMEOUT_SECONDS,
                auth_timeout=_TIMEOUT_SECONDS, skip_instance_cache=True, **self.secrets,
            )  # fmt: skip
        except (OSError, EOFError, paramiko.SSHException) as error:
            raise OutboxUnusable(
                f"sftp://{self.place.host}:{self.place.port} cannot be used ({error}): look at "
                "host, port, user, host_keys and the secret (OKAERI_DESTINATION_<KEY>_PASSWORD or "
                "_KEY_FILE); who waits stays reserved, and the next export tries again"
            ) from error
        files.ftp.get_channel().settimeout(_TIMEOUT_SECONDS)
        try:
            yield files
        except (OSError, EOFError, paramiko.SSHException) as error:
            raise OutboxUnusable(
                f"sftp://{self.place.host}: {type(error).__name__}: {error}"
            ) from error
        finally:
            files.client.close()

    def _sha256(self, files: Any, name: str) -> str:
        digest = hashlib.sha256()
        with files.ftp.open(self._path(name), "rb") as stream:
            stream.prefetch()
            while share := stream.read(_CHUNK):
                digest.update(share)
        return digest.hexdigest()

    def _path(self, name: str) -> str:
        return f"{self.place.folder.rstrip('/')}/{name}"

    def _hidden(self, name: str) -> str:
        return self._path(f".{name}.part")


def _size(files: Any, path: str) -> int | None:
    try:
        found: int = files.ftp.stat(path).st_size
    except FileNotFoundError:
        return None
    return found
