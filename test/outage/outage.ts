// The course of an outage: the server is killed under load, comes back, is killed again while clients flush their spools,
// and comes back.

import { setTimeout as delay } from "node:timers/promises";
import type { QueueStats } from "../../gen/dlq/v1/dlq_service_pb.ts";
import { connectTo, statsOf, type TestClient } from "../support/grpc.ts";
import { startTestServer, type TestServer } from "../support/server.ts";
import { until } from "../support/until.ts";
import { forgetRequests } from "./forget-requests.ts";
import type { Language } from "./install.ts";
import type { Plan } from "./options.ts";
import { Progress } from "./progress.ts";
import { type TeamReport, waitsOf } from "./report.ts";
import { Team } from "./team.ts";
import { judge } from "./verdict.ts";

export interface RunContext {
  readonly languages: readonly Language[];
  /** Of histories and spools. */
  readonly folder: string;
  readonly print: (line: string) => void;
  readonly signal: AbortSignal;
}

/** Answers are lost for at least this long before the server is killed. */
const LOSE_ANSWERS_MS = 300;
/** A send that began this long before has its answer. */
const TRY_MS = 500;
/** Answers of each language that are lost while spools are flushed. */
const LOST_ANSWERS = 4;
/** Clients retry after up to 30 s. These deadlines only end a run that hangs. */
const RETURN_DEADLINE_MS = 180_000;
const SPOOL_DEADLINE_MS = 480_000;
const SETTLE_DEADLINE_MS = 480_000;
const START_DEADLINE_MS = 120_000;
/** Between the second kill of the server and its start. */
const SECOND_OUTAGE_MS = 1_000;

export async function runOutage(plan: Plan, context: RunContext): Promise<readonly TeamReport[]> {
  const server = await startTestServer();
  const teams: Team[] = [];
  try {
    const serverPort = () => Number(server.grpcAddress.split(":")[1]);
    const options = { folder: context.folder, serverPort, rate: plan.rate };
    for (const language of context.languages) teams.push(await Team.start(language, options));
    return await new Outage(plan, context, server, teams).run();
  } finally {
    await Promise.allSettled(teams.map((team) => team.end()));
    await server.stop();
  }
}

class Outage {
  readonly #plan: Plan;
  readonly #context: RunContext;
  readonly #server: TestServer;
  readonly #direct: TestClient;
  readonly #teams: readonly Team[];
  readonly #progress: Progress;
  /** Sends that are stored without a result. */
  readonly #unanswered = new Map<Team, number>();
  readonly #spoolEmptyAfterMs = new Map<Team, number>();
  readonly #recoveries: Promise<void>[] = [];
  #losingAtMs = 0;
  #killedAtMs = 0;
  #returnedAtMs = 0;
  #backAtMs = 0;

