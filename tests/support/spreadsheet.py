"""A spreadsheet of this machine that opens CSV files: LibreOffice without its windows."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import repeat
from pathlib import Path
from typing import Final
from xml.etree import ElementTree as ET

_OFFICE: Final = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
_TABLE: Final = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
_TEXT: Final = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
#: Windows' numbers of languages, which decide what looks like a number and like a date.
LANGUAGES: Final = {"en": 1033, "es": 3082, "de": 1031}
SECONDS: Final = 120


def missing() -> str:
    """Why there is none here, and the way out; empty when there is one."""
    return (
        "" if shutil.which("soffice") else "no soffice was found; install LibreOffice (Debian: libreoffice-calc-nogui)"
    )


@dataclass(frozen=True)
class Cell:
    """What stands in a cell: a number or a text, and the formula it comes from."""

    value: str | float
    formula: str | None


def opened(file: Path, language: str, separators: str) -> list[list[Cell]]:
    """The rows of a CSV file as the spreadsheet of that language takes them, told to look for formulas and dates.

    The options are those of the CSV filter: separators, quotation mark, UTF-8, first line, columns as they are,
    language, quoted fields may be numbers, dates are looked for, and formulas are computed.
    """
    codes = "/".join(str(ord(separator)) for separator in separators)
    options = f"CSV:{codes},34,76,1,,{LANGUAGES[language]},false,true,false,false,false,-1,true,true"
    profile = f"-env:UserInstallation={(file.parent / 'profile').as_uri()}"
    command = ["soffice", profile, "--headless", f"--infilter={options}", "--convert-to", "fods", "--outdir"]
    subprocess.run([*command, file.parent, file], check=True, capture_output=True, timeout=SECONDS)
    tree = ET.parse(file.with_suffix(".fods"))  # noqa: S314 - LibreOffice wrote it
    return [list(_cells(row)) for row in tree.iter(f"{_TABLE}table-row")]


def _cells(row: ET.Element) -> Iterator[Cell]:
    for cell in row.iter(f"{_TABLE}table-cell"):
        number = cell.get(f"{_OFFICE}value") if cell.get(f"{_OFFICE}value-type") == "float" else None
        lines = ["".join(_pieces(line)) for line in cell.iter(f"{_TEXT}p")]
        value = "\n".join(lines) if number is None else float(number)
        yield from repeat(
            Cell(value, cell.get(f"{_TABLE}formula")), int(cell.get(f"{_TABLE}number-columns-repeated", 1))
        )


def _pieces(line: ET.Element) -> Iterator[str]:
    """Spaces and tabs are elements there."""
    yield line.text or ""
    for part in line:
        yield {f"{_TEXT}s": " " * int(part.get(f"{_TEXT}c", 1)), f"{_TEXT}tab": "\t"}.get(part.tag, "")
        yield from _pieces(part)
        yield part.tail or ""


def formulas(rows: Sequence[Sequence[Cell]]) -> list[str]:
    return [cell.formula for row in rows for cell in row if cell.formula]
