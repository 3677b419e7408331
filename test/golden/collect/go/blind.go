package main

import (
	"context"
	"database/sql"
	"errors"
	"net/http"
	"net/smtp"
	"strings"
	"time"

	"connectrpc.com/connect"
	"github.com/BurntSushi/toml"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/bradfitz/gomemcache/memcache"
	"github.com/coder/websocket"
	"github.com/dlq-service/dlq/test/golden/collect/go/plain"
	mqtt "github.com/eclipse/paho.mqtt.golang"
	validation "github.com/go-ozzo/ozzo-validation/v4"
	"github.com/go-resty/resty/v2"
	gojson "github.com/goccy/go-json"
	"github.com/gomodule/redigo/redis"
	"github.com/hashicorp/go-retryablehttp"
	"github.com/jackc/puddle/v2"
	_ "github.com/microsoft/go-mssqldb"
	"github.com/nats-io/nats.go"
	"github.com/neo4j/neo4j-go-driver/v5/neo4j"
	amqp "github.com/rabbitmq/amqp091-go"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/sony/gobreaker/v2"
	"github.com/stripe/stripe-go/v84"
	"github.com/twmb/franz-go/pkg/kgo"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"golang.org/x/time/rate"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/emptypb"
	"google.golang.org/protobuf/types/known/structpb"
)

type act = func(context.Context) error

const short = 300 * time.Millisecond

func byAmqp(peer, user, queue string) act {
	return func(context.Context) error {
		where := "amqp://" + user + ":x@" + plain.Address(peer) + "/"
		connection, err := amqp.DialConfig(where, amqp.Config{Dial: amqp.DefaultDial(short)})
		if err != nil {
			return err
		}
		channel, err := connection.Channel()
		if err != nil {
			return err
		}
		if _, err = channel.QueueDeclare(queue, true, false, false, false, nil); err != nil {
			return err
		}
		_, err = channel.QueueDeclare("orders", true, false, false, false, nil)
		return err
	}
}

func byNats(peer string, do func(*nats.Conn) error, options ...nats.Option) act {
	return func(context.Context) error {
		options = append(options, nats.Timeout(short), nats.NoReconnect())
		connection, err := nats.Connect("nats://"+plain.Address(peer), options...)
		if err != nil {
			return err
		}
		return do(connection)
	}
}

func natsRequest(subject string) func(*nats.Conn) error {
	return func(connection *nats.Conn) error {
		_, err := connection.Request(subject, []byte("1"), short)
		return err
	}
}

func byMqtt(peer, user string) act {
	return func(context.Context) error {
		options := mqtt.NewClientOptions().AddBroker("tcp://" + plain.Address(peer))
		options.SetUsername(user).SetPassword("x").SetConnectTimeout(short).SetProtocolVersion(4)
		token := mqtt.NewClient(options).Connect()
		token.Wait()
		return token.Error()
	}
}

func byKgo(peer string, options ...kgo.Opt) act {
	return func(ctx context.Context) error {
		options = append(options, kgo.SeedBrokers(plain.Address(peer)), kgo.RecordDeliveryTimeout(time.Second),
			kgo.RequestRetries(1), kgo.DialTimeout(short), kgo.RequestTimeoutOverhead(100*time.Millisecond))
		client, err := kgo.NewClient(options...)
		if err != nil {
			return err
		}
		return client.ProduceSync(ctx, &kgo.Record{Topic: "orders", Value: []byte("1")}).FirstErr()
	}
}

func kgoPing(peer string) act {
	return func(ctx context.Context) error {
		client, err := kgo.NewClient(kgo.SeedBrokers(plain.Address(peer)), kgo.RequestRetries(1))
		if err != nil {
			return err
		}
		return client.Ping(ctx)
	}
}

func byMongo(peer string) act {
	return func(ctx context.Context) error {
		set := options.Client().ApplyURI("mongodb://" + plain.Address(peer)).SetServerSelectionTimeout(short)
		client, err := mongo.Connect(set)
		if err != nil {
			return err
		}
		return client.Ping(ctx, nil)
	}
}

