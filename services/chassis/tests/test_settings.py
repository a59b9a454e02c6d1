"""Settings: what is refused, how it is named, and that no value is ever repeated."""

from __future__ import annotations

from pathlib import Path

import pytest
from opsdash_chassis.settings import ConfigurationError, DatabaseSettings, load_settings

CANARY = "canary"
GOOD = {
    "OPSDASH_KAFKA_BOOTSTRAP_SERVERS": "kafka:9092",
    "OPSDASH_DATABASE_URL": "postgresql://app@db/tickets",
    "OPSDASH_DATABASE_WORKER_URL": "postgres://worker@db/tickets",
    "OPSDASH_OIDC_ISSUER": "https://issuer.invalid",
    "OPSDASH_OIDC_AUDIENCE": "support",
    "OPSDASH_OIDC_JWKS_URL": "https://issuer.invalid/jwks",
    "OPSDASH_INTERNAL_TOKEN": "b1946ac92492d2347c6235b4d2611184",
    "UNRELATED": "ignored",
}
LOCAL = {"OPSDASH_PROFILE": "local"}
BAD = [
    *[(name, None) for name in GOOD if name.startswith("OPSDASH_")],
    *[(name, "") for name in GOOD if name.startswith("OPSDASH_")],
    ("OPSDASH_DATABASE_URL", f"mysql://{CANARY}"),
    ("OPSDASH_DATABASE_WORKER_URL", CANARY),
    ("OPSDASH_INTERNAL_TOKEN", f"{CANARY}-1234567890123456789012345"[:31]),
    ("OPSDASH_INTERNAL_TOKEN", f" {CANARY}6ac92492d2347c6235b4d2611184"),
    ("OPSDASH_INTERNAL_TOKEN", f"{CANARY}6ac92492d2347c6235b4d2611184\n"),
    ("OPSDASH_INTERNAL_TOKEN", f"change-me-{CANARY}-and-much-longer-than-needed"),
    ("OPSDASH_INTERNAL_TOKEN", "a" * 40),
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
    ("OPSDASH_DATABASE_POOL_SIZE", "0"),
    ("OPSDASH_INBOX_RETENTION_HOURS", "0"),
    ("OPSDASH_CRASH_AT", "before_publish"),
    ("OPSDASH_INTERNAL_TOKN", CANARY),
]


def problems(environ: dict[str, str]) -> list[str]:
    with pytest.raises(ConfigurationError) as refusal:
        load_settings(DatabaseSettings, environ)
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
        settings = load_settings(DatabaseSettings, environment(GOOD))
        assert settings.algorithms == ("RS256", "ES256", "EdDSA")
        assert "b1946" not in repr(settings)
        assert "db/tickets" not in repr(settings)

    @pytest.mark.parametrize(("name", "value"), BAD)
    def test_a_bad_one_is_named_alone_and_its_value_is_not_shown(self, environment, name: str, value: str | None):
        (line,) = problems(environment({**GOOD, name: value}))
        assert line.startswith((f"{name}: ", f"{name} "))
        assert CANARY not in line

    def test_the_local_profile_allows_what_production_does_not(self, environment):
        relaxed = {
            "OPSDASH_OIDC_JWKS_URL": "http://127.0.0.1/jwks",
            "OPSDASH_KAFKA_IDEMPOTENT_PRODUCER": "false",
            "OPSDASH_LOG_LEVEL": "DEBUG",
            "OPSDASH_CRASH_AT": "before_publish",
        }
        assert load_settings(DatabaseSettings, environment(GOOD | LOCAL | relaxed)).crash_at == "before_publish"

    def test_a_secret_may_come_from_a_file_without_its_newline(self, environment, tmp_path: Path):
        file = tmp_path / "token"
        file.write_text(GOOD["OPSDASH_INTERNAL_TOKEN"] + "\n")
        environ = environment({**GOOD, "OPSDASH_INTERNAL_TOKEN": None, "OPSDASH_INTERNAL_TOKEN_FILE": str(file)})
        token = load_settings(DatabaseSettings, environ).internal_token.get_secret_value()
        assert token == GOOD["OPSDASH_INTERNAL_TOKEN"]

    def test_a_file_that_cannot_be_read_is_named(self, environment, tmp_path: Path):
        missing = {"OPSDASH_INTERNAL_TOKEN_FILE": str(tmp_path / CANARY)}
        (line,) = problems(environment({**GOOD, "OPSDASH_INTERNAL_TOKEN": None, **missing}))
        assert line == "OPSDASH_INTERNAL_TOKEN_FILE: the file cannot be read (FileNotFoundError)"
