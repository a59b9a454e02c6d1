"""The helpers other suites rely on do what they say."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from uuid import uuid4

import asyncpg
import jwt
import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from opsdash_chassis.database.provision import provision
from opsdash_local import processes
from opsdash_local.environment import inherited
from opsdash_local.kafka import EmbeddedKafka
from opsdash_local.postgres import EmbeddedPostgres

from tests.support import service_process
from tests.support.brokers import Witness
from tests.support.databases import PASSWORDS, clone, database_of, drop
from tests.support.http_servers import AUDIENCE, TestIssuer
from tests.support.live_stream import lone_gateway_environment
from tests.support.local_stack import gone
from tests.support.stack import NOBODY


class TestWitness:
    async def test_every_record_is_kept_with_its_place_headers_and_exact_bytes(
        self, kafka_server: EmbeddedKafka
    ) -> None:
        topic = f"witness.{uuid4().hex}"
        admin = AIOKafkaAdminClient(bootstrap_servers=kafka_server.bootstrap_servers)
        await admin.start()
        await admin.create_topics([NewTopic(topic, 3, 1)])
        await admin.close()
        producer = AIOKafkaProducer(bootstrap_servers=kafka_server.bootstrap_servers, acks="all")
        await producer.start()
        for number in range(20):
            await producer.send_and_wait(topic, b"%d" % number, key=b"k%d" % number, headers=[("ce_id", b"x")])
        await producer.stop()
        async with Witness(kafka_server.bootstrap_servers, topic) as witness:
            records = await witness.wait_for(20, topic=topic)
            assert await witness.settle(quiet_seconds=0.3) == records
        assert {record.value for record in records} == {b"%d" % number for number in range(20)}
        assert len({(record.partition, record.offset) for record in records}) == 20
        assert all(record.header("ce_id") == "x" for record in records)

    async def test_a_missing_topic_is_refused_instead_of_created(self, kafka_server: EmbeddedKafka) -> None:
        with pytest.raises(AssertionError, match="create these topics first"):
            await Witness(kafka_server.bootstrap_servers, "no.such.topic").start()


class TestDatabases:
    async def test_a_clone_has_the_rows_of_the_template_and_lets_the_app_role_in(
        self, postgres_server: EmbeddedPostgres
    ) -> None:
        service = f"sample{uuid4().hex[:8]}"
        await provision(postgres_server.admin_url, service, PASSWORDS)
        template = database_of(service, postgres_server.admin_url, service)
        owner = await asyncpg.connect(template.owner_url)
        await owner.execute(f"CREATE TABLE note AS SELECT 7 AS n; GRANT SELECT ON note TO {service}_app")
        await owner.close()
        copy = await clone(service, template)
        app = await asyncpg.connect(copy.app_url)
        assert await app.fetchval("SELECT n FROM note") == 7
        await app.close()
        await drop(copy)
        with pytest.raises(asyncpg.InvalidCatalogNameError):
            await asyncpg.connect(copy.app_url)


class TestTestIssuer:
    def test_its_tokens_verify_with_its_key_set(self, issuer: TestIssuer) -> None:
        user_id = uuid4()
        token = issuer.token(user_id)
        key = jwt.PyJWKClient(issuer.jwks_url).get_signing_key_from_jwt(token)
        claims = jwt.decode(token, key, algorithms=["RS256"], audience=AUDIENCE, issuer=issuer.issuer)
        assert claims["sub"] == str(user_id)

    def test_a_claim_set_to_none_is_left_out(self, issuer: TestIssuer) -> None:
        claims = jwt.decode(issuer.token(uuid4(), exp=None), options={"verify_signature": False})
        assert "exp" not in claims


KILLED_WITH_TWO = """
import json, os, signal, sys
from pathlib import Path
from tests.support.service_process import fork
log = Path(sys.argv[1])
started = [fork("opsdash_gateway", "serve", env=env, stdout=log, stderr=log) for env in json.loads(sys.argv[2])]
print(*[process.pid for process in started], flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


class TestForking:
    @pytest.mark.parametrize("arguments", [["migrate"], ["openapi"], ["no-such-command"], []])
    def test_a_forked_process_prints_and_returns_what_a_started_one_does(self, arguments: list[str]) -> None:
        env = inherited() | {"OPSDASH_DATABASE_OWNER_URL": "", "OPSDASH_DATABASE_OWNER_URL_FILE": "/nowhere"}
        command = [sys.executable, "-m", "opsdash_comments", *arguments]
        started = subprocess.run(command, env=env, capture_output=True, text=True, check=False, timeout=60)
        forked = service_process.run("opsdash_comments", *arguments, env=env)
        assert (forked.returncode, forked.stdout, forked.stderr) == (
            started.returncode, started.stdout, started.stderr,
        )  # fmt: skip

    def test_forked_processes_die_with_the_one_that_asked_for_them(
        self, kafka_server: EmbeddedKafka, issuer: TestIssuer, tmp_path: Path
    ) -> None:
        environments = [inherited() | lone_gateway_environment(kafka_server, issuer, NOBODY) for _ in range(2)]
        done = subprocess.run(
            [sys.executable, "-c", KILLED_WITH_TWO, str(tmp_path / "log"), json.dumps(environments)],
            stdout=subprocess.PIPE, text=True, check=False, timeout=60,
        )  # fmt: skip
        pids = [int(pid) for pid in done.stdout.split()]
        assert len(pids) == 2
        assert processes.wait_until(lambda: all(map(gone, pids)), timeout=10)
