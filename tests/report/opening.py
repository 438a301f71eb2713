"""Opening a rendered page in a browser, with everything noted that it must not do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Dialog, Page


@dataclass
class Noted:
    """What a page did: messages on the console, errors, and requests to anywhere but its own file."""

    console: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    dialogs: list[str] = field(default_factory=list)


@contextmanager
def opened(browser: Browser, file: Path, fragment: str = "", **options: Any) -> Iterator[tuple[Page, Noted]]:
    """A page in a fresh context; at the end nothing may have been noted."""
    context = browser.new_context(**{"viewport": {"width": 1280, "height": 900}, **options})
    page, noted = context.new_page(), Noted()
    page.on("console", lambda message: noted.console.append(message.text))
    page.on("pageerror", lambda error: noted.console.append(str(error)))
    page.on("request", lambda request: noted.requests.append(request.url))

    def refuse(dialog: Dialog) -> None:
        noted.dialogs.append(dialog.message)
        dialog.dismiss()

    page.on("dialog", refuse)
    page.goto(file.as_uri() + fragment)
    yield page, noted
    own = [url for url in noted.requests if not url.startswith((file.as_uri(), "blob:"))]
    context.close()
    assert (noted.console, own, noted.dialogs) == ([], [], [])
