import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.CountDownLatch;
import org.apache.kafka.clients.consumer.CommitFailedException;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.errors.RebalanceInProgressException;
import org.apache.kafka.common.errors.WakeupException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/**
 * Sample consumer with kafka-clients: takes every ticket event once, and keeps the newest state of each ticket.
 *
 * <pre>mvn --quiet compile exec:java -Dexec.args=127.0.0.1:8010</pre>
 *
 * applied.jsonl is inbox and effect in one: a line that is written whole is an event that was applied. What can never be
 * applied goes to set-aside.jsonl. One process at a time; in a real consumer both are tables of one database.
 */
public final class Consumer {
    private static final String TOPIC = "opsdash.support.tickets.v1";

    private static Properties settings(String servers) {
        Properties settings = new Properties();
        settings.putAll(Map.of(
                "bootstrap.servers", servers,
                "group.id", "sample-java." + TOPIC, // one of your own
                "auto.offset.reset", "earliest", // a lost offset reads again instead of skipping
                "enable.auto.commit", "false", // committed when the lines are on the disk, not before
                "isolation.level", "read_committed", // records of aborted transactions are not seen
                "allow.auto.create.topics", "false",
                "session.timeout.ms", "10000", // after a crash the broker waits this long before it goes on
                "key.deserializer", ByteArrayDeserializer.class.getName(),
                "value.deserializer", ByteArrayDeserializer.class.getName()));
        // Production:
        // settings.put("security.protocol", "SASL_SSL");
        // settings.put("sasl.mechanism", "SCRAM-SHA-512");
        // settings.put("sasl.jaas.config", "org.apache.kafka.common.security.scram.ScramLoginModule required username=\""
        //         + System.getenv("KAFKA_USER") + "\" password=\"" + System.getenv("KAFKA_PASSWORD") + "\";");
        // settings.put("ssl.truststore.type", "PEM");
        // settings.put("ssl.truststore.location", "ca.pem");
        return settings;
    }

    public static void main(String[] arguments) throws IOException {
        System.setProperty("org.slf4j.simpleLogger.defaultLogLevel", "warn");
        CountDownLatch done = new CountDownLatch(1);
        try (Tickets tickets = new Tickets(); var consumer = new KafkaConsumer<byte[], byte[]>(settings(arguments[0]))) {
            Runtime.getRuntime().addShutdownHook(new Thread(() -> stop(consumer, done)));
            consumer.subscribe(List.of(TOPIC));
            while (true) {
                for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofSeconds(1))) {
                    System.out.println(take(tickets, record) + " " + record.partition() + " " + record.offset());
                }
                tickets.sync();
                commit(consumer);
            }
        } catch (WakeupException stopped) {
            // Nothing is lost: what was not committed comes again, and was seen before.
        } finally {
            done.countDown();
        }
    }

    /** A word or two about what became of the record. */
    private static String take(Tickets tickets, ConsumerRecord<byte[], byte[]> record) throws IOException {
        try {
            Map<String, String> headers = Event.headers(record);
            if (!Event.isForUs(headers)) {
                return "not for us";
            }
            ObjectNode data = Event.data(headers, record);
            return tickets.apply(headers, data) ? "applied" : "seen before";
        } catch (Event.Unusable unusable) {
            tickets.setAside(record, unusable.getMessage());
            return "set aside";
        }
    }

    private static void commit(KafkaConsumer<byte[], byte[]> consumer) {
        try {
            consumer.commitSync();
        } catch (CommitFailedException | RebalanceInProgressException moved) {
            System.err.println(moved.getMessage()); // the same records come again, and were seen before
        }
    }

    private static void stop(KafkaConsumer<byte[], byte[]> consumer, CountDownLatch done) {
        consumer.wakeup();
        try {
            done.await();
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
