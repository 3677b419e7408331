import type { Failure } from "../../../../gen/dlq/v1/failure_pb.ts";

/** Returns a failure on one line: `HTTPError: 502 from hooks.acme.io`. Unescaped. */
export function failureText(failure: Failure | undefined): string {
  if (failure === undefined) return "";
  const { type, message, httpStatus, grpcCode } = failure;
  // The last part says what it is: `requests.exceptions.Timeout`.
  const name = type.split(/[.:/](?=[A-Za-z_])/).at(-1) ?? "";
  if (name !== "" && message !== "") return `${name}: ${message}`;
  if (name !== "" || message !== "") return name || message;
  if (httpStatus !== undefined) return `HTTP ${httpStatus}`;
  return grpcCode === undefined ? "" : `gRPC code ${grpcCode}`;
}
