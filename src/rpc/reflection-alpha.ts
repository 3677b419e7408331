import { createFileRegistry, fromJsonString, toJsonString } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import {
  file_grpc_reflection_v1_reflection,
  type ServerReflection,
} from "../../gen/grpc/reflection/v1/reflection_pb.ts";

const PACKAGE = "grpc.reflection.v1alpha";
const { options: _, ...v1 } = file_grpc_reflection_v1_reflection.proto;

/** The older version of server reflection. It differs from v1 only in its package, so nothing is generated for it. */
export const alphaProto = fromJsonString(
  FileDescriptorProtoSchema,
  toJsonString(FileDescriptorProtoSchema, v1)
    .replaceAll("grpc.reflection.v1", PACKAGE)
    .replaceAll("grpc/reflection/v1", PACKAGE.replaceAll(".", "/")),
);

const registry = createFileRegistry(alphaProto, () => undefined);

/** Its messages have the same form as those of v1. */
export const ServerReflectionAlpha = registry.getService(
  `${PACKAGE}.ServerReflection`,
) as unknown as typeof ServerReflection;
