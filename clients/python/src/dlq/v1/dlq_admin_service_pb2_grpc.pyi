"""Types of the gRPC stubs of dlq/v1/dlq_admin_service.proto."""
from collections.abc import Iterator
from typing import type_check_only

import dlq.v1.dlq_admin_service_pb2
import grpc
import grpc.aio

class DlqAdminServiceStub:
    GetMessage: grpc.UnaryUnaryMultiCallable[dlq.v1.dlq_admin_service_pb2.GetMessageRequest, dlq.v1.dlq_admin_service_pb2.GetMessageResponse]
    ListMessages: grpc.UnaryUnaryMultiCallable[dlq.v1.dlq_admin_service_pb2.ListMessagesRequest, dlq.v1.dlq_admin_service_pb2.ListMessagesResponse]
    CountMessages: grpc.UnaryStreamMultiCallable[dlq.v1.dlq_admin_service_pb2.CountMessagesRequest, dlq.v1.dlq_admin_service_pb2.CountMessagesResponse]
    WatchMessages: grpc.UnaryStreamMultiCallable[dlq.v1.dlq_admin_service_pb2.WatchMessagesRequest, dlq.v1.dlq_admin_service_pb2.WatchMessagesResponse]
    ExportMessages: grpc.UnaryStreamMultiCallable[dlq.v1.dlq_admin_service_pb2.ExportMessagesRequest, dlq.v1.dlq_admin_service_pb2.ExportMessagesResponse]
    ImportMessages: grpc.UnaryUnaryMultiCallable[dlq.v1.dlq_admin_service_pb2.ImportMessagesRequest, dlq.v1.dlq_admin_service_pb2.ImportMessagesResponse]
    ListDeleted: grpc.UnaryUnaryMultiCallable[dlq.v1.dlq_admin_service_pb2.ListDeletedRequest, dlq.v1.dlq_admin_service_pb2.ListDeletedResponse]
    Undelete: grpc.UnaryUnaryMultiCallable[dlq.v1.dlq_admin_service_pb2.UndeleteRequest, dlq.v1.dlq_admin_service_pb2.UndeleteResponse]
    ListGroups: grpc.UnaryUnaryMultiCallable[dlq.v1.dlq_admin_service_pb2.ListGroupsRequest, dlq.v1.dlq_admin_service_pb2.ListGroupsResponse]
    GetGroup: grpc.UnaryUnaryMultiCallable[dlq.v1.dlq_admin_service_pb2.GetGroupRequest, dlq.v1.dlq_admin_service_pb2.GetGroupResponse]
    UpdateGroup: grpc.UnaryUnaryMultiCallable[dlq.v1.dlq_admin_service_pb2.UpdateGroupRequest, dlq.v1.dlq_admin_service_pb2.UpdateGroupResponse]
    ListQueues: grpc.UnaryUnaryMultiCallable[dlq.v1.dlq_admin_service_pb2.ListQueuesRequest, dlq.v1.dlq_admin_service_pb2.ListQueuesResponse]
    GetQueue: grpc.UnaryUnaryMultiCallable[dlq.v1.dlq_admin_service_pb2.GetQueueRequest, dlq.v1.dlq_admin_service_pb2.GetQueueResponse]
    UpdateQueue: grpc.UnaryUnaryMultiCallable[dlq.v1.dlq_admin_service_pb2.UpdateQueueRequest, dlq.v1.dlq_admin_service_pb2.UpdateQueueResponse]
    DeleteQueue: grpc.UnaryUnaryMultiCallable[dlq.v1.dlq_admin_service_pb2.DeleteQueueRequest, dlq.v1.dlq_admin_service_pb2.DeleteQueueResponse]
    SimulatePolicy: grpc.UnaryUnaryMultiCallable[dlq.v1.dlq_admin_service_pb2.SimulatePolicyRequest, dlq.v1.dlq_admin_service_pb2.SimulatePolicyResponse]
    GetRules: grpc.UnaryUnaryMultiCallable[dlq.v1.dlq_admin_service_pb2.GetRulesRequest, dlq.v1.dlq_admin_service_pb2.GetRulesResponse]
    UpdateRules: grpc.UnaryUnaryMultiCallable[dlq.v1.dlq_admin_service_pb2.UpdateRulesRequest, dlq.v1.dlq_admin_service_pb2.UpdateRulesResponse]
    TestRules: grpc.UnaryUnaryMultiCallable[dlq.v1.dlq_admin_service_pb2.TestRulesRequest, dlq.v1.dlq_admin_service_pb2.TestRulesResponse]
    ReleaseOrderingKey: grpc.UnaryUnaryMultiCallable[dlq.v1.dlq_admin_service_pb2.ReleaseOrderingKeyRequest, dlq.v1.dlq_admin_service_pb2.ReleaseOrderingKeyResponse]
    Explain: grpc.UnaryUnaryMultiCallable[dlq.v1.dlq_admin_service_pb2.ExplainRequest, dlq.v1.dlq_admin_service_pb2.ExplainResponse]
    GetServerInfo: grpc.UnaryUnaryMultiCallable[dlq.v1.dlq_admin_service_pb2.GetServerInfoRequest, dlq.v1.dlq_admin_service_pb2.GetServerInfoResponse]
    ListWorkers: grpc.UnaryUnaryMultiCallable[dlq.v1.dlq_admin_service_pb2.ListWorkersRequest, dlq.v1.dlq_admin_service_pb2.ListWorkersResponse]
    BreakLease: grpc.UnaryUnaryMultiCallable[dlq.v1.dlq_admin_service_pb2.BreakLeaseRequest, dlq.v1.dlq_admin_service_pb2.BreakLeaseResponse]
    QuietWorker: grpc.UnaryUnaryMultiCallable[dlq.v1.dlq_admin_service_pb2.QuietWorkerRequest, dlq.v1.dlq_admin_service_pb2.QuietWorkerResponse]
    ListBreakers: grpc.UnaryUnaryMultiCallable[dlq.v1.dlq_admin_service_pb2.ListBreakersRequest, dlq.v1.dlq_admin_service_pb2.ListBreakersResponse]
    ResetBreaker: grpc.UnaryUnaryMultiCallable[dlq.v1.dlq_admin_service_pb2.ResetBreakerRequest, dlq.v1.dlq_admin_service_pb2.ResetBreakerResponse]
    CreateBatchJob: grpc.UnaryUnaryMultiCallable[dlq.v1.dlq_admin_service_pb2.CreateBatchJobRequest, dlq.v1.dlq_admin_service_pb2.CreateBatchJobResponse]
    GetBatchJob: grpc.UnaryUnaryMultiCallable[dlq.v1.dlq_admin_service_pb2.GetBatchJobRequest, dlq.v1.dlq_admin_service_pb2.GetBatchJobResponse]
    ListBatchJobs: grpc.UnaryUnaryMultiCallable[dlq.v1.dlq_admin_service_pb2.ListBatchJobsRequest, dlq.v1.dlq_admin_service_pb2.ListBatchJobsResponse]
    WatchBatchJob: grpc.UnaryStreamMultiCallable[dlq.v1.dlq_admin_service_pb2.WatchBatchJobRequest, dlq.v1.dlq_admin_service_pb2.WatchBatchJobResponse]
    PauseBatchJob: grpc.UnaryUnaryMultiCallable[dlq.v1.dlq_admin_service_pb2.PauseBatchJobRequest, dlq.v1.dlq_admin_service_pb2.PauseBatchJobResponse]
    ResumeBatchJob: grpc.UnaryUnaryMultiCallable[dlq.v1.dlq_admin_service_pb2.ResumeBatchJobRequest, dlq.v1.dlq_admin_service_pb2.ResumeBatchJobResponse]
    CancelBatchJob: grpc.UnaryUnaryMultiCallable[dlq.v1.dlq_admin_service_pb2.CancelBatchJobRequest, dlq.v1.dlq_admin_service_pb2.CancelBatchJobResponse]
    def __init__(self, channel: grpc.Channel | grpc.aio.Channel) -> None: ...

