import { existsSync, readdirSync } from "node:fs";
import { readFile } from "node:fs/promises";
import type { HistoryEvent } from "../history/event.ts";
import { Actor } from "../rig/actor.ts";
import { parseEvent } from "./event-shapes.ts";

/** An actor under test. */
export class ActorProcess extends Actor {
  /** Returns the complete lines of its history so far. @throws Error for a wrong line */
  async events(): Promise<HistoryEvent[]> {
    const lines = (await readFile(this.history, "utf8").catch(() => "")).split("\n");
    return lines.slice(0, -1).map(parseEvent);
  }

  /** Returns the number of files in the client's spool. */
  spooled(): number {
    const folder = this.history.replace(/\.jsonl$/, ".spool-folder");
    const names = existsSync(folder) ? readdirSync(folder, { recursive: true }) : [];
    return names.filter((name) => String(name).endsWith(".spool")).length;
  }
}
