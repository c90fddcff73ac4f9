"""Facebook, by its stand-in. Every world checks in the end that no request was made that Meta does not describe."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from sandbox.facebook import APP_TOKEN
from sandbox.facebook import Facebook as Server
from sandbox.standin import Fault
from smbot.channels.facebook import Facebook
from tests.networks import TIMEOUT

PATHS = {
    "upload": ("POST", "/photos$"),
    "post": ("POST", "/feed$"),
    "find": ("GET", "/published_posts$"),
    "retract": ("DELETE", "_"),
    "correct": ("POST", "_[0-9]+$"),
}


@dataclass
class OnFacebook:
    server: Server
    reads_back: bool = True
    sees_absence: bool = False
    finds_words: bool = True

    def channel(self, name: str = "wikitech") -> Facebook:
        page = self.server.world.page(name)
        return Facebook(page.id, page.token, url=self.server.url, timeout=TIMEOUT)

    def wrong_channel(self) -> Facebook:
        page = self.server.world.page("wikitech")
        return Facebook(page.id, "canary-7f3a9", "1|canary-7f3a9", url=self.server.url, timeout=TIMEOUT)

    def gone(self) -> Facebook:
        with Server() as server:
            url = server.url
        return Facebook("100100", "canary-7f3a9", "1|canary-7f3a9", url=url, timeout=TIMEOUT)

    def break_once(self, kind: str, when: str, call: str) -> None:
        method, path = PATHS[call]
        self.server.faults.append(Fault(path, kind, when, method))

    def words(self, account: str = "wikitech") -> list[str]:
        return [post["message"] for post in self.server.world.posts(account) if post["message"]]

    def say(self, words: str, at: datetime, other: bool = False) -> None:
        self.server.world.say("mediawiki" if other else "wikitech", words, at)

    def environment(self, account: str) -> dict[str, str]:
        name, page = f"SMBOT_{account.upper()}_FACEBOOK", self.server.world.page(account)
        secrets = {"PAGE": page.id, "TOKEN": page.token, "APP_TOKEN": APP_TOKEN, "URL": self.server.url}
        return {f"{name}_{suffix}": secret for suffix, secret in secrets.items()}


@contextmanager
def serve() -> Iterator[OnFacebook]:
    with Server() as server:
        yield OnFacebook(server)
        assert server.complaints == []