func byRetryable(url string) act {
	return func(ctx context.Context) error {
		client := retryablehttp.NewClient()
		client.RetryMax, client.Logger, client.HTTPClient.Timeout = 1, nil, short
		client.RetryWaitMin, client.RetryWaitMax = time.Millisecond, time.Millisecond
		request, err := retryablehttp.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			return err
		}
		_, err = client.Do(request)
		return err
	}
}

func byResty(url string) act {
	return func(ctx context.Context) error {
		var body map[string]any
		_, err := resty.New().SetTimeout(short).R().SetContext(ctx).SetResult(&body).Get(url)
		return err
	}
}

func byStripe(peer, failure string) act {
	return func(ctx context.Context) error {
		backend := stripe.GetBackendWithConfig(stripe.APIBackend, &stripe.BackendConfig{
			URL: stripe.String(plain.URL(peer, "")), MaxNetworkRetries: stripe.Int64(0),
			HTTPClient: &http.Client{Timeout: short}, LeveledLogger: &stripe.LeveledLogger{},
		})
		client := stripe.NewClient("sk_test", stripe.WithBackends(&stripe.Backends{API: backend}))
		_, err := client.V1Customers.Retrieve(ctx, "fail_stripe_"+failure, nil)
		return err
	}
}

func bySqs(peer, failure string) act {
	return func(ctx context.Context) error {
		_, err := sqs.NewFromConfig(awsConfig(peer)).SendMessage(ctx, &sqs.SendMessageInput{
			QueueUrl: aws.String(plain.URL(peer, "/1/"+failure)), MessageBody: aws.String("1"),
		})
		return err
	}
}

func byConnect(peer, what string) act {
	return func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, short)
		defer cancel()
		protocols := new(http.Protocols)
		protocols.SetUnencryptedHTTP2(true)
		client := connect.NewClient[emptypb.Empty, emptypb.Empty](
			&http.Client{Transport: &http.Transport{Protocols: protocols}},
			plain.URL(peer, "/golden.Fail/"+what), connect.WithGRPC())
		_, err := client.CallUnary(ctx, connect.NewRequest(&emptypb.Empty{}))
		return err
	}
}

func byMemcache(peer string) act {
	return func(context.Context) error {
		client := memcache.New(plain.Address(peer))
		client.Timeout = short
		_, err := client.Get("a")
		return err
	}
}

func byRedigo(peer string, options ...redis.DialOption) act {
	return func(ctx context.Context) error {
		options = append(options, redis.DialConnectTimeout(short), redis.DialReadTimeout(short))
		connection, err := redis.DialContext(ctx, "tcp", plain.Address(peer), options...)
		if err != nil {
			return err
		}
		_, err = connection.Do("SET", "a", "1")
		return err
	}
}

func fullRedigo(context.Context) error {
	pool := &redis.Pool{MaxActive: 1, Dial: func() (redis.Conn, error) {
		return redis.Dial("tcp", plain.Address("openRedis"))
	}}
	pool.Get()
	_, err := pool.Get().Do("PING")
	return err
}

func byNeo4j(peer string) act {
	return func(ctx context.Context) error {
		driver, err := neo4j.NewDriverWithContext("bolt://"+plain.Address(peer), neo4j.NoAuth())
		if err != nil {
			return err
		}
		return driver.VerifyConnectivity(ctx)
	}
}

func byMssql(peer string) act {
	return func(ctx context.Context) error {
		database, err := sql.Open("sqlserver", "sqlserver://app:x@"+plain.Address(peer)+"?dial+timeout=1&connection+timeout=1")
		if err != nil {
			return err
		}
		return database.PingContext(ctx)
	}
}

