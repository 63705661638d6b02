"""Pictures of every page, Japanese and English, light and dark, wide and on a phone.

`make screenshots` takes them of the active shop (needs Debian's chromium and fonts-noto-cjk). Ends
with an error if a page shows an exception or the console one.
"""

import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright

from tests.serving import PROGRAM, free_port, serving

PAGES = {
    "overview": "",
    "cart_recovery": "cart_recovery",
    "exports": "exports",
    "retention": "retention",
    "cohorts": "cohorts",
    "customers": "customers",
    "merchandising": "merchandising",
    "experiments": "experiments",
    "segments": "segments",
    "data_health": "data_health",
}
REPORT = {"report": "?view=report"}
HEIGHTS = {1280: 900, 360: 780}
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
# Of a palette this large nobody sees the difference, and the file is a third.
COLOURS = 128


@dataclass(frozen=True)
class Shot:
    """One picture: page, language, width, and whether the screen is dark."""

    name: str
    path: str
    language: str
    width: int
    is_dark: bool = False

    @property
    def file(self) -> str:
        """Name of the picture."""
        return f"{self.name}_{self.language}_{self.width}{'_dark' if self.is_dark else ''}.png"


def shots() -> list[Shot]:
    """Every page in both languages, light and dark; in Japanese on a phone too."""
    pages = PAGES | REPORT
    wide = [
        Shot(name, path, language, 1280, is_dark)
        for name, path in pages.items()
        for language in ("ja", "en")
        for is_dark in (False, True)
    ]
    return wide + [Shot(name, path, "ja", 360) for name, path in pages.items()]


@contextmanager
def dashboard(*options: str) -> Iterator[str]:
    """Address of a running dashboard. `options`: further ones of the server."""
    with serving([*PROGRAM, *options], port=free_port()) as served:
        yield served.address


def settle(page: Page) -> None:
    """Waits until the script has run and charts stand."""
    page.wait_for_selector(".ok-answer, .ok-empty", timeout=60_000)
    page.wait_for_selector(
        '[data-testid="stApp"][data-test-script-state="notRunning"]', timeout=60_000
    )
    page.wait_for_timeout(1_500)


def errors_of(page: Page) -> list[str]:
    """What the console will complain of, filled while the page lives.

    Streamlit looks for its server below the page's own path first and is told that it is not there.
    """
    found: list[str] = []

    def note(message: ConsoleMessage) -> None:
        is_probe = "/_stcore/" in str(message.location.get("url", ""))
        if message.type == "error" and not is_probe:
            found.append(message.text)

    page.on("console", note)
    page.on("pageerror", lambda error: found.append(str(error)))
    return found


def take(browser: Browser, address: str, shot: Shot) -> bytes:
    """The whole page as a picture. Raises: RuntimeError if it shows or logs an error."""
    page = browser.new_page(
        viewport={"width": shot.width, "height": HEIGHTS[shot.width]},
        locale="ja-JP" if shot.language == "ja" else "en-GB",
        color_scheme="dark" if shot.is_dark else "light",
    )
    errors = errors_of(page)
    sign = "&" if "?" in shot.path else "?"
    page.goto(f"{address}/{shot.path}{sign}lang={shot.language}")
    settle(page)
    if page.locator('[data-testid="stException"]').count() or errors:
        raise RuntimeError(f"{shot.file}: {errors or 'an exception'}")
    whole = page.locator('[data-testid="stMainBlockContainer"]').bounding_box()
    assert whole is not None
    page.set_viewport_size({"width": shot.width, "height": int(whole["height"]) + 40})
    page.wait_for_timeout(700)
    picture = page.screenshot()
    page.close()
    return picture


def main(folder: Path) -> None:
    """Writes the pictures, and takes away those of pages that are no more."""
    folder.mkdir(parents=True, exist_ok=True)
    wanted = shots()
    with dashboard() as address, sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        for shot in wanted:
            picture = Image.open(io.BytesIO(take(browser, address, shot))).convert("RGB")
            picture.quantize(COLOURS, Image.Quantize.MAXCOVERAGE).save(
                folder / shot.file, optimize=True
            )
        browser.close()
    for left in set(folder.glob("*.png")) - {folder / shot.file for shot in wanted}:
        left.unlink()


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "docs/screenshots"))
