"""What the test suites share: servers, databases, child processes, tokens and a topic witness."""
