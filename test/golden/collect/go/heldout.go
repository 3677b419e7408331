package main

import (
	"context"
	"database/sql"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"cel.dev/cel-go/cel"
	"filippo.io/age"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob"
	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/IBM/sarama"
	"github.com/afex/hystrix-go/hystrix"
	anthropic "github.com/anthropics/anthropic-sdk-go"
	anthropicoption "github.com/anthropics/anthropic-sdk-go/option"
	"github.com/avast/retry-go/v4"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/bsm/redislock"
	"github.com/dlq-service/dlq/test/golden/collect/go/plain"
	"github.com/elastic/go-elasticsearch/v8"
	imap "github.com/emersion/go-imap/client"
	"github.com/expr-lang/expr"
	"github.com/failsafe-go/failsafe-go"
	"github.com/failsafe-go/failsafe-go/timeout"
	"github.com/flosch/pongo2/v6"
	"github.com/fxamacker/cbor/v2"
	"github.com/go-ldap/ldap/v3"
	"github.com/gocarina/gocsv"
	"github.com/gocql/gocql"
	"github.com/google/go-github/v74/github"
	"github.com/google/uuid"
	"github.com/gorilla/schema"
	"github.com/gorilla/securecookie"
	consul "github.com/hashicorp/consul/api"
	vault "github.com/hashicorp/vault/api"
	"github.com/hibiken/asynq"
	"github.com/lestrrat-go/jwx/v3/jwa"
	"github.com/lestrrat-go/jwx/v3/jwt"
	"github.com/miekg/dns"
	"github.com/minio/minio-go/v7"
	miniocredentials "github.com/minio/minio-go/v7/pkg/credentials"
	"github.com/nsqio/go-nsq"
	"github.com/nyaruka/phonenumbers"
	"github.com/panjf2000/ants/v2"
	"github.com/redis/go-redis/v9"
	"github.com/robfig/cron/v3"
	"github.com/shopspring/decimal"
	_ "github.com/sijms/go-ora/v2"
	"github.com/slack-go/slack"
	"github.com/spf13/viper"
	"github.com/vmihailenco/msgpack/v5"
	mail "github.com/wneessen/go-mail"
	"github.com/xuri/excelize/v2"
	"go.etcd.io/bbolt"
	"golang.org/x/crypto/bcrypt"
	"golang.org/x/crypto/ssh"
	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"
	"google.golang.org/api/option"
	"google.golang.org/api/storage/v1"
	"gorm.io/driver/postgres"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"
	_ "modernc.org/sqlite"
)

func fromAWS(call func(context.Context, aws.Config) error) act {
	return func(ctx context.Context) error {
		config := awsConfig("aws")
		config.HTTPClient = http.DefaultClient
		return call(ctx, config)
	}
}

func bySecrets(failure string) act {
	return fromAWS(func(ctx context.Context, config aws.Config) error {
		_, err := secretsmanager.NewFromConfig(config).GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: &failure})
		return err
	})
}

func bySns(failure string) act {
	return fromAWS(func(ctx context.Context, config aws.Config) error {
		_, err := sns.NewFromConfig(config).Publish(ctx, &sns.PublishInput{
			TopicArn: aws.String("arn:aws:sns:eu-central-1:1:" + failure), Message: aws.String("1"),
		})
		return err
	})
}

func byLambda(failure string) act {
	return fromAWS(func(ctx context.Context, config aws.Config) error {
		_, err := lambda.NewFromConfig(config).Invoke(ctx, &lambda.InvokeInput{FunctionName: &failure})
		return err
	})
}

func byGorm(peer string, do func(*gorm.DB) error) act {
	return func(context.Context) error {
		where := "host=127.0.0.1 user=app password=x dbname=shop sslmode=disable connect_timeout=1 port=" + plain.Port(peer)
		dialect := postgres.New(postgres.Config{DSN: where, PreferSimpleProtocol: true})
		database, err := gorm.Open(dialect, &gorm.Config{Logger: logger.Discard, TranslateError: true})
		if err != nil {
			return err
		}
		return do(database)
	}
}

