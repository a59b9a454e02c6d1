"""Why this interpreter or system cannot run the project, in one line that names the way out.

Kept to syntax that Python 3.6 understands: it is what tells older interpreters that they are too old.
"""

OLDEST = (3, 11)
NEWEST = (3, 14)


def refusal(version: "tuple[int, ...]", system: str, libc: str) -> str:
    """Empty when everything is supported; `libc` as platform.libc_ver names it."""
    if system == "win32":
        return "Windows is not supported (PostgreSQL and the broker have no builds for it here): use WSL 2"
    if system == "linux" and libc != "glibc":
        return (
            "this Linux has no glibc (Alpine?), for which aiokafka and PostgreSQL have no wheels: use Debian or another"
        )
    if not OLDEST <= version <= NEWEST:
        return (
            f"Python {'.'.join(map(str, OLDEST))} to {'.'.join(map(str, NEWEST))} is needed and python3 is"
            f" {'.'.join(map(str, version))}; choose another one with: make PYTHON=python3.12 run"
        )
    return ""
