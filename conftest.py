"""Register the fixtures every test suite may use; make every run behave alike, however it was started."""

import gc
import signal

import pytest

pytest_plugins = [f"tests.support.{name}" for name in ("brokers", "browserless", "fixtures", "spreading")]

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # Started in the background by a shell, which has it ignored; the programs under test would inherit that.
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_finish() -> None:
    """What is collected stays to the end of the run: the garbage collector need not look at it again and again."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(tryfirst=True)
def pytest_unconfigure() -> None:
    """What is left ends with the process; looking through it five times more took every worker some seconds."""
    gc.disable()
    gc.freeze()
