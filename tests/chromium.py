"""Pages in headless Chromium without a network, driven by the DevTools protocol through a pipe.

`--remote-debugging-pipe`: messages are JSON ended by NUL, read by the browser from descriptor 3 and written to 4.
"""

import base64
import fcntl
import json
import os
import select
import shutil
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

import pytest

PATIENCE = 60  # seconds after which the browser hangs
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--mute-audio",
    "--disable-background-networking", "--disable-component-update", "--host-resolver-rules=MAP * ~NOTFOUND",
    "--proxy-server=127.0.0.1:9", "--force-color-profile=srgb", "--remote-debugging-pipe",
)  # fmt: skip
# What keys of their names send besides: the code, and the text that they type.
KEYS = {"Enter": (13, "\r"), "Escape": (27, ""), "ArrowDown": (40, ""), "ArrowUp": (38, ""), "ArrowLeft": (37, ""),
        "ArrowRight": (39, ""), "Tab": (9, ""), "Home": (36, "")}  # fmt: skip


def require_chromium() -> str:
    """The path of Chromium. Skips the test on a machine without it, but not in CI."""
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        assert "CI" not in os.environ, "chromium must be installed in CI"
        pytest.skip("chromium is not installed")
    return found


class Browser:
    """A browser that has fetched nothing, and what its pages wrote to the console."""

    def __init__(self, profile: Path, width: int = 1280, height: int = 800) -> None:
        self.requests: list[str] = []
        self.problems: list[str] = []
        self._pending, self._events, self._number = b"", [], 0  # type: ignore[var-annotated]
        to_browser, from_browser = os.pipe(), os.pipe()
        # Above 9, so that neither is 3 or 4 when they become these.
        read, write = (fcntl.fcntl(fd, fcntl.F_DUPFD, 10) for fd in (to_browser[0], from_browser[1]))

        def connect() -> None:
            os.dup2(read, 3)
            os.dup2(write, 4)

        command = [require_chromium(), *FLAGS, f"--user-data-dir={profile}", f"--window-size={width},{height}"]
        self._process = subprocess.Popen(
            command, close_fds=False, preexec_fn=connect, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )  # fmt: skip
        for fd in (read, write, to_browser[0], from_browser[1]):
            os.close(fd)
        self._out, self._in = to_browser[1], from_browser[0]
        self._session = ""
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.call(f"{domain}.enable")
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self.call("Emulation.setDeviceMetricsOverride", **size)

    def __enter__(self) -> "Browser":
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        os.close(self._out)  # the browser ends when its pipe does
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        os.close(self._in)

    def open(self, page: Path, *, dark: bool = False) -> None:
        """Open a file and wait until it is drawn."""
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", features=[scheme])
        self._events.clear()
        self.call("Page.navigate", url=page.resolve().as_uri())
        self._wait_for("Page.loadEventFired")
        self.settle()

    def settle(self) -> None:
        """Wait until the page has drawn what it was asked for."""
        self.run("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 50))))")

    def run(self, expression: str) -> Any:
        """The value of a JavaScript expression in the page."""
        answer = self.call("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def press(self, *keys: str) -> None:
        """Press keys: names of KEYS, or texts that are typed."""
        for key in keys:
            if key in KEYS:
                code, text = KEYS[key]
                fields: dict[str, Any] = {"key": key, "code": key, "windowsVirtualKeyCode": code}
                more = {"text": text} if text else {}
                self.call("Input.dispatchKeyEvent", type="keyDown", **fields, **more)
                self.call("Input.dispatchKeyEvent", type="keyUp", **fields)
                continue
            for character in key:
                self.call("Input.dispatchKeyEvent", type="keyDown", key=character, text=character)
                self.call("Input.dispatchKeyEvent", type="keyUp", key=character)
        self.settle()

    def point(self, x: float, y: float) -> None:
        """Move the pointer to a pixel of the window."""
        self.call("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)
        self.settle()

    def click(self, x: float, y: float) -> None:
        """Click at a pixel of the window."""
        self.drag((x, y), (x, y))

    def drag(self, start: tuple[float, float], end: tuple[float, float]) -> None:
        """Press the button at a pixel and release it at another."""
        for kind, (x, y), held in (("mousePressed", start, 1), ("mouseMoved", end, 1), ("mouseReleased", end, 0)):
            if kind != "mouseMoved" or start != end:
                self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", buttons=held, clickCount=1)
        self.settle()

    def turn_wheel(self, x: float, y: float, by: float) -> None:
        """Turn the wheel at a pixel; away from the person is negative."""
        self.call("Input.dispatchMouseEvent", type="mouseWheel", x=x, y=y, deltaX=0, deltaY=by)
        self.settle()

    def screenshot(self) -> bytes:
        """The window as PNG."""
        return base64.b64decode(self.call("Page.captureScreenshot", format="png")["data"])

    def call(self, method: str, **parameters: Any) -> Any:
        """Call a method of the protocol; the result."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        message |= {"sessionId": self._session} if self._session else {}
        os.write(self._out, json.dumps(message).encode() + b"\0")
        number = self._number
        while True:
            answer = self._read()
            if answer.get("id") == number:
                assert "error" not in answer, f"{method}: {answer['error']}"
                return answer["result"]

    def _wait_for(self, event: str) -> None:
        while event not in self._events:
            self._read()

    def _read(self) -> Mapping[str, Any]:
        """The next message; requests, errors and lines of the console are kept."""
        end = time.monotonic() + PATIENCE
        while b"\0" not in self._pending:
            assert time.monotonic() < end, "the browser hangs"
            if select.select([self._in], [], [], 1)[0]:
                part = os.read(self._in, 1 << 20)
                assert part, "the browser ended"
                self._pending += part
        text, _, self._pending = self._pending.partition(b"\0")
        message: dict[str, Any] = json.loads(text)
        method, fields = message.get("method", ""), message.get("params", {})
        self._events.append(method)
        if method == "Network.requestWillBeSent":
            self.requests.append(fields["request"]["url"])
        elif method in ("Runtime.exceptionThrown", "Log.entryAdded") or (
            method == "Runtime.consoleAPICalled" and fields["type"] in ("error", "warning")
        ):
            self.problems.append(json.dumps(fields)[:2000])
        return message