func gormSQL(state string) act {
	return byGorm("postgres", func(database *gorm.DB) error { return database.Exec("fail_" + state).Error })
}

func bySqlite(statement string) act {
	return func(ctx context.Context) error {
		database, err := sql.Open("sqlite", ":memory:")
		if err != nil {
			return err
		}
		database.SetMaxOpenConns(1)
		for _, one := range []string{
			"CREATE TABLE orders(id INTEGER PRIMARY KEY, name TEXT NOT NULL)", "INSERT INTO orders VALUES (1, 'a')", statement,
		} {
			if _, err = database.ExecContext(ctx, one); err != nil {
				return err
			}
		}
		return nil
	}
}

func byOracle(peer string) act {
	return func(ctx context.Context) error {
		database, err := sql.Open("oracle", "oracle://app:x@"+plain.Address(peer)+"/shop?CONNECTION+TIMEOUT=1")
		if err != nil {
			return err
		}
		return database.PingContext(ctx)
	}
}

func byClickhouse(peer, failure string) act {
	return func(ctx context.Context) error {
		database, err := clickhouse.Open(&clickhouse.Options{
			Addr: []string{plain.Address(peer)}, Protocol: clickhouse.HTTP,
			Auth: clickhouse.Auth{Username: "app", Database: "fail_clickhouse_" + failure},
		})
		if err != nil {
			return err
		}
		return database.Ping(ctx)
	}
}

func byCassandra(peer string) act {
	return func(context.Context) error {
		address, err := net.ResolveTCPAddr("tcp", plain.Address(peer))
		if err != nil {
			return err
		}
		cluster := gocql.NewCluster("127.0.0.1")
		cluster.Port, cluster.ConnectTimeout, cluster.Timeout = address.Port, short, short
		cluster.Logger = nopLogger{}
		_, err = cluster.CreateSession()
		return err
	}
}

type nopLogger struct{}

func (nopLogger) Print(...interface{})          {}
func (nopLogger) Printf(string, ...interface{}) {}
func (nopLogger) Println(...interface{})        {}

func bySarama(peer string) act {
	return func(context.Context) error {
		config := sarama.NewConfig()
		config.Net.DialTimeout, config.Net.ReadTimeout, config.Metadata.Retry.Max = short, short, 0
		config.Producer.Return.Successes = true
		_, err := sarama.NewSyncProducer([]string{plain.Address(peer)}, config)
		return err
	}
}

func byNsq(peer string) act {
	return func(context.Context) error {
		producer, err := nsq.NewProducer(plain.Address(peer), nsq.NewConfig())
		if err != nil {
			return err
		}
		producer.SetLoggerLevel(nsq.LogLevelMax)
		return producer.Publish("orders", []byte("1"))
	}
}

func byAsynq(peer string, times int) act {
	return func(ctx context.Context) error {
		client := asynq.NewClient(asynq.RedisClientOpt{Addr: plain.Address(peer)})
		for range times {
			if _, err := client.EnqueueContext(ctx, asynq.NewTask("order", nil), asynq.TaskID("17")); err != nil {
				return err
			}
		}
		return nil
	}
}

func lockedTwice(ctx context.Context) error {
	locks := redislock.New(redis.NewClient(&redis.Options{Addr: plain.Address("openRedis")}))
	_, err := locks.Obtain(ctx, "order", time.Minute, nil)
	if err == nil {
		_, err = locks.Obtain(ctx, "order", time.Minute, nil)
	}
	return err
}

func byElastic(peer, failure string) act {
	return func(ctx context.Context) error {
		client, err := elasticsearch.NewTypedClient(elasticsearch.Config{
			Addresses: []string{plain.URL(peer, "")}, DisableRetry: true,
		})
		if err != nil {
			return err
		}
		_, err = client.Index("fail_elastic_" + failure).Document(numbered{1}).Do(ctx)
		return err
	}
}

