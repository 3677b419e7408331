import { Code, ConnectError } from "@connectrpc/connect";
import type {
  SendToDlqBatchResult,
  SendToDlqRequest,
  SendToDlqResponse,
} from "../../../gen/dlq/v1/dlq_service_pb.ts";
import { cannotBeWritten, isTooLargeOnTheWay } from "./call-error.ts";
import type { DlqStubs } from "./connection.ts";

/** The result of one message, whichever call it went in. */
export type Answer =
  | { readonly response: SendToDlqResponse; readonly error?: undefined }
  | { readonly response?: undefined; readonly error: ConnectError };

/** One message goes by itself, several go in a batch. Rejects when the call itself failed. */
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
 * The error of a call in which none was taken for want of the service itself, such as of its store:
 * it was answered, but as if nobody were there.
 */
export function withoutService(answers: readonly Answer[]): ConnectError | undefined {
  const isAway = ({ error }: Answer) => error?.code === Code.Unavailable;
  return answers.every(isAway) ? answers[0]?.error : undefined;
}

/** A batch that is refused as a whole, although all but one of its messages may be fine. */
export function isOfTheWholeCall(error: ConnectError): boolean {
  return (
    error.code === Code.InvalidArgument ||
    error.code === Code.ResourceExhausted ||
    cannotBeWritten(error) ||
    isTooLargeOnTheWay(error)
  );
}
