"""The transactional outbox: its relay, publishing in key order, and replay from the history."""
