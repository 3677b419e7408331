package main

import (
	"encoding/json"
	"fmt"
	"reflect"
	"time"

	"github.com/dlq-service/dlq/clients/go"
	rpccode "google.golang.org/genproto/googleapis/rpc/code"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
)

// call is a call of the generated stubs.
type call struct {
	Method        string          `json:"method"`
	Request       json.RawMessage `json:"request"`
	CancelAfterMs *int64          `json:"cancel_after_ms"`
}

func (c call) run(client *dlq.Client, timeoutMs *int64) (fields, error) {
	method := reflect.ValueOf(client.Stubs()).MethodByName(c.Method)
	if !method.IsValid() || method.Type().Out(0).Kind() != reflect.Pointer {
		return nil, fmt.Errorf("DlqService has no unary method %s", c.Method)
	}
	request := reflect.New(method.Type().In(1).Elem())
	if len(c.Request) > 0 {
		if err := protojson.Unmarshal(c.Request, request.Interface().(proto.Message)); err != nil {
			return nil, err
		}
	}
	ctx, cancel := within(timeoutMs)
	defer cancel()
	if c.CancelAfterMs != nil {
		time.AfterFunc(ms(*c.CancelAfterMs), cancel)
	}
	out := method.Call([]reflect.Value{reflect.ValueOf(ctx), request})
	if err, ok := out[1].Interface().(error); ok && err != nil {
		return errorFields(err), nil
	}
	options := protojson.MarshalOptions{UseProtoNames: true}
	response, err := options.Marshal(out[0].Interface().(proto.Message))
	if err != nil {
		return nil, err
	}
	return fields{"code": "OK", "response": json.RawMessage(response)}, nil
}

func errorFields(err error) fields {
	st := status.Convert(err)
	violations := []string{}
	values := fields{"code": rpccode.Code(st.Code()).String(), "message": st.Message()} //nolint:gosec // 0 to 16
	for _, detail := range st.Details() {
		switch d := detail.(type) {
		case *errdetails.ErrorInfo:
			values["reason"], values["domain"] = d.GetReason(), d.GetDomain()
		case *errdetails.RetryInfo:
			values["retry_after_ms"] = d.GetRetryDelay().AsDuration().Milliseconds()
		case *errdetails.BadRequest:
			for _, violation := range d.GetFieldViolations() {
				violations = append(violations, violation.GetField())
			}
		}
	}
	values["field_violations"] = violations
	return values
}
