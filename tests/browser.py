"""A headless Chromium without network, for tests of pages that write themselves: `with browsing(chromium) as page:`.

Enter: addresses on this machine. Leave: the page's text as a person sees it, and pictures. Chromium is told what to do
in its own DevTools protocol, so that no driver of another version is needed.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

PATIENCE = 90.0  # seconds for a page to show what it should


def find_chromium() -> str:
    """The browser's path. The test is skipped without it, unless this machine is one that must have it."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if path := shutil.which(name):
            return path
    reason = "the browser chromium is not installed: apt install chromium"
    if os.environ.get("DIALSUM_NEEDS_CHROMIUM"):
        pytest.fail(reason)
    pytest.skip(reason)


# Names other than this machine's lead nowhere, and no proxy is asked for them.
ALONE = (
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
    "--no-proxy-server",
    "--disable-background-networking",
)


class Page:
    """One tab. Everything waits until it is so, and fails with what the page shows instead."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse, loop: asyncio.AbstractEventLoop) -> None:
        self._socket, self._loop, self._asked = socket, loop, 0
        self.requested: list[str] = []
        self.errors: list[str] = []
        for domain in ("Page", "Network", "Runtime"):
            self._ask(f"{domain}.enable")

    def open(self, address: str, width: int = 1600, height: int = 1000) -> None:
        """Go there, in a window of that size."""
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self._ask("Emulation.setDeviceMetricsOverride", **size)
        self._ask("Page.navigate", url=address)

    def text(self) -> str:
        """What can be read."""
        return str(self.run("document.body ? document.body.innerText : ''"))

    def wait_for(self, *texts: str) -> str:
        """The text of the page, as soon as all of these are in it."""
        deadline = time.monotonic() + PATIENCE
        while missing := [text for text in texts if text not in self.text()]:
            assert time.monotonic() < deadline, f"{missing} is not on the page:\n{self.text()}"
            time.sleep(0.2)
        return self.text()

    def click(self, selector: str) -> None:
        """Click the first element that a CSS selector finds, as soon as there is one."""
        deadline = time.monotonic() + PATIENCE
        while not self.run(f"(e => e && (e.click(), true))(document.querySelector({json.dumps(selector)}))"):
            assert time.monotonic() < deadline, f"nothing to click on: {selector}\n{self.text()}"
            time.sleep(0.2)

    def click_text(self, text: str, among: str = "button, a, label, [role]") -> None:
        """Click the first element that says just this."""
        script = (
            f"(e => e && (e.click(), true))([...document.querySelectorAll({json.dumps(among)})]"
            f".find(e => e.innerText.trim() === {json.dumps(text)}))"
        )
        deadline = time.monotonic() + PATIENCE
        while not self.run(script):
            assert time.monotonic() < deadline, f"nothing says {text!r}:\n{self.text()}"
            time.sleep(0.2)

    def picture(self, path: Path) -> None:
        """The window as PNG."""
        shot = self._ask("Page.captureScreenshot", format="png")["data"]
        path.write_bytes(base64.b64decode(shot))

    def run(self, script: str) -> Any:
        """The value of a JavaScript expression."""
        return self._ask("Runtime.evaluate", expression=script, returnByValue=True)["result"].get("value")

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
            self._note(told)

    def _note(self, told: dict[str, Any]) -> None:
        if told["method"] == "Network.requestWillBeSent":
            self.requested.append(told["params"]["request"]["url"])
        if told["method"] == "Runtime.exceptionThrown":
            self.errors.append(json.dumps(told["params"]["exceptionDetails"])[:500])


@contextmanager
def browsing(chromium: str) -> Iterator[Page]:
    """A tab of a fresh browser, which is gone at the end."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        options = [*ALONE, f"--user-data-dir={profile}", "--remote-debugging-port=0", "--window-size=1600,1000"]
        command = [chromium, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", *options, "about:blank"]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        loop = asyncio.new_event_loop()
        try:
            session = loop.run_until_complete(_session())
            socket = loop.run_until_complete(_tab(session, Path(profile) / "DevToolsActivePort"))
            yield Page(socket, loop)
            loop.run_until_complete(session.close())
        finally:
            process.terminate()
            process.wait(30)
            loop.close()


async def _session() -> aiohttp.ClientSession:
    return aiohttp.ClientSession()


async def _tab(session: aiohttp.ClientSession, note: Path) -> aiohttp.ClientWebSocketResponse:
    """A socket to the browser's first tab; the browser writes its port into the file `note`."""
    deadline = time.monotonic() + PATIENCE
    while True:
        assert time.monotonic() < deadline, "the browser does not start"
        await asyncio.sleep(0.2)
        if not note.exists() or not (lines := note.read_text().split()):
            continue
        async with session.get(f"http://127.0.0.1:{lines[0]}/json") as response:
            tabs = [tab for tab in await response.json() if tab["type"] == "page"]
        if tabs:
            return await session.ws_connect(tabs[0]["webSocketDebuggerUrl"], max_msg_size=0)
