// `dlq-client/express`

import type { DlqClient } from "../client.ts";
import { log } from "../log.ts";
import {
  type FailedRequestOptions,
  type HttpRequest,
  keepRequest,
  requireFailedRequestOptions,
} from "./failed-request.ts";

export type { FailedRequestOptions, HttpRequest } from "./failed-request.ts";

/** The part of Express's response that is used. */
export interface ExpressResponse {
  readonly headersSent: boolean;
  status(code: number): { json(body: unknown): unknown };
}

const HINT =
  'give deadLetterErrors to their routes, as in app.post("/orders", handler, deadLetterErrors(dlq, "orders"))';

/** The part of Express's request that is used. */
export interface ExpressRequest extends HttpRequest {
  /** The matched route with its handlers. */
  readonly route?: { readonly stack: readonly { readonly handle: unknown }[] };
}

/**
 * Creates error middleware for routes: `app.post("/orders", handler, deadLetterErrors(dlq, "orders"))`. It
 * sends the body of a failed request to `queue` and answers 202. Requests that are wrong themselves (status
 * 4xx), or whose message could not be stored, go on to the next error handler; so do those of other routes,
 * if it is used for a whole application: their bodies may be passwords.
 */
export function deadLetterErrors<Request extends ExpressRequest = ExpressRequest>(
  dlq: Pick<DlqClient, "send">,
  queue: string,
  options: FailedRequestOptions<Request> = {},
) {
  requireFailedRequestOptions(queue, options);
  let hasWarned = false;
  // Express detects error middleware by its four parameters.
  return async function deadLetterError(
    error: unknown,
    request: Request,
    response: ExpressResponse,
    next: (error?: unknown) => void,
  ): Promise<void> {
    if (!request.route?.stack.some(({ handle }) => handle === deadLetterError)) {
      if (!hasWarned) log(`failed requests are not kept: ${HINT}`);
      hasWarned = true;
      next(error);
      return;
    }
    try {
      const accepted = await keepRequest(dlq, queue, error, request, options);
      if (accepted === undefined || response.headersSent) next(error);
      else response.status(202).json(accepted);
    } catch (optionError) {
      log("send of a failed request failed: an option of deadLetterErrors threw:", optionError);
      next(error);
    }
  };
}
