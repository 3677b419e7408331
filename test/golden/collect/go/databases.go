package main

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/dlq-service/dlq/test/golden/collect/go/plain"
	_ "github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5"
	_ "github.com/lib/pq"
)

const (
	pgxLib   = "github.com/jackc/pgx/v5"
	pqLib    = "github.com/lib/pq"
	mysqlLib = "github.com/go-sql-driver/mysql"
)

func byPgx(peer, user, statement string) func(context.Context) error {
	return func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, 500*time.Millisecond)
		defer cancel()
		where := fmt.Sprintf("postgres://%s:x@%s/shop?sslmode=disable", user, plain.Address(peer))
		conn, err := pgx.Connect(ctx, where)
		if err != nil {
			return err
		}
		defer conn.Close(ctx)
		_, err = conn.Exec(ctx, statement)
		return err
	}
}

func bySQL(driver, where, statement string) func(context.Context) error {
	return func(ctx context.Context) error {
		db, err := sql.Open(driver, where)
		if err != nil {
			return err
		}
		defer db.Close()
		_, err = db.ExecContext(ctx, statement)
		return err
	}
}

func noRows(ctx context.Context) error {
	db, err := sql.Open("postgres", fmt.Sprintf("postgres://app:x@%s/shop?sslmode=disable", plain.Address("postgres")))
	if err != nil {
		return err
	}
	defer db.Close()
	return db.QueryRowContext(ctx, "SELECT 1").Scan(new(int))
}

func byPq(peer, user, statement string) func(context.Context) error {
	where := fmt.Sprintf("postgres://%s:x@%s/shop?sslmode=disable", user, plain.Address(peer))
	return bySQL("postgres", where, statement)
}

func byMysql(peer, user, statement string) func(context.Context) error {
	where := fmt.Sprintf("%s:x@tcp(%s)/shop?timeout=200ms&readTimeout=200ms", user, plain.Address(peer))
	return bySQL("mysql", where, statement)
}

type failingBy func(peer, user, statement string) func(context.Context) error

// statements returns cases in which the peer fails with the code in the statement.
func statements(name, library, peer string, by failingBy, reasons [][2]string) []failing {
	var all []failing
	for _, pair := range reasons {
		act := by(peer, "app", fmt.Sprintf("SELECT 'fail_%s'", pair[0]))
		all = append(all, failing{name + ": error " + pair[0], library, pair[1], act})
	}
	return all
}

func joined(groups ...[]failing) (all []failing) {
	for _, group := range groups {
		all = append(all, group...)
	}
	return all
}

var databases = joined(
	statements("pgx", pgxLib, "postgres", byPgx, [][2]string{
		{"22P02", "VALIDATION_FAILED"}, {"22001", "VALIDATION_FAILED"}, {"23502", "VALIDATION_FAILED"},
		{"23505", "VALIDATION_FAILED"}, {"25006", "UNKNOWN_ERROR"}, {"40001", "UNKNOWN_ERROR"},
		{"40P01", "UNKNOWN_ERROR"}, {"42501", "AUTHENTICATION_ERROR"}, {"42601", "EXECUTION_FAILED"},
		{"42P01", "EXECUTION_FAILED"}, {"53100", "RESOURCE_EXHAUSTED"}, {"53200", "RESOURCE_EXHAUSTED"},
		{"55P03", "TIMEOUT"}, {"57014", "TIMEOUT"}, {"57P01", "NETWORK_ERROR"},
	}),
	statements("pq", pqLib, "postgres", byPq, [][2]string{
		{"23503", "VALIDATION_FAILED"}, {"23514", "VALIDATION_FAILED"}, {"40001", "UNKNOWN_ERROR"},
		{"42501", "AUTHENTICATION_ERROR"}, {"42P01", "EXECUTION_FAILED"}, {"57014", "TIMEOUT"},
	}),
	statements("mysql", mysqlLib, "mysql", byMysql, [][2]string{
		{"1048", "VALIDATION_FAILED"}, {"1054", "EXECUTION_FAILED"}, {"1062", "VALIDATION_FAILED"},
		{"1064", "EXECUTION_FAILED"}, {"1114", "RESOURCE_EXHAUSTED"}, {"1142", "AUTHENTICATION_ERROR"},
		{"1146", "EXECUTION_FAILED"}, {"1203", "RESOURCE_EXHAUSTED"}, {"1205", "TIMEOUT"},
		{"1213", "UNKNOWN_ERROR"}, {"1406", "VALIDATION_FAILED"}, {"3024", "TIMEOUT"},
	}),
	[]failing{
		{"pgx: refused", pgxLib, "NETWORK_ERROR", byPgx("closed", "app", "")},
		{"pgx: hung up", pgxLib, "NETWORK_ERROR", byPgx("hangsUp", "app", "")},
		{"pgx: no answer", pgxLib, "TIMEOUT", byPgx("silent", "app", "")},
		{"pgx: a wrong password", pgxLib, "AUTHENTICATION_ERROR", byPgx("postgres", "fail_28P01", "")},
		{"pgx: not in pg_hba.conf", pgxLib, "AUTHENTICATION_ERROR", byPgx("postgres", "fail_28000", "")},
		{"pgx: too many clients", pgxLib, "RESOURCE_EXHAUSTED", byPgx("postgres", "fail_53300", "")},
		{"pgx: no such database", pgxLib, "EXECUTION_FAILED", byPgx("postgres", "fail_3D000", "")},
		{"pgx: starting up", pgxLib, "NETWORK_ERROR", byPgx("postgres", "fail_57P03", "")},
		{"pq: refused", pqLib, "NETWORK_ERROR", byPq("closed", "app", "")},
		{"pq: a wrong password", pqLib, "AUTHENTICATION_ERROR", byPq("postgres", "fail_28P01", "")},
		{"pq: too many clients", pqLib, "RESOURCE_EXHAUSTED", byPq("postgres", "fail_53300", "")},
		{"mysql: refused", mysqlLib, "NETWORK_ERROR", byMysql("closed", "app", "")},
		{"mysql: no answer", mysqlLib, "TIMEOUT", byMysql("silent", "app", "")},
		{"mysql: another protocol", mysqlLib, "NETWORK_ERROR", byMysql("foreign", "app", "")},
		{"mysql: a wrong password", mysqlLib, "AUTHENTICATION_ERROR", byMysql("mysql", "fail_1045", "")},
		{"mysql: too many connections", mysqlLib, "RESOURCE_EXHAUSTED", byMysql("mysql", "fail_1040", "")},
		{"mysql: no such database", mysqlLib, "EXECUTION_FAILED", byMysql("mysql", "fail_1049", "")},
		{"sql: no rows", "go", "UNKNOWN_ERROR", noRows},
		{"sql: an unknown driver", "go", "EXECUTION_FAILED", bySQL("oracle", "", "")},
	},
)
