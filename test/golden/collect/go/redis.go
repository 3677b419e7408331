package main

import (
	"context"
	"time"

	"github.com/dlq-service/dlq/test/golden/collect/go/plain"
	"github.com/redis/go-redis/v9"
)

const redisLib = "github.com/redis/go-redis/v9"

func withRedis(peer string, options redis.Options, act func(context.Context, *redis.Client) error) func(context.Context) error {
	return func(ctx context.Context) error {
		options.Addr = plain.Address(peer)
		options.MaxRetries = -1
		client := redis.NewClient(&options)
		defer client.Close()
		return act(ctx, client)
	}
}

func read(ctx context.Context, client *redis.Client) error { return client.Get(ctx, "a").Err() }

func write1(ctx context.Context, client *redis.Client) error {
	return client.Set(ctx, "a", "1", 0).Err()
}

var redisClients = []failing{
	{"redis: refused", redisLib, "NETWORK_ERROR", withRedis("closed", redis.Options{}, read)},
	{"redis: hung up", redisLib, "NETWORK_ERROR", withRedis("hangsUp", redis.Options{}, read)},
	{"redis: another protocol", redisLib, "NETWORK_ERROR", withRedis("foreign", redis.Options{}, read)},
	{"redis: reading too slow", redisLib, "TIMEOUT", withRedis("silent", redis.Options{ReadTimeout: 50 * time.Millisecond}, read)},
	{"redis: connecting too slow", redisLib, "TIMEOUT", withRedis("stalled", redis.Options{DialTimeout: 50 * time.Millisecond}, read)},
	{"redis: no password", redisLib, "AUTHENTICATION_ERROR", withRedis("lockedRedis", redis.Options{}, read)},
	{"redis: a wrong password", redisLib, "AUTHENTICATION_ERROR", withRedis("lockedRedis", redis.Options{Password: "wrong"}, read)},
	{"redis: not permitted", redisLib, "AUTHENTICATION_ERROR", withRedis("lockedRedis", redis.Options{Username: "reader", Password: "secret"}, write1)},
	{"redis: out of memory", redisLib, "RESOURCE_EXHAUSTED", withRedis("fullRedis", redis.Options{}, write1)},
	{"redis: no such key", redisLib, "UNKNOWN_ERROR", withRedis("openRedis", redis.Options{}, func(ctx context.Context, client *redis.Client) error {
		return client.Get(ctx, "missing").Err()
	})},
	{"redis: a wrong kind of key", redisLib, "EXECUTION_FAILED", withRedis("openRedis", redis.Options{}, func(ctx context.Context, client *redis.Client) error {
		client.Del(ctx, "list")
		client.RPush(ctx, "list", "1")
		return client.Get(ctx, "list").Err()
	})},
	{"redis: a full pool", redisLib, "RESOURCE_EXHAUSTED", withRedis("openRedis", redis.Options{PoolSize: 1, PoolTimeout: 50 * time.Millisecond}, func(ctx context.Context, client *redis.Client) error {
		held := client.Conn()
		defer held.Close()
		if err := held.Ping(ctx).Err(); err != nil {
			return err
		}
		return read(ctx, client)
	})},
	{"redis: a closed client", redisLib, "EXECUTION_FAILED", withRedis("openRedis", redis.Options{}, func(ctx context.Context, client *redis.Client) error {
		client.Close()
		return read(ctx, client)
	})},
	{"redis: a replica asked to write", redisLib, "UNKNOWN_ERROR", withRedis("replicaRedis", redis.Options{}, write1)},
	{"redis: a replica whose primary is down", redisLib, "NETWORK_ERROR", withRedis("replicaRedis", redis.Options{}, read)},
}
