// Compares tables of the documents with the code.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Code } from "@connectrpc/connect";
import { describe, expect, test } from "vitest";
import { DlqAdminService } from "../../gen/dlq/v1/dlq_admin_service_pb.ts";
import { DlqService } from "../../gen/dlq/v1/dlq_service_pb.ts";
import { formatDuration } from "../../src/config/duration.ts";
import { delayBeforeRetryMs } from "../../src/core/backoff.ts";
import { PRESET_OF_REASON, PRESETS, type PresetName } from "../../src/core/presets.ts";
import { REASON_NAMES } from "../../src/core/reason.ts";
import { createMetrics } from "../../src/observe/metrics.ts";
import { codeName } from "../../src/rpc/error-map.ts";
import { globalKeys, PARTITION_KEYS, QUEUE_KEYS } from "../../src/store/redis/keys.ts";
import { SCRIPTS } from "../../src/store/redis/scripts.ts";
import { figures, sourceOf } from "../support/queue-figures.ts";
import { codesOf, ROOT, readDocument, tableRows } from "./markdown.ts";

const POLICIES = readDocument("docs/reference/retry-policies.md");
const API = readDocument("docs/reference/api.md");
const DELIVERY = readDocument("docs/guides/work.md");
const STORAGE = readDocument("docs/internals/storage.md");
const METRICS = readDocument("docs/reference/metrics.md");

/** Sorts names, to compare lists in any order. */
const sorted = (names: Iterable<string>) => [...names].toSorted();

describe("docs/reference/retry-policies.md", () => {
  test("the table of presets", () => {
    const rows = tableRows(POLICIES, "preset").map(([name, reasons, ...rest]) => [
      codesOf(name ?? "")[0],
      sorted(codesOf(reasons ?? "")),
      ...rest,
    ]);
    const expected = (Object.keys(PRESETS) as PresetName[]).map((name) => {
      const { maxRetries, initialDelayMs, maxDelayMs, backoff } = PRESETS[name];
      if (backoff.kind !== "exponential") throw new Error(`${name} has no factor`);
      const reasons = REASON_NAMES.filter((reason) => PRESET_OF_REASON[reason] === name);
      const middle = 0.5; // of the jitter range, a factor of 1
      const delays = Array.from({ length: maxRetries }, (_, failed) =>
        formatDuration(delayBeforeRetryMs(PRESETS[name], failed + 1, middle)),
      );
      return [
        name,
        sorted(reasons),
        String(maxRetries),
        formatDuration(initialDelayMs),
        String(backoff.multiplier),
        formatDuration(maxDelayMs),
        delays.join(", "),
      ];
    });
    expect(rows).toEqual(expected);
  });
});

describe("docs/reference/api.md", () => {
  test("the tables of methods", () => {
    const named = [DlqService, DlqAdminService].flatMap(({ methods }) =>
      methods.map(({ name }) => name),
    );
    const rows = API.split("\n## ").flatMap((part) =>
      part.startsWith("Methods of")
        ? tableRows(part, "method").flatMap(([cell]) => codesOf(cell ?? ""))
        : [],
    );
    expect(sorted(rows)).toEqual(sorted(named));
  });

  test("the table of errors has every reason, with its code", () => {
    const rows = tableRows(API, "reason").map((row) => row.slice(0, 2).map((c) => codesOf(c)[0]));
    const source = readFileSync(join(ROOT, "src/rpc/error-map.ts"), "utf8");
    const mapped = [...source.matchAll(/code: Code\.(\w+), reason: "(\w+)"/g)].map(
      ([, code, reason]) => [reason, codeName(Code[code as keyof typeof Code])],
    );
    // The reason is a literal or a constant of the file.
    const fixed = [...source.matchAll(/errorInfo\((?:"(\w+)"|([A-Z]+))\)/g)].map(
      ([, literal, constant]) =>
        literal ?? new RegExp(`const ${constant} = "(\\w+)"`).exec(source)?.[1],
    );
    expect(rows).toEqual(expect.arrayContaining(mapped));
    expect(sorted(rows.map(([reason]) => reason ?? ""))).toEqual(
      sorted(new Set([...mapped.map(([reason]) => reason ?? ""), ...fixed.map(String)])),
    );
  });
});

