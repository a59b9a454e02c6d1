# In place of apache/kafka: the same release from Maven Central, with its settings taken from KAFKA_ variables as there.
ARG DEBIAN=opsdash-stand-in/debian:trixie
FROM ${DEBIAN}
RUN apt-get update -qq \
    && apt-get install -y -qq --no-install-recommends openjdk-21-jre-headless >/dev/null \
    && rm -rf /var/lib/apt/lists/*
COPY jars /opt/kafka/libs
COPY --chmod=755 kafka.sh /opt/kafka/start.sh
COPY --chmod=755 kafka_tool.sh /opt/kafka/bin/kafka-broker-api-versions.sh
RUN cd /opt/kafka/bin \
    && for name in kafka-consumer-groups kafka-console-consumer kafka-topics; do cp kafka-broker-api-versions.sh "$name.sh"; done \
    && useradd --system --uid 1000 appuser && install -d -o appuser /var/lib/kafka/data /opt/kafka/config /tmp/kraft
USER appuser
CMD ["/opt/kafka/start.sh"]
