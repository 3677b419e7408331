// Checks that names in backticks exist in the code: settings, fields, values, errors, metrics. It finds documents with the
// old name of something that was renamed.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { DescFile, DescMessage } from "@bufbuild/protobuf";
import { describe, expect, test } from "vitest";
import { file_dlq_spool_v1_spool as spoolFile } from "../../gen/dlq/spool/v1/spool_pb.ts";
import { file_dlq_v1_batch_job as batchJobFile } from "../../gen/dlq/v1/batch_job_pb.ts";
import { file_dlq_v1_dlq_admin_service as adminFile } from "../../gen/dlq/v1/dlq_admin_service_pb.ts";
import { file_dlq_v1_dlq_service as serviceFile } from "../../gen/dlq/v1/dlq_service_pb.ts";
import { file_dlq_v1_event as eventFile } from "../../gen/dlq/v1/event_pb.ts";
import { file_dlq_v1_failure as failureFile } from "../../gen/dlq/v1/failure_pb.ts";
import { file_dlq_v1_message as messageFile } from "../../gen/dlq/v1/message_pb.ts";
import { file_dlq_v1_queue as queueFile } from "../../gen/dlq/v1/queue_pb.ts";
import { file_dlq_v1_rule as ruleFile } from "../../gen/dlq/v1/rule_pb.ts";
import { file_dlq_v1_state as stateFile } from "../../gen/dlq/v1/state_pb.ts";
import { file_dlq_v1_stored_message as storedMessageFile } from "../../gen/dlq/v1/stored_message_pb.ts";
import { ALL_SETTINGS } from "../../src/config/given-values.ts";
import { POLICY_SETTINGS } from "../../src/config/retry-policy.ts";
import { variableOf, yamlKeyOf } from "../../src/config/setting.ts";
import { REFUSAL_KINDS } from "../../src/core/transform/json.ts";
import { createMetrics } from "../../src/observe/metrics.ts";
import { codeName } from "../../src/rpc/error-map.ts";
import { FILTER_VOCABULARY } from "../../src/rules/filter-vocabulary.ts";
import { CONSTANTS } from "../../src/store/redis/packed/constants.ts";
import { SCRIPTS } from "../../src/store/redis/scripts.ts";
import { readScenarios } from "../contract/scenario.ts";
import { PEER_NAMES } from "../golden/collect/servers/all.mjs";
import { codesOf, documents, readDocument, tableRows, withoutFences } from "./markdown.ts";

const FILES: readonly DescFile[] = [
  serviceFile,
  adminFile,
  batchJobFile,
  eventFile,
  failureFile,
  messageFile,
  queueFile,
  ruleFile,
  stateFile,
  storedMessageFile,
  spoolFile,
];

function fieldsOf(message: DescMessage): string[] {
  return [...message.fields.map(({ name }) => name), ...message.nestedMessages.flatMap(fieldsOf)];
}

/** Enum values in full and without the prefix of their enum. */
const enumValues = FILES.flatMap(({ enums }) =>
  enums.flatMap(({ values, sharedPrefix }) =>
    values.flatMap(({ name }) => [name, name.slice((sharedPrefix ?? "").length)]),
  ),
);

