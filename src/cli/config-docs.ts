import { formatDuration } from "../config/duration.ts";
import { ALL_SETTINGS } from "../config/given-values.ts";
import { TRANSFORM_SETTINGS, TRANSFORMS_DOC } from "../config/queue-transforms.ts";
import { POLICY_SETTINGS } from "../config/retry-policy.ts";
import { WINDOW_SETTINGS, WINDOWS_DOC } from "../config/retry-windows.ts";
import {
  describeFallback,
  flagOf,
  GROUPS,
  type Setting,
  variableOf,
  yamlKeyOf,
} from "../config/setting.ts";
import { boolean, path } from "../config/value-type.ts";
import { PRESET_OF_REASON, PRESETS } from "../core/presets.ts";
import { REASON_NAMES } from "../core/reason.ts";

const INTRO = `# Configuration

<!-- Generated from the table of settings by \`npm run docs:settings\`. Do not edit. -->

Every setting can be given as a flag, as an environment variable or in a YAML file. The first of
these with a value wins, before the default.

1. flags: \`--redis-timeout 500ms\`, \`--redis-timeout=500ms\`; switches as \`--insecure-listen\` or
   \`--no-insecure-listen\`; of a repeated flag, the last one;
2. environment: \`DLQ_REDIS_TIMEOUT=500ms\`; an empty variable counts as absent;
3. the YAML file of \`--config FILE\` or \`DLQ_CONFIG\`: \`redis_timeout: 500ms\` (the flag without dashes
   in front, with \`_\` for \`-\`); a key without a value counts as absent.

Unknown flags and keys are errors, and so are unknown variables that start with \`DLQ_\`, except those
of the clients. All errors are reported together (exit code 2). \`dlq-server config\` prints the configuration
in force and the source of each value, with secrets hidden.

- **Durations** have a unit: \`250ms\`, \`30s\`, \`5m\`, \`24h\`, \`7d\`. Only 0 needs none.
- **Sizes** are bytes, or have a unit: \`64KiB\` is 65,536, \`64KB\` is 64,000.
- **Lists** are separated by commas; in YAML they may be sequences.
- **Paths** are relative to the working directory.
`;

const QUEUES_INTRO = `
As a flag or variable these apply to every queue. In the file they are below \`defaults:\` for every
queue, and below \`queues: <name>:\` for one. A queue's own setting wins over that of the deployment,
also over flags.
`;

const POLICIES_INTRO = `
## Retry policies

\`retry_policy\` and \`retry_policies\` exist only in the file, below \`defaults:\` or
\`queues: <name>:\`. \`retry_policy\` applies to every reason, \`retry_policies\` has an entry for each
reason. Keys that an entry does not have come from its \`preset\`, or stay as they would be without the
entry. \`retry_policy: webhook\` is short for \`retry_policy: { preset: webhook }\`.

Within one layer the order is: \`retry_policies\` for the reason, \`max_retries\`, \`retry_policy\`, the
preset of the reason. A queue that sets \`retry_policy\` does not inherit the deployment's
\`max_retries\` and \`retry_policies\`; one that sets \`max_retries\` caps the policies it inherits.
[retry-policies.md](retry-policies.md) shows the effect of each kind of policy.
`;

const WINDOWS_INTRO = `An entry of \`windows\` is a part of the day in local time, with daylight saving:
`;

const TRANSFORMS_INTRO = `
## Transforms

\`transforms\` exists only in the file, below \`defaults:\` or \`queues: <name>:\`. ${TRANSFORMS_DOC}
[Edit messages](../guides/edit-messages.md) explains when and how they are applied.
`;

const EXAMPLE = `
## Example

\`\`\`yaml
listen_grpc: 0.0.0.0:50051
listen_http: 0.0.0.0:8080
tokens: [replace-this-token-by-a-long-random-one]
redis_url: redis://redis.internal:6379/0

defaults:
  ttl: 7d
  retry_policies:
    TIMEOUT: { max_retries: 10 }        # the rest: preset of TIMEOUT

queues:
  payments:
    ttl: 0                              # never expires
    non_retryable_reasons: [VALIDATION_FAILED, AUTHENTICATION_ERROR]
    lease_duration: 2m
  webhooks:
    retry_policy:
      preset: webhook
      max_delay: 10m
      windows:                            # no attempts at night
        - { time_zone: Europe/Berlin, start: 08:00, end: 20:00 }
    ttl_action: discard
    max_messages: 1000000
\`\`\`
`;

/** Escapes pipes, which would end a table cell. */
const cell = (text: string): string => text.replaceAll("|", "\\|");
const code = (text: string): string => `\`${cell(text)}\``;

function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return `${[line(header), line(header.map(() => "---")), ...rows.map(line)].join("\n")}\n`;
}

function fallback(setting: Setting): string {
  const text = describeFallback(setting);
  return setting.fallback === undefined || setting.fallbackText !== undefined
    ? cell(text)
    : code(text);
}

/** The meaning of a setting, with its range, or with its allowed values and an example. */
function meaning({ doc, type, example }: Setting): string {
  if (type === boolean || type === path) return cell(doc); // the types say enough
  if (type.bounds !== undefined) return cell(`${doc} Allowed: ${type.bounds}.`);
  return `${cell(doc)} Allowed: ${cell(type.allowed)}. Example: ${code(example)}`;
}

function settingTable(settings: readonly Setting[]): string {
  return table(
    ["flag", "variable", "default", "meaning"],
    settings.map((s) => [code(flagOf(s)), code(variableOf(s)), fallback(s), meaning(s)]),
  );
}

const rowsOf = (settings: Readonly<Record<string, Setting>>): (readonly string[])[] =>
  Object.values(settings).map((s) => [code(yamlKeyOf(s)), meaning(s)]);

function transformTable(): string {
  const rows = table(["key of a transform", "meaning"], rowsOf(TRANSFORM_SETTINGS));
  return `${TRANSFORMS_INTRO}\n${rows}`;
}

function policyTables(): string {
  const presets = Object.entries(PRESETS).map(([name, p]) => [
    code(name),
    String(p.maxRetries),
    formatDuration(p.initialDelayMs),
    formatDuration(p.maxDelayMs),
    p.backoff.kind === "exponential" ? String(p.backoff.multiplier) : "",
    REASON_NAMES.filter((reason) => PRESET_OF_REASON[reason] === name)
      .map((reason) => code(reason))
      .join(", "),
  ]);
  return [
    POLICIES_INTRO,
    table(["key", "meaning"], [...rowsOf(POLICY_SETTINGS), [code("windows"), WINDOWS_DOC]]),
    WINDOWS_INTRO,
    table(["key of a window", "meaning"], rowsOf(WINDOW_SETTINGS)),
    table(
      ["preset", "max_retries", "initial_delay", "max_delay", "multiplier", "reasons"],
      presets,
    ),
  ].join("\n");
}

/** The reference of all settings as Markdown: the content of docs/reference/configuration.md. */
export function configDocs(): string {
  const groups = GROUPS.map((group) => {
    const settings = ALL_SETTINGS.filter((s) => s.group === group);
    const intro = group === "Queues" ? QUEUES_INTRO : "";
    return `\n## ${group}\n${intro}\n${settingTable(settings)}`;
  });
  return `${INTRO}${groups.join("")}${policyTables()}${transformTable()}${EXAMPLE}`;
}
