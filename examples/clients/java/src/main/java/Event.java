import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.Header;

/** Reads a CloudEvent in Kafka's binary mode: its attributes are headers, its data is the value. */
final class Event {
    /** A message that no retry makes better; the text is a code of docs/reference/events.md. */
    static final class Unusable extends Exception {
        Unusable(String code) {
            super(code);
        }
    }

    static final ObjectMapper JSON = new ObjectMapper();
    private static final List<String> REQUIRED = List.of(
            "ce_id", "ce_type", "ce_source", "ce_subject", "ce_time", "ce_specversion", "ce_dataschema", "content-type",
            "ce_orgid", "ce_sequence");
    private static final Set<String> TYPES = Set.of(
            "support_ticket.created", "support_ticket.updated", "support_ticket.deleted", "support_ticket.restored",
            "support_ticket.purged");

    private Event() {}

    static Map<String, String> headers(ConsumerRecord<byte[], byte[]> record) throws Unusable {
        Map<String, String> headers = new HashMap<>();
        for (Header header : record.headers()) {
            headers.put(header.key(), text(header.value()));
        }
        for (String name : REQUIRED) {
            require("missing-header", !headers.getOrDefault(name, "").isEmpty());
        }
        return headers;
    }

    static boolean isForUs(Map<String, String> headers) {
        return TYPES.contains(headers.get("ce_type"));
    }

    static ObjectNode data(Map<String, String> headers, ConsumerRecord<byte[], byte[]> record)
            throws Unusable, IOException {
        String dataschema = "urn:opsdash:" + headers.get("ce_type") + ":v1";
        require("unknown-version", headers.get("ce_dataschema").equals(dataschema));
        require("foreign-source", headers.get("ce_source").equals("/services/tickets"));
        ObjectNode data = object(record.value());
        String subject = headers.get("ce_subject");
        require("key-mismatch", text(record.key()).equals(subject) && data.path("ticket_id").asText().equals(subject));
        require("org-mismatch", data.path("org_id").asText().equals(headers.get("ce_orgid")));
        require("sequence-mismatch", data.path("version").asText().equals(headers.get("ce_sequence")));
        return data;
    }

    private static ObjectNode object(byte[] value) throws Unusable, IOException {
        try {
            if (value != null && JSON.readTree(value) instanceof ObjectNode object) {
                return object;
            }
        } catch (JacksonException malformed) {
            throw new Unusable("bad-json");
        }
        throw new Unusable("bad-json");
    }

    private static String text(byte[] bytes) {
        return bytes == null ? "" : new String(bytes, StandardCharsets.UTF_8);
    }

    private static void require(String code, boolean holds) throws Unusable {
        if (!holds) {
            throw new Unusable(code);
        }
    }
}
