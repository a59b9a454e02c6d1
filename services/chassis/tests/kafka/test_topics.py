"""The topic job reaches clusters that ask for TLS and a password, and creates what the catalogue lists."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from opsdash_chassis.kafka import topics
from opsdash_contracts.topics import catalogue

PASSWORD = "kafka-password-of-the-topic-job"


class _Admin:
    """Stands for the cluster's side of the client: records how it was asked."""

    asked: dict[str, Any]
    created: list[str]

    def __init__(self, **options: Any) -> None:
        _Admin.asked = options

    async def start(self) -> None:
        """Connected."""

    async def close(self) -> None:
        """Closed."""

    async def create_topics(self, wanted: list[Any]) -> SimpleNamespace:
        _Admin.created = [topic.name for topic in wanted]
        return SimpleNamespace(topic_errors=[(topic.name, 0, None) for topic in wanted])


def test_credentials_and_certificates_of_the_settings_are_used(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Any, capsys: pytest.CaptureFixture[str]
):
    (tmp_path / "password").write_text(f"{PASSWORD}\n")
    for name, value in {
        "BOOTSTRAP_SERVERS": "kafka-1.example:9093, kafka-2.example:9093",
        "SECURITY_PROTOCOL": "SASL_SSL",
        "SASL_USERNAME": "opsdash-topics",
        "SASL_PASSWORD_FILE": str(tmp_path / "password"),
    }.items():
        monkeypatch.setenv(f"OPSDASH_KAFKA_{name}", value)
    monkeypatch.setattr(topics, "AIOKafkaAdminClient", _Admin)
    monkeypatch.setattr("sys.argv", ["opsdash-topics", "--replication", "3"])
    topics.main()
    asked = _Admin.asked
    assert asked["bootstrap_servers"] == ["kafka-1.example:9093", "kafka-2.example:9093"]
    assert (asked["security_protocol"], asked["sasl_mechanism"]) == ("SASL_SSL", "SCRAM-SHA-512")
    assert (asked["sasl_plain_username"], asked["sasl_plain_password"]) == ("opsdash-topics", PASSWORD)
    assert asked["ssl_context"].check_hostname
    assert set(catalogue()) < set(_Admin.created)
    assert "topics created" in capsys.readouterr().out
