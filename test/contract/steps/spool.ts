// Steps that read the spool folder, or write a file there as another process would.

import { randomBytes, randomUUID } from "node:crypto";
import { chmod, chown, mkdir, symlink, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { type Json, mapOf, numberOf, textOf } from "../json.ts";
import { mismatch } from "../matching.ts";
import type { ScenarioRun } from "../scenario-run.ts";
import { countSpooled, encodeSpoolFile, GONE_PID, goneOwner } from "../spool-file.ts";
import { resolved } from "../values.ts";
import { becomes, limitOf } from "./expectations.ts";

const NOBODY = 65_534;

/** Waits until the scenario's folder has this many files and open messages. */
export async function expectSpooled(given: Json, run: ScenarioRun): Promise<void> {
  const { within_ms, ...wanted } = mapOf(resolved(given, run.scope) ?? null);
  await becomes(limitOf(within_ms), async () => {
    return mismatch(wanted, { ...(await countSpooled(run.folder)) });
  });
}

/**
 * Writes a spool file of `service` with a message for each of `texts`, sent by `client_id` and numbered from 1. `owner` is
 * `gone`, a process of this machine that has ended, or `far`, one of another host that touched the file `age_ms` ago.
 * `foreign` makes it a file that another user may have made: a `link` to a file elsewhere, `writable` for others, or of
 * another `user` (writable too, if the test does not run as root).
 */
export async function writeSpoolFile(given: Json, run: ScenarioRun): Promise<void> {
  const { service, texts, owner, age_ms, target, damage, client_id, foreign } = mapOf(
    resolved(given, run.scope) ?? null,
  );
  if (!Array.isArray(texts)) throw new Error("texts is a list");
  const nowMs = Date.now();
  const touchedAtMs = nowMs - numberOf(age_ms, 0);
  const clientId =
    client_id === undefined ? randomBytes(16) : Buffer.from(textOf(client_id), "base64");
  const file = encodeSpoolFile({
    owner: {
      ...(owner === "far" ? { host: "elsewhere.example", bootId: "other", pid: 1n } : goneOwner()),
      service: textOf(service),
      target: textOf(target, run.link.address),
      createTime: timestampFromMs(touchedAtMs),
    },
    messages: texts.map((text: Json, at) => ({
      request: {
        requestId: randomUUID(),
        queue: run.queue,
        payload: { body: { case: "text", value: textOf(text) } },
        failure: { type: "Error", message: "it broke" },
        firstRetry: { case: "delay", value: { seconds: 0n } },
        sendNumber: { clientId, number: BigInt(at + 1) },
      },
      spoolTime: timestampFromMs(touchedAtMs),
    })),
    damage: damage === undefined ? undefined : textOf(damage),
  });
  const folder = join(run.folder, textOf(service));
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const pid = owner === "far" ? 1 : GONE_PID;
  const name = `${touchedAtMs}-${pid}-${randomBytes(8).toString("hex")}.spool`;
  const path = foreign === "link" ? join(run.folder, `${name}.target`) : join(folder, name);
  await writeFile(path, file, { mode: 0o600 });
  if (foreign === "link") await symlink(path, join(folder, name));
  if (foreign === "user" && process.getuid?.() === 0) await chown(path, NOBODY, NOBODY);
  else if (foreign === "user" || foreign === "writable") await chmod(path, 0o622);
  await utimes(path, touchedAtMs / 1000, touchedAtMs / 1000);
}
