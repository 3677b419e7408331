export interface BannerFacts {
  grpc: string;
  http: string | undefined;
  where: string;
  /** The certificate file, with TLS. */
  tlsCert: string | undefined;
  needsToken: boolean;
}

/** The first words to a person: where it listens, where the data is, and three calls to try. */
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

/** Every interface is none that one could connect to. */
function reachable(address: string): string {
  return address.replace(/^(0\.0\.0\.0|\[::\]):/, "localhost:");
}
