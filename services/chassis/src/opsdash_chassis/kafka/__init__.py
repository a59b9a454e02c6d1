"""Kafka clients: connection options, producers, topic creation, broadcast consumers, undecodable headers."""
