// Prints what AsyncAPI's own parser finds in the document: errors and warnings, and its messages.
import { readFileSync } from "node:fs";
import { Parser } from "@asyncapi/parser";

const { document, diagnostics } = await new Parser().parse(readFileSync(process.argv[2], "utf8"));
const complaints = diagnostics
  .filter(({ severity }) => severity <= 1) // errors are 0, warnings 1
  .map(({ code, message, path }) => `${path.join("/")}: ${code}: ${message}`);
const messages = document?.allMessages().all().map((message) => message.name()) ?? [];
const servers = document?.allServers().all().map((server) => server.id()) ?? [];
console.log(JSON.stringify({ complaints, messages, servers }));
