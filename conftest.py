"""Register the fixtures every test suite may use; make every run behave alike, however it was started."""

import gc
import os
import resource
import signal
import sys

import pytest
from hypothesis import settings

pytest_plugins = [
    f"tests.support.{name}" for name in ("service_process", "brokers", "requirements", "fixtures", "scheduling")
]

# Files of a service that is not there; its tests run where it is written (tests/deploy/test_new_service.py).
collect_ignore = ["deploy/new_service/template"]

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # Started in the background by a shell, which has it ignored; the programs under test would inherit that.
    signal.signal(signal.SIGINT, signal.default_int_handler)

# Byte code is kept, whatever the shell says: compiling all modules anew takes each worker five seconds.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

for name in [name for name in os.environ if name.startswith("PG")]:
    del os.environ[name]  # they describe a PostgreSQL of the developer's, and asyncpg would follow them to ours
# A thousand connections at once are more than many shells permit at first.
_, most = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))

#: New objects before garbage is looked for. An application that a test builds makes more than the usual 700 many times.
GARBAGE = 10_000

# How long an example takes says more about the machine than about the code.
settings.register_profile("unhurried", settings(), deadline=None)
settings.load_profile("unhurried")


def pytest_collection_finish() -> None:
    """What is collected stays to the end of the run: the garbage collector need not look at it again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(GARBAGE)


@pytest.hookimpl(tryfirst=True)
def pytest_unconfigure() -> None:
    """What is left ends with the process; looking through it five times more took every worker some seconds."""
    gc.disable()
    gc.freeze()
