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
	"github.com/dlq-service/dlq/test/golden/collect/go/plain"
	"github.com/segmentio/kafka-go"
)

const (
	dynamoLib = "github.com/aws/aws-sdk-go-v2/service/dynamodb"
	s3Lib     = "github.com/aws/aws-sdk-go-v2/service/s3"
	kafkaLib  = "github.com/segmentio/kafka-go"
)

func awsConfig(peer string) aws.Config {
	return aws.Config{
		Region:           "eu-central-1",
		BaseEndpoint:     aws.String(plain.URL(peer, "")),
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
		writer := &kafka.Writer{Addr: kafka.TCP(plain.Address(peer)), Topic: "orders", MaxAttempts: 1}
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
		{"dynamodb: refused", dynamoLib, "NETWORK_ERROR", byDynamo("closed", "refused")},
		{"dynamodb: no answer", dynamoLib, "TIMEOUT", byDynamo("silent", "slow")},
		{"kafka: refused", kafkaLib, "NETWORK_ERROR", byKafka("closed")},
		{"kafka: no answer", kafkaLib, "TIMEOUT", byKafka("silent")},
	},
)
