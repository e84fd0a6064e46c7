"""What people wait for on the web page: every page on 1 M customers, a real server, a real Chromium.

python benchmarks/pages.py --folder DIR [--customers N] [--people N] [--asked N] [--clients N] [--json]
python benchmarks/pages.py --project DIR …        with a project that is built already (a user is added to it)

Server times are those of the header `Server-Timing`. A page is opened once in Chromium, which tells what it asks; the same requests are
then sent again, one after the other: first to a server that has just started, then `--asked` times more. Pages of a customer are asked
for another customer each time. Bytes are those that Chromium counted on the wire. The company: `multiplied.py`.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import shutil
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pyarrow.parquet as pq
from pages_server import Server, cookie, idle

CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync"]  # fmt: skip
NUMBER = ".estimate .value"
WATCH = """() => {
  const box = document.querySelector('.estimate .value');
  window.__t = {begin: 0, text: box.textContent, end: 0};
  for (const kind of ['keydown', 'mousedown']) document.addEventListener(kind, () => {
    window.__t.begin = performance.now(); window.__t.end = 0;
  }, true);
  new MutationObserver(() => {
    const now = document.querySelector('.estimate .value');
    if (now.getAttribute('aria-busy') === 'false' && now.textContent !== window.__t.text) {
      window.__t.text = now.textContent;
      requestAnimationFrame(() => { window.__t.end = performance.now(); });
    }
  }).observe(document.querySelector('.estimate'), {subtree: true, childList: true, characterData: true, attributes: true});
}"""


@dataclass
class Asked:
    """A request of a page, as Chromium sent it."""

    method: str
    path: str
    body: str | None
    took: list[float] = field(default_factory=list)
    first: float = 0.0

    @property
    def name(self) -> str:
        """Method and path without the query."""
        return f"{self.method} {self.path.partition('?')[0].removeprefix('/api/v1')}"


@dataclass
class Opened:
    """A page, and what was seen of it."""

    path: str
    requests: list[Asked] = field(default_factory=list)
    cold: list[float] = field(default_factory=list)
    warm: list[float] = field(default_factory=list)
    code: int = 0
    data: int = 0
    served: int = 0


def paths_of(client: httpx.Client, ids: list[str]) -> list[str]:
    """The pages, each with what this project has to show there."""
    cards = client.get("/personas").json()
    found = [(s["name"], c["segment"]) for s in cards["sets"] for c in s["cards"]]
    persona = [f"/personas/{found[0][0]}/{found[0][1]}"] if found else []
    tags = [t["name"] for t in client.get("/tags").json()["tags"]]
    audiences = [a["name"] for a in client.get("/audiences").json()["audiences"]]
    tag = "lifecycle" if "lifecycle" in tags else tags[0]
    return ["/", "/customers", f"/customers/{ids[0]}", "/tags", f"/tags/{tag}", "/audiences", "/audiences/new",
            *(f"/audiences/{name}" for name in audiences[:1]), "/personas", *persona, "/analysis/funnel", "/analysis/retention",
            "/analysis/path",
            "/analysis/distribution", "/analysis/cross", "/analysis/network", "/data/sources", "/data/wizard", "/data/quality",
            "/data/runs",
            "/people", "/audit"]  # fmt: skip


class Watched:
    """A tab whose requests and bytes are counted."""

    def __init__(self, browser: Any, server: Server, text: str) -> None:
        self.context = browser.new_context(
            viewport={"width": 1440, "height": 900}, locale="zh-CN", reduced_motion="reduce"
        )
        self.context.add_cookies([{"name": "huaxiang_session", "value": text, "url": server.address}])
        self.base = server.address
        self.tab()

    def tab(self) -> None:
        """A new tab of the same browser."""
        self.page = self.context.new_page()
        self.requests: list[Asked] = []
        self.bytes = {"code": 0, "data": 0, "ahead": 0}
        self._paths: dict[str, str] = {}
        self._ahead: set[str] = set()
        self.page.on("request", self._asked)
        wire = self.context.new_cdp_session(self.page)
        wire.send("Network.enable")
        wire.on("Network.requestWillBeSent", self._sent)
        wire.on("Network.loadingFinished", self._finished)

    def _asked(self, request: Any) -> None:
        path = request.url.removeprefix(self.base)
        if path.startswith("/api/v1/") and not path.endswith("/events"):
            self.requests.append(Asked(request.method, path, request.post_data))

    def _sent(self, event: Any) -> None:
        self._paths[event["requestId"]] = event["request"]["url"]
        if event.get("type") == "Fetch" and "/assets/" in event["request"]["url"]:
            self._ahead.add(event["requestId"])  # what other pages need, fetched once this one is usable

    def _finished(self, event: Any) -> None:
        kind = "data" if "/api/v1/" in self._paths.get(event["requestId"], "") else "code"
        if event["requestId"] in self._ahead:
            kind = "ahead"
        self.bytes[kind] += int(event["encodedDataLength"])

    def load(self, path: str) -> float:
        """Load a page; return milliseconds to the first contentful paint."""
        self.page.goto(self.base + path)
        self.page.wait_for_load_state("networkidle", timeout=120_000)
        return until(self.page, "performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0")

    def move(self, path: str) -> None:
        """Go to a page as a link within the page does."""
        self.page.evaluate(
            "p => { history.pushState(null, '', p); dispatchEvent(new PopStateEvent('popstate')); }", path
        )
        self.page.wait_for_timeout(150)
        self.page.wait_for_load_state("networkidle", timeout=120_000)
        self.page.wait_for_timeout(700)  # its data may wait for its code


def until(page: Any, told: str) -> float:
    """Wait until an expression is more than 0, and return it; asked from outside, since the page's policy allows no `eval`."""
    for _ in range(100):
        if found := page.evaluate(told):
            return float(found)
        page.wait_for_timeout(50)
    print(f"{page.url}: no {told}", file=sys.stderr)
    return float("nan")


