module github.com/dlq-service/dlq/test/contract/agents/go

go 1.24.0

require (
	github.com/dlq-service/dlq/clients/go v0.0.0
	google.golang.org/genproto/googleapis/rpc v0.0.0-20260120221211-b8f7ae30c516
	google.golang.org/grpc v1.80.0
	google.golang.org/protobuf v1.36.11
)

require (
	github.com/dlq-service/dlq/test/golden/collect/go/plain v0.0.0
	golang.org/x/net v0.49.0 // indirect
	golang.org/x/sys v0.40.0 // indirect
	golang.org/x/text v0.33.0 // indirect
)

replace github.com/dlq-service/dlq/clients/go => ../../../../clients/go

replace github.com/dlq-service/dlq/test/golden/collect/go/plain => ../../../golden/collect/go/plain