func bySchema(schema, value string) act {
	return func(context.Context) error {
		parsed, err := jsonschema.UnmarshalJSON(strings.NewReader(schema))
		if err != nil {
			return err
		}
		compiler := jsonschema.NewCompiler()
		if err = compiler.AddResource("order.json", parsed); err != nil {
			return err
		}
		compiled, err := compiler.Compile("order.json")
		if err != nil {
			return err
		}
		order, err := jsonschema.UnmarshalJSON(strings.NewReader(value))
		if err != nil {
			return err
		}
		return compiled.Validate(order)
	}
}

func byWebsocket(where string) act {
	return func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, short)
		defer cancel()
		_, _, err := websocket.Dial(ctx, where, nil)
		return err
	}
}

func bySMTP(peer, to string, auth smtp.Auth) act {
	return func(context.Context) error {
		return smtp.SendMail(plain.Address(peer), auth, "a@example.com", []string{to}, []byte("x"))
	}
}

func openBreaker(context.Context) error {
	trip := func(counts gobreaker.Counts) bool { return true }
	breaker := gobreaker.NewCircuitBreaker[int](gobreaker.Settings{ReadyToTrip: trip})
	fail := func() (int, error) { return 0, errors.New("x") }
	_, _ = breaker.Execute(fail)
	_, err := breaker.Execute(fail)
	return err
}

func tooFast(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, short)
	defer cancel()
	limiter := rate.NewLimiter(rate.Every(time.Hour), 1)
	limiter.Allow()
	return limiter.Wait(ctx)
}

func fullPuddle(ctx context.Context) error {
	make := func(context.Context) (int, error) { return 1, nil }
	pool, err := puddle.NewPool(&puddle.Config[int]{MaxSize: 1, Constructor: make, Destructor: func(int) {}})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, short)
	defer cancel()
	_, _ = pool.Acquire(ctx)
	_, err = pool.Acquire(ctx)
	return err
}

const (
	amqpLib      = "github.com/rabbitmq/amqp091-go"
	natsLib      = "github.com/nats-io/nats.go"
	mqttLib      = "github.com/eclipse/paho.mqtt.golang"
	kgoLib       = "github.com/twmb/franz-go"
	mongoLib     = "go.mongodb.org/mongo-driver/v2"
	retryableLib = "github.com/hashicorp/go-retryablehttp"
	restyLib     = "github.com/go-resty/resty/v2"
	stripeLib    = "github.com/stripe/stripe-go/v84"
	sqsLib       = "github.com/aws/aws-sdk-go-v2/service/sqs"
	connectLib   = "connectrpc.com/connect"
	memcacheLib  = "github.com/bradfitz/gomemcache"
	redigoLib    = "github.com/gomodule/redigo"
	neo4jLib     = "github.com/neo4j/neo4j-go-driver/v5"
	mssqlLib     = "github.com/microsoft/go-mssqldb"
	schemaLib    = "github.com/santhosh-tekuri/jsonschema/v6"
	websocketLib = "github.com/coder/websocket"
)

func api(failure string) act     { return byStripe("api", failure) }
func queue(failure string) act   { return bySqs("aws", failure) }
func over(what string) act       { return byConnect("grpc", what) }
func fetched(path string) act    { return byRetryable(plain.URL("http", path)) }
func loaded(path string) act     { return byResty(plain.URL("http", path)) }
func connected(user string) act  { return byMqtt("mqtt", user) }
func noRequest(*nats.Conn) error { return nil }

