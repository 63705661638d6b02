"""`python -m benchmarks.dashboards`: the pages in Chromium beside an empty Streamlit app, in turns.

Of the active shop of `OKAERI_HOME`, or of `--home`: `benchmarks.large_shop` makes one of ten
million events, whose filters may take `--change 500`. Wall milliseconds: from the click until the
server's script has ended and the browser has painted. Beside them the processor time of the server,
which other load on the machine does not touch. Cold: a new server and a new browser page, until the
first sentence stands. Memory: the resident set of the server while ten sessions are open.
"""

import argparse
import os
import statistics
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Locator, Page, sync_playwright

from tests.browser.screenshots import CHROMIUM, PAGES, QUIET
from tests.serving import PROGRAM, free_port, serving

EMPTY = ("-m", "streamlit", "run", str(Path(__file__).with_name("empty_app.py")))
# Page and the key of one of its choices: Streamlit puts it into the class of the element.
CHOICES = {
    "cart_recovery": ("period", "family", "by"),
    "cohorts": ("variant", "unit", "show"),
    "retention": ("order",),
    "merchandising": ("period",),
    "experiments": ("metric",),
}
# Milliseconds the issue allows, of what; cold is what comes on top of the empty app.
SWITCH, CHANGE, COLD, MEMORY = 1_000, 300, 1_000, 500
# Presses, and tells how long it took until the script had run and the result was painted.
PRESS = """element => new Promise(resolve => {
  const app = document.querySelector('[data-testid="stApp"]');
  const begun = performance.now();
  let ran = false;
  // What leads nowhere, as a link to the page one is on, ends no script.
  setTimeout(() => resolve(null), 10000);
  new MutationObserver((_, watch) => {
    const state = app.getAttribute('data-test-script-state');
    if (state !== 'notRunning') { ran = true; return; }
    if (!ran) return;
    watch.disconnect();
    requestAnimationFrame(() => setTimeout(() => resolve(performance.now() - begun)));
  }).observe(app, {attributes: true});
  element.click();
})"""


@dataclass
class Figure:
    """Milliseconds of one thing, measured several times: wall, and of the server's processor."""

    name: str
    wall: list[float] = field(default_factory=list)
    processor: list[float] = field(default_factory=list)

    def add(self, wall: float, processor: float) -> None:
        """One more time."""
        self.wall.append(wall)
        self.processor.append(processor)

    @property
    def median(self) -> float:
        """Wall, the middle one."""
        return statistics.median(self.wall)

    @property
    def used(self) -> float:
        """Processor, the middle one."""
        return statistics.median(self.processor)


@dataclass(frozen=True)
class Server:
    """A running app and where it answers."""

    address: str
    process: int

    def processor(self) -> float:
        """Milliseconds of processor the server has used."""
        parts = Path(f"/proc/{self.process}/stat").read_text().rpartition(")")[2].split()
        return (int(parts[11]) + int(parts[12])) * 1_000 / os.sysconf("SC_CLK_TCK")

    def megabytes(self) -> float:
        """Resident set."""
        (line,) = [
            line
            for line in Path(f"/proc/{self.process}/status").read_text().splitlines()
            if line.startswith("VmRSS")
        ]
        return int(line.split()[1]) / 1024


@contextmanager
def app(started: Sequence[str]) -> Iterator[Server]:
    """The app served."""
    with serving(started, port=free_port()) as served:
        yield Server(served.address, served.process)


def is_quiet(page: Page) -> None:
    """Returns once the script has ended and the first sentence stands."""
    page.wait_for_selector(".ok-answer", timeout=60_000)
    page.wait_for_selector('[data-testid="stApp"][data-test-script-state="notRunning"]')
    page.wait_for_timeout(400)


def pressed(server: Server, element: Locator, figure: Figure) -> None:
    """Presses and writes down what it cost."""
    before = server.processor()
    wall = element.evaluate(PRESS)
    if wall is not None:
        figure.add(float(wall), server.processor() - before)
    element.page.wait_for_timeout(300)


def cold(browser: Browser, started: Sequence[str], figure: Figure) -> None:
    """The first look of a new browser at a new server."""
    with app(started) as server:
        page = browser.new_page(locale="ja-JP")
        before, begun = server.processor(), time.perf_counter()
        page.goto(server.address)
        page.wait_for_selector(".ok-answer", timeout=60_000)
        figure.add((time.perf_counter() - begun) * 1_000, server.processor() - before)
        page.close()


