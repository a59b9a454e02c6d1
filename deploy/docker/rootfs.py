"""The file system of an image: an environment, its Python, the libraries that both load, and nothing else.

    python3 deploy/docker/rootfs.py /opt/opsdash /rootfs

It is run by the Python that the environment was made with, on a Debian. A package manager, a shell and programs that
gain rights are not left out by a list: they are never copied. What is copied is added to the environment's bill of
materials.
"""

from __future__ import annotations

import compileall
import json
import os
import platform
import re
import shutil
import ssl
import subprocess
import sys
import sysconfig
from collections.abc import Iterable, Iterator
from pathlib import Path
from py_compile import PycInvalidationMode
from typing import Any

BILL = "sbom.cdx.json"
#: Parts of the standard library that a service does not import.
UNUSED = shutil.ignore_patterns(
    "__pycache__", "site-packages", "dist-packages", "config-*", "test", "idlelib", "tkinter", "turtledemo",
    "ensurepip", "lib2to3", "pydoc_data", "libpython*.a", "*.exe",
)  # fmt: skip
#: Not linked by anything: the C library opens it when a thread ends.
OPENED_LATER = "libgcc_s.so.1"
ZONES = Path("/usr/share/zoneinfo")
BUNDLE = Path("/etc/ssl/certs/ca-certificates.crt")
NEEDED = {BUNDLE: "ca-certificates", ZONES: "tzdata"}
#: From here on the C library looks up names without opening parts of it that nothing links.
LEAST_LIBC = (2, 34)
LOADER_CACHE = Path("/etc/ld.so.cache")
USERS = {
    "etc/passwd": "root:x:0:0:root:/:/nologin\nopsdash:x:10001:10001:opsdash:/:/nologin\n",
    "etc/group": "root:x:0:\nopsdash:x:10001:\n",
}
NEVER_STALE = PycInvalidationMode.UNCHECKED_HASH
_ELF = b"\x7fELF"


def main(environment: Path, root: Path) -> None:
    """Fill the folder. Ends with one line when the base lacks what every image needs."""
    if tuple(map(int, platform.libc_ver()[1].split("."))) < LEAST_LIBC:
        sys.exit("opsdash: the base image is older than Debian 12, whose C library looks names up by parts of its own")
    for path, package in NEEDED.items():
        if not path.exists():
            sys.exit(f"opsdash: the base image has no {path}; name one that has, or install {package} in it")
    _copy_tree(environment, root)
    interpreter = _copy_interpreter(environment, root)
    standard = Path(sysconfig.get_path("stdlib"))
    _copy_tree(standard, root, ignore=UNUSED)
    libraries = linked([*_elf_files(environment), *_elf_files(standard), interpreter])
    for path in (*libraries, LOADER_CACHE, BUNDLE):
        _copy(path, root)
    _copy_tree(ZONES, root, ignore=shutil.ignore_patterns("right", "posix"))
    _complete(root)
    compiled = _inside(root, standard)
    compileall.compile_dir(
        compiled, quiet=1, stripdir=str(root), invalidation_mode=NEVER_STALE, workers=os.cpu_count() or 1
    )
    _add_to_bill(_inside(root, environment) / BILL, [*_debian([*libraries, interpreter, BUNDLE]), _python()])


def _inside(root: Path, path: Path) -> Path:
    """Where a path of this system lies in the new one, with the links of its folders resolved."""
    return root / path.parent.resolve().relative_to("/") / path.name


def _copy(path: Path, root: Path) -> None:
    target = _inside(root, path)
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy2(path, target)


def _copy_tree(folder: Path, root: Path, *, ignore: Any = None) -> None:
    """Links stay links in the environment, which is whole; in what is copied in part they may lead to what is not."""
    shutil.copytree(folder, _inside(root, folder), symlinks=ignore is None, ignore=ignore)


def _copy_interpreter(environment: Path, root: Path) -> Path:
    """The program behind the environment's `python`, with the links that lead to it."""
    path = (environment / "bin/python").readlink()
    while path.is_symlink():
        link = _inside(root, path)
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(path.readlink())
        path = path.parent / path.readlink()
    _copy(path, root)
    return path


def _elf_files(folder: Path) -> Iterator[Path]:
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_symlink():
            with path.open("rb") as file:
                if file.read(4) == _ELF:
                    yield path


def linked(programs: Iterable[Path]) -> list[Path]:
    """The shared libraries of the system that these load, and the loader."""
    said = _said("ldd", *map(str, programs))
    found = {Path(path) for path in re.findall(r"^\s+(?:\S+ => )?(/\S+) \(0x", said, re.MULTILINE)}
    system = {path for path in found if not path.resolve().is_relative_to("/opt")}
    (c_library,) = (path for path in system if path.name == "libc.so.6")
    return sorted(system | {c_library.with_name(OPENED_LATER)})


def _complete(root: Path) -> None:
    """Folders that everything is looked for in, users by name, and the bundle where OpenSSL looks for it."""
    for name in ("lib", "lib64"):
        if (link := Path("/", name)).is_symlink() and not (root / name).exists():
            (root / name).symlink_to(link.readlink())
    for name, text in USERS.items():
        (root / name).write_text(text, encoding="ascii")
    (root / "tmp").mkdir(mode=0o1777)
    (root / "tmp").chmod(0o1777)
    looked_at = root / ssl.get_default_verify_paths().openssl_cafile.lstrip("/")
    if not looked_at.exists():
        looked_at.parent.mkdir(parents=True, exist_ok=True)
        looked_at.symlink_to(BUNDLE)


def _python() -> dict[str, Any]:
    version = platform.python_version()
    return _component("python", version, f"pkg:generic/python@{version}")


def _debian(files: Iterable[Path]) -> list[dict[str, Any]]:
    """The packages that the files came with; a file of no package, as of a Python built from source, has none."""
    places = {str(place) for file in files for place in (file, file.resolve(), *_unmerged(file.resolve()))}
    owners = _said("dpkg-query", "--search", *sorted(places)).splitlines()
    names = sorted({line.partition(": ")[0] for line in owners if not line.startswith("diversion")})
    shown = ("dpkg-query", "--show", "--showformat=${Package} ${Version} ${Architecture}\n")
    lines = _said(*shown, *names).splitlines() if names else []
    return [
        _component(name, version, f"pkg:deb/debian/{name}@{version}?arch={architecture}")
        for name, version, architecture in (line.split(" ") for line in lines)
    ]


def _said(*command: str) -> str:
    """What a program prints; both used here end with 1 when one of many files is none of theirs."""
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout  # noqa: S603 - our own


def _unmerged(path: Path) -> list[str]:
    """As packages name it that were made before everything moved below /usr."""
    return [str(path).removeprefix("/usr")] if path.is_relative_to("/usr/lib") else []


def _component(name: str, version: str, address: str) -> dict[str, Any]:
    return {"type": "library", "bom-ref": address, "name": name, "version": version, "purl": address}


def _add_to_bill(file: Path, components: list[dict[str, Any]]) -> None:
    document = json.loads(file.read_text(encoding="utf-8"))
    document["components"] += components
    file.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
