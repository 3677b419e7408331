import fc from "fast-check";
import type { AckOutcome, OutcomeCommand } from "../../../src/app/commands.ts";
import { DlqError } from "../../../src/core/errors.ts";
import type { LeaseTokenParts } from "../../../src/core/lease-token.ts";
import { bytes } from "../../support/store-items.ts";
import { type AckAnswer, ack, type Report } from "../life/ack.ts";
import type { Token } from "../life/message.ts";
import type { SendRequest } from "../life/send.ts";
import { ELSEWHERE, QUEUE } from "../real/names.ts";
import type { Rig } from "../real/rig.ts";
import type { Loss, Verb } from "../real/wire.ts";
import { chance, chosenToken, requestKind, tokenChoice } from "./choices.ts";
import { type Play, step } from "./play.ts";
import { bytesOf, LOST, resultOf, same } from "./results.ts";
import {
  reason,
  type SendRequestArgs,
  sendOnce,
  sendRequestArgs,
  sendRequestFrom,
} from "./send.ts";

/** A token that was given, or a forged one. */
const FORGERIES = [
  ...["none", "none", "none", "none", "none", "none", "none", "none"],
  ...["nonce", "number", "id", "queue"],
] as const;

const reportArgs = () =>
  fc.record({
    given: tokenChoice(),
    forged: fc.constantFrom(...FORGERIES),
    outcome: fc.oneof(
      fc.record({ kind: fc.constantFrom("succeeded", "discarded", "quarantined") }),
      fc.record({
        kind: fc.constant("failed" as const),
        reason: reason(),
        hopeless: fc.constantFrom(false, false, false, true),
        retryAfterMs: fc.constantFrom(undefined, undefined, 0, 3_000),
      }),
      fc.record({
        kind: fc.constant("released" as const),
        delayMs: fc.constantFrom(undefined, undefined, 500, 30_000),
      }),
    ),
  });
type ReportArgs = ReturnType<typeof reportArgs> extends fc.Arbitrary<infer T> ? T : never;

interface Call {
  request: string;
  reports: readonly (Report & { queue: string })[];
  other: boolean;
}

const LOSSES: readonly ([Verb, Loss] | undefined)[] = [
  ...[undefined, undefined, undefined, undefined],
  ["examine", "reply"],
  ["settle", "request"],
  ["settle", "reply"],
];

const ackArgs = () =>
  fc.record({
    request: requestKind(),
    reports: fc.array(reportArgs(), { minLength: 1, maxLength: 3 }),
    other: fc.boolean(),
    random: chance(),
    lost: fc.constantFrom(...LOSSES),
    again: fc.boolean(),
    /** A send that comes between the reading and the writing of this outcome. */
    meanwhile: fc.oneof(
      { weight: 2, arbitrary: fc.constant(undefined) },
      { weight: 1, arbitrary: sendRequestArgs() },
    ),
  });
type AckArgs = ReturnType<typeof ackArgs> extends fc.Arbitrary<infer T> ? T : never;

/** What workers have in hand, the latest first, all fails as what they call is down; or succeeds. */
export async function reportAll(
  play: Play,
  rig: Rig,
  failed: boolean,
  count: number,
): Promise<void> {
  const { length } = play.counting();
  const outcome: ReportArgs["outcome"] = failed
    ? { kind: "failed", reason: "TIMEOUT", hopeless: false, retryAfterMs: 0 }
    : { kind: "succeeded" };
  const reports = Array.from({ length: Math.min(length, count) }, (_, back) => ({
    ...{ given: { counting: true, back }, forged: "none" as const, outcome },
  }));
  const quiet = { request: "none", other: false, random: 0.5, lost: undefined } as const;
  await report(play, rig, { ...quiet, reports, again: false, meanwhile: undefined });
}

export const ackStep = () => ackArgs().map((args) => step("Ack", args, report));

async function report(play: Play, rig: Rig, args: AckArgs): Promise<void> {
  const { lost, other, random, again, meanwhile } = args;
  // Answers are kept by queue: a lost call names one only.
  const oneQueue = lost !== undefined || args.request === "earlier" || meanwhile !== undefined;
  const reports = args.reports.flatMap((one) => reportFrom(play, one, oneQueue));
  if (reports.length === 0) return;
  rig.random = random;
  // A call with outcomes for two queues is repeated to the message only.
  const ofOtherQueue = reports.some(({ queue }) => queue !== QUEUE);
  const request =
    ofOtherQueue && args.request === "fresh"
      ? play.fresh("request")
      : play.request("ack", args.request);
  const call: Call = { request, reports, other };
  if (meanwhile) {
    const sendRequest = joining(play, meanwhile, reports[0]?.token);
    rig.wire.before("settle", () => sendOnce(play, rig, [sendRequest], true));
  }
  if (lost) rig.wire.lose(...lost);
  await ackOnce(play, rig, call);
  rig.wire.clear();
  if (lost && again) await ackOnce(play, rig, { ...call, other: !other });
  if (call.request === "") return;
  play.past.push(async () => {
    if (play.isCertain("ack", call.request)) await ackOnce(play, rig, call);
  });
}