func byBlob(peer, failure string) act {
	return func(ctx context.Context) error {
		keys, err := azblob.NewSharedKeyCredential("shop", "c2VjcmV0")
		if err != nil {
			return err
		}
		once := azcore.ClientOptions{Retry: policy.RetryOptions{MaxRetries: -1}}
		client, err := azblob.NewClientWithSharedKeyCredential(plain.URL(peer, "/shop"), keys, &azblob.ClientOptions{ClientOptions: once})
		if err != nil {
			return err
		}
		_, err = client.UploadBuffer(ctx, "fail_azure_"+failure, "a", []byte("1"), nil)
		return err
	}
}

func byStorage(failure string) act {
	return func(ctx context.Context) error {
		service, err := storage.NewService(ctx, option.WithEndpoint(plain.URL("api", "/")), option.WithoutAuthentication())
		if err != nil {
			return err
		}
		_, err = service.Buckets.Get("fail_google_" + failure).Context(ctx).Do()
		return err
	}
}

func byMinio(peer, failure string) act {
	return func(ctx context.Context) error {
		client, err := minio.New(plain.Address(peer), &minio.Options{
			Creds: miniocredentials.NewStaticV4("id", "secret", ""), Region: "x", MaxRetries: 1,
		})
		if err != nil {
			return err
		}
		_, err = client.PutObject(ctx, "shop", failure, strings.NewReader("1"), 1, minio.PutObjectOptions{})
		return err
	}
}

func byGithub(peer, failure string) act {
	return func(ctx context.Context) error {
		client, err := github.NewClient(nil).WithEnterpriseURLs(plain.URL(peer, "/"), plain.URL(peer, "/"))
		if err != nil {
			return err
		}
		_, _, err = client.Repositories.Get(ctx, "shop", "fail_github_"+failure)
		return err
	}
}

func bySlack(peer, path string) act {
	return func(ctx context.Context) error {
		_, err := slack.New("x", slack.OptionAPIURL(plain.URL(peer, path+"/"))).AuthTestContext(ctx)
		return err
	}
}

func byVault(peer, failure string) act {
	return func(ctx context.Context) error {
		config := vault.DefaultConfig()
		config.Address, config.MaxRetries = plain.URL(peer, ""), 0
		client, err := vault.NewClient(config)
		if err != nil {
			return err
		}
		_, err = client.Logical().ReadWithContext(ctx, "secret/fail_vault_"+failure)
		return err
	}
}

func byConsul(failure string) act {
	return func(context.Context) error {
		client, err := consul.NewClient(&consul.Config{Address: plain.Address("api")})
		if err != nil {
			return err
		}
		_, err = client.KV().Put(&consul.KVPair{Key: "fail_consul_" + failure, Value: []byte("1")}, nil)
		return err
	}
}

func byAnthropic(peer, path string, limit time.Duration) act {
	return func(ctx context.Context) error {
		client := anthropic.NewClient(anthropicoption.WithBaseURL(plain.URL(peer, path+"/")), anthropicoption.WithAPIKey("x"),
			anthropicoption.WithMaxRetries(0), anthropicoption.WithRequestTimeout(limit))
		_, err := client.Models.Get(ctx, "x", anthropic.ModelGetParams{})
		return err
	}
}

func byOauth(peer, path string) act {
	return func(ctx context.Context) error {
		config := clientcredentials.Config{
			ClientID: "app", ClientSecret: "x", TokenURL: plain.URL(peer, path), AuthStyle: oauth2.AuthStyleInParams,
		}
		_, err := config.Token(ctx)
		return err
	}
}

func byLdap(peer string) act {
	return func(context.Context) error {
		connection, err := ldap.DialURL("ldap://" + plain.Address(peer))
		if err != nil {
			return err
		}
		connection.SetTimeout(short)
		return connection.Bind("cn=app", "x")
	}
}

func byImap(peer string) act {
	return func(context.Context) error {
		connection, err := imap.DialWithDialer(&net.Dialer{Timeout: short}, plain.Address(peer))
		if err != nil {
			return err
		}
		return connection.Login("app", "x")
	}
}

