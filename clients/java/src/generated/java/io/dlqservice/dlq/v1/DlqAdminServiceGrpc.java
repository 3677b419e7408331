package io.dlqservice.dlq.v1;

import static io.grpc.MethodDescriptor.generateFullMethodName;

/**
 * <pre>
 * For operators: how queues work, and changes to it while they run. A change acts on the next
 * decision of every server within 2 s.
 * Errors are those of DlqService. Changes take an etag, so that nobody undoes what somebody else
 * has just done: ABORTED means that it is not the present one; read again, and decide again.
 * </pre>
 */
@io.grpc.stub.annotations.GrpcGenerated
public final class DlqAdminServiceGrpc {

  private DlqAdminServiceGrpc() {}

  public static final java.lang.String SERVICE_NAME = "dlq.v1.DlqAdminService";

  // Static method descriptors that strictly reflect the proto.
  private static volatile io.grpc.MethodDescriptor<io.dlqservice.dlq.v1.ListQueuesRequest,
      io.dlqservice.dlq.v1.ListQueuesResponse> getListQueuesMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "ListQueues",
      requestType = io.dlqservice.dlq.v1.ListQueuesRequest.class,
      responseType = io.dlqservice.dlq.v1.ListQueuesResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<io.dlqservice.dlq.v1.ListQueuesRequest,
      io.dlqservice.dlq.v1.ListQueuesResponse> getListQueuesMethod() {
    io.grpc.MethodDescriptor<io.dlqservice.dlq.v1.ListQueuesRequest, io.dlqservice.dlq.v1.ListQueuesResponse> getListQueuesMethod;
    if ((getListQueuesMethod = DlqAdminServiceGrpc.getListQueuesMethod) == null) {
      synchronized (DlqAdminServiceGrpc.class) {
        if ((getListQueuesMethod = DlqAdminServiceGrpc.getListQueuesMethod) == null) {
          DlqAdminServiceGrpc.getListQueuesMethod = getListQueuesMethod =
              io.grpc.MethodDescriptor.<io.dlqservice.dlq.v1.ListQueuesRequest, io.dlqservice.dlq.v1.ListQueuesResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "ListQueues"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.dlqservice.dlq.v1.ListQueuesRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.dlqservice.dlq.v1.ListQueuesResponse.getDefaultInstance()))
              .setSchemaDescriptor(new DlqAdminServiceMethodDescriptorSupplier("ListQueues"))
              .build();
        }
      }
    }
    return getListQueuesMethod;
  }

  private static volatile io.grpc.MethodDescriptor<io.dlqservice.dlq.v1.GetQueueRequest,
      io.dlqservice.dlq.v1.GetQueueResponse> getGetQueueMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "GetQueue",
      requestType = io.dlqservice.dlq.v1.GetQueueRequest.class,
      responseType = io.dlqservice.dlq.v1.GetQueueResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<io.dlqservice.dlq.v1.GetQueueRequest,
      io.dlqservice.dlq.v1.GetQueueResponse> getGetQueueMethod() {
    io.grpc.MethodDescriptor<io.dlqservice.dlq.v1.GetQueueRequest, io.dlqservice.dlq.v1.GetQueueResponse> getGetQueueMethod;
    if ((getGetQueueMethod = DlqAdminServiceGrpc.getGetQueueMethod) == null) {
      synchronized (DlqAdminServiceGrpc.class) {
        if ((getGetQueueMethod = DlqAdminServiceGrpc.getGetQueueMethod) == null) {
          DlqAdminServiceGrpc.getGetQueueMethod = getGetQueueMethod =
              io.grpc.MethodDescriptor.<io.dlqservice.dlq.v1.GetQueueRequest, io.dlqservice.dlq.v1.GetQueueResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "GetQueue"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.dlqservice.dlq.v1.GetQueueRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.dlqservice.dlq.v1.GetQueueResponse.getDefaultInstance()))
              .setSchemaDescriptor(new DlqAdminServiceMethodDescriptorSupplier("GetQueue"))
              .build();
        }
      }
    }
    return getGetQueueMethod;
  }

  private static volatile io.grpc.MethodDescriptor<io.dlqservice.dlq.v1.UpdateQueueRequest,
      io.dlqservice.dlq.v1.UpdateQueueResponse> getUpdateQueueMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "UpdateQueue",
      requestType = io.dlqservice.dlq.v1.UpdateQueueRequest.class,
      responseType = io.dlqservice.dlq.v1.UpdateQueueResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<io.dlqservice.dlq.v1.UpdateQueueRequest,
      io.dlqservice.dlq.v1.UpdateQueueResponse> getUpdateQueueMethod() {
    io.grpc.MethodDescriptor<io.dlqservice.dlq.v1.UpdateQueueRequest, io.dlqservice.dlq.v1.UpdateQueueResponse> getUpdateQueueMethod;
    if ((getUpdateQueueMethod = DlqAdminServiceGrpc.getUpdateQueueMethod) == null) {
      synchronized (DlqAdminServiceGrpc.class) {
        if ((getUpdateQueueMethod = DlqAdminServiceGrpc.getUpdateQueueMethod) == null) {
          DlqAdminServiceGrpc.getUpdateQueueMethod = getUpdateQueueMethod =
              io.grpc.MethodDescriptor.<io.dlqservice.dlq.v1.UpdateQueueRequest, io.dlqservice.dlq.v1.UpdateQueueResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "UpdateQueue"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.dlqservice.dlq.v1.UpdateQueueRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.dlqservice.dlq.v1.UpdateQueueResponse.getDefaultInstance()))
              .setSchemaDescriptor(new DlqAdminServiceMethodDescriptorSupplier("UpdateQueue"))
              .build();
        }
      }
    }
    return getUpdateQueueMethod;
  }

  private static volatile io.grpc.MethodDescriptor<io.dlqservice.dlq.v1.DeleteQueueRequest,
      io.dlqservice.dlq.v1.DeleteQueueResponse> getDeleteQueueMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "DeleteQueue",
      requestType = io.dlqservice.dlq.v1.DeleteQueueRequest.class,
      responseType = io.dlqservice.dlq.v1.DeleteQueueResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<io.dlqservice.dlq.v1.DeleteQueueRequest,
      io.dlqservice.dlq.v1.DeleteQueueResponse> getDeleteQueueMethod() {
    io.grpc.MethodDescriptor<io.dlqservice.dlq.v1.DeleteQueueRequest, io.dlqservice.dlq.v1.DeleteQueueResponse> getDeleteQueueMethod;
    if ((getDeleteQueueMethod = DlqAdminServiceGrpc.getDeleteQueueMethod) == null) {
      synchronized (DlqAdminServiceGrpc.class) {
        if ((getDeleteQueueMethod = DlqAdminServiceGrpc.getDeleteQueueMethod) == null) {
          DlqAdminServiceGrpc.getDeleteQueueMethod = getDeleteQueueMethod =
              io.grpc.MethodDescriptor.<io.dlqservice.dlq.v1.DeleteQueueRequest, io.dlqservice.dlq.v1.DeleteQueueResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "DeleteQueue"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.dlqservice.dlq.v1.DeleteQueueRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.dlqservice.dlq.v1.DeleteQueueResponse.getDefaultInstance()))
              .setSchemaDescriptor(new DlqAdminServiceMethodDescriptorSupplier("DeleteQueue"))
              .build();
        }
      }
    }
    return getDeleteQueueMethod;
  }

  private static volatile io.grpc.MethodDescriptor<io.dlqservice.dlq.v1.SimulatePolicyRequest,
      io.dlqservice.dlq.v1.SimulatePolicyResponse> getSimulatePolicyMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "SimulatePolicy",
      requestType = io.dlqservice.dlq.v1.SimulatePolicyRequest.class,
      responseType = io.dlqservice.dlq.v1.SimulatePolicyResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<io.dlqservice.dlq.v1.SimulatePolicyRequest,
      io.dlqservice.dlq.v1.SimulatePolicyResponse> getSimulatePolicyMethod() {
    io.grpc.MethodDescriptor<io.dlqservice.dlq.v1.SimulatePolicyRequest, io.dlqservice.dlq.v1.SimulatePolicyResponse> getSimulatePolicyMethod;
    if ((getSimulatePolicyMethod = DlqAdminServiceGrpc.getSimulatePolicyMethod) == null) {
      synchronized (DlqAdminServiceGrpc.class) {
        if ((getSimulatePolicyMethod = DlqAdminServiceGrpc.getSimulatePolicyMethod) == null) {
          DlqAdminServiceGrpc.getSimulatePolicyMethod = getSimulatePolicyMethod =
              io.grpc.MethodDescriptor.<io.dlqservice.dlq.v1.SimulatePolicyRequest, io.dlqservice.dlq.v1.SimulatePolicyResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "SimulatePolicy"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.dlqservice.dlq.v1.SimulatePolicyRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.dlqservice.dlq.v1.SimulatePolicyResponse.getDefaultInstance()))
              .setSchemaDescriptor(new DlqAdminServiceMethodDescriptorSupplier("SimulatePolicy"))
              .build();
        }
      }
    }
    return getSimulatePolicyMethod;
  }

  private static volatile io.grpc.MethodDescriptor<io.dlqservice.dlq.v1.GetRulesRequest,
      io.dlqservice.dlq.v1.GetRulesResponse> getGetRulesMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "GetRules",
      requestType = io.dlqservice.dlq.v1.GetRulesRequest.class,
      responseType = io.dlqservice.dlq.v1.GetRulesResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<io.dlqservice.dlq.v1.GetRulesRequest,
      io.dlqservice.dlq.v1.GetRulesResponse> getGetRulesMethod() {
    io.grpc.MethodDescriptor<io.dlqservice.dlq.v1.GetRulesRequest, io.dlqservice.dlq.v1.GetRulesResponse> getGetRulesMethod;
    if ((getGetRulesMethod = DlqAdminServiceGrpc.getGetRulesMethod) == null) {
      synchronized (DlqAdminServiceGrpc.class) {
        if ((getGetRulesMethod = DlqAdminServiceGrpc.getGetRulesMethod) == null) {
          DlqAdminServiceGrpc.getGetRulesMethod = getGetRulesMethod =
              io.grpc.MethodDescriptor.<io.dlqservice.dlq.v1.GetRulesRequest, io.dlqservice.dlq.v1.GetRulesResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "GetRules"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.dlqservice.dlq.v1.GetRulesRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.dlqservice.dlq.v1.GetRulesResponse.getDefaultInstance()))
              .setSchemaDescriptor(new DlqAdminServiceMethodDescriptorSupplier("GetRules"))
              .build();
        }
      }
    }
    return getGetRulesMethod;
  }

  private static volatile io.grpc.MethodDescriptor<io.dlqservice.dlq.v1.UpdateRulesRequest,
      io.dlqservice.dlq.v1.UpdateRulesResponse> getUpdateRulesMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "UpdateRules",
      requestType = io.dlqservice.dlq.v1.UpdateRulesRequest.class,
      responseType = io.dlqservice.dlq.v1.UpdateRulesResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<io.dlqservice.dlq.v1.UpdateRulesRequest,
      io.dlqservice.dlq.v1.UpdateRulesResponse> getUpdateRulesMethod() {
    io.grpc.MethodDescriptor<io.dlqservice.dlq.v1.UpdateRulesRequest, io.dlqservice.dlq.v1.UpdateRulesResponse> getUpdateRulesMethod;
    if ((getUpdateRulesMethod = DlqAdminServiceGrpc.getUpdateRulesMethod) == null) {
      synchronized (DlqAdminServiceGrpc.class) {
        if ((getUpdateRulesMethod = DlqAdminServiceGrpc.getUpdateRulesMethod) == null) {
          DlqAdminServiceGrpc.getUpdateRulesMethod = getUpdateRulesMethod =
              io.grpc.MethodDescriptor.<io.dlqservice.dlq.v1.UpdateRulesRequest, io.dlqservice.dlq.v1.UpdateRulesResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "UpdateRules"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.dlqservice.dlq.v1.UpdateRulesRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.dlqservice.dlq.v1.UpdateRulesResponse.getDefaultInstance()))
              .setSchemaDescriptor(new DlqAdminServiceMethodDescriptorSupplier("UpdateRules"))
              .build();
        }
      }
    }
    return getUpdateRulesMethod;
  }

  private static volatile io.grpc.MethodDescriptor<io.dlqservice.dlq.v1.TestRulesRequest,
      io.dlqservice.dlq.v1.TestRulesResponse> getTestRulesMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "TestRules",
      requestType = io.dlqservice.dlq.v1.TestRulesRequest.class,
      responseType = io.dlqservice.dlq.v1.TestRulesResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<io.dlqservice.dlq.v1.TestRulesRequest,
      io.dlqservice.dlq.v1.TestRulesResponse> getTestRulesMethod() {
    io.grpc.MethodDescriptor<io.dlqservice.dlq.v1.TestRulesRequest, io.dlqservice.dlq.v1.TestRulesResponse> getTestRulesMethod;
    if ((getTestRulesMethod = DlqAdminServiceGrpc.getTestRulesMethod) == null) {
      synchronized (DlqAdminServiceGrpc.class) {
        if ((getTestRulesMethod = DlqAdminServiceGrpc.getTestRulesMethod) == null) {
          DlqAdminServiceGrpc.getTestRulesMethod = getTestRulesMethod =
              io.grpc.MethodDescriptor.<io.dlqservice.dlq.v1.TestRulesRequest, io.dlqservice.dlq.v1.TestRulesResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "TestRules"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.dlqservice.dlq.v1.TestRulesRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.dlqservice.dlq.v1.TestRulesResponse.getDefaultInstance()))
              .setSchemaDescriptor(new DlqAdminServiceMethodDescriptorSupplier("TestRules"))
              .build();
        }
      }
    }
    return getTestRulesMethod;
  }

  private static volatile io.grpc.MethodDescriptor<io.dlqservice.dlq.v1.ReleaseOrderingKeyRequest,
      io.dlqservice.dlq.v1.ReleaseOrderingKeyResponse> getReleaseOrderingKeyMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "ReleaseOrderingKey",
      requestType = io.dlqservice.dlq.v1.ReleaseOrderingKeyRequest.class,
      responseType = io.dlqservice.dlq.v1.ReleaseOrderingKeyResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<io.dlqservice.dlq.v1.ReleaseOrderingKeyRequest,
      io.dlqservice.dlq.v1.ReleaseOrderingKeyResponse> getReleaseOrderingKeyMethod() {
    io.grpc.MethodDescriptor<io.dlqservice.dlq.v1.ReleaseOrderingKeyRequest, io.dlqservice.dlq.v1.ReleaseOrderingKeyResponse> getReleaseOrderingKeyMethod;
    if ((getReleaseOrderingKeyMethod = DlqAdminServiceGrpc.getReleaseOrderingKeyMethod) == null) {
      synchronized (DlqAdminServiceGrpc.class) {
        if ((getReleaseOrderingKeyMethod = DlqAdminServiceGrpc.getReleaseOrderingKeyMethod) == null) {
          DlqAdminServiceGrpc.getReleaseOrderingKeyMethod = getReleaseOrderingKeyMethod =
              io.grpc.MethodDescriptor.<io.dlqservice.dlq.v1.ReleaseOrderingKeyRequest, io.dlqservice.dlq.v1.ReleaseOrderingKeyResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "ReleaseOrderingKey"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.dlqservice.dlq.v1.ReleaseOrderingKeyRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.dlqservice.dlq.v1.ReleaseOrderingKeyResponse.getDefaultInstance()))
              .setSchemaDescriptor(new DlqAdminServiceMethodDescriptorSupplier("ReleaseOrderingKey"))
              .build();
        }
      }
    }
    return getReleaseOrderingKeyMethod;
  }

  private static volatile io.grpc.MethodDescriptor<io.dlqservice.dlq.v1.ListBreakersRequest,
      io.dlqservice.dlq.v1.ListBreakersResponse> getListBreakersMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "ListBreakers",
      requestType = io.dlqservice.dlq.v1.ListBreakersRequest.class,
      responseType = io.dlqservice.dlq.v1.ListBreakersResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<io.dlqservice.dlq.v1.ListBreakersRequest,
      io.dlqservice.dlq.v1.ListBreakersResponse> getListBreakersMethod() {
    io.grpc.MethodDescriptor<io.dlqservice.dlq.v1.ListBreakersRequest, io.dlqservice.dlq.v1.ListBreakersResponse> getListBreakersMethod;
    if ((getListBreakersMethod = DlqAdminServiceGrpc.getListBreakersMethod) == null) {
      synchronized (DlqAdminServiceGrpc.class) {
        if ((getListBreakersMethod = DlqAdminServiceGrpc.getListBreakersMethod) == null) {
          DlqAdminServiceGrpc.getListBreakersMethod = getListBreakersMethod =
              io.grpc.MethodDescriptor.<io.dlqservice.dlq.v1.ListBreakersRequest, io.dlqservice.dlq.v1.ListBreakersResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "ListBreakers"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.dlqservice.dlq.v1.ListBreakersRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.dlqservice.dlq.v1.ListBreakersResponse.getDefaultInstance()))
              .setSchemaDescriptor(new DlqAdminServiceMethodDescriptorSupplier("ListBreakers"))
              .build();
        }
      }
    }
    return getListBreakersMethod;
  }

  private static volatile io.grpc.MethodDescriptor<io.dlqservice.dlq.v1.ResetBreakerRequest,
      io.dlqservice.dlq.v1.ResetBreakerResponse> getResetBreakerMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "ResetBreaker",
      requestType = io.dlqservice.dlq.v1.ResetBreakerRequest.class,
      responseType = io.dlqservice.dlq.v1.ResetBreakerResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<io.dlqservice.dlq.v1.ResetBreakerRequest,
      io.dlqservice.dlq.v1.ResetBreakerResponse> getResetBreakerMethod() {
    io.grpc.MethodDescriptor<io.dlqservice.dlq.v1.ResetBreakerRequest, io.dlqservice.dlq.v1.ResetBreakerResponse> getResetBreakerMethod;
    if ((getResetBreakerMethod = DlqAdminServiceGrpc.getResetBreakerMethod) == null) {
      synchronized (DlqAdminServiceGrpc.class) {
        if ((getResetBreakerMethod = DlqAdminServiceGrpc.getResetBreakerMethod) == null) {
          DlqAdminServiceGrpc.getResetBreakerMethod = getResetBreakerMethod =
              io.grpc.MethodDescriptor.<io.dlqservice.dlq.v1.ResetBreakerRequest, io.dlqservice.dlq.v1.ResetBreakerResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "ResetBreaker"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.dlqservice.dlq.v1.ResetBreakerRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.dlqservice.dlq.v1.ResetBreakerResponse.getDefaultInstance()))
              .setSchemaDescriptor(new DlqAdminServiceMethodDescriptorSupplier("ResetBreaker"))
              .build();
        }
      }
    }
    return getResetBreakerMethod;
  }

  /**
   * Creates a new async stub that supports all call types for the service
   */
  public static DlqAdminServiceStub newStub(io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<DlqAdminServiceStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<DlqAdminServiceStub>() {
        @java.lang.Override
        public DlqAdminServiceStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new DlqAdminServiceStub(channel, callOptions);
        }
      };
    return DlqAdminServiceStub.newStub(factory, channel);
  }

  /**
   * Creates a new blocking-style stub that supports all types of calls on the service
   */
  public static DlqAdminServiceBlockingV2Stub newBlockingV2Stub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<DlqAdminServiceBlockingV2Stub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<DlqAdminServiceBlockingV2Stub>() {
        @java.lang.Override
        public DlqAdminServiceBlockingV2Stub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new DlqAdminServiceBlockingV2Stub(channel, callOptions);
        }
      };
    return DlqAdminServiceBlockingV2Stub.newStub(factory, channel);
  }

  /**
   * Creates a new blocking-style stub that supports unary and streaming output calls on the service
   */
  public static DlqAdminServiceBlockingStub newBlockingStub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<DlqAdminServiceBlockingStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<DlqAdminServiceBlockingStub>() {
        @java.lang.Override
        public DlqAdminServiceBlockingStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new DlqAdminServiceBlockingStub(channel, callOptions);
        }
      };
    return DlqAdminServiceBlockingStub.newStub(factory, channel);
  }

  /**
   * Creates a new ListenableFuture-style stub that supports unary calls on the service
   */
  public static DlqAdminServiceFutureStub newFutureStub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<DlqAdminServiceFutureStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<DlqAdminServiceFutureStub>() {
        @java.lang.Override
        public DlqAdminServiceFutureStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new DlqAdminServiceFutureStub(channel, callOptions);
        }
      };
    return DlqAdminServiceFutureStub.newStub(factory, channel);
  }

  /**
   * <pre>
   * For operators: how queues work, and changes to it while they run. A change acts on the next
   * decision of every server within 2 s.
   * Errors are those of DlqService. Changes take an etag, so that nobody undoes what somebody else
   * has just done: ABORTED means that it is not the present one; read again, and decide again.
   * </pre>
   */
  public interface AsyncService {

    /**
     * <pre>
     * The queues that exist or have settings of their own, by name. Reads only. Errors:
     * INVALID_ARGUMENT (page size, page token), UNAVAILABLE.
     * </pre>
     */
    default void listQueues(io.dlqservice.dlq.v1.ListQueuesRequest request,
        io.grpc.stub.StreamObserver<io.dlqservice.dlq.v1.ListQueuesResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getListQueuesMethod(), responseObserver);
    }

    /**
     * <pre>
     * One queue, with what was set and what is in force. Also for a queue that does not exist: then
     * that is what its first message would get. Reads only. Errors: INVALID_ARGUMENT, UNAVAILABLE.
     * </pre>
     */
    default void getQueue(io.dlqservice.dlq.v1.GetQueueRequest request,
        io.grpc.stub.StreamObserver<io.dlqservice.dlq.v1.GetQueueResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getGetQueueMethod(), responseObserver);
    }

    /**
     * <pre>
     * Sets the fields that the mask names; one that is absent in the request is taken back, so that
     * the next level decides again. Safe to repeat, also with the etag of before: what is already so is
     * no change. Messages that are scheduled keep their due times; all else acts at once. Errors:
     * INVALID_ARGUMENT (names, ranges, contradictions, with each field), ABORTED (another etag),
     * RESOURCE_EXHAUSTED (as many queues have settings as there may be), UNAVAILABLE.
     * </pre>
     */
    default void updateQueue(io.dlqservice.dlq.v1.UpdateQueueRequest request,
        io.grpc.stub.StreamObserver<io.dlqservice.dlq.v1.UpdateQueueResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getUpdateQueueMethod(), responseObserver);
    }

    /**
     * <pre>
     * Removes a queue: its settings, its messages and its counts. Without expected_count only an
     * empty one. Sends to it are UNAVAILABLE meanwhile; afterwards its name is free, and a queue of
     * that name knows nothing of this one. Safe to repeat: what a call has begun that was not answered
     * is finished by any server, and of a queue that is gone nothing is removed. Errors:
     * FAILED_PRECONDITION (it is not empty, or holds another number than expected, or messages are in
     * flight; nothing changed), ABORTED (another etag), INVALID_ARGUMENT, UNAVAILABLE.
     * </pre>
     */
    default void deleteQueue(io.dlqservice.dlq.v1.DeleteQueueRequest request,
        io.grpc.stub.StreamObserver<io.dlqservice.dlq.v1.DeleteQueueResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getDeleteQueueMethod(), responseObserver);
    }

    /**
     * <pre>
     * What a policy does: the schedule that it gives to one message, and, over the messages stored
     * in a queue, how many would be retried when, or quarantined. Changes nothing. Errors:
     * INVALID_ARGUMENT, UNAVAILABLE.
     * </pre>
     */
    default void simulatePolicy(io.dlqservice.dlq.v1.SimulatePolicyRequest request,
        io.grpc.stub.StreamObserver<io.dlqservice.dlq.v1.SimulatePolicyResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getSimulatePolicyMethod(), responseObserver);
    }

    /**
     * <pre>
     * The routing rules. Reads only. Errors: UNAVAILABLE.
     * </pre>
     */
    default void getRules(io.dlqservice.dlq.v1.GetRulesRequest request,
        io.grpc.stub.StreamObserver<io.dlqservice.dlq.v1.GetRulesResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getGetRulesMethod(), responseObserver);
    }

    /**
     * <pre>
     * Replaces all routing rules. Nothing is set unless every rule is valid. Safe to repeat.
     * Errors: INVALID_ARGUMENT (with each rule and place), ABORTED (another etag), UNAVAILABLE.
     * </pre>
     */
    default void updateRules(io.dlqservice.dlq.v1.UpdateRulesRequest request,
        io.grpc.stub.StreamObserver<io.dlqservice.dlq.v1.UpdateRulesResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getUpdateRulesMethod(), responseObserver);
    }

    /**
     * <pre>
     * What rules would do to samples. Changes nothing. Errors: INVALID_ARGUMENT, UNAVAILABLE.
     * </pre>
     */
    default void testRules(io.dlqservice.dlq.v1.TestRulesRequest request,
        io.grpc.stub.StreamObserver<io.dlqservice.dlq.v1.TestRulesResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getTestRulesMethod(), responseObserver);
    }

    /**
     * <pre>
     * Lets an ordering key go on that waits behind a quarantined message. That message stays in
     * quarantine. Safe to repeat. Errors: INVALID_ARGUMENT, UNAVAILABLE.
     * </pre>
     */
    default void releaseOrderingKey(io.dlqservice.dlq.v1.ReleaseOrderingKeyRequest request,
        io.grpc.stub.StreamObserver<io.dlqservice.dlq.v1.ReleaseOrderingKeyResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getReleaseOrderingKeyMethod(), responseObserver);
    }

    /**
     * <pre>
     * The breakers of a queue that are not closed, the longest open first. Reads only. Errors:
     * INVALID_ARGUMENT, UNAVAILABLE.
     * </pre>
     */
    default void listBreakers(io.dlqservice.dlq.v1.ListBreakersRequest request,
        io.grpc.stub.StreamObserver<io.dlqservice.dlq.v1.ListBreakersResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getListBreakersMethod(), responseObserver);
    }

    /**
     * <pre>
     * Closes a breaker by hand and forgets what it has counted. Safe to repeat. Errors:
     * INVALID_ARGUMENT, UNAVAILABLE.
     * </pre>
     */
    default void resetBreaker(io.dlqservice.dlq.v1.ResetBreakerRequest request,
        io.grpc.stub.StreamObserver<io.dlqservice.dlq.v1.ResetBreakerResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getResetBreakerMethod(), responseObserver);
    }
  }

  /**
   * Base class for the server implementation of the service DlqAdminService.
   * <pre>
   * For operators: how queues work, and changes to it while they run. A change acts on the next
   * decision of every server within 2 s.
   * Errors are those of DlqService. Changes take an etag, so that nobody undoes what somebody else
   * has just done: ABORTED means that it is not the present one; read again, and decide again.
   * </pre>
   */
  public static abstract class DlqAdminServiceImplBase
      implements io.grpc.BindableService, AsyncService {

    @java.lang.Override public final io.grpc.ServerServiceDefinition bindService() {
      return DlqAdminServiceGrpc.bindService(this);
    }
  }

  /**
   * A stub to allow clients to do asynchronous rpc calls to service DlqAdminService.
   * <pre>
   * For operators: how queues work, and changes to it while they run. A change acts on the next
   * decision of every server within 2 s.
   * Errors are those of DlqService. Changes take an etag, so that nobody undoes what somebody else
   * has just done: ABORTED means that it is not the present one; read again, and decide again.
   * </pre>
   */
  public static final class DlqAdminServiceStub
      extends io.grpc.stub.AbstractAsyncStub<DlqAdminServiceStub> {
    private DlqAdminServiceStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected DlqAdminServiceStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new DlqAdminServiceStub(channel, callOptions);
    }

    /**
     * <pre>
     * The queues that exist or have settings of their own, by name. Reads only. Errors:
     * INVALID_ARGUMENT (page size, page token), UNAVAILABLE.
     * </pre>
     */
    public void listQueues(io.dlqservice.dlq.v1.ListQueuesRequest request,
        io.grpc.stub.StreamObserver<io.dlqservice.dlq.v1.ListQueuesResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getListQueuesMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * One queue, with what was set and what is in force. Also for a queue that does not exist: then
     * that is what its first message would get. Reads only. Errors: INVALID_ARGUMENT, UNAVAILABLE.
     * </pre>
     */
    public void getQueue(io.dlqservice.dlq.v1.GetQueueRequest request,
        io.grpc.stub.StreamObserver<io.dlqservice.dlq.v1.GetQueueResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getGetQueueMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Sets the fields that the mask names; one that is absent in the request is taken back, so that
     * the next level decides again. Safe to repeat, also with the etag of before: what is already so is
     * no change. Messages that are scheduled keep their due times; all else acts at once. Errors:
     * INVALID_ARGUMENT (names, ranges, contradictions, with each field), ABORTED (another etag),
     * RESOURCE_EXHAUSTED (as many queues have settings as there may be), UNAVAILABLE.
     * </pre>
     */
    public void updateQueue(io.dlqservice.dlq.v1.UpdateQueueRequest request,
        io.grpc.stub.StreamObserver<io.dlqservice.dlq.v1.UpdateQueueResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getUpdateQueueMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Removes a queue: its settings, its messages and its counts. Without expected_count only an
     * empty one. Sends to it are UNAVAILABLE meanwhile; afterwards its name is free, and a queue of
     * that name knows nothing of this one. Safe to repeat: what a call has begun that was not answered
     * is finished by any server, and of a queue that is gone nothing is removed. Errors:
     * FAILED_PRECONDITION (it is not empty, or holds another number than expected, or messages are in
     * flight; nothing changed), ABORTED (another etag), INVALID_ARGUMENT, UNAVAILABLE.
     * </pre>
     */
    public void deleteQueue(io.dlqservice.dlq.v1.DeleteQueueRequest request,
        io.grpc.stub.StreamObserver<io.dlqservice.dlq.v1.DeleteQueueResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getDeleteQueueMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * What a policy does: the schedule that it gives to one message, and, over the messages stored
     * in a queue, how many would be retried when, or quarantined. Changes nothing. Errors:
     * INVALID_ARGUMENT, UNAVAILABLE.
     * </pre>
     */
    public void simulatePolicy(io.dlqservice.dlq.v1.SimulatePolicyRequest request,
        io.grpc.stub.StreamObserver<io.dlqservice.dlq.v1.SimulatePolicyResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getSimulatePolicyMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * The routing rules. Reads only. Errors: UNAVAILABLE.
     * </pre>
     */
    public void getRules(io.dlqservice.dlq.v1.GetRulesRequest request,
        io.grpc.stub.StreamObserver<io.dlqservice.dlq.v1.GetRulesResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getGetRulesMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Replaces all routing rules. Nothing is set unless every rule is valid. Safe to repeat.
     * Errors: INVALID_ARGUMENT (with each rule and place), ABORTED (another etag), UNAVAILABLE.
     * </pre>
     */
    public void updateRules(io.dlqservice.dlq.v1.UpdateRulesRequest request,
        io.grpc.stub.StreamObserver<io.dlqservice.dlq.v1.UpdateRulesResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getUpdateRulesMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * What rules would do to samples. Changes nothing. Errors: INVALID_ARGUMENT, UNAVAILABLE.
     * </pre>
     */
    public void testRules(io.dlqservice.dlq.v1.TestRulesRequest request,
        io.grpc.stub.StreamObserver<io.dlqservice.dlq.v1.TestRulesResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getTestRulesMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Lets an ordering key go on that waits behind a quarantined message. That message stays in
     * quarantine. Safe to repeat. Errors: INVALID_ARGUMENT, UNAVAILABLE.
     * </pre>
     */
    public void releaseOrderingKey(io.dlqservice.dlq.v1.ReleaseOrderingKeyRequest request,
        io.grpc.stub.StreamObserver<io.dlqservice.dlq.v1.ReleaseOrderingKeyResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getReleaseOrderingKeyMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * The breakers of a queue that are not closed, the longest open first. Reads only. Errors:
     * INVALID_ARGUMENT, UNAVAILABLE.
     * </pre>
     */
    public void listBreakers(io.dlqservice.dlq.v1.ListBreakersRequest request,
        io.grpc.stub.StreamObserver<io.dlqservice.dlq.v1.ListBreakersResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getListBreakersMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Closes a breaker by hand and forgets what it has counted. Safe to repeat. Errors:
     * INVALID_ARGUMENT, UNAVAILABLE.
     * </pre>
     */
    public void resetBreaker(io.dlqservice.dlq.v1.ResetBreakerRequest request,
        io.grpc.stub.StreamObserver<io.dlqservice.dlq.v1.ResetBreakerResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getResetBreakerMethod(), getCallOptions()), request, responseObserver);
    }
  }

  /**
   * A stub to allow clients to do synchronous rpc calls to service DlqAdminService.
   * <pre>
   * For operators: how queues work, and changes to it while they run. A change acts on the next
   * decision of every server within 2 s.
   * Errors are those of DlqService. Changes take an etag, so that nobody undoes what somebody else
   * has just done: ABORTED means that it is not the present one; read again, and decide again.
   * </pre>
   */
  public static final class DlqAdminServiceBlockingV2Stub
      extends io.grpc.stub.AbstractBlockingStub<DlqAdminServiceBlockingV2Stub> {
    private DlqAdminServiceBlockingV2Stub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected DlqAdminServiceBlockingV2Stub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new DlqAdminServiceBlockingV2Stub(channel, callOptions);
    }

    /**
     * <pre>
     * The queues that exist or have settings of their own, by name. Reads only. Errors:
     * INVALID_ARGUMENT (page size, page token), UNAVAILABLE.
     * </pre>
     */
    public io.dlqservice.dlq.v1.ListQueuesResponse listQueues(io.dlqservice.dlq.v1.ListQueuesRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getListQueuesMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * One queue, with what was set and what is in force. Also for a queue that does not exist: then
     * that is what its first message would get. Reads only. Errors: INVALID_ARGUMENT, UNAVAILABLE.
     * </pre>
     */
    public io.dlqservice.dlq.v1.GetQueueResponse getQueue(io.dlqservice.dlq.v1.GetQueueRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getGetQueueMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Sets the fields that the mask names; one that is absent in the request is taken back, so that
     * the next level decides again. Safe to repeat, also with the etag of before: what is already so is
     * no change. Messages that are scheduled keep their due times; all else acts at once. Errors:
     * INVALID_ARGUMENT (names, ranges, contradictions, with each field), ABORTED (another etag),
     * RESOURCE_EXHAUSTED (as many queues have settings as there may be), UNAVAILABLE.
     * </pre>
     */
    public io.dlqservice.dlq.v1.UpdateQueueResponse updateQueue(io.dlqservice.dlq.v1.UpdateQueueRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getUpdateQueueMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Removes a queue: its settings, its messages and its counts. Without expected_count only an
     * empty one. Sends to it are UNAVAILABLE meanwhile; afterwards its name is free, and a queue of
     * that name knows nothing of this one. Safe to repeat: what a call has begun that was not answered
     * is finished by any server, and of a queue that is gone nothing is removed. Errors:
     * FAILED_PRECONDITION (it is not empty, or holds another number than expected, or messages are in
     * flight; nothing changed), ABORTED (another etag), INVALID_ARGUMENT, UNAVAILABLE.
     * </pre>
     */
    public io.dlqservice.dlq.v1.DeleteQueueResponse deleteQueue(io.dlqservice.dlq.v1.DeleteQueueRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getDeleteQueueMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * What a policy does: the schedule that it gives to one message, and, over the messages stored
     * in a queue, how many would be retried when, or quarantined. Changes nothing. Errors:
     * INVALID_ARGUMENT, UNAVAILABLE.
     * </pre>
     */
    public io.dlqservice.dlq.v1.SimulatePolicyResponse simulatePolicy(io.dlqservice.dlq.v1.SimulatePolicyRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getSimulatePolicyMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * The routing rules. Reads only. Errors: UNAVAILABLE.
     * </pre>
     */
    public io.dlqservice.dlq.v1.GetRulesResponse getRules(io.dlqservice.dlq.v1.GetRulesRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getGetRulesMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Replaces all routing rules. Nothing is set unless every rule is valid. Safe to repeat.
     * Errors: INVALID_ARGUMENT (with each rule and place), ABORTED (another etag), UNAVAILABLE.
     * </pre>
     */
    public io.dlqservice.dlq.v1.UpdateRulesResponse updateRules(io.dlqservice.dlq.v1.UpdateRulesRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getUpdateRulesMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * What rules would do to samples. Changes nothing. Errors: INVALID_ARGUMENT, UNAVAILABLE.
     * </pre>
     */
    public io.dlqservice.dlq.v1.TestRulesResponse testRules(io.dlqservice.dlq.v1.TestRulesRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getTestRulesMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Lets an ordering key go on that waits behind a quarantined message. That message stays in
     * quarantine. Safe to repeat. Errors: INVALID_ARGUMENT, UNAVAILABLE.
     * </pre>
     */
    public io.dlqservice.dlq.v1.ReleaseOrderingKeyResponse releaseOrderingKey(io.dlqservice.dlq.v1.ReleaseOrderingKeyRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getReleaseOrderingKeyMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * The breakers of a queue that are not closed, the longest open first. Reads only. Errors:
     * INVALID_ARGUMENT, UNAVAILABLE.
     * </pre>
     */
    public io.dlqservice.dlq.v1.ListBreakersResponse listBreakers(io.dlqservice.dlq.v1.ListBreakersRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getListBreakersMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Closes a breaker by hand and forgets what it has counted. Safe to repeat. Errors:
     * INVALID_ARGUMENT, UNAVAILABLE.
     * </pre>
     */
    public io.dlqservice.dlq.v1.ResetBreakerResponse resetBreaker(io.dlqservice.dlq.v1.ResetBreakerRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getResetBreakerMethod(), getCallOptions(), request);
    }
  }

  /**
   * A stub to allow clients to do limited synchronous rpc calls to service DlqAdminService.
   * <pre>
   * For operators: how queues work, and changes to it while they run. A change acts on the next
   * decision of every server within 2 s.
   * Errors are those of DlqService. Changes take an etag, so that nobody undoes what somebody else
   * has just done: ABORTED means that it is not the present one; read again, and decide again.
   * </pre>
   */
  public static final class DlqAdminServiceBlockingStub
      extends io.grpc.stub.AbstractBlockingStub<DlqAdminServiceBlockingStub> {
    private DlqAdminServiceBlockingStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected DlqAdminServiceBlockingStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new DlqAdminServiceBlockingStub(channel, callOptions);
    }

    /**
     * <pre>
     * The queues that exist or have settings of their own, by name. Reads only. Errors:
     * INVALID_ARGUMENT (page size, page token), UNAVAILABLE.
     * </pre>
     */
    public io.dlqservice.dlq.v1.ListQueuesResponse listQueues(io.dlqservice.dlq.v1.ListQueuesRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getListQueuesMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * One queue, with what was set and what is in force. Also for a queue that does not exist: then
     * that is what its first message would get. Reads only. Errors: INVALID_ARGUMENT, UNAVAILABLE.
     * </pre>
     */
    public io.dlqservice.dlq.v1.GetQueueResponse getQueue(io.dlqservice.dlq.v1.GetQueueRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getGetQueueMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Sets the fields that the mask names; one that is absent in the request is taken back, so that
     * the next level decides again. Safe to repeat, also with the etag of before: what is already so is
     * no change. Messages that are scheduled keep their due times; all else acts at once. Errors:
     * INVALID_ARGUMENT (names, ranges, contradictions, with each field), ABORTED (another etag),
     * RESOURCE_EXHAUSTED (as many queues have settings as there may be), UNAVAILABLE.
     * </pre>
     */
    public io.dlqservice.dlq.v1.UpdateQueueResponse updateQueue(io.dlqservice.dlq.v1.UpdateQueueRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getUpdateQueueMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Removes a queue: its settings, its messages and its counts. Without expected_count only an
     * empty one. Sends to it are UNAVAILABLE meanwhile; afterwards its name is free, and a queue of
     * that name knows nothing of this one. Safe to repeat: what a call has begun that was not answered
     * is finished by any server, and of a queue that is gone nothing is removed. Errors:
     * FAILED_PRECONDITION (it is not empty, or holds another number than expected, or messages are in
     * flight; nothing changed), ABORTED (another etag), INVALID_ARGUMENT, UNAVAILABLE.
     * </pre>
     */
    public io.dlqservice.dlq.v1.DeleteQueueResponse deleteQueue(io.dlqservice.dlq.v1.DeleteQueueRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getDeleteQueueMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * What a policy does: the schedule that it gives to one message, and, over the messages stored
     * in a queue, how many would be retried when, or quarantined. Changes nothing. Errors:
     * INVALID_ARGUMENT, UNAVAILABLE.
     * </pre>
     */
    public io.dlqservice.dlq.v1.SimulatePolicyResponse simulatePolicy(io.dlqservice.dlq.v1.SimulatePolicyRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getSimulatePolicyMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * The routing rules. Reads only. Errors: UNAVAILABLE.
     * </pre>
     */
    public io.dlqservice.dlq.v1.GetRulesResponse getRules(io.dlqservice.dlq.v1.GetRulesRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getGetRulesMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Replaces all routing rules. Nothing is set unless every rule is valid. Safe to repeat.
     * Errors: INVALID_ARGUMENT (with each rule and place), ABORTED (another etag), UNAVAILABLE.
     * </pre>
     */
    public io.dlqservice.dlq.v1.UpdateRulesResponse updateRules(io.dlqservice.dlq.v1.UpdateRulesRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getUpdateRulesMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * What rules would do to samples. Changes nothing. Errors: INVALID_ARGUMENT, UNAVAILABLE.
     * </pre>
     */
    public io.dlqservice.dlq.v1.TestRulesResponse testRules(io.dlqservice.dlq.v1.TestRulesRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getTestRulesMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Lets an ordering key go on that waits behind a quarantined message. That message stays in
     * quarantine. Safe to repeat. Errors: INVALID_ARGUMENT, UNAVAILABLE.
     * </pre>
     */
    public io.dlqservice.dlq.v1.ReleaseOrderingKeyResponse releaseOrderingKey(io.dlqservice.dlq.v1.ReleaseOrderingKeyRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getReleaseOrderingKeyMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * The breakers of a queue that are not closed, the longest open first. Reads only. Errors:
     * INVALID_ARGUMENT, UNAVAILABLE.
     * </pre>
     */
    public io.dlqservice.dlq.v1.ListBreakersResponse listBreakers(io.dlqservice.dlq.v1.ListBreakersRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getListBreakersMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Closes a breaker by hand and forgets what it has counted. Safe to repeat. Errors:
     * INVALID_ARGUMENT, UNAVAILABLE.
     * </pre>
     */
    public io.dlqservice.dlq.v1.ResetBreakerResponse resetBreaker(io.dlqservice.dlq.v1.ResetBreakerRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getResetBreakerMethod(), getCallOptions(), request);
    }
  }

  /**
   * A stub to allow clients to do ListenableFuture-style rpc calls to service DlqAdminService.
   * <pre>
   * For operators: how queues work, and changes to it while they run. A change acts on the next
   * decision of every server within 2 s.
   * Errors are those of DlqService. Changes take an etag, so that nobody undoes what somebody else
   * has just done: ABORTED means that it is not the present one; read again, and decide again.
   * </pre>
   */
  public static final class DlqAdminServiceFutureStub
      extends io.grpc.stub.AbstractFutureStub<DlqAdminServiceFutureStub> {
    private DlqAdminServiceFutureStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected DlqAdminServiceFutureStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new DlqAdminServiceFutureStub(channel, callOptions);
    }

    /**
     * <pre>
     * The queues that exist or have settings of their own, by name. Reads only. Errors:
     * INVALID_ARGUMENT (page size, page token), UNAVAILABLE.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<io.dlqservice.dlq.v1.ListQueuesResponse> listQueues(
        io.dlqservice.dlq.v1.ListQueuesRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getListQueuesMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * One queue, with what was set and what is in force. Also for a queue that does not exist: then
     * that is what its first message would get. Reads only. Errors: INVALID_ARGUMENT, UNAVAILABLE.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<io.dlqservice.dlq.v1.GetQueueResponse> getQueue(
        io.dlqservice.dlq.v1.GetQueueRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getGetQueueMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Sets the fields that the mask names; one that is absent in the request is taken back, so that
     * the next level decides again. Safe to repeat, also with the etag of before: what is already so is
     * no change. Messages that are scheduled keep their due times; all else acts at once. Errors:
     * INVALID_ARGUMENT (names, ranges, contradictions, with each field), ABORTED (another etag),
     * RESOURCE_EXHAUSTED (as many queues have settings as there may be), UNAVAILABLE.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<io.dlqservice.dlq.v1.UpdateQueueResponse> updateQueue(
        io.dlqservice.dlq.v1.UpdateQueueRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getUpdateQueueMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Removes a queue: its settings, its messages and its counts. Without expected_count only an
     * empty one. Sends to it are UNAVAILABLE meanwhile; afterwards its name is free, and a queue of
     * that name knows nothing of this one. Safe to repeat: what a call has begun that was not answered
     * is finished by any server, and of a queue that is gone nothing is removed. Errors:
     * FAILED_PRECONDITION (it is not empty, or holds another number than expected, or messages are in
     * flight; nothing changed), ABORTED (another etag), INVALID_ARGUMENT, UNAVAILABLE.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<io.dlqservice.dlq.v1.DeleteQueueResponse> deleteQueue(
        io.dlqservice.dlq.v1.DeleteQueueRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getDeleteQueueMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * What a policy does: the schedule that it gives to one message, and, over the messages stored
     * in a queue, how many would be retried when, or quarantined. Changes nothing. Errors:
     * INVALID_ARGUMENT, UNAVAILABLE.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<io.dlqservice.dlq.v1.SimulatePolicyResponse> simulatePolicy(
        io.dlqservice.dlq.v1.SimulatePolicyRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getSimulatePolicyMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * The routing rules. Reads only. Errors: UNAVAILABLE.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<io.dlqservice.dlq.v1.GetRulesResponse> getRules(
        io.dlqservice.dlq.v1.GetRulesRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getGetRulesMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Replaces all routing rules. Nothing is set unless every rule is valid. Safe to repeat.
     * Errors: INVALID_ARGUMENT (with each rule and place), ABORTED (another etag), UNAVAILABLE.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<io.dlqservice.dlq.v1.UpdateRulesResponse> updateRules(
        io.dlqservice.dlq.v1.UpdateRulesRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getUpdateRulesMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * What rules would do to samples. Changes nothing. Errors: INVALID_ARGUMENT, UNAVAILABLE.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<io.dlqservice.dlq.v1.TestRulesResponse> testRules(
        io.dlqservice.dlq.v1.TestRulesRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getTestRulesMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Lets an ordering key go on that waits behind a quarantined message. That message stays in
     * quarantine. Safe to repeat. Errors: INVALID_ARGUMENT, UNAVAILABLE.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<io.dlqservice.dlq.v1.ReleaseOrderingKeyResponse> releaseOrderingKey(
        io.dlqservice.dlq.v1.ReleaseOrderingKeyRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getReleaseOrderingKeyMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * The breakers of a queue that are not closed, the longest open first. Reads only. Errors:
     * INVALID_ARGUMENT, UNAVAILABLE.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<io.dlqservice.dlq.v1.ListBreakersResponse> listBreakers(
        io.dlqservice.dlq.v1.ListBreakersRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getListBreakersMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Closes a breaker by hand and forgets what it has counted. Safe to repeat. Errors:
     * INVALID_ARGUMENT, UNAVAILABLE.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<io.dlqservice.dlq.v1.ResetBreakerResponse> resetBreaker(
        io.dlqservice.dlq.v1.ResetBreakerRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getResetBreakerMethod(), getCallOptions()), request);
    }
  }

  private static final int METHODID_LIST_QUEUES = 0;
  private static final int METHODID_GET_QUEUE = 1;
  private static final int METHODID_UPDATE_QUEUE = 2;
  private static final int METHODID_DELETE_QUEUE = 3;
  private static final int METHODID_SIMULATE_POLICY = 4;
  private static final int METHODID_GET_RULES = 5;
  private static final int METHODID_UPDATE_RULES = 6;
  private static final int METHODID_TEST_RULES = 7;
  private static final int METHODID_RELEASE_ORDERING_KEY = 8;
  private static final int METHODID_LIST_BREAKERS = 9;
  private static final int METHODID_RESET_BREAKER = 10;

  private static final class MethodHandlers<Req, Resp> implements
      io.grpc.stub.ServerCalls.UnaryMethod<Req, Resp>,
      io.grpc.stub.ServerCalls.ServerStreamingMethod<Req, Resp>,
      io.grpc.stub.ServerCalls.ClientStreamingMethod<Req, Resp>,
      io.grpc.stub.ServerCalls.BidiStreamingMethod<Req, Resp> {
    private final AsyncService serviceImpl;
    private final int methodId;

    MethodHandlers(AsyncService serviceImpl, int methodId) {
      this.serviceImpl = serviceImpl;
      this.methodId = methodId;
    }

    @java.lang.Override
    @java.lang.SuppressWarnings("unchecked")
    public void invoke(Req request, io.grpc.stub.StreamObserver<Resp> responseObserver) {
      switch (methodId) {
        case METHODID_LIST_QUEUES:
          serviceImpl.listQueues((io.dlqservice.dlq.v1.ListQueuesRequest) request,
              (io.grpc.stub.StreamObserver<io.dlqservice.dlq.v1.ListQueuesResponse>) responseObserver);
          break;
        case METHODID_GET_QUEUE:
          serviceImpl.getQueue((io.dlqservice.dlq.v1.GetQueueRequest) request,
              (io.grpc.stub.StreamObserver<io.dlqservice.dlq.v1.GetQueueResponse>) responseObserver);
          break;
        case METHODID_UPDATE_QUEUE:
          serviceImpl.updateQueue((io.dlqservice.dlq.v1.UpdateQueueRequest) request,
              (io.grpc.stub.StreamObserver<io.dlqservice.dlq.v1.UpdateQueueResponse>) responseObserver);
          break;
        case METHODID_DELETE_QUEUE:
          serviceImpl.deleteQueue((io.dlqservice.dlq.v1.DeleteQueueRequest) request,
              (io.grpc.stub.StreamObserver<io.dlqservice.dlq.v1.DeleteQueueResponse>) responseObserver);
          break;
        case METHODID_SIMULATE_POLICY:
          serviceImpl.simulatePolicy((io.dlqservice.dlq.v1.SimulatePolicyRequest) request,
              (io.grpc.stub.StreamObserver<io.dlqservice.dlq.v1.SimulatePolicyResponse>) responseObserver);
          break;
        case METHODID_GET_RULES:
          serviceImpl.getRules((io.dlqservice.dlq.v1.GetRulesRequest) request,
              (io.grpc.stub.StreamObserver<io.dlqservice.dlq.v1.GetRulesResponse>) responseObserver);
          break;
        case METHODID_UPDATE_RULES:
          serviceImpl.updateRules((io.dlqservice.dlq.v1.UpdateRulesRequest) request,
              (io.grpc.stub.StreamObserver<io.dlqservice.dlq.v1.UpdateRulesResponse>) responseObserver);
          break;
        case METHODID_TEST_RULES:
          serviceImpl.testRules((io.dlqservice.dlq.v1.TestRulesRequest) request,
              (io.grpc.stub.StreamObserver<io.dlqservice.dlq.v1.TestRulesResponse>) responseObserver);
          break;
        case METHODID_RELEASE_ORDERING_KEY:
          serviceImpl.releaseOrderingKey((io.dlqservice.dlq.v1.ReleaseOrderingKeyRequest) request,
              (io.grpc.stub.StreamObserver<io.dlqservice.dlq.v1.ReleaseOrderingKeyResponse>) responseObserver);
          break;
        case METHODID_LIST_BREAKERS:
          serviceImpl.listBreakers((io.dlqservice.dlq.v1.ListBreakersRequest) request,
              (io.grpc.stub.StreamObserver<io.dlqservice.dlq.v1.ListBreakersResponse>) responseObserver);
          break;
        case METHODID_RESET_BREAKER:
          serviceImpl.resetBreaker((io.dlqservice.dlq.v1.ResetBreakerRequest) request,
              (io.grpc.stub.StreamObserver<io.dlqservice.dlq.v1.ResetBreakerResponse>) responseObserver);
          break;
        default:
          throw new AssertionError();
      }
    }

    @java.lang.Override
    @java.lang.SuppressWarnings("unchecked")
    public io.grpc.stub.StreamObserver<Req> invoke(
        io.grpc.stub.StreamObserver<Resp> responseObserver) {
      switch (methodId) {
        default:
          throw new AssertionError();
      }
    }
  }

  public static final io.grpc.ServerServiceDefinition bindService(AsyncService service) {
    return io.grpc.ServerServiceDefinition.builder(getServiceDescriptor())
        .addMethod(
          getListQueuesMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              io.dlqservice.dlq.v1.ListQueuesRequest,
              io.dlqservice.dlq.v1.ListQueuesResponse>(
                service, METHODID_LIST_QUEUES)))
        .addMethod(
          getGetQueueMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              io.dlqservice.dlq.v1.GetQueueRequest,
              io.dlqservice.dlq.v1.GetQueueResponse>(
                service, METHODID_GET_QUEUE)))
        .addMethod(
          getUpdateQueueMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              io.dlqservice.dlq.v1.UpdateQueueRequest,
              io.dlqservice.dlq.v1.UpdateQueueResponse>(
                service, METHODID_UPDATE_QUEUE)))
        .addMethod(
          getDeleteQueueMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              io.dlqservice.dlq.v1.DeleteQueueRequest,
              io.dlqservice.dlq.v1.DeleteQueueResponse>(
                service, METHODID_DELETE_QUEUE)))
        .addMethod(
          getSimulatePolicyMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              io.dlqservice.dlq.v1.SimulatePolicyRequest,
              io.dlqservice.dlq.v1.SimulatePolicyResponse>(
                service, METHODID_SIMULATE_POLICY)))
        .addMethod(
          getGetRulesMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              io.dlqservice.dlq.v1.GetRulesRequest,
              io.dlqservice.dlq.v1.GetRulesResponse>(
                service, METHODID_GET_RULES)))
        .addMethod(
          getUpdateRulesMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              io.dlqservice.dlq.v1.UpdateRulesRequest,
              io.dlqservice.dlq.v1.UpdateRulesResponse>(
                service, METHODID_UPDATE_RULES)))
        .addMethod(
          getTestRulesMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              io.dlqservice.dlq.v1.TestRulesRequest,
              io.dlqservice.dlq.v1.TestRulesResponse>(
                service, METHODID_TEST_RULES)))
        .addMethod(
          getReleaseOrderingKeyMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              io.dlqservice.dlq.v1.ReleaseOrderingKeyRequest,
              io.dlqservice.dlq.v1.ReleaseOrderingKeyResponse>(
                service, METHODID_RELEASE_ORDERING_KEY)))
        .addMethod(
          getListBreakersMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              io.dlqservice.dlq.v1.ListBreakersRequest,
              io.dlqservice.dlq.v1.ListBreakersResponse>(
                service, METHODID_LIST_BREAKERS)))
        .addMethod(
          getResetBreakerMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              io.dlqservice.dlq.v1.ResetBreakerRequest,
              io.dlqservice.dlq.v1.ResetBreakerResponse>(
                service, METHODID_RESET_BREAKER)))
        .build();
  }

  private static abstract class DlqAdminServiceBaseDescriptorSupplier
      implements io.grpc.protobuf.ProtoFileDescriptorSupplier, io.grpc.protobuf.ProtoServiceDescriptorSupplier {
    DlqAdminServiceBaseDescriptorSupplier() {}

    @java.lang.Override
    public com.google.protobuf.Descriptors.FileDescriptor getFileDescriptor() {
      return io.dlqservice.dlq.v1.DlqAdminServiceOuterClass.getDescriptor();
    }

    @java.lang.Override
    public com.google.protobuf.Descriptors.ServiceDescriptor getServiceDescriptor() {
      return getFileDescriptor().findServiceByName("DlqAdminService");
    }
  }

  private static final class DlqAdminServiceFileDescriptorSupplier
      extends DlqAdminServiceBaseDescriptorSupplier {
    DlqAdminServiceFileDescriptorSupplier() {}
  }

  private static final class DlqAdminServiceMethodDescriptorSupplier
      extends DlqAdminServiceBaseDescriptorSupplier
      implements io.grpc.protobuf.ProtoMethodDescriptorSupplier {
    private final java.lang.String methodName;

    DlqAdminServiceMethodDescriptorSupplier(java.lang.String methodName) {
      this.methodName = methodName;
    }

    @java.lang.Override
    public com.google.protobuf.Descriptors.MethodDescriptor getMethodDescriptor() {
      return getServiceDescriptor().findMethodByName(methodName);
    }
  }

  private static volatile io.grpc.ServiceDescriptor serviceDescriptor;

  public static io.grpc.ServiceDescriptor getServiceDescriptor() {
    io.grpc.ServiceDescriptor result = serviceDescriptor;
    if (result == null) {
      synchronized (DlqAdminServiceGrpc.class) {
        result = serviceDescriptor;
        if (result == null) {
          serviceDescriptor = result = io.grpc.ServiceDescriptor.newBuilder(SERVICE_NAME)
              .setSchemaDescriptor(new DlqAdminServiceFileDescriptorSupplier())
              .addMethod(getListQueuesMethod())
              .addMethod(getGetQueueMethod())
              .addMethod(getUpdateQueueMethod())
              .addMethod(getDeleteQueueMethod())
              .addMethod(getSimulatePolicyMethod())
              .addMethod(getGetRulesMethod())
              .addMethod(getUpdateRulesMethod())
              .addMethod(getTestRulesMethod())
              .addMethod(getReleaseOrderingKeyMethod())
              .addMethod(getListBreakersMethod())
              .addMethod(getResetBreakerMethod())
              .build();
        }
      }
    }
    return result;
  }
}