/** A send that joins the message of this token, if it can be joined. */
function joining(play: Play, args: SendRequestArgs, token: Token | undefined): SendRequest {
  const first = play.sendRequests.get(token?.id ?? "");
  const sendRequest = sendRequestFrom(play, { ...args, request: "fresh", source: "s0" });
  const { dedupKey = "", payload = sendRequest.payload } = first ?? {};
  const isCertain = play.life.dedup.isCertain(dedupKey, play.life.nowMs);
  return dedupKey === "" || !isCertain ? sendRequest : { ...sendRequest, dedupKey, payload };
}

function reportFrom(play: Play, { given: choice, forged, outcome }: ReportArgs, oneQueue: boolean) {
  const given = chosenToken(play, choice);
  if (given === undefined || (forged === "queue" && oneQueue)) return [];
  const failure = outcome.kind === "failed" ? { failure: play.fresh("failure") } : {};
  const queue = forged === "queue" ? ELSEWHERE : QUEUE;
  return [
    { ...outcome, ...failure, queue, token: forge(given, forged) } as Call["reports"][number],
  ];
}

function forge(token: Token, forged: ReportArgs["forged"]): Token {
  if (forged === "nonce") return { ...token, nonce: "5".repeat(32) };
  if (forged === "number") return { ...token, number: token.number + 1 };
  // Well formed, and of no message.
  if (forged === "id") return { ...token, id: `${token.id.slice(0, -8)}eeeeeeee` };
  return token;
}

export function partsOf(token: Token, queue: string = QUEUE): LeaseTokenParts {
  const { id, number: deliveryNumber, nonce } = token;
  return { queue, messageId: bytesOf(id), deliveryNumber, nonce: bytesOf(nonce) };
}

function command(report: Call["reports"][number]): OutcomeCommand {
  const token = partsOf(report.token, report.queue);
  switch (report.kind) {
    case "succeeded":
      return { kind: report.kind, token };
    case "discarded":
    case "quarantined":
      return { kind: report.kind, token, note: "noted" };
    case "released":
      return { kind: report.kind, token, delayMs: report.delayMs };
    case "failed": {
      const { reason, hopeless: nonRetryable, retryAfterMs, failure: text } = report;
      const failure = {
        ...{
          reason,
          type: "",
          message: "",
          stackTrace: "",
          fingerprint: "",
          grpcCode: undefined,
          httpStatus: undefined,
        },
        attributes: {},
        encode: () => bytes(text),
      };
      return { kind: report.kind, token, failure, nonRetryable, retryAfterMs };
    }
  }
}

/** One call, as a worker makes it; and what the model says of it. */
async function ackOnce(play: Play, rig: Rig, { request, reports, other }: Call): Promise<void> {
  const { life } = play;
  const known = reports.filter(({ queue }) => queue === QUEUE);
  const earlier = request === "" ? undefined : life.answers.get(`ack ${request}`, life.nowMs);
  rig.wire.lostReply = undefined;
  const seen = await resultOf(rig.wire, () =>
    rig.server(other).ack(request, reports.map(command)),
  ).catch(misused);
  if (seen === "misused") {
    same("outcomes of an earlier request", (earlier as AckAnswer[]).length === known.length, false);
    return;
  }
  // Of a settle; one of an examine says that nothing has happened, and so does none.
  const applied = seen !== LOST || isSettled(rig.wire.lostReply);
  if (!applied || known.length === 0) return;
  const answers = ack(life, request, known, rig.random);
  if (seen === LOST) return;
  let next = 0;
  const expected = reports.map(
    ({ queue }): AckAnswer =>
      queue === QUEUE ? (answers[next++] as AckAnswer) : { status: "NOT_FOUND" },
  );
  same("outcomes", seen, expected.map(toOutcome));
}

function misused(error: unknown): "misused" {
  if (error instanceof DlqError && error.kind === "INVALID") return "misused";
  throw error;
}

function isSettled(reply: unknown): boolean {
  return typeof reply === "object" && reply !== null && "results" in reply;
}

function toOutcome(answer: AckAnswer): AckOutcome {
  const none = { state: undefined, dueAtMs: undefined, quarantineReason: undefined, detail: "" };
  return { ...none, ...answer };
}