describe("docs/reference/metrics.md", () => {
  /** Name, type and labels of each of our metrics, after each was used once. */
  async function metricsInCode(): Promise<string[][]> {
    const buildInfo = { version: "1", node: "v1" };
    const metrics = createMetrics({ namespace: "", maxQueues: 1, buildInfo });
    metrics.accepted("q", "TIMEOUT");
    metrics.refused("LIMIT");
    metrics.attempt("q", "failed");
    metrics.left("q", 1);
    metrics.removed("q", "expired");
    metrics.processed("q", 1);
    metrics.dueLag("q", 1);
    metrics.rpc("m", "OK", 1);
    metrics.store("s", 1, "e");
    metrics.streams("m", 1);
    metrics.ruleMatched("r");
    metrics.ruleFailed("r");
    metrics.ruleMove("moved");
    metrics.transformsRefused("q");
    metrics.tickFailed("q");
    metrics.setQueues(sourceOf(() => [figures("q")]));
    metrics.setFiles(() => [{ what: "tokens", isUnusable: false, expireAtMs: 1 }]);
    const text = await metrics.render();
    return [...text.matchAll(/^# TYPE (dlq_\w+) (\w+)$/gm)].map(([, name = "", type = ""]) => {
      const sample = new RegExp(`^${name}(?:_bucket)?\\{(.*)\\}`, "m").exec(text)?.[1] ?? "";
      const labels = [...sample.matchAll(/(\w+)="/g)].map((match) => match[1] ?? "");
      return [name, type, sorted(labels.filter((label) => label !== "le")).join()];
    });
  }

  test("the table of metrics", async () => {
    const rows = tableRows(METRICS, "metric").map(([name, type, labels]) => [
      codesOf(name ?? "")[0] ?? "",
      type ?? "",
      sorted(codesOf(labels ?? "")).join(),
    ]);
    const byName = (a: string[], b: string[]) => String(a[0]).localeCompare(String(b[0]));
    expect(rows.toSorted(byName)).toEqual((await metricsInCode()).toSorted(byName));
  });
});

describe("docs/guides/work.md", () => {
  test("the silence that counts as an outage", () => {
    const source = readFileSync(join(ROOT, "src/store/redis/packed/constants.ts"), "utf8");
    const silenceMs = Number(/SILENCE_MS: ([\d_]+),/.exec(source)?.[1]?.replaceAll("_", ""));
    expect(DELIVERY).toContain(`silence of more than ${silenceMs / 1_000} s`);
  });
});

describe("docs/internals/storage.md", () => {
  const families = (names: readonly string[]) =>
    sorted(names.map((name) => name.replace(/:[A-Z]$/, ":")));

  test("the keys of a queue", () => {
    const rows = tableRows(STORAGE, "key").flatMap(([key]) => codesOf(key ?? ""));
    expect(families(rows)).toEqual(sorted(Object.values(QUEUE_KEYS)));
  });

  test("the keys of a partition", () => {
    const rows = tableRows(STORAGE, "key of a partition").flatMap(([key]) => codesOf(key ?? ""));
    expect(families(rows)).toEqual(sorted(Object.values(PARTITION_KEYS)));
  });

  test("the keys of the deployment", () => {
    const rows = tableRows(STORAGE, "key or channel").flatMap(([key]) => codesOf(key ?? ""));
    const keys = Object.values(globalKeys("PREFIX")).map((key) =>
      typeof key === "function" ? key("") : key,
    );
    expect(families(rows)).toEqual(sorted(keys));
  });

  test("the scripts", () => {
    const rows = tableRows(STORAGE, "script").flatMap(([name]) => codesOf(name ?? ""));
    expect(sorted(rows)).toEqual(sorted(Object.keys(SCRIPTS)));
  });
});
