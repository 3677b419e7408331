import {
  type ChildLoggerOptions,
  type DestinationStream,
  type LogFn,
  type Logger,
  type LoggerOptions,
  pino,
} from "pino";
import { escapeUnsafe } from "../core/escape-unsafe.ts";
import { prettyLine } from "./log-pretty.ts";
import { redact } from "./log-redact.ts";
import { hideSecrets } from "./log-secrets.ts";

export type { Logger } from "pino";

/** The settings that logs need; a Config fits. */
export interface LogSettings {
  readonly logLevel: string;
  readonly logFormat: "json" | "pretty" | "auto";
  readonly nodeId: string;
}

export interface LogOutput {
  /** Gets whole lines. Default: stdout. */
  readonly stream?: DestinationStream;
  readonly isTerminal?: boolean;
  readonly colours?: boolean;
}

/**
 * Creates the logger. Each line is one JSON object: `level` (a name), `time` (ISO 8601, UTC),
 * `node`, `msg`, and the caller's fields. Lines go to stdout, where container platforms expect an
 * application's log. Usage errors, and Node's own output at a crash, go to stderr.
 *
 * Secrets are hidden: see log-redact.ts.
 */
export function createLogger(settings: LogSettings, output: LogOutput = {}): Logger {
  const isTerminal = output.isTerminal ?? process.stdout.isTTY === true;
  const pretty = settings.logFormat === "pretty" || (settings.logFormat === "auto" && isTerminal);
  // Synchronous: a crash loses no line, and the exit needs no flush. (pino's background writer
  // retries a broken pipe for ever at exit.)
  const stream = output.stream ?? pino.destination({ dest: 1, sync: true });
  const options: LoggerOptions = {
    level: settings.logLevel,
    // A log collector needs the name of the process; a terminal does not.
    base: pretty ? null : { node: settings.nodeId },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: {
      level: (label) => ({ level: label }),
      log: redact,
    },
    hooks: {
      logMethod(args, method) {
        method.apply(this, redactMessage(args));
      },
    },
    // The error is already redacted; pino's serializer would change it again.
    serializers: { err: (err: unknown) => err },
  };
  if (!pretty) {
    const lines = { write: (line: string) => stream.write(`${escapeUnsafe(line.trimEnd())}\n`) };
    return redactChildren(pino(options, lines));
  }
  const colours = output.colours ?? (isTerminal && (process.env.NO_COLOR ?? "") === "");
  const lines = { write: (line: string) => stream.write(prettyLine(line, colours)) };
  return redactChildren(pino(options, lines));
}

/** A log whose lines of level info are always written, whatever the level of `log`: records of who did what. */
export function recordLog(log: Logger): Logger {
  return log.child({}, { level: "info" });
}

type LogArguments = Parameters<LogFn>;

/** pino passes messages to no formatter. That of an error alone is the error's. */
function redactMessage(args: LogArguments): LogArguments {
  const [first, ...rest] = args as unknown[];
  const given = first instanceof Error && rest.length === 0 ? [first, first.message] : args;
  return given.map((one) => (typeof one === "string" ? hideSecrets(one) : one)) as LogArguments;
}

/** pino passes a child's bindings to no formatter, so they are redacted here. */
function redactChildren(logger: Logger): Logger {
  const { child } = logger;
  // Children inherit this function.
  logger.child = function <Levels extends string = never>(
    this: Logger,
    bindings: object,
    options?: ChildLoggerOptions<Levels>,
  ): Logger<Levels> {
    return Reflect.apply(child, this, [redact(bindings), options]);
  };
  return logger;
}
