"""The whole stack on one machine: embedded PostgreSQL and Kafka, services, demo workspace."""
