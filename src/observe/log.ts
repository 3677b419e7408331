import {
  type ChildLoggerOptions,
  type DestinationStream,
  type Logger,
  type LoggerOptions,
  pino,
} from "pino";
import { prettyLine } from "./log-pretty.ts";
import { redact } from "./log-redact.ts";

export type { Logger } from "pino";

/** The settings that logs need; a Config fits. */
export interface LogSettings {
  readonly logLevel: string;
  readonly logFormat: "json" | "pretty" | "auto";
  readonly nodeId: string;
}

export interface LogOutput {
  /** Gets whole lines. Default: the process's stdout. */
  readonly stream?: DestinationStream;
  readonly isTerminal?: boolean;
  readonly colours?: boolean;
}

/**
 * One JSON object a line: `level` (a name), `time` (ISO 8601, UTC), `node`, `msg`, and what the
 * caller adds. Lines go to stdout, where container platforms and service managers look for an
 * application's own lines; stderr is left to what is not a log: usage errors, and what Node
 * itself says when it dies.
 *
 * Nothing secret gets through by accident: see log-redact.ts.
 */
export function createLogger(settings: LogSettings, output: LogOutput = {}): Logger {
  const isTerminal = output.isTerminal ?? process.stdout.isTTY === true;
  const pretty = settings.logFormat === "pretty" || (settings.logFormat === "auto" && isTerminal);
  // Synchronous: a crash loses no line, and the end needs no flush. (pino's background writer
  // retries a broken pipe for ever at exit, so a dead log reader would keep the process alive.)
  const stream = output.stream ?? pino.destination({ dest: 1, sync: true });
  const options: LoggerOptions = {
    level: settings.logLevel,
    // A person at a terminal knows which process is talking; a log collector does not.
    base: pretty ? null : { node: settings.nodeId },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: {
      level: (label) => ({ level: label }),
      log: redact,
    },
    // An error is plain fields by then; pino's own serializer would read it as one again.
    serializers: { err: (err: unknown) => err },
  };
  if (!pretty) return redactChildren(pino(options, stream));
  const colours = output.colours ?? (isTerminal && (process.env.NO_COLOR ?? "") === "");
  const lines = { write: (line: string) => stream.write(prettyLine(line, colours)) };
  return redactChildren(pino(options, lines));
}

/** pino gives a child's bindings to no formatter, so they are cleaned before it sees them. */
function redactChildren(logger: Logger): Logger {
  const { child } = logger;
  // Children inherit this, and `this` makes theirs children of their own.
  logger.child = function <Levels extends string = never>(
    this: Logger,
    bindings: object,
    options?: ChildLoggerOptions<Levels>,
  ): Logger<Levels> {
    return Reflect.apply(child, this, [redact(bindings), options]);
  };
  return logger;
}
