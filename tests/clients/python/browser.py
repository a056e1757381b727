"""A browser that does what a person would: it follows the pages of sign-in, and fills in their forms."""

import socket
import threading
import webbrowser
from html.parser import HTMLParser
from urllib.parse import urljoin

import requests

PAGES = 5  # more than any sign-in has


class Form(HTMLParser):
    """The form of a page: where it leads, and what its fields and buttons hold."""

    def __init__(self, html: str):
        super().__init__()
        self.action, self.fields, self.buttons = None, {}, []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        if tag == "form":
            self.action = attrs["action"]
        elif tag == "input":
            self.fields[attrs["name"]] = attrs.get("value", "")
        elif tag == "button" and "name" in attrs:
            self.buttons.append((attrs["name"], attrs["value"]))


class Browser(webbrowser.BaseBrowser):
    """Presses the button of the person with this address wherever somebody is to be chosen."""

    def __init__(self, address: str):
        super().__init__()
        self._address = address
        self.pages = 0

    def open(self, url, new=0, autoraise=True):
        threading.Thread(target=self._walk, args=(url,), daemon=True).start()
        return True

    def _walk(self, url: str):
        with requests.Session() as session:
            page = session.get(url, timeout=10)
            for _ in range(PAGES):
                form = Form(page.text)
                if form.action is None:
                    return
                self.pages += 1
                chosen = [button for button in form.buttons if button[1] == self._address]
                page = session.post(urljoin(page.url, form.action), data=form.fields | dict(chosen), timeout=10)


def loopback() -> str:
    """A redirect URI on a port that is free."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return f"http://localhost:{taken.getsockname()[1]}"


def use(browser: Browser):
    """Makes it the browser that libraries open."""
    webbrowser.register("person", None, browser, preferred=True)
