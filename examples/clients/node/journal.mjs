// A file of JSON lines; a last line that a crash cut short is removed.
import { existsSync, fsyncSync, ftruncateSync, openSync, readFileSync, writeSync } from "node:fs";

export class Journal {
  #file;

  constructor(path) {
    const text = existsSync(path) ? readFileSync(path) : Buffer.alloc(0);
    const whole = text.subarray(0, text.lastIndexOf("\n") + 1);
    this.#file = openSync(path, "a");
    ftruncateSync(this.#file, whole.length);
    this.lines = whole.toString().split("\n").filter(Boolean).map((line) => JSON.parse(line));
  }

  append(line) {
    writeSync(this.#file, `${JSON.stringify(line)}\n`);
    fsyncSync(this.#file);
  }
}
