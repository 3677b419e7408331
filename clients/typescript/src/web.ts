// `dlq-client/web`: reads for a page in a browser. It must not import anything of Node.

import { type Client, createClient, type Interceptor } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-web";
import { DlqAdminService } from "../../../gen/dlq/v1/dlq_admin_service_pb.ts";
import { DlqService } from "../../../gen/dlq/v1/dlq_service_pb.ts";

export { Code, ConnectError } from "@connectrpc/connect";
export {
  ConditionCode,
  type QueueStats,
  type StatsResponse,
} from "../../../gen/dlq/v1/dlq_service_pb.ts";
export { MessageState, QuarantineReason, Reason } from "../../../gen/dlq/v1/state_pb.ts";

/** Options of {@link createDlqReader}. */
export interface DlqReaderOptions {
  /** The server's HTTP address, such as http://localhost:8080, or the address of your proxy. */
  readonly url: string;
  /** A bearer token of the server. Every visitor of the page can read it. */
  readonly token?: string | undefined;
  readonly interceptors?: readonly Interceptor[] | undefined;
}

/** The generated calls that change nothing. */
export type DlqReader = Pick<Client<typeof DlqService>, "stats"> &
  Pick<
    Client<typeof DlqAdminService>,
    | "countMessages"
    | "explain"
    | "getGroup"
    | "getMessage"
    | "getQueue"
    | "getRules"
    | "getServerInfo"
    | "listBreakers"
    | "listGroups"
    | "listMessages"
    | "listQueues"
    | "listWorkers"
    | "simulatePolicy"
    | "testRules"
  >;

/** Creates a reader, which calls the server by Connect over HTTP. */
export function createDlqReader({ url, token, interceptors = [] }: DlqReaderOptions): DlqReader {
  const bearer: Interceptor = (next) => (request) => {
    request.header.set("authorization", `Bearer ${token}`);
    return next(request);
  };
  const transport = createConnectTransport({
    baseUrl: url,
    interceptors: token ? [bearer, ...interceptors] : [...interceptors],
  });
  const { stats } = createClient(DlqService, transport);
  const admin = createClient(DlqAdminService, transport);
  const {
    countMessages,
    explain,
    getGroup,
    getMessage,
    getQueue,
    getRules,
    getServerInfo,
    listBreakers,
    listGroups,
    listMessages,
    listQueues,
    listWorkers,
    simulatePolicy,
    testRules,
  } = admin;
  return {
    stats,
    countMessages,
    explain,
    getGroup,
    getMessage,
    getQueue,
    getRules,
    getServerInfo,
    listBreakers,
    listGroups,
    listMessages,
    listQueues,
    listWorkers,
    simulatePolicy,
    testRules,
  };
}
