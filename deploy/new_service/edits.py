"""The lines of a new service in files that name services one by one. Each edit is a function of the text before."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeAlias

from deploy.new_service.names import Name, RefusedName

Edit: TypeAlias = Callable[[str], str]
FRAGMENTS = Path(__file__).parent / "template" / "fragments"
TICKETS_TOPIC = "contracts/topics/opsdash.support.tickets.v1.yaml"
NO_DIGEST = "0" * 64
#: Behind the first port of a local stack; those behind them are of its servers.
PORT_OFFSETS = range(9)


class AnchorNotFoundError(Exception):
    """The file has no longer the line that an edit goes by."""


def before(anchor: str, added: str) -> Edit:
    """Insert before the first match of a pattern; `^` and `$` match at lines."""
    return lambda text: _at(text, anchor, lambda found: added + found[0])


def after(anchor: str, added: str) -> Edit:
    return lambda text: _at(text, anchor, lambda found: found[0] + added)


def among(line: str, pattern: str) -> Edit:
    """Insert a line in alphabetical order among the adjoining lines that match, without their newlines."""

    def edit(text: str) -> str:
        return _at(text, rf"(?:^{pattern}\n)+", lambda found: _sorted_with(found[0], line))

    return edit


def _sorted_with(block: str, line: str) -> str:
    lines = block.splitlines(keepends=True)
    place = next((number for number, other in enumerate(lines) if other > line), len(lines))
    return "".join([*lines[:place], line, *lines[place:]])


def _at(text: str, anchor: str, put: Callable[[re.Match[str]], str]) -> str:
    changed, count = re.subn(anchor, put, text, count=1, flags=re.MULTILINE)
    if not count:
        raise AnchorNotFoundError(anchor)
    return changed


def every_edit(name: Name, root: Path) -> Mapping[str, list[Edit]]:
    """By file, relative to the root of the repository."""
    return {**_distributions(name), **_contracts(name), **_stack(name, root), **_manifests(name), **_documents(name)}


def _distributions(name: Name) -> dict[str, list[Edit]]:
    package = f"opsdash-{name.dashed}"
    source = among(f"{package} = {{ workspace = true }}\n", r"opsdash-[a-z-]+ = \{ workspace = true \}")
    depends = among(f'    "{package}",\n', r'    "opsdash-[a-z-]+",')
    started = before(r'"opsdash-tickets", #', f'"{package}", ')
    path = before(r'"deploy/local/src", "\."\]$', f'"services/{name.dashed}/src", ')
    return {
        "pyproject.toml": [depends, source, started, path],
        "deploy/local/pyproject.toml": [depends, source, started],
    }


def _contracts(name: Name) -> dict[str, list[Edit]]:
    model = f"from opsdash_contracts.{name.module} import ActivityCounted as {name.class_prefix}ActivityCounted\n"
    return {
        "contracts/src/opsdash_contracts/topics.py": [
            after(r"^SESSIONS: Final = .*\n", f'{name.constant}: Final = "{name.topic}"\n')
        ],
        "contracts/src/opsdash_contracts/registry.py": [
            before(r"^from opsdash_contracts\.sessions ", model),
            before(r"^\)\n\n_BY_TYPE", f"    {name.class_prefix}ActivityCounted,\n"),
        ],
        TICKETS_TOPIC: [lambda text: _listed(text, name.dashed)],
        "tests/contracts/strategies.py": [
            before(r"^from opsdash_contracts\.envelope ", f"from opsdash_contracts import {name.module}\n"),
            before(
                r"^    \*\*\{event_type: ticket_payloads",
                name.applied((FRAGMENTS / "strategies.txt").read_text(encoding="utf-8")),
            ),
        ],
    }


def _listed(text: str, consumer: str) -> str:
    """Among the consumers of a topic, where it may be already as a service outside of this repository."""
    if re.search(rf"^consumers: \[.*\b{consumer}\b(?!-).*\]$", text, re.MULTILINE):
        return text
    return after(r"^consumers: \[.*(?=\]$)", f", {consumer}")(text)


def _stack(name: Name, root: Path) -> dict[str, list[Edit]]:
    """With the next port that is free. Raises RefusedName when there is none."""
    services = "deploy/local/src/opsdash_local/services.py"
    taken = {int(offset) for offset in re.findall(r"port_offset=(\d+)", (root / services).read_text(encoding="utf-8"))}
    offset = next((number for number in PORT_OFFSETS if number not in taken), None)
    if offset is None:
        raise RefusedName(
            f"every port of a local stack has its service; make room in {services} and ports.py beside it"
        )
    spec = f'    ServiceSpec("{name.dashed}", port_offset={offset}, lets_in=("gateway",)),\n'
    blocks, secrets = name.applied((FRAGMENTS / "compose.yaml").read_text(encoding="utf-8")).split("\nsecrets:\n")
    return {
        services: [after(r"^BACKENDS = \(\n(?:    .*\n)+", spec)],
        "deploy/compose.yaml": [
            before(r"^  gateway:$", blocks.removeprefix("services:\n") + "\n"),
            before(r"^  workspace_token: \{", secrets),
        ],
    }


def _manifests(name: Name) -> dict[str, list[Edit]]:
    image = (
        f"  - name: opsdash/{name.dashed}\n    newName: registry.example.com/opsdash/{name.dashed}\n"
        f"    digest: sha256:{NO_DIGEST}\n"
    )
    backup = name.applied((FRAGMENTS / "backups.yaml").read_text(encoding="utf-8"))
    series = f'up{{namespace="opsdash", job="{name.dashed}"}}'
    files = {"services": name.dashed, "jobs": f"migrate-{name.dashed}", "network": name.dashed, "postgres": name.dashed}
    return {
        "deploy/k8s/base/kustomization.yaml": [
            among(f"  - {folder}/{file}.yaml\n", rf"  - {folder}/[a-z-]+\.yaml") for folder, file in files.items()
        ],
        "deploy/k8s/overlays/local/kustomization.yaml": [
            before(r"^  - \{ name: opsdash/gateway,", f"  - {{ name: opsdash/{name.dashed}, newTag: dev }}\n")
        ],
        "deploy/k8s/overlays/production/kustomization.yaml": [before(r"^  - name: opsdash/gateway$", image)],
        "deploy/k8s/overlays/production/backups.yaml": [lambda text: text + backup],
        "deploy/observability/rules.yaml": [
            among(f"            or {series} or absent({series}) - 1\n", r" +or up\{.*\} or absent\(up\{.*\}\) - 1")
        ],
    }


def _documents(name: Name) -> dict[str, list[Edit]]:
    """The tables that tests compare with the sources."""
    topic = f"| `{name.topic}` | how much happened to every ticket | ticket id | 168 hours |\n"
    event = f"| `{name.module}.activity_counted` | one event more of a ticket was counted |\n"
    secret = f"| `{name.dashed}-internal` | `token_from_gateway` | {name.dashed} |\n"
    return {
        "docs/reference/events.md": [
            before(r"^\| `opsdash\.sessions\.v1`", topic),
            before(r"^\| `session\.ended`", event),
            after(r"^\| `ce_source` \| (?:`[^`]+`, )*", f"`/services/{name.dashed}`, "),
        ],
        "docs/reference/settings.md": [
            after(r"^\| `OPSDASH_TOKEN_FROM_GATEWAY` \| [a-z, -]+(?= \|)", f", {name.dashed}")
        ],
        "docs/how-to/deploy.md": [before(r"^\| `gateway-internal` ", secret)],
    }