var blind = joined(
	every("stripe", stripeLib, api, [][2]string{
		{"card", "WEBHOOK_FAILED"}, {"down", "WEBHOOK_FAILED"}, {"integer", "VALIDATION_FAILED"},
		{"key", "AUTHENTICATION_ERROR"}, {"rate", "RESOURCE_EXHAUSTED"},
	}),
	every("sqs", sqsLib, queue, [][2]string{
		{"InvalidClientTokenId", "AUTHENTICATION_ERROR"}, {"InvalidMessageContents", "VALIDATION_FAILED"},
		{"KmsThrottled", "RESOURCE_EXHAUSTED"}, {"RequestThrottled", "RESOURCE_EXHAUSTED"},
	}),
	every("connect", connectLib, over, [][2]string{
		{"3", "VALIDATION_FAILED"}, {"5", "UNKNOWN_ERROR"}, {"7", "AUTHENTICATION_ERROR"},
		{"8", "RESOURCE_EXHAUSTED"}, {"14", "NETWORK_ERROR"}, {"hang", "TIMEOUT"},
	}),
	every("retryablehttp", retryableLib, fetched, [][2]string{
		{"/status/500", "WEBHOOK_FAILED"}, {"/status/503", "WEBHOOK_FAILED"}, {"/hang", "TIMEOUT"},
		{"/close", "NETWORK_ERROR"},
	}),
	every("resty", restyLib, loaded, [][2]string{
		{"/html", "VALIDATION_FAILED"}, {"/cut", "NETWORK_ERROR"}, {"/loop", "WEBHOOK_FAILED"},
		{"/slow-body", "TIMEOUT"}, {"/not-gzip", "UNKNOWN_ERROR"},
	}),
	every("mqtt", mqttLib, connected, [][2]string{
		{"fail_3", "NETWORK_ERROR"}, {"fail_4", "AUTHENTICATION_ERROR"}, {"fail_5", "AUTHENTICATION_ERROR"},
	}),
	[]failing{
		{"mqtt: refused", mqttLib, "NETWORK_ERROR", byMqtt("closed", "app")},
		{"amqp: refused", amqpLib, "NETWORK_ERROR", byAmqp("closed", "app", "orders")},
		{"amqp: no answer", amqpLib, "TIMEOUT", byAmqp("silent", "app", "orders")},
		{"amqp: a wrong password", amqpLib, "AUTHENTICATION_ERROR", byAmqp("amqp", "fail_403", "orders")},
		{"amqp: no access", amqpLib, "AUTHENTICATION_ERROR", byAmqp("amqp", "app", "fail_403")},
		{"amqp: a missing queue", amqpLib, "UNKNOWN_ERROR", byAmqp("amqp", "app", "fail_404")},
		{"amqp: the broker stops", amqpLib, "NETWORK_ERROR", byAmqp("amqp", "app", "fail_320")},
		{"nats: refused", natsLib, "NETWORK_ERROR", byNats("closed", noRequest)},
		{"nats: no greeting", natsLib, "TIMEOUT", byNats("silent", noRequest)},
		{"nats: a wrong password", natsLib, "AUTHENTICATION_ERROR", byNats("nats", noRequest, nats.UserInfo("fail_login", "x"))},
		{"nats: too many connections", natsLib, "RESOURCE_EXHAUSTED", byNats("nats", noRequest, nats.Token("fail_full"))},
		{"nats: no responders", natsLib, "NETWORK_ERROR", byNats("nats", natsRequest("orders"))},
		{"nats: no response", natsLib, "TIMEOUT", byNats("nats", natsRequest("orders.slow"))},
		{"nats: too large", natsLib, "VALIDATION_FAILED", byNats("nats", func(connection *nats.Conn) error {
			return connection.Publish("orders", make([]byte, 5000))
		})},
		{"franz-go: no delivery in time", kgoLib, "TIMEOUT", byKgo("silent")},
		{"franz-go: refused", kgoLib, "NETWORK_ERROR", kgoPing("closed")},
		{"franz-go: too large", kgoLib, "VALIDATION_FAILED", func(ctx context.Context) error {
			client, err := kgo.NewClient(kgo.SeedBrokers(plain.Address("closed")), kgo.MaxBufferedBytes(1))
			if err != nil {
				return err
			}
			return client.ProduceSync(ctx, &kgo.Record{Topic: "orders", Value: make([]byte, 100)}).FirstErr()
		}},
		{"mongo: refused", mongoLib, "NETWORK_ERROR", byMongo("closed")},
		{"mongo: no answer", mongoLib, "TIMEOUT", byMongo("silent")},
		{"retryablehttp: refused", retryableLib, "NETWORK_ERROR", byRetryable(plain.URL("closed", ""))},
		{"resty: refused", restyLib, "NETWORK_ERROR", byResty(plain.URL("closed", ""))},
		{"resty: not a URL", restyLib, "VALIDATION_FAILED", byResty("http://shop orders/")},
		{"stripe: refused", stripeLib, "NETWORK_ERROR", byStripe("closed", "x")},
		{"stripe: no answer", stripeLib, "TIMEOUT", byStripe("silent", "x")},
		{"sqs: refused", sqsLib, "NETWORK_ERROR", bySqs("closed", "x")},
		{"connect: refused", connectLib, "NETWORK_ERROR", byConnect("closed", "0")},
		{"memcache: refused", memcacheLib, "NETWORK_ERROR", byMemcache("closed")},
		{"memcache: no answer", memcacheLib, "TIMEOUT", byMemcache("silent")},
		{"redigo: a wrong password", redigoLib, "AUTHENTICATION_ERROR", byRedigo("lockedRedis", redis.DialPassword("x"))},
		{"redigo: full memory", redigoLib, "RESOURCE_EXHAUSTED", byRedigo("fullRedis")},
		{"redigo: no answer", redigoLib, "TIMEOUT", byRedigo("silent")},
		{"redigo: a full pool", redigoLib, "RESOURCE_EXHAUSTED", fullRedigo},
		{"neo4j: refused", neo4jLib, "NETWORK_ERROR", byNeo4j("closed")},
		{"mssql: refused", mssqlLib, "NETWORK_ERROR", byMssql("closed")},
		{"mssql: no answer", mssqlLib, "TIMEOUT", byMssql("silent")},
		{"mssql: hung up", mssqlLib, "NETWORK_ERROR", byMssql("hangsUp")},
		{"jsonschema: a wrong type", schemaLib, "VALIDATION_FAILED", bySchema(`{"type":"object"}`, "5")},
		{"jsonschema: a wrong schema", schemaLib, "EXECUTION_FAILED", bySchema(`{"type":5}`, "5")},
		{"ozzo: not an address", "github.com/go-ozzo/ozzo-validation/v4", "VALIDATION_FAILED", func(context.Context) error {
			return validation.Validate("", validation.Required)
		}},
		{"toml: no value", "github.com/BurntSushi/toml", "VALIDATION_FAILED", func(context.Context) error {
			_, err := toml.Decode("id = ", &map[string]any{})
			return err
		}},
		{"go-json: a wrong type", "github.com/goccy/go-json", "VALIDATION_FAILED", func(context.Context) error {
			return gojson.Unmarshal([]byte(`{"ID": "x"}`), &struct{ ID int }{})
		}},
		{"go-json: cut off", "github.com/goccy/go-json", "VALIDATION_FAILED", func(context.Context) error {
			return gojson.Unmarshal([]byte(`{"ID": `), &struct{ ID int }{})
		}},
		{"protojson: a wrong type", "google.golang.org/protobuf", "VALIDATION_FAILED", func(context.Context) error {
			return protojson.Unmarshal([]byte("[1"), &structpb.Struct{})
		}},
		{"proto: cut off", "google.golang.org/protobuf", "VALIDATION_FAILED", func(context.Context) error {
			return proto.Unmarshal([]byte{10, 9, 65}, &structpb.Struct{})
		}},
		{"websocket: 401", websocketLib, "AUTHENTICATION_ERROR", byWebsocket(plain.URL("http", "/status/401"))},
		{"websocket: refused", websocketLib, "NETWORK_ERROR", byWebsocket(plain.URL("closed", ""))},
		{"websocket: no handshake in time", websocketLib, "TIMEOUT", byWebsocket(plain.URL("http", "/hang"))},
		{"gobreaker: open", "github.com/sony/gobreaker/v2", "UNKNOWN_ERROR", openBreaker},
		{"rate: too fast", "golang.org/x/time", "RESOURCE_EXHAUSTED", tooFast},
		{"puddle: full", "github.com/jackc/puddle/v2", "RESOURCE_EXHAUSTED", fullPuddle},
	},
)