func bySSH(peer string) act {
	return func(context.Context) error {
		config := ssh.ClientConfig{User: "app", HostKeyCallback: ssh.InsecureIgnoreHostKey(), Timeout: short}
		_, err := ssh.Dial("tcp", plain.Address(peer), &config)
		return err
	}
}

func byMail(peer, to string, options ...mail.Option) act {
	return func(ctx context.Context) error {
		address, err := net.ResolveTCPAddr("tcp", plain.Address(peer))
		if err != nil {
			return err
		}
		options = append(options, mail.WithPort(address.Port), mail.WithTLSPortPolicy(mail.NoTLS), mail.WithTimeout(2*short),
			mail.WithPort(address.Port))
		client, err := mail.NewClient("127.0.0.1", options...)
		if err != nil {
			return err
		}
		message := mail.NewMsg()
		if err = message.From("a@example.com"); err != nil {
			return err
		}
		if err = message.To(to); err != nil {
			return err
		}
		message.SetBodyString(mail.TypeTextPlain, "x")
		return client.DialAndSendWithContext(ctx, message)
	}
}

func byDNS(network, peer string) act {
	return func(context.Context) error {
		question := new(dns.Msg).SetQuestion("shop.example.", dns.TypeA)
		_, _, err := (&dns.Client{Net: network, Timeout: short}).Exchange(question, plain.Address(peer))
		return err
	}
}

func byHystrix(name string, config hystrix.CommandConfig) act {
	return func(context.Context) error {
		hystrix.ConfigureCommand(name, config)
		slow := func() error { time.Sleep(2 * time.Second); return nil }
		first := hystrix.Go(name, slow, nil)
		select {
		case err := <-first:
			return err
		case <-time.After(short):
			return hystrix.Do(name, slow, nil)
		}
	}
}

func fullAnts(context.Context) error {
	pool, err := ants.NewPool(1, ants.WithNonblocking(true))
	if err != nil {
		return err
	}
	slow := func() { time.Sleep(time.Second) }
	if err = pool.Submit(slow); err != nil {
		return err
	}
	return pool.Submit(slow)
}

func lockedBolt(context.Context) error {
	dir, err := os.MkdirTemp("", "golden")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	for range 2 {
		if _, err = bbolt.Open(filepath.Join(dir, "a.db"), 0o600, &bbolt.Options{Timeout: 50 * time.Millisecond}); err != nil {
			return err
		}
	}
	return nil
}

func byJwx(left time.Duration, key string) act {
	return func(context.Context) error {
		secret := []byte("a secret of at least thirty-two bytes")
		token, err := jwt.NewBuilder().Expiration(time.Now().Add(left)).Build()
		if err != nil {
			return err
		}
		text, err := jwt.Sign(token, jwt.WithKey(jwa.HS256(), secret))
		if err != nil {
			return err
		}
		_, err = jwt.Parse(text, jwt.WithKey(jwa.HS256(), []byte(key+string(secret))))
		return err
	}
}

func retried(context.Context) error {
	get := func() error { _, err := http.Get(plain.URL("closed", "/")); return err }
	return retry.Do(get, retry.Attempts(2), retry.Delay(time.Millisecond))
}

func wrongIdentity(context.Context) error {
	right, err := age.GenerateX25519Identity()
	if err != nil {
		return err
	}
	wrong, err := age.GenerateX25519Identity()
	if err != nil {
		return err
	}
	var text strings.Builder
	writer, err := age.Encrypt(&text, right.Recipient())
	if err != nil {
		return err
	}
	if err = writer.Close(); err != nil {
		return err
	}
	_, err = age.Decrypt(strings.NewReader(text.String()), wrong)
	return err
}

func byCel(text string) act {
	return func(context.Context) error {
		environment, err := cel.NewEnv()
		if err != nil {
			return err
		}
		_, issues := environment.Compile(text)
		return issues.Err()
	}
}

// parsed makes a case of a parser that returns a value and an error.
func parsed[T any](name, library, reason string, parse func() (T, error)) failing {
	return failing{name, library, reason, func(context.Context) error {
		_, err := parse()
		return err
	}}
}

