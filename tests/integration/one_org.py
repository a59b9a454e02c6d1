"""What state machines about tickets share: one person in one fresh org, and a look at the database."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import uuid4

import asyncpg
import requests
from hypothesis.stateful import RuleBasedStateMachine, initialize
from opsdash_contracts.workspace import Plate

from tests.integration.api_fixture import Api
from tests.support.workspace import OrgFixture


class OneOrg(RuleBasedStateMachine):
    """The person is its owner and calls the service that the tests share."""

    def __init__(self, api: Api) -> None:
        super().__init__()
        self.api = api
        self.loop = asyncio.new_event_loop()
        self.http = requests.Session()

    @initialize()
    def open_a_fresh_org(self) -> None:
        self.org = OrgFixture(f"m{uuid4().hex[:12]}", Plate.SALES)
        self.loop.run_until_complete(self.api.new_org(self.org))
        self.http.headers.update(self.api.stack.issuer.authorization(self.org.owner))
        self.database = self.loop.run_until_complete(asyncpg.connect(self.api.stack.database.worker_url))

    def call(self, method: str, path: str = "", json: Any = None, *, below: str = "/tickets") -> requests.Response:
        url = f"{self.api.service.url}/orgs/{self.org.slug}{below}{path}"
        return self.http.request(method, url, json=json, timeout=15)

    def sql(self, statement: str, *values: Any) -> Any:
        return self.loop.run_until_complete(self.database.fetch(statement, *values))

    def some(self, pool: dict[str, Any], index: int) -> str | None:
        return sorted(pool)[index % len(pool)] if pool else None

    def teardown(self) -> None:
        self.http.close()
        if hasattr(self, "database"):
            self.loop.run_until_complete(self.database.close())
        self.loop.close()
