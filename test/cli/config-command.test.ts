import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import type { Config } from "../../src/config/config.ts";
import { loadOk } from "../config/load-support.ts";
import { cli } from "./cli-support.ts";

const FULL = `
listen_grpc: "[::1]:0"
listen_http: off
node_id: "~"
redis_prefix: null.1
redis_sentinels: [a:1, b:2]
redis_sentinel_name: m
redis_max_memory: 2GB
data_dir: "a dir # with: everything"
metrics_namespace: "true"
compress_min: 1KB
defaults:
  ttl: 36h
  max_retries: 4
  retry_policy: { preset: network, jitter: none }
  retry_policies:
    TIMEOUT: { max_retries: 10 }
queues:
  "null": { ttl: 0 }
  payments:
    non_retryable_reasons: VALIDATION_FAILED,TIMEOUT
    max_retries: 1
  scheduled:
    non_retryable_types: [ValueError, "*net.OpError", "A::B"]
    retry_policy:
      schedule: [1s, 1m, 1m]
      jitter: decorrelated
      max_elapsed: 2d
      windows:
        - { time_zone: Europe/Berlin, start: 08:00, end: 20:00, days: [monday, friday] }
        - { start: 22:00, end: 06:00 }
    retry_policies: { TIMEOUT: { increment: 90s }, PLUGIN_ERROR: { backoff: fixed, max_elapsed: 0 } }
  hooks:
    transforms:
      - { target: payload, json_patch: '[{"op":"replace","path":"/a # b","value":"it''s: 1"}]' }
      - { target: attributes, merge_patch: '{"debug":null}' }
  plain: { transforms: [] }
  webhooks:
    retry_policy: { multiplier: 1.25, max_delay: 10m }
    retry_policies: { PLUGIN_ERROR: { max_retries: 1 }, TIMEOUT: webhook }
`.replace('node_id: "~"', "node_id: n:1");

function everything(config: Config) {
  const names = [...config.configuredQueues, "some-other-queue"];
  const { queueSettings, configuredQueues: _, ...values } = config;
  const queues = Object.fromEntries(names.map((name) => [name, queueSettings(name)]));
  return { ...values, queues };
}

async function printed(yaml: string, argv: readonly string[] = []): Promise<string> {
  const files = { "dlq.yaml": yaml };
  const run = await cli(["config", "--config", "dlq.yaml", ...argv], { files });
  if (run.code !== 0) throw new Error(run.stderr);
  return run.stdout;
}

