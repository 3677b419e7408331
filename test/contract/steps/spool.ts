// Steps that look into a spool's folder, or leave a file there as another process would.

import { randomBytes, randomUUID } from "node:crypto";
import { mkdir, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { Json } from "../json.ts";
import { mismatch } from "../matching.ts";
import { type Play, WITHIN_MS } from "../play.ts";
import { countSpooled, encodeSpoolFile, GONE_PID, goneOwner } from "../spool-file.ts";
import { resolved } from "../values.ts";
import { becomes } from "./expectations.ts";
import { mapOf, numberOf, textOf } from "./given.ts";

/** `files` and open `messages` of the scenario's folder become so. */
export async function expectSpooled(given: Json, play: Play): Promise<void> {
  const { within_ms, ...wanted } = mapOf(resolved(given, play.scope) ?? null);
  await becomes(numberOf(within_ms, WITHIN_MS), async () => {
    return mismatch(wanted, { ...(await countSpooled(play.folder)) });
  });
}

/**
 * A file of `service` with a message for each text of `texts`. `owner`: `gone`, a process of this
 * machine that has ended; `far`, one of another host, which has touched it `age_ms` ago. Its
 * sends are numbered from 1, as of `client_id`.
 */
export async function writeSpoolFile(given: Json, play: Play): Promise<void> {
  const { service, texts, owner, age_ms, target, damage, client_id } = mapOf(
    resolved(given, play.scope) ?? null,
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
      target: textOf(target, play.link.address),
      createTime: timestampFromMs(touchedAtMs),
    },
    messages: texts.map((text: Json, at) => ({
      request: {
        requestId: randomUUID(),
        queue: play.queue,
        payload: { body: { case: "text", value: textOf(text) } },
        failure: { type: "Error", message: "it broke" },
        firstRetry: { case: "delay", value: { seconds: 0n } },
        sendNumber: { clientId, number: BigInt(at + 1) },
      },
      spoolTime: timestampFromMs(touchedAtMs),
    })),
    damage: damage === undefined ? undefined : textOf(damage),
  });
  const folder = join(play.folder, textOf(service));
  await mkdir(folder, { recursive: true, mode: 0o700 });
  // The process id is that of the owner, or of one on another host.
  const pid = owner === "far" ? 1 : GONE_PID;
  const name = `${touchedAtMs}-${pid}-${randomBytes(8).toString("hex")}.spool`;
  await writeFile(join(folder, name), file, { mode: 0o600 });
  await utimes(join(folder, name), touchedAtMs / 1000, touchedAtMs / 1000);
}
