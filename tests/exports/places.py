"""Remote places on this machine: a real SFTP server, a real S3 server, and how they fail."""

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.request import Request, urlopen

import boto3
import paramiko
from moto.server import ThreadedMotoServer

PASSWORD = "only-for-this-test"


@dataclass
class Failures:
    """What goes wrong at the rename that hands a file over: `before` it is done, or `after`."""

    cut: str | None = None
    # Plain servers have no posix-rename.
    is_plain: bool = False
    renamed: list[str] = field(default_factory=list)


class _Login(paramiko.ServerInterface):
    def check_auth_password(self, username: str, password: str) -> int:
        good = (username, password) == ("okaeri", PASSWORD)
        return paramiko.AUTH_SUCCESSFUL if good else paramiko.AUTH_FAILED

    def get_allowed_auths(self, username: str) -> str:
        return "password"

    def check_channel_request(self, kind: str, chanid: int) -> int:
        return paramiko.OPEN_SUCCEEDED


class _Handle(paramiko.SFTPHandle):
    def stat(self) -> paramiko.SFTPAttributes:
        return paramiko.SFTPAttributes.from_stat(os.fstat(self.readfile.fileno()))


def _serving(root: Path, failures: Failures, transport: paramiko.Transport):
    class Files(paramiko.SFTPServerInterface):
        def _real(self, path: str) -> Path:
            return root / path.lstrip("/")

        def stat(self, path: str):
            try:
                return paramiko.SFTPAttributes.from_stat(self._real(path).stat())
            except OSError as error:
                return paramiko.SFTPServer.convert_errno(error.errno)

        lstat = stat

        def open(self, path: str, flags: int, attr: paramiko.SFTPAttributes):
            mode = "rb" if flags in (0, os.O_RDONLY) else "wb+"
            try:
                stream = self._real(path).open(mode)
            except OSError as error:
                return paramiko.SFTPServer.convert_errno(error.errno)
            handle = _Handle(flags)
            handle.readfile = handle.writefile = stream
            return handle

        def remove(self, path: str) -> int:
            self._real(path).unlink()
            return paramiko.SFTP_OK

        def rename(self, oldpath: str, newpath: str) -> int:
            if self._real(newpath).exists():
                return paramiko.SFTP_FAILURE
            return self._renamed(oldpath, newpath)

        def posix_rename(self, oldpath: str, newpath: str) -> int:
            if failures.is_plain:
                return paramiko.SFTP_OP_UNSUPPORTED
            return self._renamed(oldpath, newpath)

        def _renamed(self, oldpath: str, newpath: str) -> int:
            if failures.cut == "before":
                transport.close()
                return paramiko.SFTP_FAILURE
            self._real(oldpath).rename(self._real(newpath))
            failures.renamed.append(Path(newpath).name)
            if failures.cut == "after":
                transport.close()
            return paramiko.SFTP_OK

    return Files


@dataclass
class SftpServer:
    """A server on the loopback over a folder. `failures` may be changed while it runs."""

    root: Path
    failures: Failures = field(default_factory=Failures)
    key: paramiko.PKey = field(default_factory=lambda: paramiko.ECDSAKey.generate())
    port: int = 0

    @property
    def host_key(self) -> str:
        return f"{self.key.get_name()} {self.key.get_base64()}"

    @property
    def destination(self) -> str:
        """The destination's line of shop.yml."""
        return (
            "  - {key: far, profile: generic_utf8, country: JP, contract: 委託, basis: x,"
            f" place: sftp, sftp: {{host: 127.0.0.1, port: {self.port}, user: okaeri,"
            f" folder: /inbound, host_keys: ['{self.host_key}']}}}}\n"
        )

    @contextmanager
    def running(self) -> Iterator["SftpServer"]:
        (self.root / "inbound").mkdir(parents=True)
        with socket.create_server(("127.0.0.1", self.port)) as listener:
            self.port = listener.getsockname()[1]
            open_ones: list[paramiko.Transport] = []
            thread = threading.Thread(target=self._accept, args=(listener, open_ones), daemon=True)
            thread.start()
            yield self
            for transport in open_ones:
                transport.close()

    def _accept(self, listener: socket.socket, open_ones: list[paramiko.Transport]) -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            transport = paramiko.Transport(connection)
            open_ones.append(transport)
            transport.add_server_key(self.key)
            files = _serving(self.root, self.failures, transport)
            transport.set_subsystem_handler("sftp", paramiko.SFTPServer, files)
            try:
                transport.start_server(server=_Login())
            except (paramiko.SSHException, EOFError):
                transport.close()


@contextmanager
def s3_server(bucket: str) -> Iterator[tuple[str, "boto3.client"]]:
    """Endpoint of a server that speaks S3, and a client of its own to look with."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    endpoint = f"http://{host}:{port}"
    client = boto3.client(
        "s3", endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id="k",
        aws_secret_access_key="s",
    )  # fmt: skip
    # Servers of one process share what they hold.
    with urlopen(Request(f"{endpoint}/moto-api/reset", method="POST")):
        client.create_bucket(Bucket=bucket)
    try:
        yield endpoint, client
    finally:
        server.stop()


@contextmanager
def cut_line(endpoint: str, *, when: str) -> Iterator[tuple[str, list[bytes]]]:
    """An address in front of a server that loses a PUT of a file: `before` or `after` it arrived.

    Everything else passes. Yields the address and the first line of each request that came.
    """
    host, port = endpoint.removeprefix("http://").split(":")
    seen: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            while True:
                try:
                    client, _ = listener.accept()
                except OSError:
                    return
                with client:
                    request = _whole_request(client)
                    seen.append(request.split(b"\r\n", 1)[0])
                    is_put = request.startswith(b"PUT") and b"if-none-match" in request.lower()
                    if is_put and when == "before":
                        continue
                    with socket.create_connection((host, int(port))) as server:
                        server.sendall(_closing(request))
                        answer = b"".join(iter(lambda: server.recv(65536), b""))
                    if not (is_put and when == "after"):
                        client.sendall(answer)

        threading.Thread(target=serve, daemon=True).start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", seen


def _closing(request: bytes) -> bytes:
    head, _, body = request.partition(b"\r\n\r\n")
    return head + b"\r\nConnection: close\r\n\r\n" + body


def _whole_request(client: socket.socket) -> bytes:
    data = b""
    while b"\r\n\r\n" not in data:
        data += client.recv(65536)
    head, _, body = data.partition(b"\r\n\r\n")
    if b"100-continue" in head.lower():
        client.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
    length = next(
        (
            int(line.split(b":")[1])
            for line in head.lower().split(b"\r\n")
            if line.startswith(b"content-length")
        ),
        0,
    )
    while len(body) < length:
        body += client.recv(65536)
    lines = (line for line in head.split(b"\r\n") if b"100-continue" not in line.lower())
    return b"\r\n".join(lines) + b"\r\n\r\n" + body
