package io.dlqservice.dlq.v1;

import static io.grpc.MethodDescriptor.generateFullMethodName;

/**
 * <pre>
 * Takes messages that could not be processed, hands them out again when they are due, and learns
 * the outcome.
 * Producers call SendToDlq from a catch block. Workers keep a StreamDue call open and report each
 * outcome by Ack. Every method may be called on any server of a deployment.
 * Errors are gRPC codes with google.rpc details: ErrorInfo always (domain `dlq.v1`, a stable
 * `reason`), BadRequest for INVALID_ARGUMENT (every wrong field by name), QuotaFailure for
 * RESOURCE_EXHAUSTED, RetryInfo where trying again helps. UNAVAILABLE means that the outcome is
 * unknown: call again with the same request_id and nothing happens twice. UNAUTHENTICATED means
 * that the server wants a bearer token. A call that fails changes nothing, UNAVAILABLE and
 * DEADLINE_EXCEEDED excepted: then it may have taken effect.
 * Queue names match [A-Za-z0-9._-]{1,128}. A queue exists from its first message on, until it is
 * deleted.
 * </pre>
 */
@io.grpc.stub.annotations.GrpcGenerated
public final class DlqServiceGrpc {

  private DlqServiceGrpc() {}

  public static final java.lang.String SERVICE_NAME = "dlq.v1.DlqService";

