// A walk through the API with openapi-typescript (types) and openapi-fetch (requests).
import createClient from "openapi-fetch";
import type { components, paths } from "./opsdash";

const { OPSDASH_URL = "", OPSDASH_TOKEN = "", OPSDASH_ORG = "", OPSDASH_TICKET = "" } = process.env;
const client = createClient<paths>({ baseUrl: OPSDASH_URL, headers: { Authorization: `Bearer ${OPSDASH_TOKEN}` } });
const path = { slug: OPSDASH_ORG };

/** The answer, or an end with the problem that came instead. */
function done<T>({ data, error }: { data?: T; error?: components["schemas"]["Problem"] }): T {
  if (data === undefined) throw new Error(JSON.stringify(error));
  return data;
}

const made = await client.POST("/api/orgs/{slug}/tickets", {
  params: { path, header: { "Idempotency-Key": crypto.randomUUID() } },
  body: { title: "Made by TypeScript", priority: "high" },
});
const ticket = done(made);
const reference = ticket.id;

const listed: number[] = [];
let cursor: string | undefined;
do {
  const query = { limit: 2, sort: "number", cursor };
  const page = done(await client.GET("/api/orgs/{slug}/tickets", { params: { path, query } }));
  listed.push(...page.items.map((row) => row.number));
  cursor = page.next_cursor ?? undefined;
} while (cursor);

const comment = done(
  await client.POST("/api/orgs/{slug}/tickets/{reference}/comments", {
    params: { path: { ...path, reference } },
    body: { body: "Looking into it, **one moment**.", mentions: [] },
  }),
);

const detail = done(
  await client.GET("/api/orgs/{slug}/tickets/{reference}", { params: { path: { ...path, reference } } }),
);
// `status` tells which of the two it is.
const comments = detail.comments.status === "available" ? detail.comments.items.map((one) => one.body) : [];

const ledger = done(
  await client.GET("/api/orgs/{slug}/tickets/{reference}/sla", {
    params: { path: { ...path, reference: OPSDASH_TICKET } },
  }),
);

const bulk = done(
  await client.POST("/api/orgs/{slug}/tickets/bulk", {
    params: { path },
    body: { ids: [ticket.id, crypto.randomUUID()], patch: { category: "technical" } },
  }),
);

const csv = done(await client.GET("/api/orgs/{slug}/tickets.csv", { params: { path }, parseAs: "text" }));

const stream = done(await client.GET("/api/orgs/{slug}/events", { params: { path }, parseAs: "stream" }));
const reader = stream!.pipeThrough(new TextDecoderStream()).getReader();
let text = (await reader.read()).value ?? ""; // it has begun: what changes from now on is told
await client.PATCH("/api/orgs/{slug}/tickets/{reference}", {
  params: { path: { ...path, reference }, header: { "If-Match": "*" } },
  body: { status: "in_progress" },
});
while (!text.includes("event: ticket\n")) text += (await reader.read()).value ?? "";
await reader.cancel();

console.log(
  JSON.stringify({
    number: ticket.number,
    etag: made.response.headers.get("ETag"),
    listed,
    comment: comment.body,
    comments,
    entries: ledger.entries.map((entry) => entry.kind),
    bulk: bulk.items.map((item) => item.status),
    csv: csv.trim().split("\n").length - 1,
    stream: "ticket",
  }),
);