// checked makes a case of a function that returns an error.
func checked(name, library, reason string, check func() error) failing {
	return failing{name, library, reason, func(context.Context) error { return check() }}
}

const (
	secretsLib       = "github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	snsLib           = "github.com/aws/aws-sdk-go-v2/service/sns"
	lambdaLib        = "github.com/aws/aws-sdk-go-v2/service/lambda"
	gormLib          = "gorm.io/gorm"
	sqliteLib        = "modernc.org/sqlite"
	oraLib           = "github.com/sijms/go-ora/v2"
	clickhouseLib    = "github.com/ClickHouse/clickhouse-go/v2"
	saramaLib        = "github.com/IBM/sarama"
	asynqLib         = "github.com/hibiken/asynq"
	elasticLib       = "github.com/elastic/go-elasticsearch/v8"
	blobLib          = "github.com/Azure/azure-sdk-for-go/sdk/storage/azblob"
	storageLib       = "google.golang.org/api"
	minioLib         = "github.com/minio/minio-go/v7"
	githubLib        = "github.com/google/go-github/v74"
	slackLib         = "github.com/slack-go/slack"
	vaultLib         = "github.com/hashicorp/vault/api"
	consulLib        = "github.com/hashicorp/consul/api"
	anthropicLib     = "github.com/anthropics/anthropic-sdk-go"
	oauthLib         = "golang.org/x/oauth2"
	ldapLib          = "github.com/go-ldap/ldap/v3"
	imapLib          = "github.com/emersion/go-imap"
	cryptoLib        = "golang.org/x/crypto"
	mailLib          = "github.com/wneessen/go-mail"
	dnsLib           = "github.com/miekg/dns"
	hystrixLib       = "github.com/afex/hystrix-go"
	jwxLib           = "github.com/lestrrat-go/jwx/v3"
	ageLib           = "filippo.io/age"
	gorillaSchemaLib = "github.com/gorilla/schema"
)

