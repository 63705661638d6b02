"""The proxies of docs/access.md, as they stand there, in front of the running pages."""

import datetime as dt
import http.client
import os
import re
import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.cookies import SimpleCookie
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from websockets.sync.client import connect

from pipelines.settings import REPOSITORY
from tests.dashboards.fixture import publish_kind
from tests.dashboards.live import SECONDS, STREAM, Server, Session, serving
from tests.serving import free_port

pytestmark = pytest.mark.slow
NAME = "okaeri.example.jp"
STAFF = (
    "people:\n- {email: hanako@example.jp, role: viewer}\n"
    "- {email: taro@example.jp, role: exporter}\n"
)
VIEWER, EXPORTER, STRANGER = "閲覧者", "書き出し担当", "権限がありません"
NOBODY = "どなたか分かりません"
SIGN_IN = b"sign in here"
# How a browser asks for a websocket.
UPGRADE = {
    "Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==", "Origin": f"https://{NAME}",
}  # fmt: skip


class LoginProxy(BaseHTTPRequestHandler):
    """What oauth2-proxy says with `--set-xauthrequest`: a cookie's owner, or nobody."""

    def do_GET(self) -> None:
        who = SimpleCookie(self.headers.get("Cookie", "")).get("who")
        if not self.path.startswith("/oauth2/auth"):
            self._say(403, SIGN_IN)
        elif who is None:
            self._say(401, b"")
        else:
            # Some logins have no address.
            self._say(202, b"", email=who.value or None)

    def _say(self, status: int, body: bytes, *, email: str | None = None) -> None:
        self.send_response(status)
        if email is not None:
            self.send_header("X-Auth-Request-Email", email)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing: a test's output is its own."""


@dataclass(frozen=True)
class Proxy:
    """A proxy on this machine, called by the name the documentation gives it."""

    port: int
    trusted: ssl.SSLContext

    def get(self, path: str, headers: Mapping[str, str]) -> tuple[int, str, bytes]:
        """Status, where it sends a visitor, and body."""
        connection = http.client.HTTPSConnection(
            NAME, self.port, context=self.trusted, timeout=SECONDS
        )
        connection.sock = self.trusted.wrap_socket(self._socket(), server_hostname=NAME)
        connection.request("GET", path, headers={"Host": NAME, **headers})
        answer = connection.getresponse()
        return answer.status, answer.headers.get("Location", ""), answer.read()

    @contextmanager
    def open(self, headers: Mapping[str, str]) -> Iterator[Session]:
        """The customers page, drawn once, as a browser opens it: through the websocket."""
        with connect(
            f"wss://{NAME}{STREAM}",
            sock=self._socket(),
            ssl=self.trusted,
            server_hostname=NAME,
            origin=f"https://{NAME}",  # type: ignore[arg-type]
            additional_headers=dict(headers),
            subprotocols=["streamlit"],  # type: ignore[list-item]
            max_size=None,
            open_timeout=SECONDS,
        ) as stream:
            session = Session(stream, "customers")
            session.run()
            yield session

    def _socket(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=SECONDS)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The pages of a shop with a viewer and an exporter, as docs/access.md starts them."""
    home = publish_kind(tmp_path_factory.mktemp("proxied"), "small")
    with (home.path.parent / "shop.yml").open("a", encoding="utf-8") as stream:
        stream.write(STAFF)
    with serving(home.path.parent, header="X-Email", hosts=(NAME,)) as running:
        yield running


@pytest.fixture(scope="module")
def login() -> Iterator[int]:
    """Port of what stands for oauth2-proxy."""
    running = ThreadingHTTPServer(("127.0.0.1", 0), LoginProxy)
    threading.Thread(target=running.serve_forever, daemon=True).start()
    yield running.server_address[1]
    running.shutdown()
    running.server_close()


@pytest.fixture(scope="module", params=["nginx", "caddyfile"])
def proxy(
    request: pytest.FixtureRequest,
    server: Server,
    login: int,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Proxy]:
    """The documented proxy, nothing but its ports and the place of its certificate changed."""
    folder = tmp_path_factory.mktemp(request.param)
    text = documented(request.param)
    for written, ours in (("127.0.0.1:8501", server.port), ("127.0.0.1:4180", login)):
        assert written in text
        text = text.replace(written, f"127.0.0.1:{ours}")
    start: Callable[[str, Path], Iterator[Proxy]] = {"nginx": nginx, "caddyfile": caddy}[
        request.param
    ]
    yield from start(text, folder)


def documented(language: str) -> str:
    page = (REPOSITORY / "docs" / "access.md").read_text(encoding="utf-8")
    (text,) = re.findall(rf"```{language}\n(.*?)```", page, flags=re.DOTALL)
    return text


def nginx(text: str, folder: Path) -> Iterator[Proxy]:
    port = free_port()
    certificate, key = certified(folder)
    for written, ours in (
        ("listen 443 ssl;", f"listen 127.0.0.1:{port} ssl;"),
        ("/etc/ssl/okaeri.example.jp.pem", str(certificate)),
        ("/etc/ssl/okaeri.example.jp.key", str(key)),
    ):
        assert written in text
        text = text.replace(written, ours)
    # Started by root its workers would be nobody's, who may not write below this folder.
    user = "user root;" if os.getuid() == 0 else ""
    spools = "".join(
        f"{kind}_temp_path {folder / kind};"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    config = folder / "nginx.conf"
    config.write_text(
        f"{user} daemon off; pid {folder / 'pid'}; error_log {folder / 'log'};\n"
        f"events {{}}\nhttp {{\naccess_log off; {spools}\n{text}\n}}\n"
    )
    command = [program("nginx"), "-p", str(folder), "-c", str(config), "-e", str(folder / "log")]
    with running(command, folder, port=port):
        yield Proxy(port, ssl.create_default_context(cafile=str(certificate)))


def caddy(text: str, folder: Path) -> Iterator[Proxy]:
    port, plain = free_port(), free_port()
    config = folder / "Caddyfile"
    # A certificate of its own making, instead of one from the internet.
    options = f"admin off\nlocal_certs\nskip_install_trust\nhttps_port {port}\nhttp_port {plain}"
    config.write_text(f"{{\n{options}\n}}\n{text}")
    command = [program("caddy"), "run", "--adapter", "caddyfile", "--config", str(config)]
    with running(command, folder, port=port):
        root = folder / "caddy" / "pki" / "authorities" / "local" / "root.crt"
        yield Proxy(port, ssl.create_default_context(cafile=str(root)))


def program(name: str) -> str:
    found = shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin")
    assert found is not None, f"{name} is missing: apt-get install nginx-light caddy"
    return found


@contextmanager
def running(command: list[str], folder: Path, *, port: int) -> Iterator[None]:
    """The proxy, answering on its port; gone at the end."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "XDG_DATA_HOME": str(folder)}
    with (folder / "said").open("wb") as said:
        process = subprocess.Popen(command, env=environment, stdout=said, stderr=said)
    try:
        ends = time.monotonic() + SECONDS
        while not shows_certificate(port):
            assert process.poll() is None, (folder / "said").read_text()
            assert time.monotonic() < ends, (folder / "said").read_text()
            time.sleep(0.1)
        yield
    finally:
        process.terminate()
        process.wait(SECONDS)


