"""Measures the page in Chromium: bytes, paints, memory, and titles typed while the network fails.

python -m benchmarks.page
"""

import gzip
import mimetypes
import os
import shutil
import statistics
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.core.management import call_command
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from benchmarks import stage

PORT = 8765
URL = f"http://localhost:{PORT}"
SCALES = (1_000, 10_000)
TITLES = [f"title {number}" for number in range(20)]
# Network conditions for requests to /sync/; `n` counts the requests.
NETWORKS = {
    "0 s": "return send();",
    "0.8 s": "await wait(800); return send();",
    "3 s": "await wait(3000); return send();",
    "never": "return new Promise(() => undefined);",
    "cut": "if (n > 0 && n < 4) throw new TypeError('cut'); return send();",
    "lost": "const answer = await send(); if (n % 2) return answer; throw new TypeError('lost');",
}
ARGUMENTS = ["--headless", "--no-sandbox", "--disable-gpu", "--enable-precise-memory-info"]
# Milliseconds from a user's action to the frame that shows it.
TO_PAINT = """async ({ act, count }) => {
    const times = [];
    const frame = () => new Promise(requestAnimationFrame);
    const field = document.getElementById("capture");
    const acts = {
        add: (n) => { field.value = `new ${n}`; field.form.requestSubmit(); },
        tick: () => document.querySelector(".rows .tick").click(),
        edit: (n) => {
            const choice = document.getElementById("detail-priority");
            choice.value = String(n % 5); choice.dispatchEvent(new Event("change"));
        },
    };
    if (act === "edit") document.querySelector(".rows .title").click();
    for (let n = 0; n < count; n++) {
        await frame(); await frame();
        const begin = performance.now();
        acts[act](n);
        await frame();
        await new Promise((done) => setTimeout(done)); // behind the paint
        times.push(performance.now() - begin);
    }
    return times;
}"""
SEARCH = """async () => {
    const field = document.getElementById("search"), times = [];
    for (const text of ["T", "To", "To-", "To-d", "To-do 9", "To-do 99"]) {
        const begin = performance.now();
        field.value = text; field.dispatchEvent(new Event("input"));
        await new Promise(requestAnimationFrame);
        await new Promise((done) => setTimeout(done));
        times.push(performance.now() - begin);
    }
    return times;
}"""
SCROLL = """async () => {
    const main = document.getElementById("main"), gaps = [];
    let last = await new Promise(requestAnimationFrame);
    for (let n = 0; n < 120; n++) {
        main.scrollTop += 60;
        const now = await new Promise(requestAnimationFrame);
        gaps.push(now - last); last = now;
    }
    return gaps.sort((a, b) => a - b)[Math.floor(gaps.length / 2)];
}"""
SHIFT = """new Promise((done) => { let sum = 0;
    new PerformanceObserver((list) => list.getEntries().forEach((it) => { sum += it.value; }))
        .observe({ type: "layout-shift", buffered: true });
    setTimeout(() => done(sum), 300); })"""
FIRST_PAINT = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0"


SENT: list[int] = []  # bytes of each static file, whoever fetched it: a page or its worker


