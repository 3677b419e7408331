/** The first words to a person: where it listens, where the data is, and three calls to try. */
export function banner(listening: { grpc: string; http: string | undefined; where: string }) {
  const { grpc, http, where } = listening;
  const message = '{"queue":"orders","payload":{"text":"hello"},"delay":"1s"}';
  return `
  gRPC    ${grpc}
  HTTP    ${http === undefined ? "off" : `http://${http}/metrics, /livez, /readyz`}
  data    ${where}

  Try it:
    grpcurl -plaintext ${grpc} describe dlq.v1.DlqService
    grpcurl -plaintext -d '${message}' ${grpc} dlq.v1.DlqService/SendToDlq
    grpcurl -plaintext -d '{"queues":["orders"]}' ${grpc} dlq.v1.DlqService/StreamDue

`;
}
