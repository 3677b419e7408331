// The course of an outage: a server that goes under load, comes back, goes again while it takes what
// clients have kept meanwhile, and comes back.

import { setTimeout as delay } from "node:timers/promises";
import type { QueueStats } from "../../gen/dlq/v1/dlq_service_pb.ts";
import { connectTo, statsOf, type TestClient } from "../support/grpc.ts";
import { startTestServer, type TestServer } from "../support/server.ts";
import { until } from "../support/until.ts";
import { forgetRequests } from "./forget-requests.ts";
import type { Language } from "./install.ts";
import type { Plan } from "./plan.ts";
import { Progress } from "./progress.ts";
import { type TeamReport, waitsOf } from "./report.ts";
import { Team } from "./team.ts";
import { judge } from "./verdict.ts";

export interface Surroundings {
  readonly languages: readonly Language[];
  /** Of histories and spools. */
  readonly folder: string;
  readonly print: (line: string) => void;
  readonly signal: AbortSignal;
}

/** Sends go through and answers don't, for so long at least before the server is killed. */
const MUTE_MS = 300;
/** A send that began so long before that has been answered by then. */
const TRY_MS = 500;
/** Answers of each language that are lost while the service takes what was spooled. */
const LOST_ANSWERS = 4;
/** Clients try again after up to 30 s. */
const RETURN_DEADLINE_MS = 60_000;
const SPOOL_DEADLINE_MS = 240_000;
const SETTLE_DEADLINE_MS = 240_000;
const START_DEADLINE_MS = 30_000;
/** Between the second end of the server and its start. */
const SECOND_OUTAGE_MS = 1_000;

export async function runOutage(plan: Plan, around: Surroundings): Promise<readonly TeamReport[]> {
  const server = await startTestServer();
  const teams: Team[] = [];
  try {
    const serverPort = () => Number(server.grpcAddress.split(":")[1]);
    const place = { folder: around.folder, serverPort, rate: plan.rate };
    for (const language of around.languages) teams.push(await Team.start(language, place));
    return await new Outage(plan, around, server, teams).run();
  } finally {
    await Promise.allSettled(teams.map((team) => team.end()));
    await server.stop();
  }
}

class Outage {
  readonly #plan: Plan;
  readonly #around: Surroundings;
  readonly #server: TestServer;
  readonly #direct: TestClient;
  readonly #teams: readonly Team[];
  readonly #progress: Progress;
  readonly #inDoubt = new Map<Team, number>();
  readonly #spoolEmptyAfterMs = new Map<Team, number>();
  readonly #orphans: Promise<void>[] = [];
  #mutedAtMs = 0;
  #wentAtMs = 0;
  #returnedAtMs = 0;
  #backAtMs = 0;

  constructor(plan: Plan, around: Surroundings, server: TestServer, teams: readonly Team[]) {
    this.#plan = plan;
    this.#around = around;
    this.#server = server;
    this.#direct = connectTo(server.grpcAddress);
    this.#teams = teams;
    this.#progress = new Progress(teams, around.print);
  }

