"""Pictures of every page, Japanese and English, wide and on a phone, of the active shop.

`OKAERI_HOME=data python -m tests.browser.screenshots docs/screenshots` (needs Debian's chromium and
fonts-noto-cjk). Ends with an error if a page shows an exception.
"""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

PAGES = {"overview": "", "cart_recovery": "cart_recovery", "cohorts": "cohorts"}
WIDTHS = {1280: 900, 360: 780}
CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
QUIET = [
    "--no-sandbox",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-default-browser-check",
]
REPOSITORY = Path(__file__).resolve().parents[2]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def dashboard() -> Iterator[str]:
    """Address of a running dashboard."""
    port = free_port()
    command = [
        sys.executable,
        "-m",
        "streamlit",
        "run",
        "dashboards/app.py",
        "--server.port",
        str(port),
    ]
    process = subprocess.Popen(
        command, cwd=REPOSITORY, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    address = f"http://127.0.0.1:{port}"
    try:
        wait_for(f"{address}/_stcore/health", process)
        yield address
    finally:
        process.terminate()
        process.wait(20)


def wait_for(address: str, process: "subprocess.Popen[bytes]") -> None:
    """Returns once the server answers."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"the dashboard ended with {process.returncode}")
        try:
            with urllib.request.urlopen(address, timeout=2):
                return
        except OSError:
            time.sleep(0.2)
    raise TimeoutError(address)


def settle(page: Page) -> None:
    """Waits until the script has run and charts stand."""
    page.wait_for_selector(".ok-answer, .ok-empty", timeout=60_000)
    page.wait_for_selector(
        '[data-testid="stApp"][data-test-script-state="notRunning"]', timeout=60_000
    )
    page.wait_for_timeout(1_500)


def main(folder: Path) -> None:
    """Writes `<page>_<language>_<width>.png`."""
    folder.mkdir(parents=True, exist_ok=True)
    with dashboard() as address, sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        for language in ("ja", "en"):
            for width, height in WIDTHS.items():
                locale = "ja-JP" if language == "ja" else "en-GB"
                context = browser.new_context(
                    viewport={"width": width, "height": height}, locale=locale
                )
                page = context.new_page()
                for name, path in PAGES.items():
                    page.goto(f"{address}/{path}?lang={language}")
                    settle(page)
                    if page.locator('[data-testid="stException"]').count():
                        raise RuntimeError(f"{name} shows an exception")
                    whole = page.locator('[data-testid="stMainBlockContainer"]').bounding_box()
                    if whole:
                        page.set_viewport_size(
                            {"width": width, "height": int(whole["height"]) + 40}
                        )
                        page.wait_for_timeout(700)
                    page.screenshot(path=str(folder / f"{name}_{language}_{width}.png"))
                    page.set_viewport_size({"width": width, "height": height})
                context.close()
        browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "docs/screenshots"))
