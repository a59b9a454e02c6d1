"""Register the fixtures every test suite may use."""

pytest_plugins = ["tests.support.brokers", "tests.support.fixtures"]
