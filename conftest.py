"""Register the fixtures every test suite may use."""

pytest_plugins = ["tests.support.fixtures"]
