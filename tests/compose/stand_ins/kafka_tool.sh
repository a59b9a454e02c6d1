#!/bin/sh
# The tools of the release that the stack and its pages call, by the name of this file.
case "${0##*/}" in
    kafka-broker-api-versions.sh) main=org.apache.kafka.tools.BrokerApiVersionsCommand ;;
    kafka-consumer-groups.sh) main=org.apache.kafka.tools.consumer.group.ConsumerGroupCommand ;;
    kafka-console-consumer.sh) main=org.apache.kafka.tools.consumer.ConsoleConsumer ;;
    kafka-topics.sh) main=org.apache.kafka.tools.TopicCommand ;;
    *) echo "${0##*/} is not in the stand-in" >&2; exit 2 ;;
esac
exec java -Xmx128m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -cp '/opt/kafka/libs/*' "$main" "$@"
