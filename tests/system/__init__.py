"""The product behind its gateway. A package, so that its stack ends with the last of these tests."""
