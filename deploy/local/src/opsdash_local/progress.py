"""What the user sees while the stack starts and stops: one line a step, with its duration."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console


class Step:
    """The running step; `detail` is shown when it is done."""

    detail = ""


class Progress:
    """Draws without a thread: a thread and `fork` do not go together."""

    def __init__(self, console: Console) -> None:
        self.console = console

    @contextmanager
    def step(self, title: str) -> Iterator[Step]:
        if self.console.is_terminal:
            self.console.print(f"[dim]· {title} …[/]", end="\r", highlight=False)
        begin, step = time.monotonic(), Step()
        try:
            yield step
        except BaseException:
            self.console.print(f"[red]✗[/] {title}   ", highlight=False, soft_wrap=True)
            raise
        took = f"{time.monotonic() - begin:.1f} s"
        self.console.print(f"[green]✓[/] {title:<34} [dim]{took:>7}  {step.detail}[/]", highlight=False, soft_wrap=True)

    def note(self, text: str) -> None:
        self.console.print(f"[dim]· {text}[/]", highlight=False, soft_wrap=True)

    def error(self, text: str) -> None:
        self.console.print("opsdash: ", style="bold red", end="")
        self.console.print(text, markup=False, highlight=False, soft_wrap=True)
