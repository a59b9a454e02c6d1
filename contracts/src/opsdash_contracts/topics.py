"""The topic catalogue as data: who owns, sends and reads which topic, how it is keyed and kept."""

from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, model_validator

WORKSPACE: Final = "opsdash.workspace.v1"
TICKETS: Final = "opsdash.support.tickets.v1"
COMMENTS: Final = "opsdash.support.comments.v1"
SLA: Final = "opsdash.support.sla.v1"
SESSIONS: Final = "opsdash.sessions.v1"
NOTICES: Final = "opsdash.support.notices.v1"
GATEWAY_REQUESTS: Final = "opsdash.requests.gateway.v1"
TICKETS_REQUESTS: Final = "opsdash.requests.tickets.v1"
COMMENTS_REQUESTS: Final = "opsdash.requests.comments.v1"
NOTIFICATIONS_REQUESTS: Final = "opsdash.requests.notifications.v1"
#: What these say is how busy people are, many times a second; nothing has happened.
REQUEST_COUNTS: Final = frozenset({GATEWAY_REQUESTS, TICKETS_REQUESTS, COMMENTS_REQUESTS, NOTIFICATIONS_REQUESTS})

_MILLISECONDS_PER_HOUR = 3_600_000
_Service = Annotated[str, Field(pattern=r"^[a-z][a-z-]{1,40}$")]


class Topic(BaseModel):
    """One topic. `retention_hours` is None exactly when it is compacted: last values stay for ever.

    Kafka deletes whole segments only; `segment_hours` makes them shorter than its seven days, for who reads all of it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    name: Annotated[str, Field(pattern=r"^opsdash(\.[a-z]+)+\.v[1-9][0-9]*$")]
    description: str
    owner: _Service
    producers: Annotated[list[_Service], Field(min_length=1)]
    consumers: list[_Service]
    key: str
    partitions: Annotated[int, Field(ge=1, le=1000)] = 12
    local_partitions: Annotated[int, Field(ge=1, le=100)] = 3
    cleanup_policy: Literal["delete", "compact"]
    retention_hours: Annotated[int, Field(ge=1)] | None = None
    segment_hours: Annotated[int, Field(ge=1)] | None = None
    dead_letters: bool
    events: dict[str, list[int]]

    @model_validator(mode="after")
    def _kept_one_way(self) -> Self:
        if (self.cleanup_policy == "compact") != (self.retention_hours is None):
            raise ValueError("a topic is compacted or has retention_hours, not both")
        if self.owner not in self.producers:
            raise ValueError("the owner of a topic produces to it")
        return self

    @property
    def is_internal(self) -> bool:
        """What the replicas of one service tell each other: each reads all of it, without a group."""
        return self.consumers == [self.owner]

    @property
    def retention_ms(self) -> int:
        """Kafka's spelling; -1 is no time limit."""
        return -1 if self.retention_hours is None else self.retention_hours * _MILLISECONDS_PER_HOUR

    @property
    def kafka_config(self) -> dict[str, str]:
        """Settings the topic is created with."""
        segment = {} if self.segment_hours is None else {"segment.ms": str(self.segment_hours * _MILLISECONDS_PER_HOUR)}
        return {"cleanup.policy": self.cleanup_policy, "retention.ms": str(self.retention_ms)} | segment


def catalogue() -> dict[str, Topic]:
    """Every topic by name."""
    return {topic.name: topic for topic in _topics()}


@cache
def _topics() -> tuple[Topic, ...]:
    entries = sorted(_folder().iterdir(), key=lambda entry: entry.name)
    return tuple(_read(entry) for entry in entries if entry.name.endswith(".yaml"))


def _folder() -> Traversable:
    """Inside the wheel, or beside the sources when they are installed editable."""
    packaged = files("opsdash_contracts").joinpath("_topics")
    return packaged if packaged.is_dir() else Path(__file__).parents[2] / "topics"


def _read(entry: Traversable) -> Topic:
    document: Any = yaml.safe_load(entry.read_text(encoding="utf-8"))
    topic = Topic.model_validate(document)
    if entry.name != f"{topic.name}.yaml":
        raise ValueError(f"{entry.name} describes {topic.name}")
    return topic


def relayed_topics(service: str) -> list[str]:
    """What a service publishes from its outbox; what its replicas tell each other needs none."""
    return [name for name, topic in catalogue().items() if service in topic.producers and not topic.is_internal]


def dead_letter_topic(group_service: str, topic: str) -> str:
    """Each consuming service keeps what it could not handle of a topic in a topic of its own."""
    return f"{group_service}.{topic}.dead-letters"
