"""Settings: what is refused, how it is named, and that no value is ever repeated."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

import pytest
from opsdash_chassis.setting_types import RotatingSecret, Secret, ShownSecret
from opsdash_chassis.settings import ConfigurationError, DatabaseSettings, load_settings, retired_settings
from pydantic import TypeAdapter, ValidationError

CANARY = "canary"


class ExampleSettings(DatabaseSettings):
    """Of a service with secrets."""

    example_token: Secret
    other_token: RotatingSecret


GOOD = {
    "OPSDASH_KAFKA_BOOTSTRAP_SERVERS": "kafka:9092",
    "OPSDASH_KAFKA_SECURITY_PROTOCOL": "SSL",
    "OPSDASH_DATABASE_URL": "postgresql://app@db/tickets?sslmode=verify-full",
    "OPSDASH_DATABASE_WORKER_URL": "postgres://worker@db/tickets?sslmode=require",
    "OPSDASH_OIDC_ISSUER": "https://issuer.invalid",
    "OPSDASH_OIDC_AUDIENCE": "support",
    "OPSDASH_OIDC_JWKS_URL": "https://issuer.invalid/jwks",
    "OPSDASH_EXAMPLE_TOKEN": "b1946ac92492d2347c6235b4d2611184",
    "OPSDASH_OTHER_TOKEN": "Jq8sT2yUo5iEw7rAa1dFg4hKl9zXc6vB",
    "UNRELATED": "ignored",
}
LOCAL = {"OPSDASH_PROFILE": "local"}
PLAINTEXT = {
    "OPSDASH_KAFKA_SECURITY_PROTOCOL": "PLAINTEXT",
    "OPSDASH_DATABASE_URL": "postgresql://app@db/tickets",
    "OPSDASH_DATABASE_WORKER_URL": "postgresql://worker@db/tickets?sslmode=prefer",
}
GUESSABLE = [
    "a" * 40, "abc" * 12, "abcdefghijklmnopqrstuvwxyz0123456789", "0123456789abcdef0123456789abcdef",
    "swordfishswordfish1234567890123456", "opsdash-internal-token-2026-production",
    "Internal-Token-For-Production-2026!!", "correcthorsebatterystaple-correcthorse", "qwertyuiop" * 4,
    "the quick brown fox jumps over the lazy dog",
]  # fmt: skip
BAD = [
    *[(name, None) for name in GOOD if name.startswith("OPSDASH_")],
    *PLAINTEXT.items(),
    *[("OPSDASH_EXAMPLE_TOKEN", secret) for secret in GUESSABLE],
    ("OPSDASH_PLAINTEXT_NETWORK", CANARY),
    ("OPSDASH_PROFILE", "Local"),
    ("OPSDASH_PROFILE", "PRODUCTION"),
    ("opsdash_profile", "local"),
    *[(name, "") for name in GOOD if name.startswith("OPSDASH_")],
    ("OPSDASH_DATABASE_URL", f"mysql://{CANARY}"),
    ("OPSDASH_DATABASE_WORKER_URL", CANARY),
    ("OPSDASH_EXAMPLE_TOKEN", f"{CANARY}-1234567890123456789012345"[:31]),
    ("OPSDASH_EXAMPLE_TOKEN", f" {CANARY}6ac92492d2347c6235b4d2611184"),
    ("OPSDASH_EXAMPLE_TOKEN", f"{CANARY}6ac92492d2347c6235b4d2611184\n"),
    ("OPSDASH_EXAMPLE_TOKEN", f"change-me-{CANARY}-and-much-longer-than-needed"),
    ("OPSDASH_OIDC_ALGORITHMS", "none"),
    ("OPSDASH_OIDC_ALGORITHMS", f"RS256,{CANARY}"),
    ("OPSDASH_OIDC_ALGORITHMS", "RS256,HS256"),
    ("OPSDASH_OIDC_ALGORITHMS", "RS256,RS256"),
    ("OPSDASH_OIDC_JWKS_URL", f"http://{CANARY}"),
    ("OPSDASH_LOG_LEVEL", "DEBUG"),
    ("OPSDASH_LOG_LEVEL", CANARY),
    ("OPSDASH_PROFILE", CANARY),
    ("OPSDASH_HTTP_PORT", "0"),
    ("OPSDASH_HTTP_PORT", "65536"),
    ("OPSDASH_KAFKA_PARTITIONS", "0"),
    ("OPSDASH_KAFKA_IDEMPOTENT_PRODUCER", "false"),
    ("OPSDASH_KAFKA_SECURITY_PROTOCOL", "SASL_PLAINTEXT"),
    ("OPSDASH_RELAY_POLL_SECONDS", "0"),
    ("OPSDASH_RELAY_POLL_SECONDS", "-1"),
    ("OPSDASH_RELAY_POLL_SECONDS", "nan"),
    ("OPSDASH_KAFKA_SESSION_TIMEOUT_SECONDS", "0.9"),
    ("OPSDASH_KAFKA_SESSION_TIMEOUT_SECONDS", "5.9"),
    ("OPSDASH_KAFKA_SESSION_TIMEOUT_SECONDS", "301"),
    ("OPSDASH_DATABASE_POOL_SIZE", "0"),
    ("OPSDASH_INBOX_RETENTION_HOURS", "0"),
    ("OPSDASH_CRASH_AT", "before_publish"),
    ("OPSDASH_INTERNAL_TOKN", CANARY),
]


def problems(environ: dict[str, str]) -> list[str]:
    with pytest.raises(ConfigurationError) as refusal:
        load_settings(ExampleSettings, environ)
    return str(refusal.value).splitlines()


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch):
    """The process environment is what the settings library reads."""

    def use(environ: dict[str, str | None]) -> dict[str, str]:
        present = {name: value for name, value in environ.items() if value is not None}
        for name, value in present.items():
            monkeypatch.setenv(name, value)
        return present

    return use


class TestSettings:
    def test_good_ones_are_read(self, environment):
        settings = load_settings(ExampleSettings, environment(GOOD))
        assert settings.algorithms == ("RS256", "ES256", "EdDSA")
        assert "b1946" not in repr(settings)
        assert "db/tickets" not in repr(settings)

    @pytest.mark.parametrize(("name", "value"), BAD)
    def test_a_bad_one_is_named_alone_and_its_value_is_not_shown(self, environment, name: str, value: str | None):
        (line,) = problems(environment({**GOOD, name: value}))
        assert line.startswith((f"{name}: ", f"{name} "))
        assert CANARY not in line

    @pytest.mark.parametrize("reason", ["OPSDASH_PLAINTEXT_NETWORK", "OPSDASH_PROFILE"])
    def test_plain_text_needs_a_word_of_the_operator(self, environment, reason: str):
        word = {"OPSDASH_PLAINTEXT_NETWORK": "accepted", "OPSDASH_PROFILE": "local"}[reason]
        settings = load_settings(ExampleSettings, environment(GOOD | PLAINTEXT | {reason: word}))
        assert settings.kafka_security_protocol == "PLAINTEXT"

    def test_the_refusal_of_plain_text_says_what_to_do(self, environment):
        (line,) = problems(environment({**GOOD, "OPSDASH_DATABASE_URL": "postgresql://app@db/tickets"}))
        assert line == (
            "OPSDASH_DATABASE_URL must use sslmode=verify-full in the production profile; where the network between the"
            " services is encrypted or trusted, OPSDASH_PLAINTEXT_NETWORK=accepted says so"
        )

    def test_who_shows_a_secret_shows_one(self):
        with pytest.raises(ValidationError, match="names more than one secret"):
            TypeAdapter(ShownSecret).validate_python(f"{GOOD['OPSDASH_EXAMPLE_TOKEN']},{GOOD['OPSDASH_OTHER_TOKEN']}")

    def test_one_secret_opens_one_door(self, environment):
        both = f"Wk3vQ9ZtR1xLd8Ns5Yb2Hc7Mf0Gj4Pa6,{GOOD['OPSDASH_EXAMPLE_TOKEN']}"
        (line,) = problems(environment({**GOOD, "OPSDASH_OTHER_TOKEN": both}))
        assert line == "OPSDASH_OTHER_TOKEN must differ from the other secrets"

    def test_all_of_it_is_named_at_once(self, environment):
        lines = problems(environment(GOOD | PLAINTEXT))
        assert [line.split()[0] for line in lines] == list(PLAINTEXT)

    def test_a_database_on_a_unix_socket_needs_no_tls(self, environment):
        socket = "postgresql://app@/tickets?host=/var/run/postgresql"
        assert load_settings(ExampleSettings, environment({**GOOD, "OPSDASH_DATABASE_URL": socket}))

    def test_the_local_profile_allows_what_production_does_not(self, environment):
        relaxed = {
            "OPSDASH_OIDC_JWKS_URL": "http://127.0.0.1/jwks",
            "OPSDASH_KAFKA_IDEMPOTENT_PRODUCER": "false",
            "OPSDASH_KAFKA_SESSION_TIMEOUT_SECONDS": "2",
            "OPSDASH_LOG_LEVEL": "DEBUG",
            "OPSDASH_CRASH_AT": "before_publish",
        }
        assert load_settings(ExampleSettings, environment(GOOD | LOCAL | relaxed)).crash_at == "before_publish"

    def test_a_secret_may_come_from_a_file_without_its_newline(self, environment, tmp_path: Path):
        file = tmp_path / "token"
        file.write_text(GOOD["OPSDASH_EXAMPLE_TOKEN"] + "\n")
        environ = environment({**GOOD, "OPSDASH_EXAMPLE_TOKEN": None, "OPSDASH_EXAMPLE_TOKEN_FILE": str(file)})
        token = load_settings(ExampleSettings, environ).example_token.get_secret_value()
        assert token == GOOD["OPSDASH_EXAMPLE_TOKEN"]

    def test_a_file_that_cannot_be_read_is_named(self, environment, tmp_path: Path):
        missing = {"OPSDASH_EXAMPLE_TOKEN_FILE": str(tmp_path / CANARY)}
        (line,) = problems(environment({**GOOD, "OPSDASH_EXAMPLE_TOKEN": None, **missing}))
        assert line == "OPSDASH_EXAMPLE_TOKEN_FILE: the file cannot be read (FileNotFoundError)"


def test_one_of_an_earlier_release_stops_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    given = {**GOOD, "OPSDASH_REPLICAS": "6"}
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    assert load_settings(ExampleSettings, given).database_maximum_replicas == 1
    assert "OPSDASH_DATABASE_MAXIMUM_REPLICAS" in retired_settings()["OPSDASH_REPLICAS"]
    assert retired_settings(GOOD) == {}


class AdvisingSettings(ExampleSettings):
    advice: ClassVar[dict[str, str]] = {"example_token": "make one", "elsewhere": "give it to the other program"}


def test_what_to_do_about_a_setting_is_said_where_it_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    environment = {name: value for name, value in GOOD.items() if "_TOKEN" not in name}
    environment |= {"OPSDASH_ELSEWHERE": CANARY, "OPSDASH_UNHEARD_OF": CANARY}
    for name in GOOD:
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(ConfigurationError) as error:
        load_settings(AdvisingSettings, environment)
    assert str(error.value).splitlines() == [
        "OPSDASH_ELSEWHERE: unknown setting; give it to the other program",
        "OPSDASH_UNHEARD_OF: unknown setting",
        "OPSDASH_EXAMPLE_TOKEN: is missing; make one",
        "OPSDASH_OTHER_TOKEN: is missing",
    ]
