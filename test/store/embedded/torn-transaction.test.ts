// A redis-server that is killed while it writes the effects of a script.

import {
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { ask } from "../../../src/store/embedded/reply.ts";
import { removeTornTransaction } from "../../../src/store/embedded/torn-transaction.ts";
import { dataFolder, recordedLog, start } from "./data-folder.ts";

const script = (...sets: string[]) =>
  `${sets.map((set) => `redis.call('SET', '${set}', '1')`).join(" ")} return 1`;

function appendedFile(dataDir: string): string {
  const folder = join(dataDir, "appendonlydir");
  const name = readdirSync(folder).find((name) => name.endsWith(".incr.aof"));
  return join(folder, name ?? "");
}

/** A folder as Redis leaves it, with this text appended since the last rewrite. */
async function folderWith(text: string): Promise<string> {
  const dataDir = await dataFolder();
  mkdirSync(join(dataDir, "appendonlydir"));
  writeFileSync(
    join(dataDir, "appendonlydir/appendonly.aof.manifest"),
    "file appendonly.aof.1.base.rdb seq 1 type b\nfile appendonly.aof.2.incr.aof seq 2 type i\n",
  );
  writeFileSync(join(dataDir, "appendonlydir/appendonly.aof.2.incr.aof"), text);
  return dataDir;
}

const command = (...words: string[]) =>
  `*${words.length}\r\n${words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join("")}`;
const [SELECT, MULTI, EXEC] = [command("SELECT", "0"), command("MULTI"), command("EXEC")];

test("never has a part of a script's effects, also after the next starts", async () => {
  const dataDir = await dataFolder();
  const log = recordedLog();
  let redis = await start(dataDir, { log });
  await redis.ready;
  await ask(redis.socketPath, ["SET", "before", "1"], 5_000);
  await ask(redis.socketPath, ["EVAL", script("a", "b", "c"), "0"], 5_000);
  await redis.stop();
  // As if it was killed within its last write.
  const file = appendedFile(dataDir);
  truncateSync(file, readFileSync(file).indexOf("c\r\n$1\r\n1"));

  for (const next of [script("d", "e"), script("f", "g")]) {
    redis = await start(dataDir, { log });
    await redis.ready;
    const found = await ask(redis.socketPath, ["MGET", "before", "a", "b", "c"], 5_000);
    expect(found).toEqual(["1", null, null, null]);
    await ask(redis.socketPath, ["EVAL", next, "0"], 5_000);
    await redis.stop();
  }
  const message = "Redis was killed while it wrote; what it had not answered is cut off";
  expect(log.lines.filter((line) => line.message === message)).toEqual([
    { level: "info", message },
  ]);
});

describe("the end of the append-only file", () => {
  test.each<[string, string, string]>([
    ["a whole transaction stays", SELECT + MULTI + command("SET", "a", "1") + EXEC, ""],
    ["a command outside of one stays, even if it is cut", `${SELECT}*3\r\n$3\r\nSE`, ""],
    ["a transaction without commands is cut", SELECT, MULTI],
    ["whole commands of a transaction are cut", SELECT, MULTI + command("SET", "a", "1")],
    ["a part of a command is cut with its transaction", SELECT, `${MULTI}*3\r\n$3\r\nSET\r\n$1`],
    ["a part of a length is cut with its transaction", SELECT, `${MULTI}*`],
    ["a MULTI within a transaction begins none", SELECT, MULTI + command("SET", "a", "1") + MULTI],
    [
      "values are no commands",
      SELECT + MULTI + command("SET", "a", MULTI) + EXEC + command("SET", "a", MULTI),
      "",
    ],
    ["a value that looks like an end is none", SELECT, MULTI + command("SET", "a", EXEC)],
    ["comments are skipped", `#TS:1795874217\r\n${SELECT}`, `${MULTI}#TS:1795874218\r\n`],
    [
      "values that are longer than a buffer are read",
      command("SET", "a", "x".repeat(9_000_000)),
      MULTI + command("SET", "a", "y".repeat(5_000_000)),
    ],
  ])("%s", async (_, kept, cut) => {
    const dataDir = await folderWith(kept + cut);
    expect(await removeTornTransaction(dataDir)).toBe(cut.length);
    expect(readFileSync(appendedFile(dataDir), "utf8") === kept).toBe(true);
    expect(await removeTornTransaction(dataDir)).toBe(0);
  });

  test("with something else than commands stays for Redis to judge", async () => {
    const text = `${MULTI}no command\r\n`;
    const dataDir = await folderWith(text);
    expect(await removeTornTransaction(dataDir)).toBe(0);
    expect(readFileSync(appendedFile(dataDir), "utf8")).toBe(text);
  });

  test("is not looked for before the first start, and never behind a link", async () => {
    expect(await removeTornTransaction(await dataFolder())).toBe(0);
    const target = appendedFile(await folderWith(SELECT + MULTI));
    const dataDir = await dataFolder();
    mkdirSync(join(dataDir, "appendonlydir"));
    const manifest = "file x.incr.aof seq 2 type i\n";
    writeFileSync(join(dataDir, "appendonlydir/appendonly.aof.manifest"), manifest);
    symlinkSync(target, join(dataDir, "appendonlydir/x.incr.aof"));
    await expect(removeTornTransaction(dataDir)).rejects.toThrow("ELOOP");
    expect(readFileSync(target, "utf8")).toBe(SELECT + MULTI);
  });
});
