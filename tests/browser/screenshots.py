"""Pictures of every page, Japanese and English, light and dark, wide and on a phone.

`make screenshots` takes them of the active shop (needs Debian's chromium and fonts-noto-cjk). Ends
with an error if a page shows an exception or the console one. Of another shop, as its people see
it, every page at each width for each role:

python -m tests.browser.screenshots FOLDER --home OKAERI_HOME --roles viewer exporter
"""

import argparse
import io
import os
import tempfile
from collections.abc import Iterator, Sequence
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
    """One picture: page, language, width, whether the screen is dark, and who looks.

    `role`: empty for whoever sits at the machine.
    """

    name: str
    path: str
    language: str
    width: int
    is_dark: bool = False
    role: str = ""

    @property
    def file(self) -> str:
        """Name of the picture."""
        marks = [self.name, self.language, str(self.width), self.role, "dark" * self.is_dark]
        return f"{'_'.join(filter(None, marks))}.png"


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


def shots_as(roles: Sequence[str], languages: Sequence[str]) -> list[Shot]:
    """Every page at both widths, as each of these roles sees it."""
    return [
        Shot(name, path, language, width, role=role)
        for role in roles
        for name, path in (PAGES | REPORT).items()
        for language in languages
        for width in HEIGHTS
    ]


@contextmanager
def dashboard(*options: str) -> Iterator[str]:
    """Address of a running dashboard. `options`: further ones of the server."""
    with serving([*PROGRAM, *options], port=free_port()) as served:
        yield served.address


def settle(page: Page) -> None:
    """Waits until the script has run and charts stand."""
    at_rest = '[data-testid="stApp"][data-test-script-state="notRunning"]'
    page.wait_for_selector(".ok-answer, .ok-empty", timeout=60_000)
    page.wait_for_selector(at_rest, timeout=60_000)
    page.wait_for_timeout(1_500)
    # What was clicked just before may have begun a run only then.
    page.wait_for_selector(at_rest, timeout=60_000)


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


@contextmanager
def seen_by(role: str) -> Iterator[str]:
    """Address of a dashboard on which whoever sits at the machine has this role."""
    if not role:
        with dashboard() as address:
            yield address
        return
    with tempfile.TemporaryDirectory() as folder:
        secrets = Path(folder) / "secrets.toml"
        secrets.write_text(f'[access]\nloopback_role = "{role}"\n', encoding="utf-8")
        with dashboard("--secrets.files", str(secrets)) as address:
            yield address


def take_all(folder: Path, wanted: Sequence[Shot]) -> None:
    """Writes the pictures, role by role."""
    folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        for role in dict.fromkeys(shot.role for shot in wanted):
            with seen_by(role) as address:
                for shot in (one for one in wanted if one.role == role):
                    drawn = Image.open(io.BytesIO(take(browser, address, shot))).convert("RGB")
                    few = drawn.quantize(COLOURS, Image.Quantize.MAXCOVERAGE)
                    few.save(folder / shot.file, optimize=True)
        browser.close()


def main() -> None:
    """Writes the pictures; of the usual ones takes away those of pages that are no more."""
    parser = argparse.ArgumentParser(prog="tests.browser.screenshots")
    parser.add_argument("folder", type=Path, nargs="?", default=Path("docs/screenshots"))
    parser.add_argument("--home", type=Path, help="OKAERI_HOME of the shop to show")
    parser.add_argument("--roles", nargs="+", choices=("viewer", "exporter"), default=[])
    parser.add_argument("--languages", nargs="+", choices=("ja", "en"), default=["ja"])
    parser.add_argument("--pages", nargs="+", choices=list(PAGES | REPORT))
    given = parser.parse_args()
    if given.home is not None:
        os.environ["OKAERI_HOME"] = str(given.home.resolve())
        os.environ.pop("OKAERI_SHOP", None)
    wanted = shots_as(given.roles, given.languages) if given.roles else shots()
    if given.pages:
        wanted = [shot for shot in wanted if shot.name in given.pages]
    take_all(given.folder, wanted)
    if not given.roles and not given.pages:
        for left in set(given.folder.glob("*.png")) - {given.folder / s.file for s in wanted}:
            left.unlink()


if __name__ == "__main__":
    main()
