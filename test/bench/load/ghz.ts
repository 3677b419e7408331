// Unary load with ghz, the same for every gRPC server.

import { execFile } from "node:child_process";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { payloadText } from "./commands.ts";

const ROOT = resolve(import.meta.dirname, "../../..");
const CONCURRENCY = 50;
const CONNECTIONS = 4;

interface GhzReport {
  readonly count: number;
  readonly rps: number;
  readonly statusCodeDistribution: Readonly<Record<string, number>>;
  readonly errorDistribution?: Readonly<Record<string, number>>;
  /** Nanoseconds. */
  readonly latencyDistribution: readonly { percentage: number; latency: number }[];
}

export interface UnaryLoad {
  readonly count: number;
  readonly rate: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

export interface UnaryOptions {
  readonly address: string;
  readonly queue: string;
  readonly bytes: number;
  readonly seconds: number;
}

/** Rejects if a call failed. */
export async function sendByGhz(options: UnaryOptions): Promise<UnaryLoad> {
  const { address, queue, bytes, seconds } = options;
  const request = {
    queue,
    payload: { text: payloadText(bytes) },
    failure: { type: "ConnectTimeout", message: "shop.example did not answer within 5 s" },
    delay: "0s",
  };
  const args = [
    ...["--insecure", "--proto", join(ROOT, "proto/dlq/v1/dlq_service.proto")],
    ...["--import-paths", join(ROOT, "proto"), "--call", "dlq.v1.DlqService.SendToDlq"],
    ...["-c", String(CONCURRENCY), "--connections", String(CONNECTIONS)],
    ...["-z", `${Math.round(seconds * 1_000)}ms`, "--duration-stop", "wait", "--format", "json"],
    ...["--disable-template-functions", "--disable-template-data"],
    ...["-d", JSON.stringify(request), address],
  ];
  const timeout = (seconds + 30) * 1_000;
  const { stdout } = await promisify(execFile)(ghzPath(), args, { timeout, maxBuffer: 256 << 20 });
  const report = JSON.parse(stdout) as GhzReport;
  const { OK: count = 0 } = report.statusCodeDistribution;
  if (count === 0 || count !== report.count) {
    const said = JSON.stringify(report.errorDistribution ?? report.statusCodeDistribution);
    throw new Error(`${report.count - count} of ${report.count} calls failed: ${said}`);
  }
  const quantileMs = (percentage: number) =>
    (report.latencyDistribution.find((one) => one.percentage === percentage)?.latency ??
      Number.NaN) / 1e6;
  return { count, rate: report.rps, p50Ms: quantileMs(50), p99Ms: quantileMs(99) };
}

function ghzPath(): string {
  return process.env.DLQ_BENCH_GHZ ?? join(ROOT, ".runtime/bin/ghz");
}
