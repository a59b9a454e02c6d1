#!/bin/sh
# KAFKA_LOG_DIRS=… becomes log.dirs=…; storage is formatted at the first start.
set -eu
config=/opt/kafka/config/server.properties
env | grep '^KAFKA_' | grep -v '^KAFKA_HEAP_OPTS=' | while IFS='=' read -r name value; do
    printf '%s=%s\n' "$(printf '%s' "${name#KAFKA_}" | tr 'A-Z_' 'a-z.')" "$value"
done >"$config"
data=${KAFKA_LOG_DIRS:-/tmp/kraft}
grep -q '^log.dirs=' "$config" || echo "log.dirs=$data" >>"$config"
run() { java ${KAFKA_HEAP_OPTS:--Xmx512m} -XX:+UseSerialGC -cp '/opt/kafka/libs/*' "$@"; }
[ -e "$data/meta.properties" ] ||
    run kafka.tools.StorageTool format -t "${CLUSTER_ID:-5L6g3nShT-eMCtK--X86sw}" -c "$config" >/dev/null
exec java ${KAFKA_HEAP_OPTS:--Xmx512m} -XX:+UseSerialGC -cp '/opt/kafka/libs/*' kafka.Kafka "$config"
