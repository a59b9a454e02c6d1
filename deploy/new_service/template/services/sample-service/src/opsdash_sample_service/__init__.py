"""The sample-service service: counts what happens to each ticket."""
