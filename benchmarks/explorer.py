"""How long the explorer takes in a real browser, and how large its page is.

    .venv/bin/python benchmarks/explorer.py RESULT [COPIES …]

RESULT is a folder that `course run` wrote; COPIES says how many times its customers are taken (default: 1 and 8), each
time under ids of their own. Printed are the seconds to make the page and its size, and of the browser milliseconds: to
the first answer after the page is asked for, and for a filter, a card and a comparison of two audiences, the median of
30 and the slowest. The bounds are 200 ms an action for 6,000 customers and 1,000 ms for 50,000.
"""

import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path

import pandas as pd
from playwright.sync_api import Page, sync_playwright

from course import explorer, result

ROUNDS = 30
#: Clicks a part of the page until it is painted: milliseconds.
_PAINTED = """async act => {
    const begun = performance.now();
    act();
    await new Promise(done => requestAnimationFrame(() => setTimeout(done)));
    return performance.now() - begun;
}"""
_CLICK = "i => {{ const found = document.querySelectorAll('{places}'); found[i % found.length].click(); }}"
_FILTER = _CLICK.format(places="fieldset input[type=checkbox]")
_CARD = _CLICK.format(places=".list tbody button")


def repeated(frame: pd.DataFrame, copies: int) -> pd.DataFrame:
    """The frame so many times, the ids of each copy its own."""
    parts = [frame.assign(customer_id=frame["customer_id"] + (f"-{k}" if k else "")) for k in range(copies)]
    return pd.concat(parts, ignore_index=True)


def measured(page: Page, act: str) -> list[float]:
    """Milliseconds of ROUNDS actions, the i-th of them act(i)."""
    return [page.evaluate(f"i => ({_PAINTED})(() => ({act})(i))", i) for i in range(ROUNDS)]


def main() -> None:
    """Print a line for each number of copies."""
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    folder, copies = Path(sys.argv[1]), [int(n) for n in sys.argv[2:]] or [1, 8]
    ledger, chromium = result.ledger(folder), shutil.which("chromium")
    with tempfile.TemporaryDirectory() as out, sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-dev-shm-usage"])
        for n in copies:
            portraits, events = (repeated(f, n) for f in (result.portraits(folder), result.timeline(folder)))
            begun = time.perf_counter()
            html = explorer.page(portraits, events, ledger | {"customers": len(portraits)}, "en")
            made = time.perf_counter() - begun
            file = Path(out) / f"{n}.html"
            file.write_text(html, encoding="utf-8")
            page = browser.new_page(viewport={"width": 1280, "height": 860})
            page.goto(file.as_uri())
            page.wait_for_selector("#explorer[data-first]")
            first = float(page.evaluate("document.getElementById('explorer').dataset.first"))
            found = {"filter": measured(page, _FILTER)}
            page.evaluate("location.hash = 'tab=list'")
            page.wait_for_selector(".list tbody button")
            found["card"] = measured(page, _CARD)
            page.evaluate("location.hash = 'versus=stage%3Dat_risk'")
            page.wait_for_selector(".versus")
            found["comparison"] = measured(page, _FILTER)
            actions = "  ".join(f"{k} {statistics.median(v):.0f} ({max(v):.0f})" for k, v in found.items())
            size = f"{file.stat().st_size / 2**20:.2f} MB, made in {made:.1f} s"
            print(f"{len(portraits):,} customers, {len(events):,} events: {size}; first {first:.0f} ms  {actions}")
            page.close()
        browser.close()


if __name__ == "__main__":
    main()