  async run(): Promise<readonly TeamReport[]> {
    const { outageMs, warmUpMs, afterMs } = this.#plan;
    await this.#untilAll(
      "the first messages",
      ({ ledger }) => ledger.counts.sent > 0 && ledger.handled > 0,
      START_DEADLINE_MS,
    );
    this.#progress.start("serving");
    try {
      await this.#wait(warmUpMs);
      await this.#killUnderLoad();
      await forgetRequests(this.#server.dataDir);
      await this.#replaceKilled();
      await this.#wait(this.#wentAtMs + outageMs / 2 - performance.now());
      await this.#replaceKilled();
      await this.#wait(this.#wentAtMs + outageMs - performance.now());
      await this.#comeBack();
      const spoolsEmpty = this.#noteEmptySpools();
      await this.#replaceKilled();
      await this.#wait(afterMs);
      await spoolsEmpty;
      await Promise.all(this.#teams.map((team) => team.stopProducers()));
      this.#progress.phase = "settling";
      await this.#settled();
      await Promise.all([...this.#orphans, ...this.#teams.map((team) => team.stopWorker())]);
      return await Promise.all(this.#teams.map((team) => this.#reportOf(team)));
    } finally {
      this.#progress.stop();
      this.#direct.close();
    }
  }

  /** What is sent in its last moments is stored, and nobody hears of it. */
  async #killUnderLoad(): Promise<void> {
    this.#mutedAtMs = performance.now();
    for (const team of this.#teams) team.mute();
    await this.#wait(MUTE_MS);
    await until("sends in doubt", () => this.#haveDoubts(), START_DEADLINE_MS);
    await this.#server.kill9();
    for (const team of this.#teams) team.mend();
    this.#wentAtMs = performance.now();
    this.#progress.phase = "away";
  }

  /** Whether sends of each team are stored that it has had no answer to. */
  async #haveDoubts(): Promise<true | undefined> {
    for (const team of this.#teams) {
      const accepted = Number((await this.#statsOf(team)).totals?.accepted ?? 0n);
      const { sent, joined } = team.read().counts;
      this.#inDoubt.set(team, accepted - sent - joined);
    }
    return this.#teams.every((team) => (this.#inDoubt.get(team) ?? 0) > 0) || undefined;
  }

  /** The server is there, loses its first answers to the spools, is killed again, and is there for good. */
  async #comeBack(): Promise<void> {
    for (const team of this.#teams) team.producers.cutReplies(LOST_ANSWERS);
    this.#returnedAtMs = performance.now();
    await this.#server.restart();
    this.#progress.phase = "returning";
    await this.#untilAll("lost answers", ({ producers }) => producers.cut > 0, RETURN_DEADLINE_MS);
    await this.#server.kill9();
    for (const team of this.#teams) {
      team.producers.cutReplies(0);
      team.mend();
    }
    await this.#wait(SECOND_OUTAGE_MS);
    await this.#server.restart();
    this.#backAtMs = performance.now();
    this.#progress.phase = "back";
  }

  async #replaceKilled(): Promise<void> {
    const { replaceAfterMs } = this.#plan;
    for (const team of this.#teams) {
      await team.killOne();
      this.#orphans.push(team.watchOrphans(replaceAfterMs + START_DEADLINE_MS));
    }
    await this.#wait(replaceAfterMs);
    for (const team of this.#teams) team.replace();
  }

  /** Writes down when it was so. */
  async #noteEmptySpools(): Promise<void> {
    await this.#orTheVerdictSays(async (team) => {
      const isEmpty = async () => (await team.spool()).names.length === 0 || undefined;
      await until("an empty spool", isEmpty, SPOOL_DEADLINE_MS);
      this.#spoolEmptyAfterMs.set(team, performance.now() - this.#backAtMs);
    });
  }

  async #settled(): Promise<void> {
    await this.#orTheVerdictSays(async (team) => {
      const isSettled = async () => leftIn(await this.#statsOf(team)) === 0 || undefined;
      await until("an empty queue", isSettled, SETTLE_DEADLINE_MS);
    });
  }

  /** What never comes to be is found in the end, with all else that is wrong. */
  async #orTheVerdictSays(wait: (team: Team) => Promise<void>): Promise<void> {
    await Promise.allSettled(this.#teams.map(wait));
  }

  async #reportOf(team: Team): Promise<TeamReport> {
    const stats = await this.#statsOf(team);
    const { accepted = 0n, succeeded = 0n } = stats.totals ?? {};
    const stored = {
      accepted: Number(accepted),
      succeeded: Number(succeeded),
      left: leftIn(stats),
    };
    const spool = await team.spool();
    const verdict = judge({ ledger: team.read(), killed: team.killed, stored });
    const faults = [...verdict.faults];
    if (spool.names.length > 0) faults.push(`${spool.names.length} spool files are left`);
    if (this.#plan.mustAdopt && team.adoptions.some((one) => !one.beforeReplaced)) {
      faults.push("what a killed process had left was not adopted by the other one");
    }
    return {
      language: team.name,
      verdict: { ...verdict, faults },
      inDoubt: this.#inDoubt.get(team) ?? 0,
      lostAnswers: team.producers.cut,
      adoptions: team.adoptions,
      most: this.#progress.mostOf(team),
      spoolEmptyAfterMs: this.#spoolEmptyAfterMs.get(team),
      processedAfterMs: this.#processedAfterMs(team),
      before: this.#waitsBetween(team, 0, this.#mutedAtMs - TRY_MS),
      away: this.#waitsBetween(team, this.#wentAtMs, this.#returnedAtMs),
    };
  }

  /** When all was processed that had been sent before the service was back. */
  #processedAfterMs({ ledger }: Team): number {
    const backAtMs = performance.timeOrigin + this.#backAtMs;
    const early = [...ledger.entries.values()].filter(
      ({ sending }) => sending !== undefined && sending.atMs < backAtMs,
    );
    const lastAtMs = early.reduce(
      (last, { handled }) => Math.max(last, handled[0]?.atMs ?? 0),
      backAtMs,
    );
    return lastAtMs - backAtMs;
  }

  /** Of sends that began in a span of this process' clock. */
  #waitsBetween({ ledger }: Team, fromMs: number, toMs: number) {
    const beganAtMs = (atMs: number) => atMs - performance.timeOrigin;
    const told = [...ledger.entries.values()].flatMap(({ sending, told }) => {
      const at = sending === undefined ? Number.NaN : beganAtMs(sending.atMs);
      return at >= fromMs && at < toMs ? told.map(({ tookMs }) => tookMs) : [];
    });
    return waitsOf(told);
  }

  /** Asked of the server itself, past the links. */
  #statsOf({ queue }: Team): Promise<QueueStats> {
    return statsOf(this.#direct.dlq, queue);
  }

  async #untilAll(what: string, isSo: (team: Team) => boolean, deadlineMs: number): Promise<void> {
    const look = () => {
      this.#around.signal.throwIfAborted();
      for (const team of this.#teams) team.read();
      return this.#teams.every(isSo) || undefined;
    };
    await until(what, look, deadlineMs);
  }

  async #wait(ms: number): Promise<void> {
    await delay(Math.max(0, ms), undefined, { signal: this.#around.signal });
    for (const team of this.#teams) team.read();
  }
}

function leftIn({ scheduled, inFlight, quarantined }: QueueStats): number {
  return Number(scheduled + inFlight + quarantined);
}