var heldOut = joined(
	every("secrets manager", secretsLib, bySecrets, [][2]string{
		{"AccessDeniedException", "AUTHENTICATION_ERROR"}, {"DecryptionFailure", "AUTHENTICATION_ERROR"},
		{"InternalServiceError", "WEBHOOK_FAILED"},
	}),
	every("sns", snsLib, bySns, [][2]string{
		{"AuthorizationError", "AUTHENTICATION_ERROR"}, {"InvalidParameter", "VALIDATION_FAILED"},
		{"Throttled", "RESOURCE_EXHAUSTED"},
	}),
	every("lambda", lambdaLib, byLambda, [][2]string{
		{"TooManyRequestsException", "RESOURCE_EXHAUSTED"}, {"RequestTooLargeException", "VALIDATION_FAILED"},
		{"EC2ThrottledException", "RESOURCE_EXHAUSTED"},
	}),
	every("gorm", gormLib, gormSQL, [][2]string{
		{"23505", "VALIDATION_FAILED"}, {"23503", "VALIDATION_FAILED"}, {"40001", "UNKNOWN_ERROR"},
		{"42P01", "EXECUTION_FAILED"}, {"57014", "TIMEOUT"},
	}),
	every("sqlite", sqliteLib, bySqlite, [][2]string{
		{"INSERT INTO orders VALUES (1, 'b')", "VALIDATION_FAILED"}, {"INSERT INTO orders VALUES (2, NULL)", "VALIDATION_FAILED"},
		{"SELECT * FROM customers", "EXECUTION_FAILED"}, {"SELCT 1", "EXECUTION_FAILED"},
	}),
	every("clickhouse", clickhouseLib, func(failure string) act { return byClickhouse("api", failure) }, [][2]string{
		{"login", "AUTHENTICATION_ERROR"}, {"memory", "RESOURCE_EXHAUSTED"}, {"table", "EXECUTION_FAILED"},
	}),
	every("elasticsearch", elasticLib, func(failure string) act { return byElastic("api", failure) }, [][2]string{
		{"index", "WEBHOOK_FAILED"}, {"mapping", "VALIDATION_FAILED"}, {"full", "RESOURCE_EXHAUSTED"},
		{"login", "AUTHENTICATION_ERROR"}, {"shards", "WEBHOOK_FAILED"}, {"conflict", "UNKNOWN_ERROR"},
	}),
	every("azure blob", blobLib, func(failure string) act { return byBlob("api", failure) }, [][2]string{
		{"role", "AUTHENTICATION_ERROR"}, {"container", "WEBHOOK_FAILED"}, {"busy", "RESOURCE_EXHAUSTED"},
		{"large", "VALIDATION_FAILED"},
	}),
	every("google storage", storageLib, byStorage, [][2]string{
		{"access", "AUTHENTICATION_ERROR"}, {"rate", "RESOURCE_EXHAUSTED"}, {"missing", "WEBHOOK_FAILED"},
	}),
	every("minio", minioLib, func(failure string) act { return byMinio("aws", failure) }, [][2]string{
		{"AccessDenied", "AUTHENTICATION_ERROR"}, {"NoSuchBucket", "WEBHOOK_FAILED"}, {"SlowDown", "RESOURCE_EXHAUSTED"},
	}),
	every("github", githubLib, func(failure string) act { return byGithub("api", failure) }, [][2]string{
		{"login", "AUTHENTICATION_ERROR"}, {"rate", "RESOURCE_EXHAUSTED"}, {"value", "VALIDATION_FAILED"},
		{"down", "WEBHOOK_FAILED"},
	}),
	every("slack", slackLib, func(failure string) act { return bySlack("api", "/fail_slack_"+failure) }, [][2]string{
		{"login", "AUTHENTICATION_ERROR"}, {"channel", "UNKNOWN_ERROR"}, {"long", "VALIDATION_FAILED"},
	}),
	every("slack", slackLib, func(path string) act { return bySlack("http", path) }, [][2]string{
		{"/status/429", "RESOURCE_EXHAUSTED"}, {"/status/503", "WEBHOOK_FAILED"},
	}),
	every("vault", vaultLib, func(failure string) act { return byVault("api", failure) }, [][2]string{
		{"access", "AUTHENTICATION_ERROR"}, {"sealed", "WEBHOOK_FAILED"},
	}),
	every("consul", consulLib, byConsul, [][2]string{
		{"access", "AUTHENTICATION_ERROR"}, {"leader", "WEBHOOK_FAILED"},
	}),
	every("anthropic", anthropicLib,
		func(failure string) act { return byAnthropic("api", "/fail_anthropic_"+failure, 5*time.Second) }, [][2]string{
			{"key", "AUTHENTICATION_ERROR"}, {"rate", "RESOURCE_EXHAUSTED"}, {"busy", "RESOURCE_EXHAUSTED"},
			{"long", "VALIDATION_FAILED"}, {"down", "WEBHOOK_FAILED"},
		}),
	every("oauth2", oauthLib, func(failure string) act { return byOauth("api", "/fail_oauth_"+failure) }, [][2]string{
		{"grant", "AUTHENTICATION_ERROR"}, {"client", "AUTHENTICATION_ERROR"},
	}),
	[]failing{
		{"gorm: refused", gormLib, "NETWORK_ERROR", byGorm("closed", nil)},
		{"gorm: no such row", gormLib, "UNKNOWN_ERROR", byGorm("postgres", func(database *gorm.DB) error {
			return database.First(&numbered{}, 17).Error
		})},
		{"go-ora: refused", oraLib, "NETWORK_ERROR", byOracle("closed")},
		{"go-ora: hung up", oraLib, "NETWORK_ERROR", byOracle("hangsUp")},
		{"clickhouse: refused", clickhouseLib, "NETWORK_ERROR", byClickhouse("closed", "x")},
		{"gocql: refused", "github.com/gocql/gocql", "NETWORK_ERROR", byCassandra("closed")},
		{"sarama: refused", saramaLib, "NETWORK_ERROR", bySarama("closed")},
		{"sarama: no answer", saramaLib, "TIMEOUT", bySarama("silent")},
		{"nsq: refused", "github.com/nsqio/go-nsq", "NETWORK_ERROR", byNsq("closed")},
		{"asynq: refused", asynqLib, "NETWORK_ERROR", byAsynq("closed", 1)},
		{"asynq: full memory", asynqLib, "RESOURCE_EXHAUSTED", byAsynq("fullRedis", 1)},
		{"asynq: no password", asynqLib, "AUTHENTICATION_ERROR", byAsynq("lockedRedis", 1)},
		{"asynq: a task that exists", asynqLib, "UNKNOWN_ERROR", byAsynq("openRedis", 2)},
		{"redislock: locked", "github.com/bsm/redislock", "UNKNOWN_ERROR", lockedTwice},
		{"elasticsearch: refused", elasticLib, "NETWORK_ERROR", byElastic("closed", "x")},
		{"minio: refused", minioLib, "NETWORK_ERROR", byMinio("closed", "x")},
		{"vault: refused", vaultLib, "NETWORK_ERROR", byVault("closed", "x")},
		{"anthropic: no answer", anthropicLib, "TIMEOUT", byAnthropic("silent", "", short)},
		{"oauth2: 503", oauthLib, "WEBHOOK_FAILED", byOauth("http", "/status/503")},
		{"ldap: refused", ldapLib, "NETWORK_ERROR", byLdap("closed")},
		{"ldap: a wrong password", ldapLib, "AUTHENTICATION_ERROR", byLdap("ldap")},
		{"ldap: no answer", ldapLib, "TIMEOUT", byLdap("silent")},
		{"imap: refused", imapLib, "NETWORK_ERROR", byImap("closed")},
		{"imap: a wrong password", imapLib, "AUTHENTICATION_ERROR", byImap("imap")},
		{"ssh: refused", cryptoLib, "NETWORK_ERROR", bySSH("closed")},
		{"ssh: hung up", cryptoLib, "NETWORK_ERROR", bySSH("hangsUp")},
		{"go-mail: refused", mailLib, "NETWORK_ERROR", byMail("closed", "b@example.com")},
		{"go-mail: a wrong password", mailLib, "AUTHENTICATION_ERROR", byMail("smtp", "b@example.com",
			mail.WithSMTPAuth(mail.SMTPAuthPlainNoEnc), mail.WithUsername("app"), mail.WithPassword("x"))},
		{"go-mail: not an address", mailLib, "VALIDATION_FAILED", byMail("smtp", "b@")},
		{"dns: refused", dnsLib, "NETWORK_ERROR", byDNS("udp", "closed")},
		{"dns: no answer", dnsLib, "TIMEOUT", byDNS("tcp", "silent")},
		{"hystrix: too slow", hystrixLib, "TIMEOUT", byHystrix("slow", hystrix.CommandConfig{Timeout: 50})},
		{"hystrix: full", hystrixLib, "RESOURCE_EXHAUSTED",
			byHystrix("full", hystrix.CommandConfig{Timeout: 5000, MaxConcurrentRequests: 1})},
		{"ants: full", "github.com/panjf2000/ants/v2", "RESOURCE_EXHAUSTED", fullAnts},
		{"bbolt: locked", "go.etcd.io/bbolt", "TIMEOUT", lockedBolt},
		{"retry-go: refused twice", "github.com/avast/retry-go/v4", "NETWORK_ERROR", retried},
		{"failsafe-go: too slow", "github.com/failsafe-go/failsafe-go", "TIMEOUT", func(context.Context) error {
			slow := func() error { time.Sleep(time.Second); return nil }
			return failsafe.With(timeout.New[any](short)).Run(slow)
		}},
		{"jwx: expired", jwxLib, "AUTHENTICATION_ERROR", byJwx(-time.Hour, "")},
		{"jwx: a wrong signature", jwxLib, "AUTHENTICATION_ERROR", byJwx(time.Hour, "x")},
		{"age: a wrong identity", ageLib, "AUTHENTICATION_ERROR", wrongIdentity},
		{"cel: an unknown name", "cel.dev/cel-go", "EXECUTION_FAILED", byCel("order.total > 5")},
	},
	[]failing{
		checked("bcrypt: a wrong password", cryptoLib, "AUTHENTICATION_ERROR", func() error {
			hash, err := bcrypt.GenerateFromPassword([]byte("a"), bcrypt.MinCost)
			if err != nil {
				return err
			}
			return bcrypt.CompareHashAndPassword(hash, []byte("b"))
		}),
		checked("securecookie: a wrong signature", "github.com/gorilla/securecookie", "AUTHENTICATION_ERROR", func() error {
			text, err := securecookie.New([]byte("right"), nil).Encode("order", 17)
			if err != nil {
				return err
			}
			var number int
			return securecookie.New([]byte("wrong"), nil).Decode("order", text, &number)
		}),
		checked("gorilla/schema: a wrong type", gorillaSchemaLib, "VALIDATION_FAILED", func() error {
			return schema.NewDecoder().Decode(&numbered{}, map[string][]string{"ID": {"x"}})
		}),
		checked("gorilla/schema: an unknown field", gorillaSchemaLib, "VALIDATION_FAILED", func() error {
			return schema.NewDecoder().Decode(&numbered{}, map[string][]string{"Total": {"5"}})
		}),
		checked("msgpack: cut off", "github.com/vmihailenco/msgpack/v5", "VALIDATION_FAILED", func() error {
			return msgpack.Unmarshal([]byte{0xa5, 'a'}, new(string))
		}),
		checked("cbor: a wrong type", "github.com/fxamacker/cbor/v2", "VALIDATION_FAILED", func() error {
			return cbor.Unmarshal([]byte{0xa1, 0x62, 'I', 'D', 0x61, 'x'}, &numbered{})
		}),
		checked("gocsv: a wrong type", "github.com/gocarina/gocsv", "VALIDATION_FAILED", func() error {
			return gocsv.UnmarshalString("ID\nx\n", &[]numbered{})
		}),
		checked("viper: a missing file", "github.com/spf13/viper", "EXECUTION_FAILED", func() error {
			settings := viper.New()
			settings.SetConfigName("orders")
			settings.AddConfigPath(".")
			return settings.ReadInConfig()
		}),
		parsed("decimal: not a number", "github.com/shopspring/decimal", "VALIDATION_FAILED", func() (decimal.Decimal, error) {
			return decimal.NewFromString("five")
		}),
		parsed("uuid: not a UUID", "github.com/google/uuid", "VALIDATION_FAILED", func() (uuid.UUID, error) { return uuid.Parse("17") }),
		parsed("phonenumbers: not a number", "github.com/nyaruka/phonenumbers", "VALIDATION_FAILED", func() (any, error) {
			return phonenumbers.Parse("x", "DE")
		}),
		parsed("cron: not a schedule", "github.com/robfig/cron/v3", "VALIDATION_FAILED", func() (cron.Schedule, error) {
			return cron.ParseStandard("soon")
		}),
		parsed("excelize: not a ZIP file", "github.com/xuri/excelize/v2", "VALIDATION_FAILED", func() (any, error) {
			return excelize.OpenReader(strings.NewReader("x"))
		}),
		parsed("pongo2: an open tag", "github.com/flosch/pongo2/v6", "EXECUTION_FAILED", func() (any, error) {
			return pongo2.FromString("{% if a %}")
		}),
		parsed("expr: cut off", "github.com/expr-lang/expr", "EXECUTION_FAILED", func() (any, error) {
			return expr.Compile("order.total >")
		}),
		parsed("age: not a file of age", ageLib, "VALIDATION_FAILED", func() (any, error) {
			identity, err := age.GenerateX25519Identity()
			if err != nil {
				return nil, err
			}
			return age.Decrypt(strings.NewReader("x"), identity)
		}),
	},
)
