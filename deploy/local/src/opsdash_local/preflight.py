"""What must be true before anything is started: room on the disk, free ports."""

from __future__ import annotations

import shutil
from pathlib import Path

from opsdash_local.errors import LocalStackError, NoSpaceError
from opsdash_local.ports import require_free
from opsdash_local.services import SERVICES
from opsdash_local.settings import APACHE, StackSettings

NEEDED_BYTES = 500_000_000
NOTHING_LEFT_BYTES = 4_000_000
MEGABYTE = 1_000_000


def check(settings: StackSettings) -> None:
    """Raises NoSpaceError or PortInUseError."""
    check_space(settings.data)
    for service in SERVICES:
        require_free(settings.ports.of_service(service.port_offset), f"the {service.name}")
    require_free(settings.ports.operations, "the gateway's health and metrics")
    require_free(settings.ports.mail, "the mail sink")
    if settings.kafka_servers is None:
        require_free(settings.ports.kafka, "the Kafka broker")
    if settings.kafka == APACHE:
        require_free(settings.ports.kafka_controller, "the Kafka controller")


def check_space(folder: Path) -> None:
    free = shutil.disk_usage(folder).free
    if free < NEEDED_BYTES:
        raise NoSpaceError(
            f"only {free // MEGABYTE} MB are free on the disk that holds {folder}, and"
            f" {NEEDED_BYTES // MEGABYTE} MB are needed; free some and start again"
        )


def with_full_disk(error: LocalStackError, folder: Path) -> LocalStackError:
    """The error, behind the true reason where the disk is full: what failed could not even write its last words."""
    if isinstance(error, NoSpaceError) or shutil.disk_usage(folder).free >= NOTHING_LEFT_BYTES:
        return error
    return NoSpaceError(
        f"no space left on the disk that holds {folder}; free some and start again. Because of it {error}"
    )


def keep_previous_logs(folder: Path) -> None:
    """Every run has logs of its own; those of the run before stay beside them."""
    folder.mkdir(parents=True, exist_ok=True)
    for log in folder.glob("*.log"):
        log.replace(log.with_suffix(".log.previous"))
