"""Apache Kafka on this machine: the jars of Maven Central, run as plain Java processes."""
