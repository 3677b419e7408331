module github.com/dlq-service/dlq/clients/go/release

go 1.24.0

require golang.org/x/mod v0.29.0
