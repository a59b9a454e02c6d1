"""Standard output as it is: letters it cannot show are replaced, and a reader that has gone stops nothing."""

from __future__ import annotations

import codecs
import contextlib
import io
import locale
import os
import sys
import unicodedata
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Any, cast

MARKS = {"✓": "+", "✗": "x", "·": "-", "→": "->"}
REPLACE = "opsdash-replace"


def prepare() -> None:
    """Write in the encoding of the terminal, with an ASCII stand-in for what that lacks."""
    codecs.register_error(REPLACE, _stand_in)
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # the shell closed it
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115 - open to the end
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding=encoding(os.environ, stream.encoding), errors=REPLACE)


def encoding(environ: Mapping[str, str], python: str) -> str:
    """What the locale names, be it installed or not; `python` is what Python chose: UTF-8 also under LC_ALL=C."""
    named = environ.get("LC_ALL") or environ.get("LC_CTYPE") or environ.get("LANG") or ""
    if environ.get("PYTHONIOENCODING") or not named:
        return python
    if named in {"C", "POSIX"}:
        return "ascii"
    try:
        return codecs.lookup(named.partition(".")[2].partition("@")[0] or locale.getencoding()).name
    except LookupError:
        return python


def _stand_in(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(_ascii(letter) for letter in error.object[error.start : error.end]), error.end


def _ascii(letter: str) -> str:
    """`Tomás` becomes `Tomas`; a letter without an ASCII part becomes a question mark."""
    plain = unicodedata.normalize("NFKD", letter).encode("ascii", "ignore").decode("ascii")
    return MARKS.get(letter) or plain or "?"


class Output:
    """Standard output for messages: those that nobody takes (closed pipe or terminal, full disk) are dropped."""

    def write(self, text: str) -> int:
        with _dropping():
            sys.stdout.write(text)
        return len(text)

    def flush(self) -> None:
        with _dropping():
            sys.stdout.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(sys.stdout, name)


def output() -> IO[str]:
    return cast("IO[str]", Output())


@contextlib.contextmanager
def _dropping() -> Iterator[None]:
    try:
        yield
    except OSError:
        # What is still buffered goes nowhere too: the interpreter writes it at its end.
        with Path(os.devnull).open("wb") as nowhere:
            os.dup2(nowhere.fileno(), sys.stdout.fileno())
