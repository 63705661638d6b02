"""Places a finished file is handed over at. One module per kind of place."""

from typing import Final

from pipelines.exports.authentic import manifest_key
from pipelines.exports.destinations.local import LocalFolder
from pipelines.exports.errors import ShopNotReady
from pipelines.exports.rules import Rules
from pipelines.settings import Home, destination_secrets
from pipelines.shop import Destination

# Ending of the environment's variable → what the library calls it.
SFTP_SECRETS: Final = {
    "PASSWORD": "password", "KEY_FILE": "key_filename", "PASSPHRASE": "passphrase",
}  # fmt: skip
S3_SECRETS: Final = {
    "ACCESS_KEY": "aws_access_key_id", "SECRET_KEY": "aws_secret_access_key",
    "SESSION_TOKEN": "aws_session_token",
}  # fmt: skip

__all__ = ["LocalFolder", "outbox_by_name", "outbox_of", "outboxes"]


def outbox_of(rules: Rules, destination: Destination, home: Home) -> LocalFolder:
    """The destination's outbox; of a remote one the local part lies in the home.

    The libraries of remote places are loaded only by a shop that has one.
    Raises: ShopNotReady where they are not installed.
    """
    try:
        return _outbox_of(rules, destination, home)
    except ImportError as error:
        raise ShopNotReady(
            f"destination {destination.key!r} lies on another machine and {error.name} is not "
            'installed: pip install "okaeri[remote]"'
        ) from error


def outbox_by_name(rules: Rules, key: str, home: Home) -> LocalFolder:
    """The outbox of a destination; of one shop.yml no longer names, what lies in the home of it."""
    known = {destination.key: destination for destination in rules.shop.destinations}
    if key in known:
        return outbox_of(rules, known[key], home)
    return LocalFolder(home.outbox / key, key=manifest_key(rules.pepper))


def outboxes(rules: Rules, home: Home) -> dict[str, LocalFolder]:
    """What lies on this machine of every destination, those shop.yml has forgotten among them."""
    key = manifest_key(rules.pepper)
    known = {d.key: rules.folder(d, home) for d in rules.shop.destinations}
    left = {path.parent.name: path.parent for path in home.outbox.glob("*/manifests")}
    return {name: LocalFolder(path, key=key) for name, path in {**left, **known}.items()}


def _outbox_of(rules: Rules, destination: Destination, home: Home) -> LocalFolder:
    folder, key = rules.folder(destination, home), manifest_key(rules.pepper)
    if destination.sftp is not None:
        from pipelines.exports.destinations.remote import RemoteFolder
        from pipelines.exports.destinations.sftp import SftpStore

        secrets = destination_secrets(destination.key, SFTP_SECRETS)
        return RemoteFolder(folder, SftpStore(destination.sftp, secrets), key=key)
    if destination.s3 is not None:
        from pipelines.exports.destinations.remote import RemoteFolder
        from pipelines.exports.destinations.s3 import S3Store

        secrets = destination_secrets(destination.key, S3_SECRETS)
        return RemoteFolder(folder, S3Store(destination.s3, secrets), key=key)
    return LocalFolder(folder, key=key)
