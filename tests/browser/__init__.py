"""The console in a browser. A package, so that its stack ends with the last of these tests and not with the run."""
