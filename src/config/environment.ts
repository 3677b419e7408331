import { type ConfigError, didYouMean } from "./config-error.ts";
import { ALL_SETTINGS, type GivenValues } from "./given-values.ts";
import { removedHint } from "./removed-settings.ts";
import { type Given, type Setting, variableOf } from "./setting.ts";
import { nearest } from "./suggest.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

const byVariable = new Map<string, Setting>(ALL_SETTINGS.map((s) => [variableOf(s), s]));

/**
 * Variables of other programs. A misspelt DLQ_TOKENS among them leaves no server open to the network: without
 * tokens it listens to loopback alone, unless insecure_listen is set.
 */
const NOT_SETTINGS = new Set([
  // Setup and test scripts.
  ...["DLQ_SETUP", "DLQ_GRPCURL", "DLQ_PYTHON", "DLQ_GO", "DLQ_PROMTOOL", "DLQ_OLDEST_NODE"],
  ...["DLQ_MODEL_RUNS", "DLQ_MODEL_SEED", "DLQ_BENCH_GHZ", "DLQ_BENCH_AGENTS"],
  // Clients.
  ...["DLQ_SPOOL_DIR", "DLQ_SERVER_COMMAND", "DLQ_TARGET", "DLQ_SERVICE"],
  // The command line.
  ...["DLQ_TOKEN", "DLQ_TLS_CA", "DLQ_CONTEXT"],
]);
const NOT_SETTINGS_PREFIX = "DLQ_TEST_";

/**
 * Kubernetes gives each pod variables for each Service in its namespace. With a Service called
 * `dlq` or `dlq-http` they start with DLQ_ and must not be refused.
 */
const SERVICE_LINK =
  /^DLQ_([A-Z0-9_]+_)?(SERVICE_HOST|SERVICE_PORT(_[A-Z0-9_]+)?|PORT(_\d+_(TCP|UDP|SCTP)(_(ADDR|PORT|PROTO))?)?)$/;

/** Reports whether the process runs in Kubernetes. */
export function isKubernetes(env: Environment): boolean {
  return (env.KUBERNETES_SERVICE_HOST ?? "") !== "";
}

/**
 * Reads `DLQ_*` variables. An empty one counts as absent, as compose files with `${X:-}` expect.
 */
export function readEnvironment(env: Environment): GivenValues {
  const values = new Map<string, Given>();
  const errors: ConfigError[] = [];
  for (const [variable, raw] of Object.entries(env)) {
    if (!variable.startsWith("DLQ_") || raw === undefined) continue;
    const source = { kind: "environment", variable } as const;
    const setting = byVariable.get(variable);
    if (setting !== undefined) {
      if (raw.trim() !== "") values.set(setting.name, { raw, source });
      continue;
    }
    if (NOT_SETTINGS.has(variable) || variable.startsWith(NOT_SETTINGS_PREFIX)) continue;
    if (isKubernetes(env) && SERVICE_LINK.test(variable)) continue;
    errors.push({
      setting: variable,
      source,
      problem: "unknown variable",
      ...(removedHint(variable) ??
        didYouMean(
          nearest(variable, byVariable.keys()),
          "variables that start with DLQ_ are settings; dlq-server help lists all settings",
        )),
    });
  }
  return { values, errors };
}
