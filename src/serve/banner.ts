export interface BannerFacts {
  grpc: string;
  http: string | undefined;
  where: string;
  /** The certificate file, with TLS. */
  tlsCert: string | undefined;
  needsToken: boolean;
}

/**
 * Text for the start of a terminal session: addresses, place of the data, and three calls to try.
 */
export function banner({ grpc, http, where, tlsCert, needsToken }: BannerFacts): string {
  const scheme = tlsCert === undefined ? "http" : "https";
  const security = tlsCert === undefined ? "-plaintext" : `-cacert ${tlsCert}`;
  const token = needsToken ? ` -H "authorization: Bearer $TOKEN"` : "";
  const call = `grpcurl ${security}${token}`;
  const at = reachable(grpc);
  const message = '{"queue":"orders","payload":{"text":"hello"},"delay":"1s"}';
  return `
  gRPC    ${grpc}
  HTTP    ${http === undefined ? "off" : `${scheme}://${reachable(http)}/metrics, /livez, /readyz`}
  data    ${where}

  Try it${needsToken ? ", with one of the server's tokens in TOKEN" : ""}:
    ${call} ${at} describe dlq.v1.DlqService
    ${call} -d '${message}' ${at} dlq.v1.DlqService/SendToDlq
    ${call} -d '{"queues":["orders"]}' ${at} dlq.v1.DlqService/StreamDue

`;
}

/** Replaces the address of every interface, which clients cannot connect to. */
function reachable(address: string): string {
  return address.replace(/^(0\.0\.0\.0|\[::\]):/, "localhost:");
}
