"""Make the virtual environment in .venv match uv.lock, with nothing but a system Python 3.11 or newer.

uv itself is installed first, at the version and hashes of the lock; nothing is installed outside the folder.
Does nothing, quickly, when the lock, the projects and the interpreter are the ones of the last run.
"""

import sys

if sys.version_info < (3, 11):  # noqa: UP036 - this line is for older interpreters
    sys.exit("OpsDash needs Python 3.11 or newer as `python3`; choose another one with: make PYTHON=python3.12 run")

import fcntl
import hashlib
import os
import subprocess
import tempfile
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENT = ROOT / ".venv"
STAMP = ENVIRONMENT / ".in-step-with"


def main() -> int:
    directory = os.open(ROOT, os.O_RDONLY)
    fcntl.flock(directory, fcntl.LOCK_EX)  # two `make` at once: the second waits and finds the work done
    wanted = fingerprint()
    if STAMP.is_file() and STAMP.read_text() == wanted and (ENVIRONMENT / "bin" / "python").exists():
        return 0
    STAMP.unlink(missing_ok=True)
    make_environment()
    say("installing the locked packages")
    environment = {
        **os.environ,
        "UV_PROJECT_ENVIRONMENT": str(ENVIRONMENT),
        "VIRTUAL_ENV": str(ENVIRONMENT),
        "UV_PYTHON_DOWNLOADS": "never",
        "UV_COMPILE_BYTECODE": "1",  # else every start compiles again where PYTHONDONTWRITEBYTECODE is set
    }
    uv = str(ENVIRONMENT / "bin" / "uv")
    # A first start downloads for a while: people at a terminal see uv's progress, log files only its errors.
    quiet = [] if sys.stderr.isatty() else ["--quiet"]
    failed = "installing the packages failed; a network connection is needed the first time"
    run([uv, "sync", "--frozen", "--all-packages", *quiet], environment, failed)
    STAMP.write_text(wanted)
    return 0


def fingerprint() -> str:
    """Changes when the lock, a project file or the interpreter does."""
    digest = hashlib.sha256(f"{sys.version} {sys.base_prefix} {ROOT}".encode())
    members = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["uv"]["workspace"]["members"]
    for folder in [".", *members]:
        digest.update((ROOT / folder / "pyproject.toml").read_bytes())
    digest.update((ROOT / "uv.lock").read_bytes())
    return digest.hexdigest()


def make_environment() -> None:
    """A virtual environment of this interpreter that contains uv."""
    python = ENVIRONMENT / "bin" / "python"
    if (ENVIRONMENT / "bin" / "uv").exists() and same_interpreter(python):
        return
    say("creating .venv")
    run([sys.executable, "-m", "venv", "--clear", str(ENVIRONMENT)], dict(os.environ),
        "creating .venv failed; on Debian and Ubuntu: apt install python3-venv")  # fmt: skip
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as requirements:
        requirements.write(locked_uv())
        requirements.flush()
        run(
            [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps",
             "--require-hashes", "--requirement", requirements.name],
            dict(os.environ),
            "installing uv failed; a network connection is needed the first time",
        )  # fmt: skip


def same_interpreter(python: Path) -> bool:
    """Whether the environment still works and belongs to the Python that runs this file."""
    try:
        question = [str(python), "-c", "import sys; print(sys.version, sys.base_prefix)"]
        answer = subprocess.run(question, capture_output=True, text=True, check=True)  # noqa: S603
    except (OSError, subprocess.CalledProcessError):
        return False
    return answer.stdout.strip() == f"{sys.version} {sys.base_prefix}".strip()


def locked_uv() -> str:
    """A pip requirement with the version and every hash that uv.lock names for uv."""
    packages = tomllib.loads((ROOT / "uv.lock").read_text())["package"]
    package = next(entry for entry in packages if entry["name"] == "uv")
    hashes = " ".join(f"--hash={wheel['hash']}" for wheel in package["wheels"])
    return f"uv=={package['version']} {hashes}\n"


def run(command: list[str], environment: dict[str, str], message: str) -> None:
    if subprocess.run(command, env=environment, cwd=ROOT, check=False).returncode != 0:  # noqa: S603
        sys.exit(f"opsdash: {message}")


def say(text: str) -> None:
    sys.stderr.write(f"opsdash: {text}\n")


if __name__ == "__main__":
    sys.exit(main())
