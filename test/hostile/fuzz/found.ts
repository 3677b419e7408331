// Inputs that found something, as files. `replay.test.ts` sends them all.

import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Input } from "./inputs.ts";

const FOLDER = join(import.meta.dirname, "found");

interface FoundFile {
  readonly why: string;
  readonly port: Input["port"];
  readonly path: string;
  readonly type: string;
  /** Readable if it is text. */
  readonly text?: string;
  readonly base64?: string;
}

export interface Found {
  readonly name: string;
  readonly why: string;
  readonly input: Input;
}

export function readFound(): Found[] {
  return readdirSync(FOLDER)
    .filter((name) => name.endsWith(".json"))
    .map((name) => {
      const file = JSON.parse(readFileSync(join(FOLDER, name), "utf8")) as FoundFile;
      const { why, port, path, type, text, base64 = "" } = file;
      const body = text === undefined ? Buffer.from(base64, "base64") : Buffer.from(text);
      return { name: name.slice(0, -".json".length), why, input: { port, path, type, body } };
    });
}

/** Returns the path of the file. */
export function keepFound(input: Input, why: string): string {
  const { port, path, type, body } = input;
  const text = body.toString();
  const isText = Buffer.from(text).equals(body) && !text.includes("\0");
  const file: FoundFile = {
    ...{ why: why.slice(0, 300), port, path, type },
    ...(isText ? { text } : { base64: body.toString("base64") }),
  };
  const method = path.split("/").at(-1);
  const hash = createHash("sha256").update(JSON.stringify(file)).digest("hex").slice(0, 8);
  const place = join(FOLDER, `${method}-${hash}.json`);
  mkdirSync(FOLDER, { recursive: true });
  writeFileSync(place, `${JSON.stringify(file, null, 2)}\n`);
  return place;
}