  constructor(plan: Plan, context: RunContext, server: TestServer, teams: readonly Team[]) {
    this.#plan = plan;
    this.#context = context;
    this.#server = server;
    this.#direct = connectTo(server.grpcAddress);
    this.#teams = teams;
    this.#progress = new Progress(teams, context.print);
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
      await this.#wait(this.#killedAtMs + outageMs / 2 - performance.now());
      await this.#replaceKilled();
      await this.#wait(this.#killedAtMs + outageMs - performance.now());
      await this.#comeBack();
      const spoolsEmpty = this.#noteEmptySpools();
      await this.#replaceKilled();
      await this.#wait(afterMs);
      await spoolsEmpty;
      await Promise.all(this.#teams.map((team) => team.stopProducers()));
      this.#progress.phase = "settling";
      await this.#settled();
      await Promise.all([...this.#recoveries, ...this.#teams.map((team) => team.stopWorker())]);
      return await Promise.all(this.#teams.map((team) => this.#reportOf(team)));
    } finally {
      this.#progress.stop();
      this.#direct.close();
    }
  }

  /** The last sends are stored, and their answers are lost. */
  async #killUnderLoad(): Promise<void> {
    this.#losingAtMs = performance.now();
    for (const team of this.#teams) team.loseAnswers();
    await this.#wait(LOSE_ANSWERS_MS);
    await until("sends without an answer", () => this.#haveUnanswered(), START_DEADLINE_MS);
    await this.#server.kill9();
    for (const team of this.#teams) team.reconnect();
    this.#killedAtMs = performance.now();
    this.#progress.phase = "unavailable";
  }

  /** Whether each team has sends that are stored and not answered. */
  async #haveUnanswered(): Promise<true | undefined> {
    for (const team of this.#teams) {
      const accepted = Number((await this.#statsOf(team)).totals?.accepted ?? 0n);
      const { sent, joined } = team.read().counts;
      this.#unanswered.set(team, accepted - sent - joined);
    }
    return this.#teams.every((team) => (this.#unanswered.get(team) ?? 0) > 0) || undefined;
  }

  /** The server starts, loses its first answers to spooled sends, is killed again, and starts again. */
  async #comeBack(): Promise<void> {
    for (const team of this.#teams) team.producers.cutReplies(LOST_ANSWERS);
    this.#returnedAtMs = performance.now();
    await this.#server.restart();
    this.#progress.phase = "returning";
    await this.#untilAll("lost answers", ({ producers }) => producers.cut > 0, RETURN_DEADLINE_MS);
    await this.#server.kill9();
    for (const team of this.#teams) {
      team.producers.cutReplies(0);
      team.reconnect();
    }
    await this.#wait(SECOND_OUTAGE_MS);
    await this.#server.restart();
    this.#backAtMs = performance.now();
    this.#progress.phase = "back";
  }

  async #replaceKilled(): Promise<void> {
    const { replaceAfterMs } = this.#plan;
    for (const team of this.#teams) {
      await team.killVictim();
      this.#recoveries.push(team.watchRecovery(replaceAfterMs + START_DEADLINE_MS));
    }
    await this.#wait(replaceAfterMs);
    for (const team of this.#teams) team.replaceVictim();
  }

  /** Records when each spool became empty. */
  async #noteEmptySpools(): Promise<void> {
    await this.#forEachTeam(async (team) => {
      const isEmpty = async () => (await team.spool()).names.length === 0 || undefined;
      await until("an empty spool", isEmpty, SPOOL_DEADLINE_MS);
      this.#spoolEmptyAfterMs.set(team, performance.now() - this.#backAtMs);
    });
  }

  async #settled(): Promise<void> {
    await this.#forEachTeam(async (team) => {
      const isSettled = async () => leftIn(await this.#statsOf(team)) === 0 || undefined;
      await until("an empty queue", isSettled, SETTLE_DEADLINE_MS);
    });
  }

  /** Never rejects: the verdict finds what did not happen. */
  async #forEachTeam(wait: (team: Team) => Promise<void>): Promise<void> {
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
    if (this.#plan.mustRecover && team.recoveries.some((one) => !one.beforeReplaced)) {
      faults.push("the other producer did not recover the spool files of a killed one");
    }
    return {
      language: team.name,
      verdict: { ...verdict, faults },
      unanswered: this.#unanswered.get(team) ?? 0,
      lostAnswers: team.producers.cut,
      recoveries: team.recoveries,
      most: this.#progress.mostOf(team),
      spoolEmptyAfterMs: this.#spoolEmptyAfterMs.get(team),
      processedAfterMs: this.#processedAfterMs(team),
      before: this.#waitsBetween(team, 0, this.#losingAtMs - TRY_MS),
      during: this.#waitsBetween(team, this.#killedAtMs, this.#returnedAtMs),
    };
  }

  /** How long after the server was back all earlier sends were processed. */
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

  /** Of sends that began in this span of this process' clock. */
  #waitsBetween({ ledger }: Team, fromMs: number, toMs: number) {
    const beganAtMs = (atMs: number) => atMs - performance.timeOrigin;
    const tookMs = [...ledger.entries.values()].flatMap(({ sending, results }) => {
      const at = sending === undefined ? Number.NaN : beganAtMs(sending.atMs);
      return at >= fromMs && at < toMs ? results.map((result) => result.tookMs) : [];
    });
    return waitsOf(tookMs);
  }

  /** From the server itself, not over the links. */
  #statsOf({ queue }: Team): Promise<QueueStats> {
    return statsOf(this.#direct.dlq, queue);
  }

  async #untilAll(what: string, isSo: (team: Team) => boolean, deadlineMs: number): Promise<void> {
    const look = () => {
      this.#context.signal.throwIfAborted();
      for (const team of this.#teams) team.read();
      return this.#teams.every(isSo) || undefined;
    };
    await until(what, look, deadlineMs);
  }

  async #wait(ms: number): Promise<void> {
    await delay(Math.max(0, ms), undefined, { signal: this.#context.signal });
    for (const team of this.#teams) team.read();
  }
}

function leftIn({ scheduled, inFlight, quarantined }: QueueStats): number {
  return Number(scheduled + inFlight + quarantined);
}