def look(browser: Any, server: Server, text: str, opened: list[Opened], times: int) -> dict[str, int]:
    """Open every page with an empty and with a filled cache; return bytes of the first load."""
    first: dict[str, int] = {}
    for one in opened:
        for _ in range(times):
            tab = Watched(browser, server, text)
            one.cold.append(tab.load(one.path))
            first = first or dict(tab.bytes)
            one.requests = one.requests or tab.requests
            tab.tab()
            one.warm.append(tab.load(one.path))
            tab.context.close()
    tab = Watched(browser, server, text)
    tab.load("/")
    until(tab.page, "performance.getEntriesByName('huaxiang:complete')[0]?.startTime ?? 0")
    for one in opened[1:]:
        tab.bytes = {"code": 0, "data": 0, "ahead": 0}
        tab.move(one.path)
        one.code, one.data = tab.bytes["code"], tab.bytes["data"]
    tab.context.close()
    return first


def ask(client: httpx.Client, one: Asked, swap: Callable[[str], str]) -> float:
    """Send a request again; return the milliseconds that the server says."""
    headers = {"X-Huaxiang": "web", "Content-Type": "application/json"} if one.method != "GET" else {}
    answer = client.request(one.method, swap(one.path).removeprefix("/api/v1"), content=one.body, headers=headers)
    if answer.status_code >= 400:
        print(f"{one.name}: {answer.status_code} {answer.text[:200]}", file=sys.stderr)
    return float(re.search(r"dur=([\d.]+)", answer.headers["server-timing"])[1])  # type: ignore[index]


def again(client: httpx.Client, opened: list[Opened], ids: list[str], asked: int) -> None:
    """Server times: the first after a start, then more."""
    for round_ in range(asked + 1):
        swap: Callable[[str], str] = lambda path, n=round_: path.replace(ids[0], ids[1 + n])  # noqa: E731
        for one in opened:
            for request in one.requests:
                took = ask(client, request, swap)
                if round_:
                    request.took.append(took)
                else:
                    request.first = took


