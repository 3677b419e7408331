// Package shipping sends parcels.
package shipping

import (
	"compress/gzip"
	"context"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"text/template"
	"time"

	"example.com/shop/billing/draw"
	"github.com/go-playground/validator/v10"
	"github.com/jackc/pgx/v5"
)

type Parcel struct {
	ID     string `validate:"uuid"`
	Weight int    `validate:"lte=30"`
	State  string `validate:"oneof=sent lost"`
	To     any    `validate:"-"`
}

func check(p Parcel) error { return validator.New().Struct(p) }

type carrierError struct {
	parcel string
	status int
	cause  error
}

func (e *carrierError) Error() string {
	return fmt.Sprintf("carrier refused parcel %s: HTTP %d", e.parcel, e.status)
}
func (e *carrierError) Unwrap() error { return e.cause }

func track(d draw.Draw, port string) error {
	ctx, cancel := context.WithTimeout(context.Background(), d.Wait())
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, "GET", fmt.Sprintf("http://track.internal:%s/parcels/%d", port, d.Order), nil)
	if err != nil {
		return err
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return fmt.Errorf("track parcel %d of %s: %w", d.Order, d.Email, err)
	}
	defer answer.Body.Close()
	if answer.StatusCode >= 400 {
		return &carrierError{d.UUID, answer.StatusCode, errors.New("no retry")}
	}
	return json.NewDecoder(answer.Body).Decode(&struct{ State string }{})
}

func print(port string) error {
	_, err := net.DialTimeout("tcp", "127.0.0.1:"+port, time.Second)
	return err
}

func query(d draw.Draw, text string, values ...any) error {
	ctx := context.Background()
	db, err := pgx.Connect(ctx, fmt.Sprintf("postgres://app@127.0.0.1:%s/postgres", draw.Port("POSTGRES")))
	if err != nil {
		return err
	}
	defer db.Close(ctx)
	var id int
	return db.QueryRow(ctx, text, values...).Scan(&id)
}

func name(p Parcel) error {
	_ = p.To.(string)
	return nil
}

func part(text string, at int) error {
	_ = text[at+100:]
	return nil
}

func closeTwice() error {
	done := make(chan int)
	close(done)
	close(done)
	return nil
}

func label(text string, value any) error {
	parsed, err := template.New("label").Option("missingkey=error").Parse(text)
	if err != nil {
		return err
	}
	return parsed.Execute(&strings.Builder{}, value)
}

func pack(d draw.Draw) error {
	return fmt.Errorf("parcel %s for %s weighs %.3f kg, over the limit", d.Token, d.Email, -d.Amount)
}

func route(d draw.Draw) error {
	return fmt.Errorf("no route to warehouse %d for %q", d.Customer, d.Name)
}

var Cases = []draw.Case{
	{Name: "parcel-id", Run: func(d draw.Draw) error { return check(Parcel{ID: d.Token, State: "sent"}) }},
	{Name: "parcel-weight", Run: func(d draw.Draw) error { return check(Parcel{ID: d.UUID, Weight: 30 + d.Order, State: "sent"}) }},
	{Name: "parcel-state", Run: func(d draw.Draw) error { return check(Parcel{ID: d.UUID, State: d.Status}) }},
	{Name: "track-500", Run: func(d draw.Draw) error { return track(d, draw.Port("500")) }},
	{Name: "track-401", Run: func(d draw.Draw) error { return track(d, draw.Port("401")) }},
	{Name: "track-timeout", Run: func(d draw.Draw) error { return track(d, draw.Port("HANG")) }},
	{Name: "track-refused", Run: func(d draw.Draw) error { return track(d, draw.Port("CLOSED")) }},
	{Name: "print-refused", Run: func(d draw.Draw) error { return print(draw.Port("CLOSED")) }},
	{Name: "query-no-rows", Run: func(d draw.Draw) error { return query(d, "select id from orders where id = $1", -d.Order) }},
	{Name: "query-no-column", Run: func(d draw.Draw) error { return query(d, "select weight from orders where id = $1", d.Order) }},
	{Name: "query-by-zero", Run: func(d draw.Draw) error { return query(d, "select $1::int / 0", d.Order) }},
	{Name: "query-arguments", Run: func(d draw.Draw) error { return query(d, "select $1::int", d.Order, d.Name) }},
	{Name: "name-type", Run: func(d draw.Draw) error { return name(Parcel{To: d.Order}) }},
	{Name: "name-nil", Run: func(d draw.Draw) error { return name(Parcel{ID: d.UUID}) }},
	{Name: "part", Run: func(d draw.Draw) error { return part(d.Name, d.Index) }},
	{Name: "close-twice", Run: func(draw.Draw) error { return closeTwice() }},
	{Name: "label-field", Run: func(d draw.Draw) error { return label("{{.Street}}", Parcel{ID: d.UUID}) }},
	{Name: "label-key", Run: func(d draw.Draw) error { return label("{{.street}}", map[string]int{"id": d.Order}) }},
	{Name: "duration", Run: func(d draw.Draw) error { _, err := time.ParseDuration(d.Word); return err }},
	{Name: "bool", Run: func(d draw.Draw) error { _, err := strconv.ParseBool(d.Word); return err }},
	{Name: "address", Run: func(d draw.Draw) error { _, err := netip.ParseAddr(d.UUID); return err }},
	{Name: "hex", Run: func(d draw.Draw) error { _, err := hex.DecodeString(d.Hash[:6] + "zz"); return err }},
	{Name: "csv-fields", Run: func(d draw.Draw) error {
		_, err := csv.NewReader(strings.NewReader(strings.Repeat("a,b\n", d.Index+1) + "1,2,3\n")).ReadAll()
		return err
	}},
	{Name: "csv-quote", Run: func(d draw.Draw) error {
		_, err := csv.NewReader(strings.NewReader(fmt.Sprintf("%d,a \"b\"\n", d.Order))).ReadAll()
		return err
	}},
	{Name: "xml", Run: func(d draw.Draw) error {
		return xml.Unmarshal([]byte(fmt.Sprintf("<parcel id='%d'><to></parcel>", d.Order)), &struct{}{})
	}},
	{Name: "gzip", Run: func(d draw.Draw) error { _, err := gzip.NewReader(strings.NewReader(d.UUID)); return err }},
	{Name: "marshal", Run: func(d draw.Draw) error { _, err := json.Marshal(map[string]any{d.Name: func() {}}); return err }},
	{Name: "exec-missing", Run: func(d draw.Draw) error { return exec.Command("/opt/labels/print", d.UUID).Run() }},
	{Name: "exec-exit", Run: func(d draw.Draw) error { return exec.Command("sh", "-c", "exit 3").Run() }},
	{Name: "exec-exit-1", Run: func(d draw.Draw) error { return exec.Command("sh", "-c", "exit 1").Run() }},
	{Name: "mkdir", Run: func(d draw.Draw) error { return os.Mkdir("/proc/labels/"+d.UUID, 0o755) }},
	{Name: "pack", Run: pack},
	{Name: "route", Run: route},
}