@type_check_only
class DlqAdminServiceAsyncStub:
    GetMessage: grpc.aio.UnaryUnaryMultiCallable[dlq.v1.dlq_admin_service_pb2.GetMessageRequest, dlq.v1.dlq_admin_service_pb2.GetMessageResponse]
    ListMessages: grpc.aio.UnaryUnaryMultiCallable[dlq.v1.dlq_admin_service_pb2.ListMessagesRequest, dlq.v1.dlq_admin_service_pb2.ListMessagesResponse]
    CountMessages: grpc.aio.UnaryStreamMultiCallable[dlq.v1.dlq_admin_service_pb2.CountMessagesRequest, dlq.v1.dlq_admin_service_pb2.CountMessagesResponse]
    WatchMessages: grpc.aio.UnaryStreamMultiCallable[dlq.v1.dlq_admin_service_pb2.WatchMessagesRequest, dlq.v1.dlq_admin_service_pb2.WatchMessagesResponse]
    ExportMessages: grpc.aio.UnaryStreamMultiCallable[dlq.v1.dlq_admin_service_pb2.ExportMessagesRequest, dlq.v1.dlq_admin_service_pb2.ExportMessagesResponse]
    ImportMessages: grpc.aio.UnaryUnaryMultiCallable[dlq.v1.dlq_admin_service_pb2.ImportMessagesRequest, dlq.v1.dlq_admin_service_pb2.ImportMessagesResponse]
    ListDeleted: grpc.aio.UnaryUnaryMultiCallable[dlq.v1.dlq_admin_service_pb2.ListDeletedRequest, dlq.v1.dlq_admin_service_pb2.ListDeletedResponse]
    Undelete: grpc.aio.UnaryUnaryMultiCallable[dlq.v1.dlq_admin_service_pb2.UndeleteRequest, dlq.v1.dlq_admin_service_pb2.UndeleteResponse]
    ListGroups: grpc.aio.UnaryUnaryMultiCallable[dlq.v1.dlq_admin_service_pb2.ListGroupsRequest, dlq.v1.dlq_admin_service_pb2.ListGroupsResponse]
    GetGroup: grpc.aio.UnaryUnaryMultiCallable[dlq.v1.dlq_admin_service_pb2.GetGroupRequest, dlq.v1.dlq_admin_service_pb2.GetGroupResponse]
    UpdateGroup: grpc.aio.UnaryUnaryMultiCallable[dlq.v1.dlq_admin_service_pb2.UpdateGroupRequest, dlq.v1.dlq_admin_service_pb2.UpdateGroupResponse]
    ListQueues: grpc.aio.UnaryUnaryMultiCallable[dlq.v1.dlq_admin_service_pb2.ListQueuesRequest, dlq.v1.dlq_admin_service_pb2.ListQueuesResponse]
    GetQueue: grpc.aio.UnaryUnaryMultiCallable[dlq.v1.dlq_admin_service_pb2.GetQueueRequest, dlq.v1.dlq_admin_service_pb2.GetQueueResponse]
    UpdateQueue: grpc.aio.UnaryUnaryMultiCallable[dlq.v1.dlq_admin_service_pb2.UpdateQueueRequest, dlq.v1.dlq_admin_service_pb2.UpdateQueueResponse]
    DeleteQueue: grpc.aio.UnaryUnaryMultiCallable[dlq.v1.dlq_admin_service_pb2.DeleteQueueRequest, dlq.v1.dlq_admin_service_pb2.DeleteQueueResponse]
    SimulatePolicy: grpc.aio.UnaryUnaryMultiCallable[dlq.v1.dlq_admin_service_pb2.SimulatePolicyRequest, dlq.v1.dlq_admin_service_pb2.SimulatePolicyResponse]
    GetRules: grpc.aio.UnaryUnaryMultiCallable[dlq.v1.dlq_admin_service_pb2.GetRulesRequest, dlq.v1.dlq_admin_service_pb2.GetRulesResponse]
    UpdateRules: grpc.aio.UnaryUnaryMultiCallable[dlq.v1.dlq_admin_service_pb2.UpdateRulesRequest, dlq.v1.dlq_admin_service_pb2.UpdateRulesResponse]
    TestRules: grpc.aio.UnaryUnaryMultiCallable[dlq.v1.dlq_admin_service_pb2.TestRulesRequest, dlq.v1.dlq_admin_service_pb2.TestRulesResponse]
    ReleaseOrderingKey: grpc.aio.UnaryUnaryMultiCallable[dlq.v1.dlq_admin_service_pb2.ReleaseOrderingKeyRequest, dlq.v1.dlq_admin_service_pb2.ReleaseOrderingKeyResponse]
    Explain: grpc.aio.UnaryUnaryMultiCallable[dlq.v1.dlq_admin_service_pb2.ExplainRequest, dlq.v1.dlq_admin_service_pb2.ExplainResponse]
    GetServerInfo: grpc.aio.UnaryUnaryMultiCallable[dlq.v1.dlq_admin_service_pb2.GetServerInfoRequest, dlq.v1.dlq_admin_service_pb2.GetServerInfoResponse]
    ListWorkers: grpc.aio.UnaryUnaryMultiCallable[dlq.v1.dlq_admin_service_pb2.ListWorkersRequest, dlq.v1.dlq_admin_service_pb2.ListWorkersResponse]
    BreakLease: grpc.aio.UnaryUnaryMultiCallable[dlq.v1.dlq_admin_service_pb2.BreakLeaseRequest, dlq.v1.dlq_admin_service_pb2.BreakLeaseResponse]
    QuietWorker: grpc.aio.UnaryUnaryMultiCallable[dlq.v1.dlq_admin_service_pb2.QuietWorkerRequest, dlq.v1.dlq_admin_service_pb2.QuietWorkerResponse]
    ListBreakers: grpc.aio.UnaryUnaryMultiCallable[dlq.v1.dlq_admin_service_pb2.ListBreakersRequest, dlq.v1.dlq_admin_service_pb2.ListBreakersResponse]
    ResetBreaker: grpc.aio.UnaryUnaryMultiCallable[dlq.v1.dlq_admin_service_pb2.ResetBreakerRequest, dlq.v1.dlq_admin_service_pb2.ResetBreakerResponse]
    CreateBatchJob: grpc.aio.UnaryUnaryMultiCallable[dlq.v1.dlq_admin_service_pb2.CreateBatchJobRequest, dlq.v1.dlq_admin_service_pb2.CreateBatchJobResponse]
    GetBatchJob: grpc.aio.UnaryUnaryMultiCallable[dlq.v1.dlq_admin_service_pb2.GetBatchJobRequest, dlq.v1.dlq_admin_service_pb2.GetBatchJobResponse]
    ListBatchJobs: grpc.aio.UnaryUnaryMultiCallable[dlq.v1.dlq_admin_service_pb2.ListBatchJobsRequest, dlq.v1.dlq_admin_service_pb2.ListBatchJobsResponse]
    WatchBatchJob: grpc.aio.UnaryStreamMultiCallable[dlq.v1.dlq_admin_service_pb2.WatchBatchJobRequest, dlq.v1.dlq_admin_service_pb2.WatchBatchJobResponse]
    PauseBatchJob: grpc.aio.UnaryUnaryMultiCallable[dlq.v1.dlq_admin_service_pb2.PauseBatchJobRequest, dlq.v1.dlq_admin_service_pb2.PauseBatchJobResponse]
    ResumeBatchJob: grpc.aio.UnaryUnaryMultiCallable[dlq.v1.dlq_admin_service_pb2.ResumeBatchJobRequest, dlq.v1.dlq_admin_service_pb2.ResumeBatchJobResponse]
    CancelBatchJob: grpc.aio.UnaryUnaryMultiCallable[dlq.v1.dlq_admin_service_pb2.CancelBatchJobRequest, dlq.v1.dlq_admin_service_pb2.CancelBatchJobResponse]

