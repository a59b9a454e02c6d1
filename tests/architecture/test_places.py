"""Hostile requests reach every route of the gateway: who may call it is known, and so is what stands in its address."""

from __future__ import annotations

import re
from pathlib import Path
from uuid import uuid4

from services.gateway.tests.conftest import make_settings
from tests.support.services import places
from tests.system.conftest import TARGET_PARTS, address_parts


def test_the_parts_of_every_address_are_known(tmp_path: Path):
    found = places(make_settings(tmp_path))
    named = {part for place in found for part in re.findall(r"{(\w+)}", place.path)}
    assert len(found) > 100
    assert named <= {*address_parts("ours", uuid4()), *TARGET_PARTS}
