"""Kafka consumers: subscribers, retries, dead letters, offset commits and the inbox."""
