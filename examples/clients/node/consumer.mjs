// Sample consumer with @platformatic/kafka: takes every ticket event once, and keeps the newest state of each ticket.
//
//     npm install && node consumer.mjs 127.0.0.1:8010
//
// applied.jsonl is inbox and effect in one: a line that is written whole is an event that was applied. What can never be
// applied goes to set-aside.jsonl. One process at a time; in a real consumer both are tables of one database.
import { Consumer, FetchIsolationLevels, MessagesStreamFallbackModes, MessagesStreamModes } from "@platformatic/kafka";
import { Journal } from "./journal.mjs";

const TOPIC = "opsdash.support.tickets.v1";
const TYPES = new Set(["created", "updated", "deleted", "restored", "purged"].map((what) => `support_ticket.${what}`));
const REQUIRED =
  "ce_id ce_type ce_source ce_subject ce_time ce_specversion ce_dataschema content-type ce_orgid ce_sequence".split(" ");

const settings = (servers) => ({
  clientId: "sample-node",
  bootstrapBrokers: servers.split(","),
  groupId: `sample-node.${TOPIC}`, // one of your own
  autocommit: false, // committed when the line is on the disk, not before
  isolationLevel: FetchIsolationLevels.READ_COMMITTED, // records of aborted transactions are not seen
  sessionTimeout: 10_000, // after a crash the broker waits this long before it goes on
  rebalanceTimeout: 10_000, // the embedded broker of the local stack lets the first member wait this long for others
  deserializers: { headerKey: String, headerValue: String }, // keys and values stay bytes
  // Production:
  // tls: { ca: readFileSync("ca.pem") },
  // sasl: { mechanism: "SCRAM-SHA-512", username: process.env.KAFKA_USER, password: process.env.KAFKA_PASSWORD },
});

class Unusable extends Error {} // no retry makes such a message better; the message is a code of docs/reference/events.md

const require = (code, holds) => {
  if (!holds) throw new Unusable(code);
};

/** Headers and data; null for a type that this consumer does not know. */
function eventOf(record) {
  const headers = Object.fromEntries(record.headers);
  require("missing-header", REQUIRED.every((name) => headers[name]));
  if (!TYPES.has(headers.ce_type)) return null;
  require("unknown-version", headers.ce_dataschema === `urn:opsdash:${headers.ce_type}:v1`);
  require("foreign-source", headers.ce_source === "/services/tickets");
  const data = objectOf(record.value);
  require("key-mismatch", String(record.key) === headers.ce_subject && data.ticket_id === headers.ce_subject);
  require("org-mismatch", data.org_id === headers.ce_orgid);
  require("sequence-mismatch", String(data.version) === headers.ce_sequence);
  return { headers, data };
}

function objectOf(value) {
  let data;
  try {
    data = JSON.parse(value);
  } catch {
    throw new Unusable("bad-json");
  }
  require("bad-json", data !== null && typeof data === "object" && !Array.isArray(data));
  return data;
}

/** What this consumer knows: ids of applied events, and the newest version of each ticket. */
class Tickets {
  #applied = new Journal("applied.jsonl");
  #aside = new Journal("set-aside.jsonl");
  #ids = new Set(this.#applied.lines.map(({ id }) => id));
  #versions = new Map(this.#applied.lines.filter(({ newest }) => newest).map((line) => [line.ticket, line.version]));

  /** A word or two about what became of the record. */
  take(record) {
    try {
      const event = eventOf(record);
      return event ? this.#apply(event) : "not for us";
    } catch (error) {
      if (!(error instanceof Unusable)) throw error;
      this.#setAside(record, error.message);
      return "set aside";
    }
  }

  #apply({ headers, data }) {
    if (this.#ids.has(headers.ce_id)) return "seen before";
    const { ticket_id: ticket, version, status } = data;
    const newest = version > (this.#versions.get(ticket) ?? 0); // a replay may come after newer events
    this.#applied.append({ id: headers.ce_id, type: headers.ce_type, ticket, version, status, newest });
    this.#ids.add(headers.ce_id);
    if (newest) this.#versions.set(ticket, version);
    return "applied";
  }

  #setAside({ topic, partition, offset, headers, key, value }, code) {
    const bytes = (one) => Buffer.from(one ?? "").toString("base64");
    const named = [...headers].map(([name, text]) => [name, bytes(text)]);
    this.#aside.append({
      place: `${topic}/${partition}/${offset}`, code, headers: named, key: bytes(key), value: bytes(value),
    });
  }
}

const tickets = new Tickets();
const consumer = new Consumer(settings(process.argv[2]));
const stream = await consumer.consume({
  topics: [TOPIC],
  mode: MessagesStreamModes.COMMITTED,
  fallbackMode: MessagesStreamFallbackModes.EARLIEST, // a lost offset reads again instead of skipping
});
process.once("SIGTERM", () => stream.close());
for await (const record of stream) {
  console.log(tickets.take(record), record.partition, String(record.offset));
  await record.commit();
}
await consumer.close();
