"""The comments service: owns comments, their revisions, and replicas of members and of which tickets exist."""
