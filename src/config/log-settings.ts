import { type Setting, setting } from "./setting.ts";
import { boolean, choice, integer, string } from "./value-type.ts";

const LOG_LEVELS = ["trace", "debug", "info", "warn", "error", "fatal", "silent"] as const;
const LOG_FORMATS = ["json", "pretty", "auto"] as const;

/** Logs and metrics of the server. */
export const LOG_SETTINGS = {
  logLevel: setting({
    name: "log-level",
    group: "Logs and metrics",
    type: choice(LOG_LEVELS, "LEVEL"),
    fallback: "info",
    doc: `Lowest level that is logged: ${LOG_LEVELS.join(", ")}.`,
    example: "debug",
  }),
  logFormat: setting({
    name: "log-format",
    group: "Logs and metrics",
    type: choice(LOG_FORMATS),
    fallback: "auto",
    doc: "json: one object for each line. pretty: for people. auto: pretty on a terminal, otherwise json.",
    example: "json",
  }),
  logNotes: setting({
    name: "log-notes",
    group: "Logs and metrics",
    type: boolean,
    fallback: false,
    doc: "Logs the notes with which workers quarantine or discard messages. They are free text and may have personal data.",
    example: "true",
  }),
  metricsAccess: setting({
    name: "metrics-access",
    group: "Logs and metrics",
    type: choice(["open", "token"]),
    fallback: "open",
    doc: "Who may read /metrics, which shows names of queues. open: everybody who can connect to listen-http. token: callers with a token.",
    example: "token",
  }),
  metricsNamespace: setting({
    name: "metrics-namespace",
    group: "Logs and metrics",
    type: string({
      placeholder: "NAME",
      allowed: "letters, digits and _, not starting with a digit",
      pattern: /^([A-Za-z_][A-Za-z0-9_]*)?$/,
    }),
    fallback: "",
    fallbackText: "none",
    doc: "Prefix of each metric's name, followed by an underscore.",
    example: "acme",
  }),
  metricsMaxQueues: setting({
    name: "metrics-max-queues",
    group: "Logs and metrics",
    type: integer(0, 100_000),
    fallback: 100,
    doc: 'Most queues with a label of their own in metrics; up to a quarter more get one if they outgrow the others. All other queues are summed as queue="/other".',
    example: "1000",
  }),
} as const satisfies Record<string, Setting>;
