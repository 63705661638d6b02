"""Attacks on a running server, each refused as it should be; and what Streamlit alone cannot."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.proto.WidgetStates_pb2 import WidgetState

from pipelines import requests
from pipelines.actors import Actor, Origin, Role
from pipelines.settings import Home
from tests.dashboards.conftest import PAGES
from tests.dashboards.fixture import publish_kind
from tests.dashboards.live import Server, Session, serving
from tests.dashboards.one_person_rows import ORDER_NUMBER, STOPPED

pytestmark = pytest.mark.slow
TARO, HANAKO = {"X-Email": "taro@example.jp"}, {"X-Email": "hanako@example.jp"}
STAFF = "people:\n- {email: taro@example.jp, role: exporter}\n"
BOSS = Actor("boss@example.jp", Role.ADMIN, Origin.DASHBOARD)
# Whatever stands for one person in the pages' shop.
PERSONAL = re.compile(rf"\b{STOPPED}\b|ec:101|{ORDER_NUMBER}|\w@\w+\.\w")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A shop of its own with an exporter and a viewer."""
    folder = tmp_path_factory.mktemp("attacked")
    home = publish_kind(folder, "demo")
    with (folder / "shop.yml").open("a", encoding="utf-8") as stream:
        stream.write(STAFF + "- {email: hanako@example.jp, role: viewer}\n")
    return home


@pytest.fixture(scope="module")
def server(home: Home) -> Iterator[Server]:
    """Its pages behind a proxy that names people."""
    with serving(home.path.parent, header="X-Email") as running:
        yield running


def looks(home: Home) -> list[str]:
    return [one.actor for one in requests.looks_of(home, "demo", by=BOSS)]


def search(page: Session, number: str) -> tuple[WidgetState, WidgetState]:
    """What a browser sends when somebody types a number and presses the button."""
    (box,) = [box for box in page.all_of("text_input") if "person_number" in box.id]
    (button,) = [one for one in page.all_of("button") if one.label == "経過を見る"]
    return (
        WidgetState(id=box.id, string_value=number),
        WidgetState(id=button.id, trigger_value=True),
    )


def test_a_page_of_another_site_opens_no_connection(server: Server) -> None:
    own = f"127.0.0.1:{server.port}"

    assert server.knock(Host=own, Origin=f"http://{own}") == 101
    for origin in ("https://evil.example", f"http://evil.example:{server.port}", "null"):
        assert server.knock(Host=own, Origin=origin) == 403, origin


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "localhost.evil"])
def test_a_name_that_was_made_to_point_here_opens_none(server: Server, host: str) -> None:
    """DNS rebinding: to the browser it is one site."""
    there = f"{host}:{server.port}"

    assert server.knock(Host=there, Origin=f"http://{there}") == 403


@pytest.mark.parametrize(
    ("headers", "said"),
    [
        ({}, "どなたか分かりません"),
        ({"X-Email": ""}, "どなたか分かりません"),
        ({"X-Forwarded-User": "taro@example.jp"}, "どなたか分かりません"),
        ({"X-Email": "mallory@example.jp"}, "権限がありません"),
        ({"X-Email": "taro@example.jp.evil"}, "権限がありません"),
    ],
)
def test_who_is_not_named_by_the_proxy_sees_nothing(
    server: Server, headers: dict[str, str], said: str
) -> None:
    with server.open("customers", headers) as page:
        assert said in page.text
        assert "顧客" not in page.text
        assert page.all_of("download_button") == []


def test_an_exporters_clicks_replayed_by_a_viewer_do_nothing(server: Server, home: Home) -> None:
    with server.open("customers", TARO) as exporter:
        states = search(exporter, "ec:101")
        with server.open("customers", HANAKO) as viewer:
            viewer.run(*states)
            assert viewer.exceptions() == []
            assert not PERSONAL.search(viewer.text.replace("hanako@example.jp", ""))
        assert looks(home) == []

        exporter.run(*states)
        assert ORDER_NUMBER in exporter.text
    assert looks(home) == ["taro@example.jp"]


def test_a_request_replayed_by_a_viewer_is_not_written(server: Server, home: Home) -> None:
    with server.open("segments", TARO) as exporter:
        clicks = [
            WidgetState(id=button.id, trigger_value=True) for button in exporter.all_of("button")
        ]
    with server.open("segments", HANAKO) as viewer:
        viewer.run(*clicks)
        assert viewer.exceptions() == []
    assert requests.all_of(home, "demo") == []


def test_who_is_taken_off_the_list_is_out_at_the_next_click(server: Server, home: Home) -> None:
    file = home.path.parent / "shop.yml"
    before = file.read_text(encoding="utf-8")
    with server.open("customers", TARO) as page:
        assert page.all_of("download_button")
        file.write_text(before.replace(STAFF, "people:\n"), encoding="utf-8")
        try:
            page.run()
        finally:
            file.write_text(before, encoding="utf-8")
        assert "権限がありません" in page.text
        assert page.all_of("download_button") == []


def test_what_a_link_gives_without_a_cookie_names_nobody(server: Server) -> None:
    """Streamlit serves it to whoever has the address, so no file may hold a person."""
    links: set[str] = set()
    for name in PAGES:
        with server.open("" if name == "overview" else name, TARO) as page:
            if name == "customers":
                page.run(*search(page, "ec:101"))
                assert ORDER_NUMBER in page.text
            links |= {button.url for button in page.all_of("download_button")}
            bodies = {link: server.get(link) for link in links}

    assert len(links) > 8
    for link, (status, body) in bodies.items():
        assert status == 200
        assert not PERSONAL.search(body.decode("utf-8-sig")), link


def test_an_error_says_neither_where_nor_what(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OKAERI_REQUESTS_URL", "sqlite:////nowhere/secret-place.db")
    with (
        serving(home.path.parent, header="X-Email") as server,
        server.open("customers", TARO) as page,
    ):
        page.run(*search(page, "ec:101"))
        (shown,) = page.exceptions()

    assert not shown.stack_trace
    for part in ("nowhere", "secret-place", "sqlite", "/work", ".py", ORDER_NUMBER):
        assert part not in str(shown)


def test_nobody_frames_the_pages_and_no_host_gives_orders(server: Server) -> None:
    status, body = server.get("/_stcore/host-config")

    assert status == 200
    said = json.loads(body)
    assert said["allowedOrigins"] == []
    assert not said["useExternalAuthToken"]
    assert not said["enableCustomParentMessages"]


def test_the_documented_proxies_close_what_streamlit_leaves_open(server: Server) -> None:
    """Streamlit answers these to everybody; the examples of docs/access.md shut them."""
    text = (Path(__file__).parents[2] / "docs" / "access.md").read_text(encoding="utf-8")
    examples = dict(re.findall(r"```(nginx|caddyfile)\n(.*?)```", text, flags=re.DOTALL))

    assert set(examples) == {"nginx", "caddyfile"}
    for path in ("/_stcore/metrics", "/_stcore/host-config"):
        assert server.get(path)[0] == 200
    for name, example in examples.items():
        assert "/_stcore/metrics" in example, name
        assert "127.0.0.1:8501" in example, name
    # What a visitor sends under the header's name never arrives.
    assert "proxy_set_header X-Email $email;" in examples["nginx"]
    assert "request_header -X-Email" in examples["caddyfile"]
