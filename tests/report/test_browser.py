"""The page in headless Chromium: what the browser complains of, widths, colours."""

import base64
import html
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

BROWSERS = ("chromium", "chromium-browser", "google-chrome")

MEASURE = """
const frame = document.querySelector("iframe");
frame.onload = () => {
  const page = frame.contentDocument, root = page.documentElement;
  const wide = [...page.querySelectorAll("body *")].filter(
    e => !e.closest(".table, svg") && e.getBoundingClientRect().right > root.clientWidth + 0.5);
  document.querySelector("pre").textContent = JSON.stringify({
    client: root.clientWidth, scroll: root.scrollWidth, wide: wide.map(e => e.outerHTML),
    background: frame.contentWindow.getComputedStyle(page.body).backgroundColor,
    sections: [...page.querySelectorAll("section")].map(s => s.id),
    drawn: [...page.querySelectorAll("svg")].every(s => s.getBoundingClientRect().height > 60),
    pictures: [...page.images].map(i => i.naturalWidth),
  });
};
frame.srcdoc = new TextDecoder().decode(
  Uint8Array.from(atob("%s"), c => c.charCodeAt(0)));
"""


def browse(page: str, width: int, folder: Path, *options: str) -> tuple[dict[str, Any], list[str]]:
    """What a frame of this width measures, and what the browser's console says."""
    found = [program for program in BROWSERS if shutil.which(program)]
    assert found, "no Chromium here: apt-get install chromium"
    script = MEASURE % base64.b64encode(page.encode()).decode()
    stand = folder / "stand.html"
    stand.write_text(
        f'<!DOCTYPE html><meta charset="utf-8"><pre></pre>'
        f'<iframe style="border:0;width:{width}px;height:4000px"></iframe>'
        f"<script>{script}</script>"
    )
    command = [
        found[0],
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--hide-scrollbars",
        "--disable-dev-shm-usage",
        "--no-first-run",
        "--disable-background-networking",
        "--enable-logging=stderr",
        "--virtual-time-budget=4000",
        f"--user-data-dir={folder / 'profile'}",
        "--window-size=1400,1000",
        *options,
        "--dump-dom",
        stand.as_uri(),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    measured = re.search(r"<pre>(.*?)</pre>", done.stdout, re.DOTALL)
    assert measured and measured[1], done.stderr[-2000:]
    console = [line for line in done.stderr.splitlines() if ":CONSOLE" in line]
    return json.loads(html.unescape(measured[1])), console


def test_a_phone_shows_the_whole_page_without_scrolling_sideways(
    full: Path, tmp_path: Path
) -> None:
    page = (full / "report.html").read_text()
    seen, console = browse(page, 390, tmp_path)
    assert console == []
    assert (seen["client"], seen["scroll"], seen["wide"]) == (390, 390, [])
    assert seen["sections"] == ["network", "formats", "hardware", "learning", "spikes", "files"]
    assert seen["drawn"] and seen["pictures"] == [65, 65, 65]
    assert seen["background"] == "rgb(246, 247, 249)"


def test_an_operator_chip_on_a_phone(operator: Path, tmp_path: Path) -> None:
    seen, console = browse((operator / "report.html").read_text(), 390, tmp_path)
    assert (console, seen["scroll"], seen["wide"], seen["drawn"]) == ([], 390, [], True)


def test_a_dark_desktop_gets_dark_colours(full: Path, tmp_path: Path) -> None:
    page = (full / "report.html").read_text()
    dark = "--blink-settings=preferredColorScheme=0"
    seen, console = browse(page, 1200, tmp_path, dark)
    assert console == []
    assert (seen["scroll"], seen["background"]) == (1200, "rgb(16, 21, 27)")


def test_a_request_and_a_wide_element_would_be_seen(full: Path, tmp_path: Path) -> None:
    planted = '<img alt="" src="https://example.org/x.png"><p style="width:900px">wide</p></main>'
    page = (full / "report.html").read_text().replace("</main>", planted)
    seen, console = browse(page, 390, tmp_path)
    assert any("Content Security Policy" in line for line in console)
    assert seen["scroll"] > 390 and len(seen["wide"]) == 1