def switches(server: Server, page: Page, figures: dict[str, Figure], *, rounds: int) -> None:
    """Every link of the menu, one after the other."""
    page.goto(server.address)
    is_quiet(page)
    for _ in range(rounds):
        for link in page.locator('[data-testid="stSidebarNavLink"]').all():
            path = urlsplit(link.get_attribute("href") or "").path.strip("/")
            name = path or "the first page"
            figure = figures.setdefault(name, Figure(f"switch to {name}"))
            pressed(server, link, figure)


def changes(server: Server, page: Page, name: str, key: str, *, rounds: int) -> Figure:
    """Every option of one choice, one after the other."""
    figure = Figure(f"{name}: {key}")
    place = page.locator(f".st-key-{name}_{key} button")
    for _ in range(rounds):
        for number in range(place.count() - 1, -1, -1):
            pressed(server, place.nth(number), figure)
    return figure


def sessions(browser: Browser, server: Server, count: int) -> float:
    """Megabytes of the server while so many people look at different pages."""
    pages = [browser.new_context(locale="ja-JP").new_page() for _ in range(count)]
    for page, path in zip(pages, list(PAGES.values()) * count, strict=False):
        page.goto(f"{server.address}/{path}")
        is_quiet(page)
    found = server.megabytes()
    for page in pages:
        page.context.close()
    return found


def row(figure: Figure, reference: Figure, limit: float) -> str:
    """One line of the table."""
    verdict = "" if figure.median <= limit else " **over**"
    return (
        f"| {figure.name} | {figure.median:.0f} | {figure.used:.0f} | {reference.median:.0f}"
        f" | {reference.used:.0f} | {figure.median / reference.median:.1f} x"
        f" | {limit:.0f}{verdict} |\n"
    )


def measured(
    browser: Browser, *, rounds: int, names: Sequence[str], change: float = CHANGE
) -> Iterator[str]:
    """The lines of the table, each as soon as it is known."""
    yield "| what | ms | processor | empty: ms | processor | ratio | limit |\n" + "|---" * 7 + "|\n"
    ours, empty = Figure("cold first paint"), Figure("empty")
    for _ in range(rounds):
        cold(browser, EMPTY, empty)
        cold(browser, PROGRAM, ours)
    yield row(ours, empty, empty.median + COLD)
    with app(EMPTY) as reference, app(PROGRAM) as server:
        blank = browser.new_page(locale="ja-JP")
        page = browser.new_page(locale="ja-JP")
        empties: dict[str, Figure] = {}
        found: dict[str, Figure] = {}
        for _ in range(rounds):
            switches(reference, blank, empties, rounds=1)
            switches(server, page, found, rounds=1)
        for figure in found.values():
            yield row(figure, empties["second"], SWITCH)
        blank.goto(f"{reference.address}/second")
        is_quiet(blank)
        plain = changes(reference, blank, "second", "choice", rounds=rounds)
        for name in names:
            page.goto(f"{server.address}/{PAGES[name]}")
            is_quiet(page)
            for key in CHOICES[name]:
                figure = changes(server, page, name, key, rounds=rounds)
                if figure.wall:
                    yield row(figure, plain, change)
        blank.close()
        page.close()
        size, base = sessions(browser, server, 10), reference.megabytes()
        verdict = "" if size <= MEMORY else " **over**"
        yield f"| MB with 10 sessions | {size:.0f} | | {base:.0f} | | {size / base:.1f} x |"
        yield f" {MEMORY}{verdict} |\n"


def main() -> None:
    """Prints one row per figure."""
    parser = argparse.ArgumentParser(prog="benchmarks.dashboards", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--home", type=Path, help="OKAERI_HOME of the shop to measure")
    parser.add_argument(
        "--change", type=float, default=CHANGE, help="milliseconds a filter may take"
    )
    given = parser.parse_args()
    if given.home is not None:
        os.environ["OKAERI_HOME"] = str(given.home.resolve())
        os.environ.pop("OKAERI_SHOP", None)
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        names = list(CHOICES)
        for line in measured(browser, rounds=given.rounds, names=names, change=given.change):
            sys.stdout.write(line)
            sys.stdout.flush()
        browser.close()


if __name__ == "__main__":
    main()
