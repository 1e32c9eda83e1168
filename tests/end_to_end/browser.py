"""A headless Chromium without network, for pages that write themselves: `with browsing(chromium) as page:`.

Enter: addresses on this machine. Leave: the page's text as a person sees it, and pictures. Chromium is told what to do
in its own DevTools protocol, so that no driver of another version is needed.
"""

from __future__ import annotations

import asyncio
import base64
import json
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import aiohttp

PATIENCE = 120.0  # seconds for a page to show what it should
REST = 1.5  # seconds in which it goes on moving
# Names other than this machine's lead nowhere, and no proxy is asked for them.
ALONE = (
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
    "--no-proxy-server",
    "--disable-background-networking",
)


class Page:
    """One tab. What it is asked for it waits for, and fails with what it shows instead.

    `requested`: the addresses that it has asked for. `errors`: what its scripts have thrown.
    """

    def __init__(self, socket: aiohttp.ClientWebSocketResponse, loop: asyncio.AbstractEventLoop) -> None:
        """`socket`: to the tab."""
        self._socket, self._loop, self._asked = socket, loop, 0
        self.requested: list[str] = []
        self.errors: list[str] = []
        for domain in ("Page", "Network", "Runtime"):
            self._ask(f"{domain}.enable")

    def resize(self, width: int, height: int) -> None:
        """Make the page so large, in pixels."""
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self._ask("Emulation.setDeviceMetricsOverride", **size)

    def open(self, address: str) -> None:
        """Go there."""
        self._ask("Page.navigate", url=address)

    def text(self) -> str:
        """What can be read."""
        return str(self.run("document.body ? document.body.innerText : ''"))

    def wait_for(self, *texts: str) -> str:
        """The text of the page, as soon as all of these are in it."""
        self._until(lambda: all(text in self.text() for text in texts), f"this is not all on the page: {texts}")
        return self.text()

    def click(self, selector: str, text: str = "") -> None:
        """Click all elements that a CSS selector finds; of these only those that say just `text`, if one is given."""
        found = f"[...document.querySelectorAll({json.dumps(selector)})]"
        if text:
            found += f".filter(one => one.innerText.trim() === {json.dumps(text)})"
        self._until(lambda: self.run(f"{found}.map(one => one.click()).length"), f"nothing to click: {selector} {text}")

    def picture(self, path: Path, around: str = "") -> None:
        """The window as PNG, when it has come to rest; in its middle the element that says just `around`."""
        says = f"one => !one.children.length && one.textContent.trim() === {json.dumps(around)}"
        found = f"[...document.querySelectorAll('*')].filter({says}).filter(one => one.offsetParent)"
        for _ in range(3):  # what is still being drawn moves what is below it
            time.sleep(REST)
            if around:
                script = f"{found}.slice(0, 1).map(one => one.scrollIntoView({{block: 'center'}})).length"
                self._until(lambda script=script: self.run(script), f"nothing says {around}")
        shot = self._ask("Page.captureScreenshot", format="png")["data"]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(base64.b64decode(shot))

    def run(self, script: str) -> Any:
        """The value of a JavaScript expression."""
        return self._ask("Runtime.evaluate", expression=script, returnByValue=True)["result"].get("value")

    def _until(self, holds: Callable[[], Any], otherwise: str) -> None:
        deadline = time.monotonic() + PATIENCE
        while not holds():
            assert time.monotonic() < deadline, f"{otherwise}\n{self.text()}"
            time.sleep(0.2)

    def _ask(self, method: str, **parameters: Any) -> Any:
        return self._loop.run_until_complete(asyncio.wait_for(self._answer(method, parameters), PATIENCE))

    async def _answer(self, method: str, parameters: dict[str, Any]) -> Any:
        self._asked += 1
        await self._socket.send_json({"id": self._asked, "method": method, "params": parameters})
        while True:
            told = await self._socket.receive_json()
            if told.get("id") == self._asked:
                assert "error" not in told, (method, told["error"])
                return told["result"]
            if told["method"] == "Network.requestWillBeSent":
                self.requested.append(told["params"]["request"]["url"])
            if told["method"] == "Runtime.exceptionThrown":
                self.errors.append(json.dumps(told["params"]["exceptionDetails"])[:500])


@contextmanager
def browsing(chromium: str, width: int, height: int) -> Iterator[Page]:
    """A tab of a fresh browser, of that size, which is gone at the end."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        command = [chromium, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", *ALONE]
        command += [f"--user-data-dir={profile}", "--remote-debugging-port=0", "about:blank"]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        loop = asyncio.new_event_loop()
        session = loop.run_until_complete(_session())
        try:
            page = Page(loop.run_until_complete(_tab(session, Path(profile) / "DevToolsActivePort")), loop)
            page.resize(width, height)
            yield page
        finally:
            loop.run_until_complete(session.close())
            loop.close()
            process.terminate()
            process.wait(30)


async def _session() -> aiohttp.ClientSession:
    return aiohttp.ClientSession()


async def _tab(session: aiohttp.ClientSession, note: Path) -> aiohttp.ClientWebSocketResponse:
    """A socket to the browser's first tab; the browser writes its port into the file `note`."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        await asyncio.sleep(0.2)
        if not note.exists() or not (lines := note.read_text().split()):
            continue
        async with session.get(f"http://127.0.0.1:{lines[0]}/json") as response:
            tabs = [tab for tab in await response.json() if tab["type"] == "page"]
        if tabs:
            return await session.ws_connect(tabs[0]["webSocketDebuggerUrl"], max_msg_size=0)
    raise AssertionError("the browser does not start")