  // Static method descriptors that strictly reflect the proto.
  private static volatile io.grpc.MethodDescriptor<io.dlqservice.dlq.v1.SendToDlqRequest,
      io.dlqservice.dlq.v1.SendToDlqResponse> getSendToDlqMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "SendToDlq",
      requestType = io.dlqservice.dlq.v1.SendToDlqRequest.class,
      responseType = io.dlqservice.dlq.v1.SendToDlqResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<io.dlqservice.dlq.v1.SendToDlqRequest,
      io.dlqservice.dlq.v1.SendToDlqResponse> getSendToDlqMethod() {
    io.grpc.MethodDescriptor<io.dlqservice.dlq.v1.SendToDlqRequest, io.dlqservice.dlq.v1.SendToDlqResponse> getSendToDlqMethod;
    if ((getSendToDlqMethod = DlqServiceGrpc.getSendToDlqMethod) == null) {
      synchronized (DlqServiceGrpc.class) {
        if ((getSendToDlqMethod = DlqServiceGrpc.getSendToDlqMethod) == null) {
          DlqServiceGrpc.getSendToDlqMethod = getSendToDlqMethod =
              io.grpc.MethodDescriptor.<io.dlqservice.dlq.v1.SendToDlqRequest, io.dlqservice.dlq.v1.SendToDlqResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "SendToDlq"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.dlqservice.dlq.v1.SendToDlqRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.dlqservice.dlq.v1.SendToDlqResponse.getDefaultInstance()))
              .setSchemaDescriptor(new DlqServiceMethodDescriptorSupplier("SendToDlq"))
              .build();
        }
      }
    }
    return getSendToDlqMethod;
  }

  private static volatile io.grpc.MethodDescriptor<io.dlqservice.dlq.v1.SendToDlqBatchRequest,
      io.dlqservice.dlq.v1.SendToDlqBatchResponse> getSendToDlqBatchMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "SendToDlqBatch",
      requestType = io.dlqservice.dlq.v1.SendToDlqBatchRequest.class,
      responseType = io.dlqservice.dlq.v1.SendToDlqBatchResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<io.dlqservice.dlq.v1.SendToDlqBatchRequest,
      io.dlqservice.dlq.v1.SendToDlqBatchResponse> getSendToDlqBatchMethod() {
    io.grpc.MethodDescriptor<io.dlqservice.dlq.v1.SendToDlqBatchRequest, io.dlqservice.dlq.v1.SendToDlqBatchResponse> getSendToDlqBatchMethod;
    if ((getSendToDlqBatchMethod = DlqServiceGrpc.getSendToDlqBatchMethod) == null) {
      synchronized (DlqServiceGrpc.class) {
        if ((getSendToDlqBatchMethod = DlqServiceGrpc.getSendToDlqBatchMethod) == null) {
          DlqServiceGrpc.getSendToDlqBatchMethod = getSendToDlqBatchMethod =
              io.grpc.MethodDescriptor.<io.dlqservice.dlq.v1.SendToDlqBatchRequest, io.dlqservice.dlq.v1.SendToDlqBatchResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "SendToDlqBatch"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.dlqservice.dlq.v1.SendToDlqBatchRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.dlqservice.dlq.v1.SendToDlqBatchResponse.getDefaultInstance()))
              .setSchemaDescriptor(new DlqServiceMethodDescriptorSupplier("SendToDlqBatch"))
              .build();
        }
      }
    }
    return getSendToDlqBatchMethod;
  }

  private static volatile io.grpc.MethodDescriptor<io.dlqservice.dlq.v1.StreamDueRequest,
      io.dlqservice.dlq.v1.StreamDueResponse> getStreamDueMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "StreamDue",
      requestType = io.dlqservice.dlq.v1.StreamDueRequest.class,
      responseType = io.dlqservice.dlq.v1.StreamDueResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.SERVER_STREAMING)
  public static io.grpc.MethodDescriptor<io.dlqservice.dlq.v1.StreamDueRequest,
      io.dlqservice.dlq.v1.StreamDueResponse> getStreamDueMethod() {
    io.grpc.MethodDescriptor<io.dlqservice.dlq.v1.StreamDueRequest, io.dlqservice.dlq.v1.StreamDueResponse> getStreamDueMethod;
    if ((getStreamDueMethod = DlqServiceGrpc.getStreamDueMethod) == null) {
      synchronized (DlqServiceGrpc.class) {
        if ((getStreamDueMethod = DlqServiceGrpc.getStreamDueMethod) == null) {
          DlqServiceGrpc.getStreamDueMethod = getStreamDueMethod =
              io.grpc.MethodDescriptor.<io.dlqservice.dlq.v1.StreamDueRequest, io.dlqservice.dlq.v1.StreamDueResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.SERVER_STREAMING)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "StreamDue"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.dlqservice.dlq.v1.StreamDueRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.dlqservice.dlq.v1.StreamDueResponse.getDefaultInstance()))
              .setSchemaDescriptor(new DlqServiceMethodDescriptorSupplier("StreamDue"))
              .build();
        }
      }
    }
    return getStreamDueMethod;
  }

  private static volatile io.grpc.MethodDescriptor<io.dlqservice.dlq.v1.AckRequest,
      io.dlqservice.dlq.v1.AckResponse> getAckMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "Ack",
      requestType = io.dlqservice.dlq.v1.AckRequest.class,
      responseType = io.dlqservice.dlq.v1.AckResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<io.dlqservice.dlq.v1.AckRequest,
      io.dlqservice.dlq.v1.AckResponse> getAckMethod() {
    io.grpc.MethodDescriptor<io.dlqservice.dlq.v1.AckRequest, io.dlqservice.dlq.v1.AckResponse> getAckMethod;
    if ((getAckMethod = DlqServiceGrpc.getAckMethod) == null) {
      synchronized (DlqServiceGrpc.class) {
        if ((getAckMethod = DlqServiceGrpc.getAckMethod) == null) {
          DlqServiceGrpc.getAckMethod = getAckMethod =
              io.grpc.MethodDescriptor.<io.dlqservice.dlq.v1.AckRequest, io.dlqservice.dlq.v1.AckResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "Ack"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.dlqservice.dlq.v1.AckRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.dlqservice.dlq.v1.AckResponse.getDefaultInstance()))
              .setSchemaDescriptor(new DlqServiceMethodDescriptorSupplier("Ack"))
              .build();
        }
      }
    }
    return getAckMethod;
  }

  private static volatile io.grpc.MethodDescriptor<io.dlqservice.dlq.v1.ExtendLeaseRequest,
      io.dlqservice.dlq.v1.ExtendLeaseResponse> getExtendLeaseMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "ExtendLease",
      requestType = io.dlqservice.dlq.v1.ExtendLeaseRequest.class,
      responseType = io.dlqservice.dlq.v1.ExtendLeaseResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<io.dlqservice.dlq.v1.ExtendLeaseRequest,
      io.dlqservice.dlq.v1.ExtendLeaseResponse> getExtendLeaseMethod() {
    io.grpc.MethodDescriptor<io.dlqservice.dlq.v1.ExtendLeaseRequest, io.dlqservice.dlq.v1.ExtendLeaseResponse> getExtendLeaseMethod;
    if ((getExtendLeaseMethod = DlqServiceGrpc.getExtendLeaseMethod) == null) {
      synchronized (DlqServiceGrpc.class) {
        if ((getExtendLeaseMethod = DlqServiceGrpc.getExtendLeaseMethod) == null) {
          DlqServiceGrpc.getExtendLeaseMethod = getExtendLeaseMethod =
              io.grpc.MethodDescriptor.<io.dlqservice.dlq.v1.ExtendLeaseRequest, io.dlqservice.dlq.v1.ExtendLeaseResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "ExtendLease"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.dlqservice.dlq.v1.ExtendLeaseRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.dlqservice.dlq.v1.ExtendLeaseResponse.getDefaultInstance()))
              .setSchemaDescriptor(new DlqServiceMethodDescriptorSupplier("ExtendLease"))
              .build();
        }
      }
    }
    return getExtendLeaseMethod;
  }

  private static volatile io.grpc.MethodDescriptor<io.dlqservice.dlq.v1.RetryRequest,
      io.dlqservice.dlq.v1.RetryResponse> getRetryMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "Retry",
      requestType = io.dlqservice.dlq.v1.RetryRequest.class,
      responseType = io.dlqservice.dlq.v1.RetryResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<io.dlqservice.dlq.v1.RetryRequest,
      io.dlqservice.dlq.v1.RetryResponse> getRetryMethod() {
    io.grpc.MethodDescriptor<io.dlqservice.dlq.v1.RetryRequest, io.dlqservice.dlq.v1.RetryResponse> getRetryMethod;
    if ((getRetryMethod = DlqServiceGrpc.getRetryMethod) == null) {
      synchronized (DlqServiceGrpc.class) {
        if ((getRetryMethod = DlqServiceGrpc.getRetryMethod) == null) {
          DlqServiceGrpc.getRetryMethod = getRetryMethod =
              io.grpc.MethodDescriptor.<io.dlqservice.dlq.v1.RetryRequest, io.dlqservice.dlq.v1.RetryResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "Retry"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.dlqservice.dlq.v1.RetryRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.dlqservice.dlq.v1.RetryResponse.getDefaultInstance()))
              .setSchemaDescriptor(new DlqServiceMethodDescriptorSupplier("Retry"))
              .build();
        }
      }
    }
    return getRetryMethod;
  }

  private static volatile io.grpc.MethodDescriptor<io.dlqservice.dlq.v1.StatsRequest,
      io.dlqservice.dlq.v1.StatsResponse> getStatsMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "Stats",
      requestType = io.dlqservice.dlq.v1.StatsRequest.class,
      responseType = io.dlqservice.dlq.v1.StatsResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<io.dlqservice.dlq.v1.StatsRequest,
      io.dlqservice.dlq.v1.StatsResponse> getStatsMethod() {
    io.grpc.MethodDescriptor<io.dlqservice.dlq.v1.StatsRequest, io.dlqservice.dlq.v1.StatsResponse> getStatsMethod;
    if ((getStatsMethod = DlqServiceGrpc.getStatsMethod) == null) {
      synchronized (DlqServiceGrpc.class) {
        if ((getStatsMethod = DlqServiceGrpc.getStatsMethod) == null) {
          DlqServiceGrpc.getStatsMethod = getStatsMethod =
              io.grpc.MethodDescriptor.<io.dlqservice.dlq.v1.StatsRequest, io.dlqservice.dlq.v1.StatsResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "Stats"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.dlqservice.dlq.v1.StatsRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.dlqservice.dlq.v1.StatsResponse.getDefaultInstance()))
              .setSchemaDescriptor(new DlqServiceMethodDescriptorSupplier("Stats"))
              .build();
        }
      }
    }
    return getStatsMethod;
  }

  /**
   * Creates a new async stub that supports all call types for the service
   */
  public static DlqServiceStub newStub(io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<DlqServiceStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<DlqServiceStub>() {
        @java.lang.Override
        public DlqServiceStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new DlqServiceStub(channel, callOptions);
        }
      };
    return DlqServiceStub.newStub(factory, channel);
  }

  /**
   * Creates a new blocking-style stub that supports all types of calls on the service
   */
  public static DlqServiceBlockingV2Stub newBlockingV2Stub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<DlqServiceBlockingV2Stub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<DlqServiceBlockingV2Stub>() {
        @java.lang.Override
        public DlqServiceBlockingV2Stub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new DlqServiceBlockingV2Stub(channel, callOptions);
        }
      };
    return DlqServiceBlockingV2Stub.newStub(factory, channel);
  }

  /**
   * Creates a new blocking-style stub that supports unary and streaming output calls on the service
   */
  public static DlqServiceBlockingStub newBlockingStub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<DlqServiceBlockingStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<DlqServiceBlockingStub>() {
        @java.lang.Override
        public DlqServiceBlockingStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new DlqServiceBlockingStub(channel, callOptions);
        }
      };
    return DlqServiceBlockingStub.newStub(factory, channel);
  }

  /**
   * Creates a new ListenableFuture-style stub that supports unary calls on the service
   */
  public static DlqServiceFutureStub newFutureStub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<DlqServiceFutureStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<DlqServiceFutureStub>() {
        @java.lang.Override
        public DlqServiceFutureStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new DlqServiceFutureStub(channel, callOptions);
        }
      };
    return DlqServiceFutureStub.newStub(factory, channel);
  }

  /**
   * <pre>
   * Takes messages that could not be processed, hands them out again when they are due, and learns
   * the outcome.
   * Producers call SendToDlq from a catch block. Workers keep a StreamDue call open and report each
   * outcome by Ack. Every method may be called on any server of a deployment.
   * Errors are gRPC codes with google.rpc details: ErrorInfo always (domain `dlq.v1`, a stable
   * `reason`), BadRequest for INVALID_ARGUMENT (every wrong field by name), QuotaFailure for
   * RESOURCE_EXHAUSTED, RetryInfo where trying again helps. UNAVAILABLE means that the outcome is
   * unknown: call again with the same request_id and nothing happens twice. UNAUTHENTICATED means
   * that the server wants a bearer token. A call that fails changes nothing, UNAVAILABLE and
   * DEADLINE_EXCEEDED excepted: then it may have taken effect.
   * Queue names match [A-Za-z0-9._-]{1,128}. A queue exists from its first message on, until it is
   * deleted.
   * </pre>
   */
  public interface AsyncService {

    /**
     * <pre>
     * Stores one dead letter and decides when it is retried. Returns after the message is durable
     * (as durable as the store is configured to be).
     * Idempotent by request_id: the same id within 10 minutes gives the same answer and changes
     * nothing. Errors: INVALID_ARGUMENT (queue name, sizes, counts, negative durations,
     * contradictions), NOT_FOUND (no such queue, where messages do not create them),
     * RESOURCE_EXHAUSTED (a limit of the queue, or the store is full), UNAVAILABLE (the store can't be
     * reached, or the queue is being deleted).
     * </pre>
     */
    default void sendToDlq(io.dlqservice.dlq.v1.SendToDlqRequest request,
        io.grpc.stub.StreamObserver<io.dlqservice.dlq.v1.SendToDlqResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getSendToDlqMethod(), responseObserver);
    }

    /**
     * <pre>
     * Stores up to 1,000 dead letters, of any queues, in one call of at most 3.5 MiB. Each is
     * accepted or refused by itself: the call succeeds when at least its frame is valid.
     * Idempotent per request_id of each request. Errors of the whole call: INVALID_ARGUMENT (empty
     * or too many requests), RESOURCE_EXHAUSTED (too many bytes).
     * </pre>
     */
    default void sendToDlqBatch(io.dlqservice.dlq.v1.SendToDlqBatchRequest request,
        io.grpc.stub.StreamObserver<io.dlqservice.dlq.v1.SendToDlqBatchResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getSendToDlqBatchMethod(), responseObserver);
    }

    /**
     * <pre>
     * Opens a worker's stream: messages of the given queues when they are due, each under a lease.
     * The first frame is `opened`, at once. Report each outcome by Ack before its lease expires, or
     * extend the lease by ExtendLease. A message whose lease expires is delivered again. When the
     * stream breaks, leases of deliveries already written stay: reconnect with resume_session_id
     * and go on. Errors: INVALID_ARGUMENT. While the store can't be reached the stream stays open
     * and goes on by itself.
     * </pre>
     */
    default void streamDue(io.dlqservice.dlq.v1.StreamDueRequest request,
        io.grpc.stub.StreamObserver<io.dlqservice.dlq.v1.StreamDueResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getStreamDueMethod(), responseObserver);
    }

    /**
     * <pre>
     * Reports outcomes of deliveries, on any server and any connection. Each is applied or refused
     * by itself, under its lease token; results come in the order of the outcomes.
     * Safe to repeat: with the same request_id the answer is the same for 10 minutes; without one
     * a repeated outcome answers NOT_FOUND or LEASE_LOST and changes nothing. Errors:
     * INVALID_ARGUMENT (no outcomes, more than 1,000), UNAVAILABLE.
     * </pre>
     */
    default void ack(io.dlqservice.dlq.v1.AckRequest request,
        io.grpc.stub.StreamObserver<io.dlqservice.dlq.v1.AckResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getAckMethod(), responseObserver);
    }

    /**
     * <pre>
     * Sets leases to end one full lease duration from now, so that long work keeps its message.
     * Also tells which leases are lost, or whose work should stop. Safe to repeat.
     * Errors: INVALID_ARGUMENT (neither or both of tokens and session, more than 1,000 tokens),
     * UNAVAILABLE.
     * </pre>
     */
    default void extendLease(io.dlqservice.dlq.v1.ExtendLeaseRequest request,
        io.grpc.stub.StreamObserver<io.dlqservice.dlq.v1.ExtendLeaseResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getExtendLeaseMethod(), responseObserver);
    }

    /**
     * <pre>
     * Makes messages due now, and edits them before, if it is told so. SCHEDULED ones keep their
     * attempts; QUARANTINED ones start a new round (attempts and poison count start again, history is
     * kept); IN_FLIGHT ones are refused, and so are those that can't be edited.
     * Idempotent by request_id. Errors: INVALID_ARGUMENT (neither or both of ids and filter, more
     * than 1,000 ids, a filter without expected_count, an expected_count above 1,000, a transform that
     * would fail on any message, more than 16 MiB of messages to edit), FAILED_PRECONDITION (another
     * number matches than expected; nothing changed), ABORTED (messages moved on meanwhile; try again),
     * RESOURCE_EXHAUSTED (edits, while the store is full), UNAVAILABLE.
     * </pre>
     */
    default void retry(io.dlqservice.dlq.v1.RetryRequest request,
        io.grpc.stub.StreamObserver<io.dlqservice.dlq.v1.RetryResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getRetryMethod(), responseObserver);
    }

    /**
     * <pre>
     * Counts, ages and rates, and for each queue why nothing moves. Costs the same with ten
     * messages and with ten million. Reads only. Errors: INVALID_ARGUMENT, UNAVAILABLE.
     * </pre>
     */
    default void stats(io.dlqservice.dlq.v1.StatsRequest request,
        io.grpc.stub.StreamObserver<io.dlqservice.dlq.v1.StatsResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getStatsMethod(), responseObserver);
    }
  }

  /**
   * Base class for the server implementation of the service DlqService.
   * <pre>
   * Takes messages that could not be processed, hands them out again when they are due, and learns
   * the outcome.
   * Producers call SendToDlq from a catch block. Workers keep a StreamDue call open and report each
   * outcome by Ack. Every method may be called on any server of a deployment.
   * Errors are gRPC codes with google.rpc details: ErrorInfo always (domain `dlq.v1`, a stable
   * `reason`), BadRequest for INVALID_ARGUMENT (every wrong field by name), QuotaFailure for
   * RESOURCE_EXHAUSTED, RetryInfo where trying again helps. UNAVAILABLE means that the outcome is
   * unknown: call again with the same request_id and nothing happens twice. UNAUTHENTICATED means
   * that the server wants a bearer token. A call that fails changes nothing, UNAVAILABLE and
   * DEADLINE_EXCEEDED excepted: then it may have taken effect.
   * Queue names match [A-Za-z0-9._-]{1,128}. A queue exists from its first message on, until it is
   * deleted.
   * </pre>
   */
  public static abstract class DlqServiceImplBase
      implements io.grpc.BindableService, AsyncService {

    @java.lang.Override public final io.grpc.ServerServiceDefinition bindService() {
      return DlqServiceGrpc.bindService(this);
    }
  }

  /**
   * A stub to allow clients to do asynchronous rpc calls to service DlqService.
   * <pre>
   * Takes messages that could not be processed, hands them out again when they are due, and learns
   * the outcome.
   * Producers call SendToDlq from a catch block. Workers keep a StreamDue call open and report each
   * outcome by Ack. Every method may be called on any server of a deployment.
   * Errors are gRPC codes with google.rpc details: ErrorInfo always (domain `dlq.v1`, a stable
   * `reason`), BadRequest for INVALID_ARGUMENT (every wrong field by name), QuotaFailure for
   * RESOURCE_EXHAUSTED, RetryInfo where trying again helps. UNAVAILABLE means that the outcome is
   * unknown: call again with the same request_id and nothing happens twice. UNAUTHENTICATED means
   * that the server wants a bearer token. A call that fails changes nothing, UNAVAILABLE and
   * DEADLINE_EXCEEDED excepted: then it may have taken effect.
   * Queue names match [A-Za-z0-9._-]{1,128}. A queue exists from its first message on, until it is
   * deleted.
   * </pre>
   */
  public static final class DlqServiceStub
      extends io.grpc.stub.AbstractAsyncStub<DlqServiceStub> {
    private DlqServiceStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected DlqServiceStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new DlqServiceStub(channel, callOptions);
    }

    /**
     * <pre>
     * Stores one dead letter and decides when it is retried. Returns after the message is durable
     * (as durable as the store is configured to be).
     * Idempotent by request_id: the same id within 10 minutes gives the same answer and changes
     * nothing. Errors: INVALID_ARGUMENT (queue name, sizes, counts, negative durations,
     * contradictions), NOT_FOUND (no such queue, where messages do not create them),
     * RESOURCE_EXHAUSTED (a limit of the queue, or the store is full), UNAVAILABLE (the store can't be
     * reached, or the queue is being deleted).
     * </pre>
     */
    public void sendToDlq(io.dlqservice.dlq.v1.SendToDlqRequest request,
        io.grpc.stub.StreamObserver<io.dlqservice.dlq.v1.SendToDlqResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getSendToDlqMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Stores up to 1,000 dead letters, of any queues, in one call of at most 3.5 MiB. Each is
     * accepted or refused by itself: the call succeeds when at least its frame is valid.
     * Idempotent per request_id of each request. Errors of the whole call: INVALID_ARGUMENT (empty
     * or too many requests), RESOURCE_EXHAUSTED (too many bytes).
     * </pre>
     */
    public void sendToDlqBatch(io.dlqservice.dlq.v1.SendToDlqBatchRequest request,
        io.grpc.stub.StreamObserver<io.dlqservice.dlq.v1.SendToDlqBatchResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getSendToDlqBatchMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Opens a worker's stream: messages of the given queues when they are due, each under a lease.
     * The first frame is `opened`, at once. Report each outcome by Ack before its lease expires, or
     * extend the lease by ExtendLease. A message whose lease expires is delivered again. When the
     * stream breaks, leases of deliveries already written stay: reconnect with resume_session_id
     * and go on. Errors: INVALID_ARGUMENT. While the store can't be reached the stream stays open
     * and goes on by itself.
     * </pre>
     */
    public void streamDue(io.dlqservice.dlq.v1.StreamDueRequest request,
        io.grpc.stub.StreamObserver<io.dlqservice.dlq.v1.StreamDueResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncServerStreamingCall(
          getChannel().newCall(getStreamDueMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Reports outcomes of deliveries, on any server and any connection. Each is applied or refused
     * by itself, under its lease token; results come in the order of the outcomes.
     * Safe to repeat: with the same request_id the answer is the same for 10 minutes; without one
     * a repeated outcome answers NOT_FOUND or LEASE_LOST and changes nothing. Errors:
     * INVALID_ARGUMENT (no outcomes, more than 1,000), UNAVAILABLE.
     * </pre>
     */
    public void ack(io.dlqservice.dlq.v1.AckRequest request,
        io.grpc.stub.StreamObserver<io.dlqservice.dlq.v1.AckResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getAckMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Sets leases to end one full lease duration from now, so that long work keeps its message.
     * Also tells which leases are lost, or whose work should stop. Safe to repeat.
     * Errors: INVALID_ARGUMENT (neither or both of tokens and session, more than 1,000 tokens),
     * UNAVAILABLE.
     * </pre>
     */
    public void extendLease(io.dlqservice.dlq.v1.ExtendLeaseRequest request,
        io.grpc.stub.StreamObserver<io.dlqservice.dlq.v1.ExtendLeaseResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getExtendLeaseMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Makes messages due now, and edits them before, if it is told so. SCHEDULED ones keep their
     * attempts; QUARANTINED ones start a new round (attempts and poison count start again, history is
     * kept); IN_FLIGHT ones are refused, and so are those that can't be edited.
     * Idempotent by request_id. Errors: INVALID_ARGUMENT (neither or both of ids and filter, more
     * than 1,000 ids, a filter without expected_count, an expected_count above 1,000, a transform that
     * would fail on any message, more than 16 MiB of messages to edit), FAILED_PRECONDITION (another
     * number matches than expected; nothing changed), ABORTED (messages moved on meanwhile; try again),
     * RESOURCE_EXHAUSTED (edits, while the store is full), UNAVAILABLE.
     * </pre>
     */
    public void retry(io.dlqservice.dlq.v1.RetryRequest request,
        io.grpc.stub.StreamObserver<io.dlqservice.dlq.v1.RetryResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getRetryMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Counts, ages and rates, and for each queue why nothing moves. Costs the same with ten
     * messages and with ten million. Reads only. Errors: INVALID_ARGUMENT, UNAVAILABLE.
     * </pre>
     */
    public void stats(io.dlqservice.dlq.v1.StatsRequest request,
        io.grpc.stub.StreamObserver<io.dlqservice.dlq.v1.StatsResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getStatsMethod(), getCallOptions()), request, responseObserver);
    }
  }

  /**
   * A stub to allow clients to do synchronous rpc calls to service DlqService.
   * <pre>
   * Takes messages that could not be processed, hands them out again when they are due, and learns
   * the outcome.
   * Producers call SendToDlq from a catch block. Workers keep a StreamDue call open and report each
   * outcome by Ack. Every method may be called on any server of a deployment.
   * Errors are gRPC codes with google.rpc details: ErrorInfo always (domain `dlq.v1`, a stable
   * `reason`), BadRequest for INVALID_ARGUMENT (every wrong field by name), QuotaFailure for
   * RESOURCE_EXHAUSTED, RetryInfo where trying again helps. UNAVAILABLE means that the outcome is
   * unknown: call again with the same request_id and nothing happens twice. UNAUTHENTICATED means
   * that the server wants a bearer token. A call that fails changes nothing, UNAVAILABLE and
   * DEADLINE_EXCEEDED excepted: then it may have taken effect.
   * Queue names match [A-Za-z0-9._-]{1,128}. A queue exists from its first message on, until it is
   * deleted.
   * </pre>
   */
  public static final class DlqServiceBlockingV2Stub
      extends io.grpc.stub.AbstractBlockingStub<DlqServiceBlockingV2Stub> {
    private DlqServiceBlockingV2Stub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected DlqServiceBlockingV2Stub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new DlqServiceBlockingV2Stub(channel, callOptions);
    }

    /**
     * <pre>
     * Stores one dead letter and decides when it is retried. Returns after the message is durable
     * (as durable as the store is configured to be).
     * Idempotent by request_id: the same id within 10 minutes gives the same answer and changes
     * nothing. Errors: INVALID_ARGUMENT (queue name, sizes, counts, negative durations,
     * contradictions), NOT_FOUND (no such queue, where messages do not create them),
     * RESOURCE_EXHAUSTED (a limit of the queue, or the store is full), UNAVAILABLE (the store can't be
     * reached, or the queue is being deleted).
     * </pre>
     */
    public io.dlqservice.dlq.v1.SendToDlqResponse sendToDlq(io.dlqservice.dlq.v1.SendToDlqRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getSendToDlqMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Stores up to 1,000 dead letters, of any queues, in one call of at most 3.5 MiB. Each is
     * accepted or refused by itself: the call succeeds when at least its frame is valid.
     * Idempotent per request_id of each request. Errors of the whole call: INVALID_ARGUMENT (empty
     * or too many requests), RESOURCE_EXHAUSTED (too many bytes).
     * </pre>
     */
    public io.dlqservice.dlq.v1.SendToDlqBatchResponse sendToDlqBatch(io.dlqservice.dlq.v1.SendToDlqBatchRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getSendToDlqBatchMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Opens a worker's stream: messages of the given queues when they are due, each under a lease.
     * The first frame is `opened`, at once. Report each outcome by Ack before its lease expires, or
     * extend the lease by ExtendLease. A message whose lease expires is delivered again. When the
     * stream breaks, leases of deliveries already written stay: reconnect with resume_session_id
     * and go on. Errors: INVALID_ARGUMENT. While the store can't be reached the stream stays open
     * and goes on by itself.
     * </pre>
     */
    @io.grpc.ExperimentalApi("https://github.com/grpc/grpc-java/issues/10918")
    public io.grpc.stub.BlockingClientCall<?, io.dlqservice.dlq.v1.StreamDueResponse>
        streamDue(io.dlqservice.dlq.v1.StreamDueRequest request) {
      return io.grpc.stub.ClientCalls.blockingV2ServerStreamingCall(
          getChannel(), getStreamDueMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Reports outcomes of deliveries, on any server and any connection. Each is applied or refused
     * by itself, under its lease token; results come in the order of the outcomes.
     * Safe to repeat: with the same request_id the answer is the same for 10 minutes; without one
     * a repeated outcome answers NOT_FOUND or LEASE_LOST and changes nothing. Errors:
     * INVALID_ARGUMENT (no outcomes, more than 1,000), UNAVAILABLE.
     * </pre>
     */
    public io.dlqservice.dlq.v1.AckResponse ack(io.dlqservice.dlq.v1.AckRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getAckMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Sets leases to end one full lease duration from now, so that long work keeps its message.
     * Also tells which leases are lost, or whose work should stop. Safe to repeat.
     * Errors: INVALID_ARGUMENT (neither or both of tokens and session, more than 1,000 tokens),
     * UNAVAILABLE.
     * </pre>
     */
    public io.dlqservice.dlq.v1.ExtendLeaseResponse extendLease(io.dlqservice.dlq.v1.ExtendLeaseRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getExtendLeaseMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Makes messages due now, and edits them before, if it is told so. SCHEDULED ones keep their
     * attempts; QUARANTINED ones start a new round (attempts and poison count start again, history is
     * kept); IN_FLIGHT ones are refused, and so are those that can't be edited.
     * Idempotent by request_id. Errors: INVALID_ARGUMENT (neither or both of ids and filter, more
     * than 1,000 ids, a filter without expected_count, an expected_count above 1,000, a transform that
     * would fail on any message, more than 16 MiB of messages to edit), FAILED_PRECONDITION (another
     * number matches than expected; nothing changed), ABORTED (messages moved on meanwhile; try again),
     * RESOURCE_EXHAUSTED (edits, while the store is full), UNAVAILABLE.
     * </pre>
     */
    public io.dlqservice.dlq.v1.RetryResponse retry(io.dlqservice.dlq.v1.RetryRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getRetryMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Counts, ages and rates, and for each queue why nothing moves. Costs the same with ten
     * messages and with ten million. Reads only. Errors: INVALID_ARGUMENT, UNAVAILABLE.
     * </pre>
     */
    public io.dlqservice.dlq.v1.StatsResponse stats(io.dlqservice.dlq.v1.StatsRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getStatsMethod(), getCallOptions(), request);
    }
  }

  /**
   * A stub to allow clients to do limited synchronous rpc calls to service DlqService.
   * <pre>
   * Takes messages that could not be processed, hands them out again when they are due, and learns
   * the outcome.
   * Producers call SendToDlq from a catch block. Workers keep a StreamDue call open and report each
   * outcome by Ack. Every method may be called on any server of a deployment.
   * Errors are gRPC codes with google.rpc details: ErrorInfo always (domain `dlq.v1`, a stable
   * `reason`), BadRequest for INVALID_ARGUMENT (every wrong field by name), QuotaFailure for
   * RESOURCE_EXHAUSTED, RetryInfo where trying again helps. UNAVAILABLE means that the outcome is
   * unknown: call again with the same request_id and nothing happens twice. UNAUTHENTICATED means
   * that the server wants a bearer token. A call that fails changes nothing, UNAVAILABLE and
   * DEADLINE_EXCEEDED excepted: then it may have taken effect.
   * Queue names match [A-Za-z0-9._-]{1,128}. A queue exists from its first message on, until it is
   * deleted.
   * </pre>
   */
  public static final class DlqServiceBlockingStub
      extends io.grpc.stub.AbstractBlockingStub<DlqServiceBlockingStub> {
    private DlqServiceBlockingStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected DlqServiceBlockingStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new DlqServiceBlockingStub(channel, callOptions);
    }

    /**
     * <pre>
     * Stores one dead letter and decides when it is retried. Returns after the message is durable
     * (as durable as the store is configured to be).
     * Idempotent by request_id: the same id within 10 minutes gives the same answer and changes
     * nothing. Errors: INVALID_ARGUMENT (queue name, sizes, counts, negative durations,
     * contradictions), NOT_FOUND (no such queue, where messages do not create them),
     * RESOURCE_EXHAUSTED (a limit of the queue, or the store is full), UNAVAILABLE (the store can't be
     * reached, or the queue is being deleted).
     * </pre>
     */
    public io.dlqservice.dlq.v1.SendToDlqResponse sendToDlq(io.dlqservice.dlq.v1.SendToDlqRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getSendToDlqMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Stores up to 1,000 dead letters, of any queues, in one call of at most 3.5 MiB. Each is
     * accepted or refused by itself: the call succeeds when at least its frame is valid.
     * Idempotent per request_id of each request. Errors of the whole call: INVALID_ARGUMENT (empty
     * or too many requests), RESOURCE_EXHAUSTED (too many bytes).
     * </pre>
     */
    public io.dlqservice.dlq.v1.SendToDlqBatchResponse sendToDlqBatch(io.dlqservice.dlq.v1.SendToDlqBatchRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getSendToDlqBatchMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Opens a worker's stream: messages of the given queues when they are due, each under a lease.
     * The first frame is `opened`, at once. Report each outcome by Ack before its lease expires, or
     * extend the lease by ExtendLease. A message whose lease expires is delivered again. When the
     * stream breaks, leases of deliveries already written stay: reconnect with resume_session_id
     * and go on. Errors: INVALID_ARGUMENT. While the store can't be reached the stream stays open
     * and goes on by itself.
     * </pre>
     */
    public java.util.Iterator<io.dlqservice.dlq.v1.StreamDueResponse> streamDue(
        io.dlqservice.dlq.v1.StreamDueRequest request) {
      return io.grpc.stub.ClientCalls.blockingServerStreamingCall(
          getChannel(), getStreamDueMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Reports outcomes of deliveries, on any server and any connection. Each is applied or refused
     * by itself, under its lease token; results come in the order of the outcomes.
     * Safe to repeat: with the same request_id the answer is the same for 10 minutes; without one
     * a repeated outcome answers NOT_FOUND or LEASE_LOST and changes nothing. Errors:
     * INVALID_ARGUMENT (no outcomes, more than 1,000), UNAVAILABLE.
     * </pre>
     */
    public io.dlqservice.dlq.v1.AckResponse ack(io.dlqservice.dlq.v1.AckRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getAckMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Sets leases to end one full lease duration from now, so that long work keeps its message.
     * Also tells which leases are lost, or whose work should stop. Safe to repeat.
     * Errors: INVALID_ARGUMENT (neither or both of tokens and session, more than 1,000 tokens),
     * UNAVAILABLE.
     * </pre>
     */
    public io.dlqservice.dlq.v1.ExtendLeaseResponse extendLease(io.dlqservice.dlq.v1.ExtendLeaseRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getExtendLeaseMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Makes messages due now, and edits them before, if it is told so. SCHEDULED ones keep their
     * attempts; QUARANTINED ones start a new round (attempts and poison count start again, history is
     * kept); IN_FLIGHT ones are refused, and so are those that can't be edited.
     * Idempotent by request_id. Errors: INVALID_ARGUMENT (neither or both of ids and filter, more
     * than 1,000 ids, a filter without expected_count, an expected_count above 1,000, a transform that
     * would fail on any message, more than 16 MiB of messages to edit), FAILED_PRECONDITION (another
     * number matches than expected; nothing changed), ABORTED (messages moved on meanwhile; try again),
     * RESOURCE_EXHAUSTED (edits, while the store is full), UNAVAILABLE.
     * </pre>
     */
    public io.dlqservice.dlq.v1.RetryResponse retry(io.dlqservice.dlq.v1.RetryRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getRetryMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Counts, ages and rates, and for each queue why nothing moves. Costs the same with ten
     * messages and with ten million. Reads only. Errors: INVALID_ARGUMENT, UNAVAILABLE.
     * </pre>
     */
    public io.dlqservice.dlq.v1.StatsResponse stats(io.dlqservice.dlq.v1.StatsRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getStatsMethod(), getCallOptions(), request);
    }
  }

  /**
   * A stub to allow clients to do ListenableFuture-style rpc calls to service DlqService.
   * <pre>
   * Takes messages that could not be processed, hands them out again when they are due, and learns
   * the outcome.
   * Producers call SendToDlq from a catch block. Workers keep a StreamDue call open and report each
   * outcome by Ack. Every method may be called on any server of a deployment.
   * Errors are gRPC codes with google.rpc details: ErrorInfo always (domain `dlq.v1`, a stable
   * `reason`), BadRequest for INVALID_ARGUMENT (every wrong field by name), QuotaFailure for
   * RESOURCE_EXHAUSTED, RetryInfo where trying again helps. UNAVAILABLE means that the outcome is
   * unknown: call again with the same request_id and nothing happens twice. UNAUTHENTICATED means
   * that the server wants a bearer token. A call that fails changes nothing, UNAVAILABLE and
   * DEADLINE_EXCEEDED excepted: then it may have taken effect.
   * Queue names match [A-Za-z0-9._-]{1,128}. A queue exists from its first message on, until it is
   * deleted.
   * </pre>
   */
  public static final class DlqServiceFutureStub
      extends io.grpc.stub.AbstractFutureStub<DlqServiceFutureStub> {
    private DlqServiceFutureStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected DlqServiceFutureStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new DlqServiceFutureStub(channel, callOptions);
    }

    /**
     * <pre>
     * Stores one dead letter and decides when it is retried. Returns after the message is durable
     * (as durable as the store is configured to be).
     * Idempotent by request_id: the same id within 10 minutes gives the same answer and changes
     * nothing. Errors: INVALID_ARGUMENT (queue name, sizes, counts, negative durations,
     * contradictions), NOT_FOUND (no such queue, where messages do not create them),
     * RESOURCE_EXHAUSTED (a limit of the queue, or the store is full), UNAVAILABLE (the store can't be
     * reached, or the queue is being deleted).
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<io.dlqservice.dlq.v1.SendToDlqResponse> sendToDlq(
        io.dlqservice.dlq.v1.SendToDlqRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getSendToDlqMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Stores up to 1,000 dead letters, of any queues, in one call of at most 3.5 MiB. Each is
     * accepted or refused by itself: the call succeeds when at least its frame is valid.
     * Idempotent per request_id of each request. Errors of the whole call: INVALID_ARGUMENT (empty
     * or too many requests), RESOURCE_EXHAUSTED (too many bytes).
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<io.dlqservice.dlq.v1.SendToDlqBatchResponse> sendToDlqBatch(
        io.dlqservice.dlq.v1.SendToDlqBatchRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getSendToDlqBatchMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Reports outcomes of deliveries, on any server and any connection. Each is applied or refused
     * by itself, under its lease token; results come in the order of the outcomes.
     * Safe to repeat: with the same request_id the answer is the same for 10 minutes; without one
     * a repeated outcome answers NOT_FOUND or LEASE_LOST and changes nothing. Errors:
     * INVALID_ARGUMENT (no outcomes, more than 1,000), UNAVAILABLE.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<io.dlqservice.dlq.v1.AckResponse> ack(
        io.dlqservice.dlq.v1.AckRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getAckMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Sets leases to end one full lease duration from now, so that long work keeps its message.
     * Also tells which leases are lost, or whose work should stop. Safe to repeat.
     * Errors: INVALID_ARGUMENT (neither or both of tokens and session, more than 1,000 tokens),
     * UNAVAILABLE.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<io.dlqservice.dlq.v1.ExtendLeaseResponse> extendLease(
        io.dlqservice.dlq.v1.ExtendLeaseRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getExtendLeaseMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Makes messages due now, and edits them before, if it is told so. SCHEDULED ones keep their
     * attempts; QUARANTINED ones start a new round (attempts and poison count start again, history is
     * kept); IN_FLIGHT ones are refused, and so are those that can't be edited.
     * Idempotent by request_id. Errors: INVALID_ARGUMENT (neither or both of ids and filter, more
     * than 1,000 ids, a filter without expected_count, an expected_count above 1,000, a transform that
     * would fail on any message, more than 16 MiB of messages to edit), FAILED_PRECONDITION (another
     * number matches than expected; nothing changed), ABORTED (messages moved on meanwhile; try again),
     * RESOURCE_EXHAUSTED (edits, while the store is full), UNAVAILABLE.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<io.dlqservice.dlq.v1.RetryResponse> retry(
        io.dlqservice.dlq.v1.RetryRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getRetryMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Counts, ages and rates, and for each queue why nothing moves. Costs the same with ten
     * messages and with ten million. Reads only. Errors: INVALID_ARGUMENT, UNAVAILABLE.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<io.dlqservice.dlq.v1.StatsResponse> stats(
        io.dlqservice.dlq.v1.StatsRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getStatsMethod(), getCallOptions()), request);
    }
  }

  private static final int METHODID_SEND_TO_DLQ = 0;
  private static final int METHODID_SEND_TO_DLQ_BATCH = 1;
  private static final int METHODID_STREAM_DUE = 2;
  private static final int METHODID_ACK = 3;
  private static final int METHODID_EXTEND_LEASE = 4;
  private static final int METHODID_RETRY = 5;
  private static final int METHODID_STATS = 6;

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
        case METHODID_SEND_TO_DLQ:
          serviceImpl.sendToDlq((io.dlqservice.dlq.v1.SendToDlqRequest) request,
              (io.grpc.stub.StreamObserver<io.dlqservice.dlq.v1.SendToDlqResponse>) responseObserver);
          break;
        case METHODID_SEND_TO_DLQ_BATCH:
          serviceImpl.sendToDlqBatch((io.dlqservice.dlq.v1.SendToDlqBatchRequest) request,
              (io.grpc.stub.StreamObserver<io.dlqservice.dlq.v1.SendToDlqBatchResponse>) responseObserver);
          break;
        case METHODID_STREAM_DUE:
          serviceImpl.streamDue((io.dlqservice.dlq.v1.StreamDueRequest) request,
              (io.grpc.stub.StreamObserver<io.dlqservice.dlq.v1.StreamDueResponse>) responseObserver);
          break;
        case METHODID_ACK:
          serviceImpl.ack((io.dlqservice.dlq.v1.AckRequest) request,
              (io.grpc.stub.StreamObserver<io.dlqservice.dlq.v1.AckResponse>) responseObserver);
          break;
        case METHODID_EXTEND_LEASE:
          serviceImpl.extendLease((io.dlqservice.dlq.v1.ExtendLeaseRequest) request,
              (io.grpc.stub.StreamObserver<io.dlqservice.dlq.v1.ExtendLeaseResponse>) responseObserver);
          break;
        case METHODID_RETRY:
          serviceImpl.retry((io.dlqservice.dlq.v1.RetryRequest) request,
              (io.grpc.stub.StreamObserver<io.dlqservice.dlq.v1.RetryResponse>) responseObserver);
          break;
        case METHODID_STATS:
          serviceImpl.stats((io.dlqservice.dlq.v1.StatsRequest) request,
              (io.grpc.stub.StreamObserver<io.dlqservice.dlq.v1.StatsResponse>) responseObserver);
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
          getSendToDlqMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              io.dlqservice.dlq.v1.SendToDlqRequest,
              io.dlqservice.dlq.v1.SendToDlqResponse>(
                service, METHODID_SEND_TO_DLQ)))
        .addMethod(
          getSendToDlqBatchMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              io.dlqservice.dlq.v1.SendToDlqBatchRequest,
              io.dlqservice.dlq.v1.SendToDlqBatchResponse>(
                service, METHODID_SEND_TO_DLQ_BATCH)))
        .addMethod(
          getStreamDueMethod(),
          io.grpc.stub.ServerCalls.asyncServerStreamingCall(
            new MethodHandlers<
              io.dlqservice.dlq.v1.StreamDueRequest,
              io.dlqservice.dlq.v1.StreamDueResponse>(
                service, METHODID_STREAM_DUE)))
        .addMethod(
          getAckMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              io.dlqservice.dlq.v1.AckRequest,
              io.dlqservice.dlq.v1.AckResponse>(
                service, METHODID_ACK)))
        .addMethod(
          getExtendLeaseMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              io.dlqservice.dlq.v1.ExtendLeaseRequest,
              io.dlqservice.dlq.v1.ExtendLeaseResponse>(
                service, METHODID_EXTEND_LEASE)))
        .addMethod(
          getRetryMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              io.dlqservice.dlq.v1.RetryRequest,
              io.dlqservice.dlq.v1.RetryResponse>(
                service, METHODID_RETRY)))
        .addMethod(
          getStatsMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              io.dlqservice.dlq.v1.StatsRequest,
              io.dlqservice.dlq.v1.StatsResponse>(
                service, METHODID_STATS)))
        .build();
  }

  private static abstract class DlqServiceBaseDescriptorSupplier
      implements io.grpc.protobuf.ProtoFileDescriptorSupplier, io.grpc.protobuf.ProtoServiceDescriptorSupplier {
    DlqServiceBaseDescriptorSupplier() {}

    @java.lang.Override
    public com.google.protobuf.Descriptors.FileDescriptor getFileDescriptor() {
      return io.dlqservice.dlq.v1.DlqServiceOuterClass.getDescriptor();
    }

    @java.lang.Override
    public com.google.protobuf.Descriptors.ServiceDescriptor getServiceDescriptor() {
      return getFileDescriptor().findServiceByName("DlqService");
    }
  }

  private static final class DlqServiceFileDescriptorSupplier
      extends DlqServiceBaseDescriptorSupplier {
    DlqServiceFileDescriptorSupplier() {}
  }

  private static final class DlqServiceMethodDescriptorSupplier
      extends DlqServiceBaseDescriptorSupplier
      implements io.grpc.protobuf.ProtoMethodDescriptorSupplier {
    private final java.lang.String methodName;

    DlqServiceMethodDescriptorSupplier(java.lang.String methodName) {
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
      synchronized (DlqServiceGrpc.class) {
        result = serviceDescriptor;
        if (result == null) {
          serviceDescriptor = result = io.grpc.ServiceDescriptor.newBuilder(SERVICE_NAME)
              .setSchemaDescriptor(new DlqServiceFileDescriptorSupplier())
              .addMethod(getSendToDlqMethod())
              .addMethod(getSendToDlqBatchMethod())
              .addMethod(getStreamDueMethod())
              .addMethod(getAckMethod())
              .addMethod(getExtendLeaseMethod())
              .addMethod(getRetryMethod())
              .addMethod(getStatsMethod())
              .build();
        }
      }
    }
    return result;
  }
}
