"""The gateway publishes what the owner services serve: its copies of their documents are theirs, byte for byte.

To bring a copy up to date:
`opsdash-<service> openapi > services/gateway/src/opsdash_gateway/rest/openapi/<service>.json`.
"""

import subprocess
import sys
from importlib.resources import files

import pytest
from opsdash_gateway.rest.openapi import UPSTREAMS


@pytest.mark.parametrize("service", UPSTREAMS)
def test_the_gateways_copy_is_what_the_owner_prints(service: str) -> None:
    printed = subprocess.run(
        [sys.executable, "-m", f"opsdash_{service}", "openapi"], capture_output=True, check=True, timeout=60
    ).stdout
    assert files("opsdash_gateway.rest.openapi").joinpath(f"{service}.json").read_bytes() == printed
