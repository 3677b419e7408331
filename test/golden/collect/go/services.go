package main

import (
	"context"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/segmentio/kafka-go"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/types/known/emptypb"
)

const (
	grpcLib   = "google.golang.org/grpc"
	dynamoLib = "github.com/aws/aws-sdk-go-v2/service/dynamodb"
	s3Lib     = "github.com/aws/aws-sdk-go-v2/service/s3"
	kafkaLib  = "github.com/segmentio/kafka-go"
)

func byGRPC(peer, what string) func(context.Context) error {
	return func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, 300*time.Millisecond)
		defer cancel()
		plain := grpc.WithTransportCredentials(insecure.NewCredentials())
		conn, err := grpc.NewClient(address(peer), plain)
		if err != nil {
			return err
		}
		defer conn.Close()
		return conn.Invoke(ctx, "/golden.Fail/"+what, &emptypb.Empty{}, &emptypb.Empty{})
	}
}

func awsConfig(peer string) aws.Config {
	return aws.Config{
		Region:           "eu-central-1",
		BaseEndpoint:     aws.String(url(peer, "")),
		RetryMaxAttempts: 1,
		Credentials:      credentials.NewStaticCredentialsProvider("id", "secret", ""),
		HTTPClient:       &http.Client{Timeout: 200 * time.Millisecond},
	}
}

func byDynamo(peer, failure string) func(context.Context) error {
	return func(ctx context.Context) error {
		key := map[string]types.AttributeValue{"id": &types.AttributeValueMemberS{Value: "1"}}
		_, err := dynamodb.NewFromConfig(awsConfig(peer)).GetItem(ctx, &dynamodb.GetItemInput{
			TableName: aws.String(failure), Key: key,
		})
		return err
	}
}

func byS3(failure string) func(context.Context) error {
	return func(ctx context.Context) error {
		client := s3.NewFromConfig(awsConfig("aws"), func(o *s3.Options) { o.UsePathStyle = true })
		_, err := client.GetObject(ctx, &s3.GetObjectInput{
			Bucket: aws.String("shop"), Key: aws.String(failure),
		})
		return err
	}
}

func byKafka(peer string) func(context.Context) error {
	return func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, 300*time.Millisecond)
		defer cancel()
		writer := &kafka.Writer{Addr: kafka.TCP(address(peer)), Topic: "orders", MaxAttempts: 1}
		defer writer.Close()
		return writer.WriteMessages(ctx, kafka.Message{Value: []byte("1")})
	}
}

func every(name, library string, by func(string) func(context.Context) error, reasons [][2]string) []failing {
	var all []failing
	for _, pair := range reasons {
		all = append(all, failing{name + ": " + pair[0], library, pair[1], by(pair[0])})
	}
	return all
}

var services = joined(
	every("grpc", grpcLib, func(what string) func(context.Context) error { return byGRPC("grpc", what) }, [][2]string{
		{"2", "UNKNOWN_ERROR"}, {"3", "VALIDATION_FAILED"}, {"6", "UNKNOWN_ERROR"},
		{"7", "AUTHENTICATION_ERROR"}, {"8", "RESOURCE_EXHAUSTED"}, {"9", "UNKNOWN_ERROR"},
		{"13", "EXECUTION_FAILED"}, {"14", "NETWORK_ERROR"}, {"hang", "TIMEOUT"},
		{"cut", "NETWORK_ERROR"}, {"http502", "NETWORK_ERROR"},
	}),
	every("dynamodb", dynamoLib, func(what string) func(context.Context) error { return byDynamo("aws", what) }, [][2]string{
		{"AccessDeniedException", "AUTHENTICATION_ERROR"}, {"ConditionalCheckFailedException", "UNKNOWN_ERROR"},
		{"ExpiredTokenException", "AUTHENTICATION_ERROR"}, {"InternalServerError", "WEBHOOK_FAILED"},
		{"ProvisionedThroughputExceededException", "RESOURCE_EXHAUSTED"}, {"ThrottlingException", "RESOURCE_EXHAUSTED"},
		{"UnrecognizedClientException", "AUTHENTICATION_ERROR"}, {"ValidationException", "VALIDATION_FAILED"},
	}),
	every("s3", s3Lib, byS3, [][2]string{
		{"AccessDenied", "AUTHENTICATION_ERROR"}, {"NoSuchKey", "WEBHOOK_FAILED"},
		{"SignatureDoesNotMatch", "AUTHENTICATION_ERROR"}, {"SlowDown", "RESOURCE_EXHAUSTED"},
		{"RequestTimeout", "TIMEOUT"},
	}),
	[]failing{
		{"grpc: refused", grpcLib, "NETWORK_ERROR", byGRPC("closed", "0")},
		{"dynamodb: refused", dynamoLib, "NETWORK_ERROR", byDynamo("closed", "refused")},
		{"dynamodb: no answer", dynamoLib, "TIMEOUT", byDynamo("silent", "slow")},
		{"kafka: refused", kafkaLib, "NETWORK_ERROR", byKafka("closed")},
		{"kafka: no answer", kafkaLib, "TIMEOUT", byKafka("silent")},
	},
)
