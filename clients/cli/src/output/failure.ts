import type { Failure } from "../../../../gen/dlq/v1/failure_pb.ts";

/** Returns a failure on one line: `HTTPError: 502 from hooks.acme.io`. Unescaped. */
export function failureText(failure: Failure | undefined): string {
  if (failure === undefined) return "";
  const { type, message, httpStatus, grpcCode } = failure;
  const name = shortType(type);
  if (name !== "" && message !== "") return `${name}: ${message}`;
  if (name !== "" || message !== "") return name || message;
  if (httpStatus !== undefined) return `HTTP ${httpStatus}`;
  return grpcCode === undefined ? "" : `gRPC code ${grpcCode}`;
}

/** Returns the last part of a type, which says what it is: `Timeout` of `requests.exceptions.Timeout`. */
export function shortType(type: string): string {
  return type.replace(/^[^\s[]*[.:/](?=[A-Za-z_$])/, "");
}
