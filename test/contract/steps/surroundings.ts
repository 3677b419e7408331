// Steps that happen to the server, to the link before it, to the agent, and to the queue.

import { setTimeout as sleep } from "node:timers/promises";
import { fromJson, type JsonValue } from "@bufbuild/protobuf";
import { QueueConfigSchema } from "../../../gen/dlq/v1/queue_pb.ts";
import type { Json } from "../json.ts";
import type { Play } from "../play.ts";
import type { ServerChange } from "../stage.ts";
import { resolved } from "../values.ts";
import { numberOf, textOf } from "./given.ts";

const SERVER_CHANGES: readonly ServerChange[] = ["stop", "start", "kill", "restart", "drain"];

export async function changeServer(given: Json, { stage }: Play): Promise<void> {
  const what = SERVER_CHANGES.find((one) => one === given);
  if (what === undefined) throw new Error(`unknown: ${textOf(given)}`);
  await stage.change(what);
}

export async function changeLink(given: Json, { link }: Play): Promise<void> {
  const changes: Readonly<Record<string, () => void | Promise<void>>> = {
    cut: () => link.cut(),
    break: () => link.break(),
    hold: () => link.hold(),
    mute: () => link.mute(),
    slow: () => link.slow(),
    misroute: () => link.misroute(),
    narrow: () => link.narrow(100_000),
    narrow_as_nginx: () => link.narrow(1024 ** 2),
    restore: () => link.restore(),
    lose_answer: () => link.loseAnswer(),
  };
  const change = changes[textOf(given)];
  if (change === undefined) throw new Error(`unknown: ${textOf(given)}`);
  await change();
}

export async function changeAgent(given: Json, play: Play): Promise<void> {
  if (given === "kill") await play.killAgent();
  else if (given === "start") play.startAgent();
  else throw new Error(`unknown: ${JSON.stringify(given)}`);
}

export async function changeQueue(given: Json, play: Play): Promise<void> {
  const config = fromJson(QueueConfigSchema, resolved(given, play.scope) as JsonValue);
  await play.stage.client.admin.updateQueue({ queue: { name: play.queue, config } });
}

export async function pass(given: Json): Promise<void> {
  await sleep(numberOf(given));
}