def with_static(app: Any, root: Path) -> Any:
    """Serves static files as a CDN does: compressed and immutable."""

    def served(environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        path: str = environ["PATH_INFO"]
        if not path.startswith("/static/"):
            found: Iterable[bytes] = app(environ, start)
            return found
        kind = mimetypes.guess_type(path)[0] or "application/octet-stream"
        body = gzip.compress((root / path.removeprefix("/static/")).read_bytes())
        SENT.append(len(body))
        headers = {
            "Content-Type": kind, "Content-Encoding": "gzip", "Content-Length": str(len(body)),
            "Cache-Control": "public, max-age=31536000, immutable",
            "Access-Control-Allow-Origin": "*",
        }  # fmt: skip
        start("200 OK", [*headers.items()])
        return [body]

    return served


@contextmanager
def server() -> Iterator[None]:
    from django.conf import settings
    from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler

    from config.wsgi import application

    class Quiet(WSGIRequestHandler):
        def log_message(self, *args: object) -> None:
            """Nothing."""

    call_command("collectstatic", interactive=False, verbosity=0, clear=True)
    httpd = ThreadedWSGIServer(("localhost", PORT), Quiet, allow_reuse_address=True)
    httpd.daemon_threads = True
    httpd.set_app(with_static(application, Path(settings.STATIC_ROOT)))
    threading.Thread(target=httpd.serve_forever, daemon=True).start()
    yield
    httpd.shutdown()


class Visit:
    """A browser with one account, and its measurements."""

    def __init__(self, browser: Browser, user: Any, network: str = "") -> None:
        from django.conf import settings

        self.context: BrowserContext = browser.new_context(base_url=URL)
        name = settings.SESSION_COOKIE_NAME
        url, value = URL.replace("http:", "https:"), stage.token(user)
        self.context.add_cookies([{"name": name, "value": value, "secure": True, "url": url}])
        self.page: Page = self.context.new_page()
        self.devtools = self.context.new_cdp_session(self.page)
        self.requests: dict[str, str] = {}  # its number -> its path
        self.bytes: dict[str, float] = {}
        self.devtools.send("Network.enable")
        self.devtools.on("Network.requestWillBeSent", self._note)
        self.devtools.on("Network.loadingFinished", self._count)
        if network:
            self._behave(network)

    def _note(self, event: dict[str, Any]) -> None:
        self.requests[event["requestId"]] = urlsplit(event["request"]["url"]).path

    def _count(self, event: dict[str, Any]) -> None:
        """With the headers of the answer, which HTTP/1.1 does not compress."""
        self.bytes[event["requestId"]] = event["encodedDataLength"]

    def kilobytes(self, *, of_api: bool) -> float:
        return (
            sum(
                size
                for number, size in self.bytes.items()
                if self.requests[number].startswith("/api/") == of_api
            )
            / 1000
        )

    def _behave(self, network: str) -> None:
        self.page.add_init_script(f"""
            const real = fetch, wait = (time) => new Promise((done) => setTimeout(done, time));
            let count = 0;
            const through = async (n, send) => {{ {network} }};
            globalThis.fetch = (address, ...rest) =>
                String(address).includes("/sync/") && globalThis.bad
                    ? through(count++, () => real(address, ...rest)) : real(address, ...rest);
        """)

    def open(self, view: str = "inbox") -> None:
        self.page.goto(f"/todos/#/{view}")
        self.page.locator("main[aria-busy=false]").wait_for(timeout=120_000)

    def milliseconds(self, act: Callable[[], object]) -> float:
        begin = self.page.evaluate("Date.now()")
        act()
        return float(self.page.evaluate("Date.now()") - begin)

    def megabytes(self) -> float:
        self.devtools.send("HeapProfiler.collectGarbage")
        return float(self.page.evaluate("performance.memory.usedJSHeapSize")) / 1e6


def first_visit(browser: Browser, user: Any) -> None:
    visit = Visit(browser, user)
    SENT.clear()
    page = visit.page
    # What is loaded when there is time comes after this: the browser is never idle before.
    page.add_init_script(
        "const idle = requestIdleCallback; const held = [];"
        "globalThis.requestIdleCallback = (act) => held.push(act);"
        "globalThis.goOn = () => {"
        " globalThis.requestIdleCallback = idle; held.forEach((act) => idle(act)); };"
    )
    visit.open()
    page.locator(".rows li").first.wait_for()
    page.locator("#capture").wait_for()
    page.wait_for_timeout(300)
    shown = f"{page.evaluate(FIRST_PAINT):.0f} ms to the first paint"
    print(f"| first visit, until usable: the page, its to-dos | {visit.kilobytes(of_api=False):.1f} KB in {len(visit.bytes)} requests, {visit.kilobytes(of_api=True):.1f} KB, {shown}, shift {page.evaluate(SHIFT):.3f} |")  # fmt: skip # noqa: E501
    first, files = sum(SENT), len(SENT)
    page.evaluate("globalThis.goOn()")
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    page.wait_for_timeout(1500)
    print(f"| static files without headers: until usable, and with what is fetched when idle and by the worker | {first / 1000:.1f} KB in {files}, {sum(SENT) / 1000:.1f} KB in {len(SENT)} |")  # fmt: skip # noqa: E501
    visit.context.set_offline(offline=True)
    begin = page.evaluate("Date.now()")
    page.goto("about:blank")
    page.goto("/todos/#/inbox")
    page.locator(".rows li").first.wait_for()
    ready = page.evaluate("Date.now()") - begin
    print(f"| second visit, server down, to the first rows | {ready:.0f} ms |")
    visit.context.close()


def large(browser: Browser, user: Any, todos: int) -> None:
    visit = Visit(browser, user, NETWORKS["3 s"])
    visit.open()
    visit.page.evaluate("globalThis.bad = true")
    for act in ("add", "tick", "edit"):
        times = visit.page.evaluate(TO_PAINT, {"act": act, "count": 20})
        print(f"| {todos:,} to-dos: {act} to paint, answers after 3 s | {statistics.median(times):.0f} ms, at most {max(times):.0f} |")  # fmt: skip # noqa: E501
    visit.page.evaluate("location.hash = '#/search'")
    visit.page.locator("#search").wait_for()
    times = visit.page.evaluate(SEARCH)
    print(f"| {todos:,}: a letter of a search | {statistics.median(times):.0f} ms, at most {max(times):.0f} |")  # fmt: skip # noqa: E501
    visit.page.evaluate("location.hash = '#/inbox'")
    visit.page.wait_for_timeout(500)
    gap, memory = visit.page.evaluate(SCROLL), visit.megabytes()
    again = visit.milliseconds(visit.page.reload)
    visit.page.locator(".rows li").first.wait_for()
    print(f"| {todos:,}: between two frames while scrolling; memory; a reload | {gap:.1f} ms; {memory:.0f} MB; {again:.0f} ms |")  # fmt: skip # noqa: E501
    visit.context.close()


def capture(browser: Browser, name: str) -> bool:
    """Whether each title arrives exactly once, as typed."""
    from todos.models import Todo

    user = stage.account(f"{name.replace(' ', '').replace('.', '')}@example.com", 0)
    visit = Visit(browser, user, NETWORKS[name])
    visit.open()
    visit.page.evaluate("globalThis.bad = true")
    visit.page.locator("#capture").click()
    for title in TITLES:
        visit.page.keyboard.type(title, delay=30)
        visit.page.keyboard.press("Enter")
    shown = visit.page.locator(".rows .title [dir] bdi").all_inner_texts()
    visit.page.evaluate("globalThis.bad = false")
    stored: list[str] = []
    for _ in range(120):
        stored = [*Todo.objects.filter(owner=user).order_by("position").values_list("title", flat=True)]  # fmt: skip # noqa: E501
        if len(stored) >= len(TITLES):
            break
        visit.page.evaluate("dispatchEvent(new Event('online'))")
        visit.page.wait_for_timeout(500)
    visit.context.close()
    is_right = shown == TITLES[::-1] and (name == "never" or stored == shown)
    print(f"| 20 titles at 30 ms a key, answers {name} | {'20 right, once each' if is_right else f'WRONG: {shown} {stored}'} |")  # fmt: skip # noqa: E501
    return is_right


def main() -> int:
    os.environ.update(STATIC_URL="/static/", DJANGO_ALLOW_ASYNC_UNSAFE="true")
    executable = shutil.which("chromium")
    with stage.database(), server(), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=ARGUMENTS)
        people = {todos: stage.account(f"with{todos}@example.com", todos) for todos in SCALES}
        print("| | measured |\n|---|---|")
        first_visit(browser, people[SCALES[0]])
        for todos, user in people.items():
            large(browser, user, todos)
        are_right = [capture(browser, name) for name in NETWORKS]
        browser.close()
    return int(not all(are_right))


if __name__ == "__main__":
    sys.exit(main())
