// Package store keeps orders.
package store

import (
	"context"
	"database/sql"
	"fmt"
	"os"

	"example.com/shop/billing/draw"
	"github.com/jackc/pgx/v5"
	"github.com/redis/go-redis/v9"
	_ "modernc.org/sqlite"
)

func execute(text string, values ...any) error {
	ctx := context.Background()
	db, err := pgx.Connect(ctx, fmt.Sprintf("postgres://app@127.0.0.1:%s/postgres", draw.Port("POSTGRES")))
	if err != nil {
		return err
	}
	defer db.Close(ctx)
	_, err = db.Exec(ctx, text, values...)
	return err
}

const insert = "insert into orders (id, customer_id, total, currency) values ($1, $2, $3, $4)"

func InsertOrder(id, customer int, total, currency any) error {
	if err := execute(insert, id, customer, total, currency); err != nil {
		return fmt.Errorf("insert order %d: %w", id, err)
	}
	return nil
}

func InsertCustomer(d draw.Draw, email, name string) error {
	return execute("insert into customers values ($1, $2, $3)", d.Order+100, email, name)
}

func find(table string, d draw.Draw) error {
	return execute("select * from "+table+" where id = $1", d.Order)
}

func slow(d draw.Draw) error {
	ctx, cancel := context.WithTimeout(context.Background(), d.Wait()/2)
	defer cancel()
	db, err := pgx.Connect(ctx, fmt.Sprintf("postgres://app@127.0.0.1:%s/postgres", draw.Port("POSTGRES")))
	if err != nil {
		return err
	}
	defer db.Close(context.Background())
	_, err = db.Exec(ctx, "select pg_sleep(2)")
	return err
}

func connect(d draw.Draw, port string) error {
	_, err := pgx.Connect(context.Background(), fmt.Sprintf("postgres://app:x@db.internal:%s/shop%d", port, d.Customer))
	return err
}

func bySqlite(text string, d draw.Draw) error {
	db, err := sql.Open("sqlite", ":memory:")
	if err != nil {
		return err
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	if _, err := db.Exec("create table items (id int primary key, sku text not null)"); err != nil {
		return err
	}
	if _, err := db.Exec("insert into items values (?, 'a')", d.Order); err != nil {
		return err
	}
	_, err = db.Exec(text, d.Order)
	return err
}

func cache(port string, d draw.Draw) *redis.Client {
	return redis.NewClient(&redis.Options{Addr: "127.0.0.1:" + port, ReadTimeout: d.Wait(), MaxRetries: -1, Protocol: 2, DisableIdentity: true})
}

func push(d draw.Draw, port string) error {
	client := cache(port, d)
	defer client.Close()
	key := fmt.Sprintf("cart:%d", d.Order)
	if err := client.Set(context.Background(), key, "x", 0).Err(); err != nil {
		return err
	}
	return client.LPush(context.Background(), key, 1).Err()
}

func count(d draw.Draw, port string) error {
	client := cache(port, d)
	defer client.Close()
	key := "visits:" + d.UUID
	if err := client.Set(context.Background(), key, d.Word, 0).Err(); err != nil {
		return fmt.Errorf("count visit of %s: %w", d.UUID, err)
	}
	return client.Incr(context.Background(), key).Err()
}

func upload(d draw.Draw) error {
	_, err := os.ReadFile("/data/in/" + d.File)
	return err
}

func config(draw.Draw) error {
	_, err := os.Open("/etc/billing/tax.toml")
	return err
}

var Cases = []draw.Case{
	{Name: "order-taken", Run: func(d draw.Draw) error { return InsertOrder(d.Order, 1, 10, "EUR") }},
	{Name: "order-no-customer", Run: func(d draw.Draw) error { return InsertOrder(d.Order+100000, d.Order+50, 10, "EUR") }},
	{Name: "order-total-null", Run: func(d draw.Draw) error { return InsertOrder(d.Order+100000, 1, nil, "EUR") }},
	{Name: "order-currency-null", Run: func(d draw.Draw) error { return InsertOrder(d.Order+100000, 1, 10, nil) }},
	{Name: "order-total-check", Run: func(d draw.Draw) error { return InsertOrder(d.Order+100000, 1, d.Amount, "EUR") }},
	{Name: "order-currency-long", Run: func(d draw.Draw) error { return InsertOrder(d.Order+100000, 1, 10, d.Code) }},
	{Name: "order-total-text", Run: func(d draw.Draw) error { return InsertOrder(d.Order+100000, 1, d.Word, "EUR") }},
	{Name: "customer-taken", Run: func(d draw.Draw) error { return InsertCustomer(d, d.EmailTaken, "A") }},
	{Name: "customer-name-long", Run: func(d draw.Draw) error { return InsertCustomer(d, d.Email, d.UUID) }},
	{Name: "table-invoices", Run: func(d draw.Draw) error { return find("invoices", d) }},
	{Name: "table-payments", Run: func(d draw.Draw) error { return find("payments", d) }},
	{Name: "slow", Run: slow},
	{Name: "postgres-refused", Run: func(d draw.Draw) error { return connect(d, draw.Port("CLOSED")) }},
	{Name: "sqlite-taken", Run: func(d draw.Draw) error { return bySqlite("insert into items values (?, 'b')", d) }},
	{Name: "sqlite-null", Run: func(d draw.Draw) error { return bySqlite("insert into items values (? + 1, null)", d) }},
	{Name: "sqlite-no-column", Run: func(d draw.Draw) error { return bySqlite("select price from items where id = ?", d) }},
	{Name: "redis-type", Run: func(d draw.Draw) error { return push(d, draw.Port("REDIS")) }},
	{Name: "redis-integer", Run: func(d draw.Draw) error { return count(d, draw.Port("REDIS")) }},
	{Name: "redis-refused", Run: func(d draw.Draw) error { return push(d, draw.Port("CLOSED")) }},
	{Name: "redis-timeout", Run: func(d draw.Draw) error { return count(d, draw.Port("HANG")) }},
	{Name: "upload", Run: upload},
	{Name: "config", Run: config},
}
