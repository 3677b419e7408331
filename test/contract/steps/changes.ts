// Steps that change the server, the link to it, the agent or the queue.

import { setTimeout as sleep } from "node:timers/promises";
import { fromJson, type JsonValue } from "@bufbuild/protobuf";
import { QueueConfigSchema } from "../../../gen/dlq/v1/queue_pb.ts";
import { type Json, numberOf, textOf } from "../json.ts";
import type { ScenarioRun } from "../scenario-run.ts";
import type { ServerChange } from "../scenario-server.ts";
import { resolved } from "../values.ts";

const SERVER_CHANGES: readonly ServerChange[] = ["stop", "start", "kill", "restart", "drain"];

export async function changeServer(given: Json, { server }: ScenarioRun): Promise<void> {
  const what = SERVER_CHANGES.find((one) => one === given);
  if (what === undefined) throw new Error(`unknown: ${textOf(given)}`);
  await server.change(what);
}

export async function changeLink(given: Json, { link }: ScenarioRun): Promise<void> {
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

export async function changeAgent(given: Json, run: ScenarioRun): Promise<void> {
  if (given === "kill") await run.killAgent();
  else if (given === "start") run.startAgent();
  else throw new Error(`unknown: ${JSON.stringify(given)}`);
}

export async function changeQueue(given: Json, run: ScenarioRun): Promise<void> {
  const config = fromJson(QueueConfigSchema, resolved(given, run.scope) as JsonValue);
  await run.server.client.admin.updateQueue({ queue: { name: run.queue, config } });
}

export async function damage(given: Json, { server, scope }: ScenarioRun): Promise<void> {
  await server.damage(textOf(resolved(given, scope)));
}

export async function repair(given: Json, { server, scope }: ScenarioRun): Promise<void> {
  await server.repair(textOf(resolved(given, scope)));
}

export async function pass(given: Json): Promise<void> {
  await sleep(numberOf(given));
}
