package plain

import (
	"context"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/types/known/emptypb"
)

const grpcLib = "google.golang.org/grpc"

func byGRPC(peer, what string) func(context.Context) error {
	return func(ctx context.Context) error {
		if what == "hang" { // the others have all the time that a busy machine needs
			short, cancel := context.WithTimeout(ctx, 300*time.Millisecond)
			defer cancel()
			ctx = short
		}
		plain := grpc.WithTransportCredentials(insecure.NewCredentials())
		conn, err := grpc.NewClient(Address(peer), plain)
		if err != nil {
			return err
		}
		defer conn.Close()
		return conn.Invoke(ctx, "/golden.Fail/"+what, &emptypb.Empty{}, &emptypb.Empty{})
	}
}

func calls() []Failing {
	all := []Failing{{"grpc: refused", grpcLib, "NETWORK_ERROR", byGRPC("closed", "0")}}
	for _, pair := range [][2]string{
		{"2", "UNKNOWN_ERROR"}, {"3", "VALIDATION_FAILED"}, {"6", "UNKNOWN_ERROR"},
		{"7", "AUTHENTICATION_ERROR"}, {"8", "RESOURCE_EXHAUSTED"}, {"9", "UNKNOWN_ERROR"},
		{"13", "EXECUTION_FAILED"}, {"14", "NETWORK_ERROR"}, {"hang", "TIMEOUT"},
		{"cut", "NETWORK_ERROR"}, {"http502", "NETWORK_ERROR"},
	} {
		all = append(all, Failing{"grpc: " + pair[0], grpcLib, pair[1], byGRPC("grpc", pair[0])})
	}
	return all
}
