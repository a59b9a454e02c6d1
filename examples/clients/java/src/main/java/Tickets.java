import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.Header;

/** What this consumer knows: ids of applied events, and the newest version of each ticket. */
final class Tickets implements AutoCloseable {
    private final Journal applied = new Journal("applied.jsonl");
    private final Journal aside = new Journal("set-aside.jsonl");
    private final Set<String> ids = new HashSet<>();
    private final Map<String, Long> versions = new HashMap<>();

    Tickets() throws IOException {
        for (String line : applied.lines()) {
            remember((ObjectNode) Event.JSON.readTree(line));
        }
    }

    /** Whether it was new. */
    boolean apply(Map<String, String> headers, ObjectNode data) throws IOException {
        if (ids.contains(headers.get("ce_id"))) {
            return false;
        }
        String ticket = data.get("ticket_id").asText();
        long version = data.get("version").asLong();
        ObjectNode line = Event.JSON.createObjectNode()
                .put("id", headers.get("ce_id"))
                .put("type", headers.get("ce_type"))
                .put("ticket", ticket)
                .put("version", version)
                .put("status", data.path("status").asText())
                .put("newest", version > versions.getOrDefault(ticket, 0L)); // a replay may come after newer events
        applied.append(line.toString());
        remember(line);
        return true;
    }

    private void remember(ObjectNode line) {
        ids.add(line.get("id").asText());
        if (line.get("newest").asBoolean()) {
            versions.put(line.get("ticket").asText(), line.get("version").asLong());
        }
    }

    /** Keeps all of a record, byte for byte; JSON has bytes as base64. */
    void setAside(ConsumerRecord<byte[], byte[]> record, String code) throws IOException {
        ObjectNode line = Event.JSON.createObjectNode()
                .put("place", record.topic() + "/" + record.partition() + "/" + record.offset())
                .put("code", code)
                .put("key", record.key())
                .put("value", record.value());
        ArrayNode headers = line.putArray("headers");
        for (Header header : record.headers()) {
            headers.addArray().add(header.key()).add(header.value());
        }
        aside.append(line.toString());
    }

    void sync() throws IOException {
        applied.sync();
        aside.sync();
    }

    @Override
    public void close() throws IOException {
        applied.close();
        aside.close();
    }
}