class DlqAdminServiceServicer:
    def GetMessage(self, request: dlq.v1.dlq_admin_service_pb2.GetMessageRequest, context: grpc.ServicerContext) -> dlq.v1.dlq_admin_service_pb2.GetMessageResponse: ...
    def ListMessages(self, request: dlq.v1.dlq_admin_service_pb2.ListMessagesRequest, context: grpc.ServicerContext) -> dlq.v1.dlq_admin_service_pb2.ListMessagesResponse: ...
    def CountMessages(self, request: dlq.v1.dlq_admin_service_pb2.CountMessagesRequest, context: grpc.ServicerContext) -> Iterator[dlq.v1.dlq_admin_service_pb2.CountMessagesResponse]: ...
    def WatchMessages(self, request: dlq.v1.dlq_admin_service_pb2.WatchMessagesRequest, context: grpc.ServicerContext) -> Iterator[dlq.v1.dlq_admin_service_pb2.WatchMessagesResponse]: ...
    def ExportMessages(self, request: dlq.v1.dlq_admin_service_pb2.ExportMessagesRequest, context: grpc.ServicerContext) -> Iterator[dlq.v1.dlq_admin_service_pb2.ExportMessagesResponse]: ...
    def ImportMessages(self, request: dlq.v1.dlq_admin_service_pb2.ImportMessagesRequest, context: grpc.ServicerContext) -> dlq.v1.dlq_admin_service_pb2.ImportMessagesResponse: ...
    def ListDeleted(self, request: dlq.v1.dlq_admin_service_pb2.ListDeletedRequest, context: grpc.ServicerContext) -> dlq.v1.dlq_admin_service_pb2.ListDeletedResponse: ...
    def Undelete(self, request: dlq.v1.dlq_admin_service_pb2.UndeleteRequest, context: grpc.ServicerContext) -> dlq.v1.dlq_admin_service_pb2.UndeleteResponse: ...
    def ListGroups(self, request: dlq.v1.dlq_admin_service_pb2.ListGroupsRequest, context: grpc.ServicerContext) -> dlq.v1.dlq_admin_service_pb2.ListGroupsResponse: ...
    def GetGroup(self, request: dlq.v1.dlq_admin_service_pb2.GetGroupRequest, context: grpc.ServicerContext) -> dlq.v1.dlq_admin_service_pb2.GetGroupResponse: ...
    def UpdateGroup(self, request: dlq.v1.dlq_admin_service_pb2.UpdateGroupRequest, context: grpc.ServicerContext) -> dlq.v1.dlq_admin_service_pb2.UpdateGroupResponse: ...
    def ListQueues(self, request: dlq.v1.dlq_admin_service_pb2.ListQueuesRequest, context: grpc.ServicerContext) -> dlq.v1.dlq_admin_service_pb2.ListQueuesResponse: ...
    def GetQueue(self, request: dlq.v1.dlq_admin_service_pb2.GetQueueRequest, context: grpc.ServicerContext) -> dlq.v1.dlq_admin_service_pb2.GetQueueResponse: ...
    def UpdateQueue(self, request: dlq.v1.dlq_admin_service_pb2.UpdateQueueRequest, context: grpc.ServicerContext) -> dlq.v1.dlq_admin_service_pb2.UpdateQueueResponse: ...
    def DeleteQueue(self, request: dlq.v1.dlq_admin_service_pb2.DeleteQueueRequest, context: grpc.ServicerContext) -> dlq.v1.dlq_admin_service_pb2.DeleteQueueResponse: ...
    def SimulatePolicy(self, request: dlq.v1.dlq_admin_service_pb2.SimulatePolicyRequest, context: grpc.ServicerContext) -> dlq.v1.dlq_admin_service_pb2.SimulatePolicyResponse: ...
    def GetRules(self, request: dlq.v1.dlq_admin_service_pb2.GetRulesRequest, context: grpc.ServicerContext) -> dlq.v1.dlq_admin_service_pb2.GetRulesResponse: ...
    def UpdateRules(self, request: dlq.v1.dlq_admin_service_pb2.UpdateRulesRequest, context: grpc.ServicerContext) -> dlq.v1.dlq_admin_service_pb2.UpdateRulesResponse: ...
    def TestRules(self, request: dlq.v1.dlq_admin_service_pb2.TestRulesRequest, context: grpc.ServicerContext) -> dlq.v1.dlq_admin_service_pb2.TestRulesResponse: ...
    def ReleaseOrderingKey(self, request: dlq.v1.dlq_admin_service_pb2.ReleaseOrderingKeyRequest, context: grpc.ServicerContext) -> dlq.v1.dlq_admin_service_pb2.ReleaseOrderingKeyResponse: ...
    def Explain(self, request: dlq.v1.dlq_admin_service_pb2.ExplainRequest, context: grpc.ServicerContext) -> dlq.v1.dlq_admin_service_pb2.ExplainResponse: ...
    def GetServerInfo(self, request: dlq.v1.dlq_admin_service_pb2.GetServerInfoRequest, context: grpc.ServicerContext) -> dlq.v1.dlq_admin_service_pb2.GetServerInfoResponse: ...
    def ListWorkers(self, request: dlq.v1.dlq_admin_service_pb2.ListWorkersRequest, context: grpc.ServicerContext) -> dlq.v1.dlq_admin_service_pb2.ListWorkersResponse: ...
    def BreakLease(self, request: dlq.v1.dlq_admin_service_pb2.BreakLeaseRequest, context: grpc.ServicerContext) -> dlq.v1.dlq_admin_service_pb2.BreakLeaseResponse: ...
    def QuietWorker(self, request: dlq.v1.dlq_admin_service_pb2.QuietWorkerRequest, context: grpc.ServicerContext) -> dlq.v1.dlq_admin_service_pb2.QuietWorkerResponse: ...
    def ListBreakers(self, request: dlq.v1.dlq_admin_service_pb2.ListBreakersRequest, context: grpc.ServicerContext) -> dlq.v1.dlq_admin_service_pb2.ListBreakersResponse: ...
    def ResetBreaker(self, request: dlq.v1.dlq_admin_service_pb2.ResetBreakerRequest, context: grpc.ServicerContext) -> dlq.v1.dlq_admin_service_pb2.ResetBreakerResponse: ...
    def CreateBatchJob(self, request: dlq.v1.dlq_admin_service_pb2.CreateBatchJobRequest, context: grpc.ServicerContext) -> dlq.v1.dlq_admin_service_pb2.CreateBatchJobResponse: ...
    def GetBatchJob(self, request: dlq.v1.dlq_admin_service_pb2.GetBatchJobRequest, context: grpc.ServicerContext) -> dlq.v1.dlq_admin_service_pb2.GetBatchJobResponse: ...
    def ListBatchJobs(self, request: dlq.v1.dlq_admin_service_pb2.ListBatchJobsRequest, context: grpc.ServicerContext) -> dlq.v1.dlq_admin_service_pb2.ListBatchJobsResponse: ...
    def WatchBatchJob(self, request: dlq.v1.dlq_admin_service_pb2.WatchBatchJobRequest, context: grpc.ServicerContext) -> Iterator[dlq.v1.dlq_admin_service_pb2.WatchBatchJobResponse]: ...
    def PauseBatchJob(self, request: dlq.v1.dlq_admin_service_pb2.PauseBatchJobRequest, context: grpc.ServicerContext) -> dlq.v1.dlq_admin_service_pb2.PauseBatchJobResponse: ...
    def ResumeBatchJob(self, request: dlq.v1.dlq_admin_service_pb2.ResumeBatchJobRequest, context: grpc.ServicerContext) -> dlq.v1.dlq_admin_service_pb2.ResumeBatchJobResponse: ...
    def CancelBatchJob(self, request: dlq.v1.dlq_admin_service_pb2.CancelBatchJobRequest, context: grpc.ServicerContext) -> dlq.v1.dlq_admin_service_pb2.CancelBatchJobResponse: ...

def add_DlqAdminServiceServicer_to_server(
    servicer: DlqAdminServiceServicer, server: grpc.Server | grpc.aio.Server
) -> None: ...