def people_of(project: Path, asked: int) -> dict[str, list[str]]:
    """Customers drawn at random: IDs, and what they are searched by."""
    from huaxiang.app.wiring import open_snapshot

    draw = random.Random(5)
    with open_snapshot(project) as snapshot:
        known = pq.ParquetFile(snapshot.table("customers")).schema_arrow.names
        wanted = [name for name in ("customer_id", "name", "phone") if name in known]
        columns = pq.read_table(snapshot.table("customers"), columns=wanted)
        keys = pq.read_table(snapshot.table("identity"), columns=["value"]).column("value").drop_null()
    rows = [draw.randrange(columns.num_rows) for _ in range(asked * 4)]
    taken = {name: [v for v in columns.column(name).take(rows).to_pylist() if v][:asked] for name in wanted}
    pinyin = ("zhangwei", "lina", "wangjing", "zw", "liuyang", "chenjie", "lihua", "wangfang", "yangmin", "zhaolei")
    return {
        "customer_id": taken["customer_id"], "name": taken.get("name", []),
        "pinyin": [pinyin[n % len(pinyin)] for n in range(asked)], "phone tail": [p[-4:] for p in taken.get("phone", [])],
        "ID": [str(keys[draw.randrange(len(keys))]) for _ in range(asked)],
    }  # fmt: skip


def searches(client: httpx.Client, people: dict[str, list[str]]) -> dict[str, list[float]]:
    """Milliseconds that the server took to find customers, by what is looked for."""
    found: dict[str, list[float]] = {}
    for kind in ("name", "pinyin", "phone tail", "ID", "customer_id"):
        for text in people[kind]:
            body = json.dumps({"text": text, "limit": 50})
            found.setdefault(kind, []).append(ask(client, Asked("POST", "/api/v1/customers/search", body), lambda p: p))
    return found


def counts(browser: Any, server: Server, text: str, times: int) -> dict[str, list[float]]:
    """Milliseconds from a key or a click in the builder until the new count is drawn: everything between is in it."""
    tab = Watched(browser, server, text)
    tab.load("/audiences/new?when=orders%20%3E%3D%203%20and%20spend%20%3E%20100")
    page = tab.page
    page.locator(f"{NUMBER}[aria-busy=false]", has_text=re.compile(r"\d")).wait_for()
    page.evaluate(WATCH)
    draw, took = random.Random(3), {"a digit typed": [], "text typed": []}  # type: ignore[var-annotated]

    def drawn() -> float:
        until(page, "window.__t.end")
        page.wait_for_timeout(400)  # nothing more comes
        return float(page.evaluate("window.__t.end - window.__t.begin"))

    box = page.locator(".builder input.ant-input-number-input, .builder .ant-input-number input").last
    for _ in range(times):
        box.fill(str(draw.randrange(100, 999)))  # amounts that some have and some don't: the count changes
        page.wait_for_timeout(900)
        page.evaluate("window.__t.end = 0")
        box.press(str(draw.randrange(1, 9)))
        took["a digit typed"].append(drawn())
    area = page.locator("aside textarea")
    for n in range(times):
        area.fill(f"spend > {100 + n} and orders >= ")
        page.wait_for_timeout(900)
        page.evaluate("window.__t.end = 0")
        area.press(str(1 + n % 9))
        took["text typed"].append(drawn())
    tab.context.close()
    return took


def p(values: list[float], share: float) -> float:
    """A percentile."""
    return sorted(values)[max(0, round(len(values) * share + 0.499) - 1)] if values else 0.0


