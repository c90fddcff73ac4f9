"""What a network costs that nobody configured: the imports of `smbot publish` with no, one and all channels connected.

    python bench/imports.py

Each figure is the median of fresh processes. The network modules import their libraries inside functions, so connecting
a channel and counting words with its rules is what makes a network cost anything.
"""

from __future__ import annotations

import json
import platform
import subprocess
import sys
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parent.parent
ROUNDS = 9
PROGRAM = """
import json, resource, sys, time
begun = time.process_time()
import smbot.bot
from smbot import channels
secrets = {
    "URL": "https://example.org", "WEBHOOK": "https://chat.googleapis.com/v1/spaces/A/messages?key=k&token=t",
    "TOKEN": "7000000001:token", "HANDLE": "wikitech.example.org", "SESSION": "", "CHAT": "@wikitech",
    "APP_TOKEN": "1|a",
    "SERVER": "irc.example.org", "NICK": "wikitech", "CHANNEL": "#news", "ROOM": "#news:example.org",
}
for name in sys.argv[1:]:
    hints = channels.network(name).credentials()
    channels.network(name).connect({suffix: secrets.get(suffix, "1") for suffix in hints})
    channels.network(name).rules({}).measure("words with a link: https://example.org/")
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps([time.process_time() - begun, len(sys.modules), peak]))
"""


def main() -> None:
    sys.path.insert(0, str(ROOT))
    from smbot.channels import NETWORKS

    print(f"imports of smbot publish, medians of {ROUNDS} processes; Python {platform.python_version()}")
    nothing = cost([])
    for names in ([], ["mastodon"], *([name] for name in NETWORKS if name != "mastodon"), list(NETWORKS)):
        seconds, modules, megabytes = cost(names)
        label = "all" if len(names) > 1 else "".join(names) or "none"
        print(
            f"  {label:16} {seconds:5.2f} s ({seconds - nothing[0]:+5.2f})  {modules:.0f} modules  {megabytes:4.0f} MB"
        )


def cost(names: list[str]) -> list[float]:
    """CPU seconds, modules and megabytes with these networks connected."""
    runs = [
        json.loads(
            subprocess.run([sys.executable, "-c", PROGRAM, *names], cwd=ROOT, stdout=subprocess.PIPE, check=True).stdout
        )
        for _ in range(ROUNDS)
    ]
    return [median(values) for values in zip(*runs, strict=True)]


if __name__ == "__main__":
    main()
