import { promisify } from "node:util";
import { Server, ServerCredentials, type sendUnaryData } from "@grpc/grpc-js";
import type { SendToDlqRequest, SendToDlqResponse } from "../../../gen/dlq/v1/dlq_service_pb.ts";
import { decodeRequest, encodeReply, reply } from "./reply.ts";

export async function startGrpcJs(): Promise<number> {
  const server = new Server();
  server.addService(
    {
      sendToDlq: {
        path: "/dlq.v1.DlqService/SendToDlq",
        requestStream: false,
        responseStream: false,
        requestSerialize: () => Buffer.alloc(0),
        requestDeserialize: decodeRequest,
        responseSerialize: (response: SendToDlqResponse) => Buffer.from(encodeReply(response)),
        responseDeserialize: () => reply(),
      },
    },
    {
      sendToDlq: (_: { request: SendToDlqRequest }, answer: sendUnaryData<SendToDlqResponse>) =>
        answer(null, reply()),
    },
  );
  const bind = promisify(server.bindAsync.bind(server));
  return await bind("127.0.0.1:0", ServerCredentials.createInsecure());
}
