import fc from "fast-check";
import type { ExtendOutcome } from "../../../src/app/commands.ts";
import { type ExtendAnswer, extend } from "../life/ack.ts";
import type { Token } from "../life/message.ts";
import { QUEUE } from "../real/names.ts";
import type { Rig } from "../real/rig.ts";
import { idTextOf, WORKERS, type Worker } from "../real/streams.ts";
import { partsOf } from "./ack.ts";
import { chosenToken, loss, tokenChoice } from "./choices.ts";
import { type Play, step } from "./play.ts";
import { hexOf, LOST, resultOf, same } from "./results.ts";

const leaseMs = () => fc.constantFrom(undefined, undefined, 1_000, 60_000);

const tokensArgs = () =>
  fc.record({
    given: fc.array(tokenChoice(), { minLength: 1, maxLength: 2 }),
    leaseMs: leaseMs(),
    lost: loss(),
  });

/** Named leases get longer, or are lost. */
export const extendTokensStep = () =>
  tokensArgs().map((args) =>
    step("Extend", args, async (play, rig, { given, leaseMs, lost }) => {
      const tokens = given.flatMap((choice) => chosenToken(play, choice) ?? []);
      if (tokens.length === 0) return;
      if (lost) rig.wire.lose("extend", lost);
      const parts = tokens.map((token) => partsOf(token));
      const seen = await resultOf(rig.wire, () =>
        rig.server(false).extend({ tokens: [...parts, undefined], leaseMs }),
      );
      if (lost === "request") return;
      const expected = tokens.map((token) => extend(play.life, token, leaseMs));
      if (seen === LOST) return;
      same("extended", seen.map(said), [...expected.map(withAdvice), INVALID]);
    }),
  );

/** All leases of a session get longer, also those that its worker did not get. */
export const extendSessionStep = () =>
  fc.record({ worker: fc.nat(2), leaseMs: leaseMs(), other: fc.boolean() }).map((args) =>
    step("ExtendSession", args, async (play, rig, { worker: n, leaseMs, other }) => {
      const worker = WORKERS[n] as Worker;
      await makeKnown(rig, worker);
      const sessionId = idTextOf(worker);
      const seen = await rig.server(other).extend({ sessionId, leaseMs });
      const held = play.life.heldBy(worker.name);
      const expected = held.map((message): [string, unknown] => {
        const { id, deliveries: number, lease } = message;
        const token: Token = { id, number, nonce: lease?.nonce ?? "", session: worker.name };
        return [id, withAdvice(extend(play.life, token, leaseMs))];
      });
      const results = seen.map((one): [string, unknown] => {
        return [hexOf(one.token?.messageId ?? new Uint8Array()), said(one)];
      });
      same("extended", new Map(results), new Map(expected));
    }),
  );

/** Signs of life of streams follow the wall clock, which tests do not move: they are written again. */
async function makeKnown(rig: Rig, { maxInFlight, ...worker }: Worker): Promise<void> {
  const sessionId = idTextOf({ maxInFlight, ...worker } as Worker);
  await rig.store.registerSession({ sessionId, workerId: "worker", queues: [QUEUE], maxInFlight });
}

const INVALID = { status: "INVALID", leaseExpireAtMs: undefined, shouldStop: true };

function said({ status, leaseExpireAtMs, shouldStop }: ExtendOutcome) {
  return { status, leaseExpireAtMs, shouldStop };
}

function withAdvice(answer: ExtendAnswer) {
  return { ...answer, shouldStop: answer.status !== "APPLIED" };
}

/** Reconciles a stream: afterwards its counts equal the store's. */
export const reconcileStep = () =>
  fc.record({ worker: fc.nat(2) }).map((args) =>
    step("Reconcile", args, async (play, rig, { worker: n }) => {
      await reconcileNow(play, rig, WORKERS[n] as Worker);
    }),
  );

export async function reconcileNow(play: Play, rig: Rig, worker: Worker): Promise<void> {
  await rig.streams.reconcile(worker);
  same("leases held", rig.streams.of(worker).held, play.life.heldBy(worker.name).length);
}
