import { Code, ConnectError } from "@connectrpc/connect";
import type {
  SendToDlqBatchResult,
  SendToDlqRequest,
  SendToDlqResponse,
} from "../../../gen/dlq/v1/dlq_service_pb.ts";
import { isTooLargeForProxy, isUnencodable } from "./call-error.ts";
import type { DlqStubs } from "./connection.ts";

/** The answer for one message of a call. */
export type Answer =
  | { readonly response: SendToDlqResponse; readonly error?: undefined }
  | { readonly response?: undefined; readonly error: ConnectError };

/** Sends one message alone, or several as a batch. Rejects if the call itself fails. */
export async function callSend(
  stubs: DlqStubs,
  requests: readonly SendToDlqRequest[],
  timeoutMs: number,
): Promise<readonly Answer[]> {
  const [first] = requests;
  if (requests.length === 1 && first !== undefined) {
    return [{ response: await stubs.sendToDlq(first, { timeoutMs }) }];
  }
  const { results } = await stubs.sendToDlqBatch({ requests: [...requests] }, { timeoutMs });
  return results.map(answerOf);
}

function answerOf({ outcome }: SendToDlqBatchResult): Answer {
  if (outcome.case === "response") return { response: outcome.value };
  const {
    code = Code.Internal,
    message = "the server gave no result",
    details = [],
  } = outcome.value ?? {};
  const error = new ConnectError(message, code);
  error.details = details.map(({ typeUrl, value }) => ({
    type: typeUrl.slice(typeUrl.lastIndexOf("/") + 1),
    value,
  }));
  return { error };
}

/**
 * Returns the error of a batch in which every message got UNAVAILABLE, for instance because the server
 * has lost its store. Such a batch counts as a failed call.
 */
export function unavailableErrorOf(answers: readonly Answer[]): ConnectError | undefined {
  const isUnavailable = ({ error }: Answer) => error?.code === Code.Unavailable;
  return answers.every(isUnavailable) ? answers[0]?.error : undefined;
}

/** Reports whether one message may have made the whole batch fail: halves of it may pass. */
export function isWorthSplitting(error: ConnectError): boolean {
  return (
    error.code === Code.InvalidArgument ||
    error.code === Code.ResourceExhausted ||
    isUnencodable(error) ||
    isTooLargeForProxy(error)
  );
}