describe("dlq-server config", () => {
  test.each([
    ["nothing", ""],
    ["everything", FULL],
  ])("output for %s gives the same configuration as input", async (_, yaml) => {
    const again = await printed(yaml);
    const { origins: _a, ...before } = loadOk({ yaml });
    const { origins: _b, ...after } = loadOk({ yaml: again });
    expect(everything(after)).toEqual(everything(before));
  });

  test("prints the source of each value", async () => {
    const run = await cli(["config", "--ttl=2h"], {
      env: { DLQ_LOG_LEVEL: "warn", DLQ_CONFIG: "f.yaml" },
      files: { "f.yaml": "\nredis_timeout: 3s\nqueues:\n  q: { max_bytes: 1MiB }\n" },
    });
    expect(run.stdout).toMatch(/^ {2}ttl: 2h +# --ttl$/m);
    expect(run.stdout).toMatch(/^log_level: warn +# DLQ_LOG_LEVEL$/m);
    expect(run.stdout).toMatch(/^redis_timeout: 3s +# f.yaml:2$/m);
    expect(run.stdout).toMatch(/^ {4}max_bytes: 1MiB +# f.yaml:4$/m);
    expect(run.stdout).toMatch(/^drain_grace: 25s +# default$/m);
    expect(run.stdout).toMatch(/^# tls_cert: +# default: not set$/m);
    // Computed for this process: in a file, two processes would share it.
    expect(run.stdout).toMatch(/^# node_id: host-42 +# default: host name and process id$/m);
  });

  const secrets = {
    DLQ_TOKENS: "hunter2-hunter2-1,hunter2-hunter2-2",
    DLQ_REDIS_SENTINELS: "h:1",
    DLQ_REDIS_SENTINEL_NAME: "m",
    DLQ_REDIS_SENTINEL_PASSWORD: "hunter2",
    DLQ_REDIS_PASSWORD: "hunter2",
  };

  test.each([[[]], [["--json"]]])("hides secrets: %j", async (argv) => {
    for (const env of [secrets, { DLQ_REDIS_URL: "redis://u:hunter2@h" }]) {
      const { stdout, code } = await cli(["config", ...argv], { env });
      expect(code).toBe(0);
      expect(stdout).toContain("***");
      expect(stdout).not.toContain("hunter2");
    }
  });

  test.each([
    ["redis://bob:hunter2@redis.internal:6379/0", "redis://bob:***@redis.internal:6379/0"],
    ["rediss://:hunter2@h", "rediss://:***@h"],
    ["redis://h:6379", "redis://h:6379"],
    ["unix:///run/redis.sock", "unix:///run/redis.sock"],
  ])("hides only the password of %s, and refuses the placeholder", async (url, shown) => {
    const { stdout } = await cli(["config"], { env: { DLQ_REDIS_URL: url } });
    expect(stdout).toContain(shown);
    expect((await cli(["config", `--redis-url=${shown}`])).code).toBe(url === shown ? 0 : 2);
  });

  test("the placeholder of a secret is refused as input", async () => {
    const { stdout } = await cli(["config"], { env: secrets });
    const again = await cli(["--config=f"], { files: { f: stdout } });
    expect(again.code).toBe(2);
    expect(again.stderr).toMatch(/tokens .*placeholder of a hidden secret/);
    expect(again.stderr).toMatch(/redis-password .*placeholder/);
  });

  test("--json has values with their sources", async () => {
    const json: unknown = JSON.parse(await printed(FULL, ["--json"]));
    expect(json).toMatchObject({
      settings: {
        listen_grpc: { value: "[::1]:0", source: "dlq.yaml:2" },
        insecure_listen: { value: false, source: "default" },
        tls_cert: { value: null },
        redis_sentinels: { value: ["a:1", "b:2"] },
      },
      defaults: {
        ttl: { value: "36h" },
        retry_policies: { TIMEOUT: { value: { max_retries: 10, initial_delay: "5s" } } },
      },
      queues: {
        null: { ttl: { value: "0" } },
        scheduled: {
          retry_policy: {
            value: {
              schedule: ["1s", "1m", "1m"],
              windows: [
                { time_zone: "Europe/Berlin", start: "08:00", days: ["monday", "friday"] },
                { time_zone: "UTC", start: "22:00", end: "06:00", days: [] },
              ],
            },
          },
        },
      },
      warnings: [],
    });
  });

  test("warnings go to stderr", async () => {
    const run = await cli(["config"], { env: { KUBERNETES_SERVICE_HOST: "h" } });
    expect(run.code).toBe(0);
    expect(run.stderr).toMatch(/^dlq-server: warning: This looks like Kubernetes/);
  });

  test("a wrong configuration exits with 2", async () => {
    expect(await cli(["config", "--ttl=x"])).toMatchObject({ code: 2, stdout: "" });
  });
});

describe("docs/reference/configuration.md", () => {
  const file = path.join(import.meta.dirname, "../../docs/reference/configuration.md");

  test("is what `npm run docs:settings` writes", async () => {
    const { stdout, code } = await cli(["config", "--docs"]);
    expect(code).toBe(0);
    expect(readFileSync(file, "utf8")).toBe(stdout);
  });

  test("has an example that loads", async () => {
    const { stdout } = await cli(["config", "--docs"]);
    const example = /```yaml\n([\s\S]*?)```/.exec(stdout)?.[1] ?? "";
    expect(loadOk({ yaml: example }).configuredQueues).toEqual(["payments", "webhooks"]);
  });
});