const metrics = createMetrics({ namespace: "", maxQueues: 0, buildInfo: {} });
const metricNames = [...(await metrics.render()).matchAll(/^# TYPE (\w+)/gm)].map(
  (m) => m[1] ?? "",
);

const settings = ALL_SETTINGS.flatMap((setting) => [variableOf(setting), yamlKeyOf(setting)]);

/** Returns the keys of scenarios, on all levels. */
function keysOf(value: unknown): string[] {
  if (typeof value !== "object" || value === null) return [];
  const own = Array.isArray(value) ? [] : Object.keys(value);
  return [...own, ...Object.values(value).flatMap(keysOf)];
}

const scenarioKeys = readScenarios().flatMap(({ steps }) =>
  steps.flatMap(({ action, given }) => [action, ...keysOf(given)]),
);

/** What `dlq work` gives to its commands. */
const messageVariableNames = [
  ...readFileSync("clients/cli/src/worker/message-variables.ts", "utf8").matchAll(/\bDLQ_\w+/g),
].map(([name]) => name);

/** Fields of events in NATS. */
const EVENT_SCHEMA = JSON.parse(readDocument("docs/reference/events-v1.schema.json"));

const KNOWN = new Set([
  ...["JITTER_SEED", "CONDITION_CODE_MOVING"], // former names, in the changelog

  ...scenarioKeys,
  // Of clients, in the form of each language.
  ...["try_timeout", "server_name", "on_dropped", "max_delay_ms", "DLQ_SPOOL_DIR", "send_soon"],
  ...["on_succeeded", "on_failed", "on_quarantined"],
  ...["BUFFER_FULL", "SPOOL_FULL", "HANDLER_FAILED"], // kinds of errors, as Java writes them
  ...["lose_answer", "narrow_as_nginx"], // of the harness of scenarios: values
  ...Object.keys(EVENT_SCHEMA.$defs.event.properties),
  ...["events_missed", "action_dlq"], // of subjects in NATS
  ...["allow_atomic"], // of NATS
  ...["nats_client", "redis_key_prefix"], // of the package before this service
  ...["grpc_pass", "client_max_body_size"], // of nginx
  ...["GRPC_VERBOSITY", "missing_scope"], // of gRPC and Slack
  ...PEER_NAMES.map((name) => `GOLDEN_${name.toUpperCase()}`),

  ...FILES.flatMap(({ messages }) => messages.flatMap(fieldsOf)),
  ...enumValues.map((name) => name.toLowerCase()),
  ...enumValues.map((name) => name.toUpperCase()),
  ...metricNames,
  ...settings,
  ...Object.values(POLICY_SETTINGS).map(yamlKeyOf),
  ...["retry_policy", "retry_policies"], // of the file only
  ...["DLQ_MODEL_RUNS", "DLQ_MODEL_SEED"], // of the model test only
  ...Array.from({ length: 17 }, (_, code) => codeName(code)),
  ...tableRows(readDocument("docs/reference/api.md"), "reason").flatMap(([reason]) =>
    codesOf(reason ?? ""),
  ),
  ...REFUSAL_KINDS,
  ...Object.keys(SCRIPTS),
  ...Object.keys(CONSTANTS.CHANGE).map((kind) => kind.toLowerCase()),
  ...["exists_one"], // of CEL
  ...Object.keys(FILTER_VOCABULARY.variables),
  ...["DLQ_SETUP", "DLQ_GRPCURL", "DLQ_PYTHON", "DLQ_GO"], // of the scripts
  ...["DLQ_SPOOL_DIR", "DLQ_SERVER_COMMAND"], // of the clients
  ...["DLQ_TARGET", "DLQ_TOKEN", "DLQ_TLS_CA", "DLQ_CONTEXT", "NO_COLOR"], // of the command line
  ...messageVariableNames,
]);

/** Names in the code of the Python client, for its documents. */
const PYTHON = "clients/python/src/dlq";
const pythonNames = new Set(
  readdirSync(PYTHON, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".py") && !name.includes("_pb2"))
    .flatMap((name) => readFileSync(join(PYTHON, name), "utf8").match(/\b\w+\b/g) ?? []),
);

/** Names in the code of the Rust client. */
const RUST = "clients/rust/src";
const rustNames = new Set(
  readdirSync(RUST, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".rs") && !name.startsWith("gen/"))
    .flatMap((name) => readFileSync(join(RUST, name), "utf8").match(/\b\w+\b/g) ?? []),
);

/** Two words or more, in snake case or upper case. */
const NAME = /^(?:[a-z][a-z0-9]*(?:_[a-z0-9]+)+|[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)(?=$|:|=|\{)/;

/** Python modules such as `dlq_service_pb2`. */
const PYTHON_MODULE = /_pb2(_grpc)?$/;

describe.each(documents())("%s", (file) => {
  const markdown = readDocument(file);
  const isOfAll = file === "docs/guides/choose-your-language.md";
  const isOfPython =
    isOfAll || file.startsWith("clients/python/") || file === "docs/guides/migrate.md";
  const isOfRust = isOfAll || file.startsWith("clients/rust/");
  const isKnown = (name: string) =>
    KNOWN.has(name) || (isOfPython && pythonNames.has(name)) || (isOfRust && rustNames.has(name));

  test("names in backticks exist", () => {
    const names = codesOf(withoutFences(markdown)).flatMap((code) => NAME.exec(code)?.[0] ?? []);
    const unknown = names.filter((name) => !isKnown(name) && !PYTHON_MODULE.test(name));
    expect([...new Set(unknown)]).toEqual([]);
  });

  test("metrics exist, also in rules and commands", () => {
    const used = [...markdown.matchAll(/\bdlq_[a-z_]+[a-z]\b/g)].map((match) =>
      match[0].replace(/_(?:bucket|sum|count)$/, ""),
    );
    const isPackage = (name: string) => /^dlq_(?:service|client)/.test(name);
    expect(used.filter((name) => !metricNames.includes(name) && !isPackage(name))).toEqual([]);
  });

  test("variables exist", () => {
    const used = [...markdown.matchAll(/\bDLQ_[A-Z][A-Z_]*[A-Z]\b/g)].map((match) => match[0]);
    expect(used.filter((name) => !isKnown(name) && name !== "DLQ_SOME_NAME")).toEqual([]);
  });
});
