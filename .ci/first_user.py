"""What README asks a newcomer to do, by a system Python with nothing installed: `first_user.py REPOSITORY`.

Clone, `make run` to a page and a ticket, Ctrl-C, a second start that keeps the ticket, `make test`. Nothing may stay
behind: no process, no shared memory, no file elsewhere.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from http.cookiejar import CookieJar, DefaultCookiePolicy
from pathlib import Path
from typing import Any

CLONE = Path.home() / "opsdash"
OUTPUT = Path("/tmp/make-run.txt")  # noqa: S108 - the machine is ours alone
START_SECONDS, STOP_SECONDS = 600, 60
END_SECONDS = 20  # for processes whose parent has ended and which end by themselves then
SHARED_MEMORY = Path("/dev/shm")  # noqa: S108
#: Outside its folder the product leaves uv's cache, as docs/how-to/run-locally.md says.
ALLOWED_AT_HOME = {".cache/uv"}


class Stack:
    """`make run` in a shell of its own, as in a terminal."""

    def __init__(self) -> None:
        with OUTPUT.open("w") as output:
            self.process = subprocess.Popen(
                ["make", "run"], cwd=CLONE, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
            )
        self.url = self._wait_until_it_says_where_it_is()

    def _wait_until_it_says_where_it_is(self) -> str:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self.process.poll() is None:
            if found := re.search(r"OpsDash Support\s+(http://\S+)/\n(?s:.*)Stop: Ctrl-C", OUTPUT.read_text()):
                return found[1]
            time.sleep(0.2)
        sys.exit(f"make run did not start:\n{OUTPUT.read_text()}")

    def first_person(self) -> str:
        found = re.search(r"/dev/sign-in/(\S+)", OUTPUT.read_text())
        assert found, "a sign-in link is printed"
        return found[1]

    def ctrl_c(self) -> None:
        """The terminal sends the signal to every process in front."""
        os.killpg(self.process.pid, signal.SIGINT)
        self.process.wait(STOP_SECONDS)
        assert "Traceback" not in OUTPUT.read_text(), OUTPUT.read_text()


def main(repository: str) -> None:
    before = set(entries(Path.home()))
    step("git clone", lambda: run("git", "clone", "--quiet", repository, str(CLONE)))
    stack = step("make run", Stack)
    step("a page of the console", lambda: look_at_the_list(stack))
    ticket = step("a ticket", lambda: create_ticket(stack))
    step("Ctrl-C", stack.ctrl_c)
    nothing_stays_behind(before)
    stack = step("make run again", Stack)
    kept = request(stack, f"/api/orgs/brightside/tickets/{ticket['number']}")
    assert (kept["id"], kept["title"]) == (ticket["id"], ticket["title"]), kept
    step("Ctrl-C", stack.ctrl_c)
    nothing_stays_behind(before)
    step("make test", lambda: run("make", "test"))
    nothing_stays_behind(before)


def step(what: str, action: Any) -> Any:
    begin = time.monotonic()
    done = action()
    print(f"ci:   {what}: {time.monotonic() - begin:.0f} s", flush=True)
    return done


def run(*command: str) -> None:
    done = subprocess.run(command, cwd=CLONE if CLONE.exists() else None, check=False)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)} ended with {done.returncode}")


def look_at_the_list(stack: Stack) -> None:
    as_browsers_do = DefaultCookiePolicy(secure_protocols=("http", "https"))  # on the machine's own address
    cookies = urllib.request.HTTPCookieProcessor(CookieJar(as_browsers_do))
    browser = urllib.request.build_opener(cookies)
    with browser.open(f"{stack.url}/dev/sign-in/{stack.first_person()}") as answer:
        page = answer.read().decode()
    assert 'data-ticket="' in page, page


def create_ticket(stack: Stack) -> Any:
    ticket = request(stack, "/api/orgs/brightside/tickets", {"title": "Printer on fire", "priority": "high"})
    assert ticket["sla_due_at"], ticket
    return ticket


def request(stack: Stack, path: str, body: Any = None) -> Any:
    asked = {"user_id": stack.first_person()}
    token = answer_to(f"{stack.url}/dev/token", asked, {})["access_token"]
    return answer_to(stack.url + path, body, {"Authorization": f"Bearer {token}", "Idempotency-Key": "first-1"})


def answer_to(url: str, body: Any, headers: dict[str, str]) -> Any:
    data = None if body is None else json.dumps(body).encode()
    asked = urllib.request.Request(url, data, headers | {"Content-Type": "application/json"})
    with urllib.request.urlopen(asked) as answer:
        return json.load(answer)


def nothing_stays_behind(before: set[str]) -> None:
    """No process after a moment, no shared memory, no changed file in the clone, no file elsewhere at home."""
    deadline = time.monotonic() + END_SECONDS
    while left := sorted(running_here() - {os.getpid(), *ancestors(os.getpid())}):
        assert time.monotonic() < deadline, [command_of(process) for process in left]
        time.sleep(0.2)
    assert list(SHARED_MEMORY.iterdir()) == []
    assert len(Path("/proc/sysvipc/shm").read_text().splitlines()) == 1, "its heading only"
    changed = subprocess.run(["git", "status", "--porcelain"], cwd=CLONE, capture_output=True, text=True, check=True)
    assert changed.stdout == ""
    assert set(entries(Path.home())) - before - ALLOWED_AT_HOME == {CLONE.name}


def command_of(process: int) -> bytes:
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        return Path(f"/proc/{process}/cmdline").read_bytes()
    return b"ended meanwhile"


def running_here() -> set[int]:
    """Every process of this machine; outside of its root directory nothing is its own."""
    found = set()
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(FileNotFoundError, PermissionError):  # gone in the meantime; of the machine around
            if (process / "root").samefile("/"):
                found.add(int(process.name))
    return found


def ancestors(process: int) -> list[int]:
    parent = int(re.findall(r"PPid:\s+(\d+)", Path(f"/proc/{process}/status").read_text())[0])
    return [parent, *ancestors(parent)] if parent else []


def entries(home: Path) -> list[str]:
    """What lies at home, and one level into the folders whose names begin with a dot."""
    return [
        str(path.relative_to(home))
        for entry in home.iterdir()
        for path in (entry.iterdir() if entry.name.startswith(".") and entry.is_dir() else [entry])
    ]


if __name__ == "__main__":
    main(sys.argv[1])
