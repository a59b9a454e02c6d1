"""`python3 deploy/bootstrap [test|lint]`: what running needs, and on request what testing and linting need.

The first lines run on interpreters that are too old for the rest.
"""

import platform
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from deploy.bootstrap.refusals import refusal

reason = refusal(sys.version_info[:2], sys.platform, platform.libc_ver()[0])
if reason:
    sys.exit(f"opsdash: {reason}")

from deploy.bootstrap.environment import main  # noqa: E402 - after the refusals, for it needs a newer Python

sys.exit(main(sys.argv[1:]))
