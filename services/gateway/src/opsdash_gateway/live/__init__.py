"""The live stream: tells the members of an org at once that something changed, never what it says."""
