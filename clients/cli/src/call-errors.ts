import { Code, ConnectError } from "@connectrpc/connect";
import { ErrorInfoSchema } from "../../../gen/google/rpc/error_details_pb.ts";
import { DlqClientError } from "../../typescript/src/index.ts";
import { CliError, EXIT, type ExitCode } from "./errors.ts";

/** Returns the stable reason of an error of the service, such as `STORE_FULL`; empty if no service answered. */
export function reasonOf(error: ConnectError): string {
  return error.findDetails(ErrorInfoSchema)[0]?.reason ?? "";
}

/** The reason of errors that Redis does not answer. */
export const STORE_UNAVAILABLE = "STORE_UNAVAILABLE";

/** Returns a failed call as an error for the user. Other values are returned as they are. */
export function explainCallError(thrown: unknown, target: string, hasToken: boolean): unknown {
  // The worker's errors have that of the call as their cause.
  const error = thrown instanceof DlqClientError ? thrown.cause : thrown;
  if (!(error instanceof ConnectError)) return thrown;
  const reason = reasonOf(error);
  const text = error.rawMessage
    .replace(HEADER_ADVICE, "")
    .replace(OPENSSL, "TLS failed: $1")
    .trim();
  const exitCode = exitCodeOf(error.code, reason);
  switch (exitCode) {
    case EXIT.unreachable:
      return new CliError(exitCode, `${target} does not answer: ${text}`, unreachableHint(error));
    case EXIT.notPermitted:
      return new CliError(
        exitCode,
        `${target} refused ${refused(error, hasToken)}: ${text}`,
        TOKEN_HINT,
      );
    default:
      return new CliError(exitCode, text, HINTS[reason] ?? requestHint(error));
  }
}

/** What a call is about. */
type Subject = "message" | "group" | "session" | "queue" | "job";

/** Which command lists them; and the text, if that of the service names a call. */
const SUBJECTS: Readonly<Record<Subject, { hint: string; text?: (id: string) => string }>> = {
  message: { hint: "`dlq ls` lists messages; commands without --queue search all queues" },
  group: {
    hint: "`dlq groups` lists groups; archived ones with --state archived",
    text: (id) => `there is no group ${id}`,
  },
  session: {
    hint: "`dlq workers` lists workers with their sessions",
    text: (id) => `there is no session ${id} of a worker`,
  },
  queue: { hint: "`dlq queues` lists queues" },
  job: { hint: "`dlq jobs` lists jobs; the last 1,000 ended ones are kept" },
};

/** Returns the answer of a call about one thing. @throws {CliError} if there is no such thing */
export async function lookUp<Answer>(
  subject: Subject,
  id: string,
  call: Promise<Answer>,
): Promise<Answer> {
  try {
    return await call;
  } catch (error) {
    if (!(error instanceof ConnectError) || reasonOf(error) !== "NOT_FOUND") throw error;
    const { hint, text } = SUBJECTS[subject];
    throw new CliError(EXIT.notFound, text?.(id) ?? error.rawMessage, hint);
  }
}

/** The service has one text for a missing and a wrong token. */
function refused({ code }: ConnectError, hasToken: boolean): string {
  if (code !== Code.Unauthenticated) return "the call";
  return hasToken ? "the token" : "the call, which had no token";
}

function exitCodeOf(code: Code, reason: string): ExitCode {
  switch (code) {
    case Code.InvalidArgument:
      return EXIT.usage;
    case Code.NotFound:
      return reason === "" ? EXIT.unreachable : EXIT.notFound;
    case Code.Unauthenticated:
    case Code.PermissionDenied:
      return EXIT.notPermitted;
    case Code.Canceled:
      return EXIT.interrupted;
    case Code.FailedPrecondition:
    case Code.Aborted:
    case Code.ResourceExhausted:
      return EXIT.failed;
    default:
      // Errors of the service always have a reason.
      return reason === "" ? EXIT.unreachable : EXIT.failed;
  }
}

/** The texts of OpenSSL, which have the place in its sources. */
const OPENSSL = /^\w+:error:\w+:SSL routines:\w*:([^:]+):.*$/s;

/** The service's advice for programs that make their own headers. */
const HEADER_ADVICE = /; send the header `authorization.*/;
const TOKEN_HINT =
  "set DLQ_TOKEN or --token-file to one of the server's tokens; `dlq context list` shows what is in force";

const HINTS: Readonly<Record<string, string>> = {
  [STORE_UNAVAILABLE]: "run `dlq doctor`; the server's log has the cause",
  ETAG_MISMATCH: "somebody else has changed it meanwhile: look at it, and run the command again",
  STORE_FULL: "make room in Redis or on the disk of the server",
  INTERNAL: "search the server's log for the id of the error",
  DEADLINE_EXCEEDED: "try again, with a longer --timeout",
  UNIMPLEMENTED: "the server is older than this command; update the server",
};

/** For refused requests: their errors begin with the name of the field. */
function requestHint({ code, rawMessage }: ConnectError): string {
  if (code !== Code.InvalidArgument) return "";
  const isExpression = /^(?:filter|by\b)/.test(rawMessage);
  return isExpression
    ? "docs/reference/filters.md has the variables and functions"
    : "see --help of the command";
}

function unreachableHint({ rawMessage, cause, code }: ConnectError): string {
  const node = cause instanceof Error && "code" in cause ? String(cause.code) : "";
  if (/SELF_SIGNED|UNABLE_TO_(?:VERIFY|GET_ISSUER)/.test(node)) {
    return "give the certificate of the server's authority as --tls-ca FILE";
  }
  if (node === "ERR_TLS_CERT_ALTNAME_INVALID") return "use a name of the server's certificate";
  if (node.startsWith("ERR_SSL_"))
    return "does the server have TLS? Without it, write http:// or no scheme";
  if (/ENOTFOUND|EAI_AGAIN/.test(`${node} ${rawMessage}`)) return "check the name in --target";
  if (code === Code.DeadlineExceeded) return "check --target, or give a longer --timeout";
  return "is the server running? Check --target HOST:PORT (its gRPC port, 50051 by default; https:// with TLS)";
}
