import { readFile } from "node:fs/promises";
import { Code, type ServiceImpl } from "@connectrpc/connect";
import { DlqAdminService } from "../../gen/dlq/v1/dlq_admin_service_pb.ts";
import { DlqService } from "../../gen/dlq/v1/dlq_service_pb.ts";
import { file_google_rpc_error_details } from "../../gen/google/rpc/error_details_pb.ts";
import {
  file_grpc_reflection_v1_reflection,
  ServerReflection,
  type ServerReflectionRequest,
} from "../../gen/grpc/reflection/v1/reflection_pb.ts";
import { file_health_v1_health, Health } from "../../gen/health/v1/health_pb.ts";
import { createDescriptorIndex, type DescriptorIndex } from "./descriptor-index.ts";
import { alphaProto, ServerReflectionAlpha } from "./reflection-alpha.ts";

const SERVICES = [DlqService, DlqAdminService, Health, ServerReflection, ServerReflectionAlpha];

export interface Reflection {
  v1: ServiceImpl<typeof ServerReflection>;
  v1alpha: ServiceImpl<typeof ServerReflection>;
}

/** Reads the schema with comments, which `npm run generate` writes. */
export function readDescriptorSet(): Promise<Uint8Array> {
  return readFile(new URL("../../gen/descriptors.binpb", import.meta.url));
}

/** Server reflection in both versions, which differ only in their names. */
export function createReflection(descriptorSet: Uint8Array): Reflection {
  const index = createDescriptorIndex(descriptorSet, [
    // Not imported by the contract, but used in error details, which tools look up.
    file_google_rpc_error_details.proto,
    file_health_v1_health.proto,
    file_grpc_reflection_v1_reflection.proto,
    alphaProto,
  ]);
  return {
    v1: { serverReflectionInfo: (requests) => answerAll(index, requests) },
    v1alpha: { serverReflectionInfo: (requests) => answerAll(index, requests) },
  };
}

async function* answerAll(
  index: DescriptorIndex,
  requests: AsyncIterable<ServerReflectionRequest>,
) {
  for await (const request of requests) {
    const { $typeName: _, $unknown: __, ...originalRequest } = request;
    yield {
      validHost: request.host,
      originalRequest,
      messageResponse: answer(index, request.messageRequest),
    };
  }
}

/** A request that fails is answered with an error; the stream continues. */
function answer(index: DescriptorIndex, request: ServerReflectionRequest["messageRequest"]) {
  switch (request.case) {
    case "listServices":
      return {
        case: "listServicesResponse" as const,
        value: { service: SERVICES.map(({ typeName }) => ({ name: typeName })) },
      };
    case "fileByFilename":
      return files(index.byFilename(request.value), `no file ${request.value}`);
    case "fileContainingSymbol":
      return files(index.bySymbol(request.value), `no symbol ${request.value}`);
    case "fileContainingExtension":
      return failure(Code.NotFound, "this schema has no extensions");
    case "allExtensionNumbersOfType":
      return index.bySymbol(request.value) === undefined
        ? failure(Code.NotFound, `no type ${request.value}`)
        : {
            case: "allExtensionNumbersResponse" as const,
            value: { baseTypeName: request.value, extensionNumber: [] },
          };
    default:
      return failure(Code.InvalidArgument, "the request is empty");
  }
}

function files(fileDescriptorProto: Uint8Array[] | undefined, otherwise: string) {
  return fileDescriptorProto === undefined
    ? failure(Code.NotFound, otherwise)
    : { case: "fileDescriptorResponse" as const, value: { fileDescriptorProto } };
}

function failure(errorCode: Code, errorMessage: string) {
  return { case: "errorResponse" as const, value: { errorCode, errorMessage } };
}