def table(found: dict[str, Any]) -> None:
    """Print what was found."""
    print(
        f"ready after {found['start']:.1f} s; "
        f"first load {found['first']['code'] / 1024:.0f} KB code + {found['first']['data'] / 1024:.0f} KB data, "
        f"{found['first']['ahead'] / 1024:.0f} KB ahead for other pages"
    )
    print("| page | requests | slowest | p50 | p95 | after a start | FCP cold | FCP warm | code KB | data KB |")
    print("| --- | ---: | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
    for one in found["pages"]:
        worst = max(one["requests"], key=lambda r: r["p95"], default={"name": "", "p50": 0, "p95": 0})
        first = max((r["first"] for r in one["requests"]), default=0)
        print(f"| {one['path']} | {len(one['requests'])} | {worst['name']} | {worst['p50']:.1f} | {worst['p95']:.1f} | {first:.0f} | "
              f"{one['cold']:.0f} | {one['warm']:.0f} | {one['code'] / 1024:.0f} | {one['data'] / 1024:.0f} |")  # fmt: skip
    for title, part in (("search", found["search"]), ("count on screen", found["count"])):
        print(f"\n| {title} | p50 ms | p95 ms |\n| --- | ---: | ---: |")
        for name, told in part.items():
            print(f"| {name} | {told['p50']:.1f} | {told['p95']:.1f} |")
    if found["idle"]:
        told = found["idle"]
        print(f"\n{told['clients']} idle clients: {told['before']['VmRSS']:.0f} MB before, {told['after']['VmRSS']:.0f} MB after, "
              f"{told['each']['VmRSS']:.2f} MB each; "
            f"processor {told['processor']:.0%}; overview meanwhile {told['overview_meanwhile']:.0f} ms")  # fmt: skip


def main() -> None:
    """Make the project unless it is there, measure, print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--project", type=Path)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--customers", type=int, default=1_000_000)
    parser.add_argument("--people", type=int, default=10_000)
    parser.add_argument("--asked", type=int, default=20)
    parser.add_argument("--opened", type=int, default=2)
    parser.add_argument("--clients", type=int, default=500)
    parser.add_argument("--only", nargs="*", default=["pages", "search", "count", "idle"])
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args()
    project = chosen.project or made(chosen)
    found = measure(project, chosen)
    print(json.dumps(found, ensure_ascii=False, indent=1)) if chosen.json else table(found)


def made(chosen: argparse.Namespace) -> Path:
    """The project of the benchmark, made unless it is there."""
    from multiplied import multiply

    from huaxiang.app.build import build
    from huaxiang.app.mumian.demo import Size, prepare_mumian

    if chosen.folder is None:
        raise SystemExit("--folder or --project is needed")
    built, project = chosen.folder / "people" / "project", chosen.folder / "project"
    if not project.is_dir():
        begin = time.monotonic()
        if not (built / ".huaxiang" / "CURRENT").is_file():
            prepare_mumian(built, Size(chosen.people))
            build(built)
        told = multiply(built, project, chosen.customers)
        print(f"{told} in {time.monotonic() - begin:.0f} s", file=sys.stderr)
    return Path(project)


def measure(project: Path, chosen: argparse.Namespace) -> dict[str, Any]:
    """Everything, in one dictionary."""
    from playwright.sync_api import sync_playwright

    people = people_of(project, max(60, chosen.asked + 2))
    text, server = cookie(project), Server(project)
    found: dict[str, Any] = {
        "pages": [],
        "search": {},
        "count": {},
        "idle": {},
        "first": {"code": 0, "data": 0, "ahead": 0},
    }
    program = next(filter(None, map(shutil.which, CHROMIUM)), None)
    found["start"] = server.start()
    try:
        with (
            sync_playwright() as play,
            httpx.Client(
                base_url=f"{server.address}/api/v1", cookies={"huaxiang_session": text}, timeout=120
            ) as client,
        ):
            browser = play.chromium.launch(executable_path=program, args=FLAGS)
            opened = (
                [Opened(path) for path in paths_of(client, people["customer_id"])] if "pages" in chosen.only else []
            )
            if opened:
                found["first"] = look(browser, server, text, opened, chosen.opened)
            if "count" in chosen.only:
                found["count"] = {k: _told(v) for k, v in counts(browser, server, text, chosen.asked).items()}
            browser.close()
        server.stop()
        server.start()
        with httpx.Client(
            base_url=f"{server.address}/api/v1", cookies={"huaxiang_session": text}, timeout=120
        ) as client:
            again(client, opened, people["customer_id"], chosen.asked)
            if "search" in chosen.only:
                found["search"] = {k: _told(v) for k, v in searches(client, people).items()}
        if "idle" in chosen.only:
            server.stop()
            server.start()
            found["idle"] = idle(server, chosen.clients)
    finally:
        server.stop()
    found["pages"] = [
        {"path": one.path.replace(people["customer_id"][0], "…"), "cold": statistics.median(one.cold), "warm": statistics.median(one.warm),
         "code": one.code, "data": one.data,
         "requests": [{"name": r.name.replace(people["customer_id"][0], "…"), "first": r.first, **_told(r.took)} for r in one.requests]}
        for one in opened
    ]  # fmt: skip
    return found


def _told(values: list[float]) -> dict[str, float]:
    return {"p50": p(values, 0.5), "p95": p(values, 0.95), "most": max(values, default=0.0)}


if __name__ == "__main__":
    main()