def shows_certificate(port: int) -> bool:
    """Whether a visitor is let in. Caddy opens its port before it has made its certificate."""
    anyone = ssl._create_unverified_context()
    try:
        with (
            socket.create_connection(("127.0.0.1", port), timeout=SECONDS) as plain,
            anyone.wrap_socket(plain, server_hostname=NAME),
        ):
            return True
    except OSError:
        return False


def certified(folder: Path) -> tuple[Path, Path]:
    """A certificate of the documented name, by itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    files = folder / "certificate.pem", folder / "key.pem"
    files[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    files[1].write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return files


def test_a_named_person_has_their_own_role_through_the_websocket(proxy: Proxy) -> None:
    for who, role in (("hanako", VIEWER), ("taro", EXPORTER)):
        with proxy.open({"Cookie": f"who={who}@example.jp"}) as session:
            assert role in session.text
            assert not session.exceptions()

    assert proxy.get("/", {"Cookie": "who=taro@example.jp"})[0] == 200


@pytest.mark.parametrize("header", ["X-Email", "x-email", "X-EMAIL"])
def test_a_name_a_visitor_sends_is_replaced_by_their_own(proxy: Proxy, header: str) -> None:
    sent = {header: "taro@example.jp", "Cookie": "who=hanako@example.jp"}

    with proxy.open(sent) as session:
        assert VIEWER in session.text
        assert EXPORTER not in session.text


@pytest.mark.parametrize("sent", [{}, {"X-Email": "taro@example.jp"}], ids=["nothing", "a name"])
def test_whoever_is_not_logged_in_reaches_nothing(proxy: Proxy, sent: dict[str, str]) -> None:
    for path in ("/", "/customers", "/_stcore/health", "/media/x.csv", STREAM):
        status, leads_to, body = proxy.get(path, {**sent, **(UPGRADE if path == STREAM else {})})
        assert status == 403 or (status == 302 and leads_to.startswith("/oauth2/sign_in")), path
        assert body in (SIGN_IN, b""), path


def test_somebody_with_a_login_and_no_role_is_told_so(proxy: Proxy) -> None:
    with proxy.open({"Cookie": "who=mallory@example.jp", "X-Email": "taro@example.jp"}) as session:
        assert STRANGER in session.text
        assert EXPORTER not in session.text


def test_a_login_without_an_address_is_nobody_whatever_a_visitor_sends(proxy: Proxy) -> None:
    with proxy.open({"Cookie": "who=", "X-Email": "taro@example.jp"}) as session:
        # Caddy writes an empty name of its own into the header, which is nobody of the staff.
        assert NOBODY in session.text or STRANGER in session.text
        assert EXPORTER not in session.text


def test_the_servers_own_figures_are_shut_even_for_the_staff(server: Server, proxy: Proxy) -> None:
    assert server.get("/_stcore/metrics")[0] == 200

    assert proxy.get("/_stcore/metrics", {"Cookie": "who=taro@example.jp"})[0] == 404
