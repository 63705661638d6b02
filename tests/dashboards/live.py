"""A running server of the pages, and sessions that speak its own protocol instead of a browser's.

with serving(home, header="X-Email") as server:
    page = server.open("customers", email="taro@example.jp")
    page.click("Look")
    page.text
"""

import http.client
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from google.protobuf.text_format import MessageToString
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.sync.client import ClientConnection, connect

from pipelines.screens import Screens, secrets_of
from tests import serving as serve

STREAM = "/_stcore/stream"
# On a busy machine an answer takes its time.
SECONDS = 60


@dataclass
class Session:
    """One opened page: what the server sent since the last run began."""

    socket: ClientConnection
    page: str
    elements: list[Any] = field(default_factory=list)

    def run(self, *states: WidgetState) -> None:
        """Runs the page anew with these widgets set, and waits for its end."""
        message = BackMsg()
        message.rerun_script.query_string = "lang=ja"
        message.rerun_script.page_name = self.page
        message.rerun_script.widget_states.widgets.extend(states)
        self.socket.send(message.SerializeToString())
        self.elements = []
        while True:
            answer = ForwardMsg.FromString(self.socket.recv(timeout=SECONDS))  # type: ignore[arg-type]
            if answer.delta.WhichOneof("type") == "new_element":
                self.elements.append(answer.delta.new_element)
            if answer.WhichOneof("type") == "script_finished":
                return

    @property
    def text(self) -> str:
        """Everything the server sent, as text."""
        return "\n".join(MessageToString(e, as_utf8=True) for e in self.elements)

    def all_of(self, kind: str) -> list[Any]:
        """Elements of one kind."""
        return [getattr(e, kind) for e in self.elements if e.WhichOneof("type") == kind]

    def exceptions(self) -> list[Any]:
        """What went wrong, as a browser is told."""
        return self.all_of("exception")


@dataclass(frozen=True)
class Server:
    """Where the pages are served."""

    port: int

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> tuple[int, bytes]:
        """Status and body of one request without any cookie."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=SECONDS)
        connection.request("GET", path, headers=dict(headers or {}))
        answer = connection.getresponse()
        return answer.status, answer.read()

    def knock(self, **headers: str) -> int:
        """Status of a websocket's first request with these headers."""
        asked = {
            "Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }  # fmt: skip
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=SECONDS)
        connection.request("GET", STREAM, headers=asked)
        status = connection.getresponse().status
        connection.close()
        return status

    @contextmanager
    def open(self, page: str, headers: Mapping[str, str] | None = None) -> Iterator[Session]:
        """A page, drawn once, for whoever these headers name."""
        with connect(
            f"ws://127.0.0.1:{self.port}{STREAM}",
            additional_headers=dict(headers or {}),
            subprotocols=["streamlit"],  # type: ignore[list-item]
            max_size=None,
            open_timeout=SECONDS,
        ) as stream:
            session = Session(stream, page)
            session.run()
            yield session


@contextmanager
def serving(
    homes: Path,
    *,
    header: str | None = None,
    login: Mapping[str, str] | None = None,
    hosts: tuple[str, ...] = (),
) -> Iterator[Server]:
    """The pages of the active shop, started as `okaeri up` starts them.

    `login`, `hosts`: of `Screens`.
    """
    port = serve.free_port()
    environment = {k: v for k, v in os.environ.items() if k != "OKAERI_SHOP"}
    environment["OKAERI_HOME"] = str(homes)
    back = {"redirect_uri": f"http://127.0.0.1:{port}/oauth2callback"}
    known = {**login, **back} if login else {}
    screens = Screens(port=port, hosts=hosts, user_header=header, login=known)
    with secrets_of(screens) as secrets:
        app = [*serve.PROGRAM, *screens.arguments, *secrets]
        with serve.serving(app, port=port, environment=environment):
            yield Server(port)
