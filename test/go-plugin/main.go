// A plugin written against hashicorp/go-plugin, as its authors would: plugin protocol 1 and nothing of this project's
// own code. It answers texts in capitals, once and in sessions, and prints what the parameter `print` says.
package main

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"aiservice.test/go-plugin/wire"
	"github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"
)

const (
	dataText     = 0
	statusOnce   = 3
	messageLimit = 64 << 20
	refused      = 4242
)

const schema = `{
  "meta": {
    "serviceId": "capitals", "version": "1.0", "route": "/v1/private/capitals",
    "capitals": {"input": {"text": {"dataType": "text"}, "txt": {"dataType": "text"}}, "accept": {"result": {"dataType": "text"}}}
  },
  "schemainput": {"type": "object"},
  "schemaoutput": {"type": "object"}
}`

type wrapper struct {
	wire.UnimplementedWrapperServiceServer
	results chan *wire.Response
}

func (w *wrapper) WrapperInit(_ context.Context, request *wire.InitRequest) (*wire.Ret, error) {
	fmt.Println("wrapperInit greets", request.Config["greeting"])
	return &wire.Ret{}, nil
}

func (w *wrapper) WrapperSchema(context.Context, *wire.SvcId) (*wire.Schema, error) {
	return &wire.Schema{Data: schema}, nil
}

func (w *wrapper) Communicate(stream grpc.BidiStreamingServer[wire.Request, wire.Response]) error {
	for {
		select {
		case result := <-w.results:
			if err := stream.Send(result); err != nil {
				return err
			}
		case <-stream.Context().Done():
			return nil
		}
	}
}

func (w *wrapper) WrapperOnceExec(_ context.Context, request *wire.Request) (*wire.Response, error) {
	if text, ok := request.Params["print"]; ok {
		fmt.Print(text)
		fmt.Fprint(os.Stderr, text)
	}
	if len(request.List) == 0 {
		return &wire.Response{Ret: refused}, nil
	}
	w.answer(request.Tag, request.List[0], statusOnce)
	return &wire.Response{}, nil
}

func (w *wrapper) WrapperCreate(_ context.Context, request *wire.CreateRequest) (*wire.Handle, error) {
	return &wire.Handle{Handle: "session of " + request.Tag}, nil
}

func (w *wrapper) WrapperWrite(_ context.Context, message *wire.WriteMessage) (*wire.Ret, error) {
	for _, data := range message.Req.List {
		w.answer(message.Req.Tag, data, data.Status)
	}
	return &wire.Ret{}, nil
}

func (w *wrapper) WrapperDestroy(_ context.Context, handle *wire.Handle) (*wire.Ret, error) {
	fmt.Println("destroyed", handle.Handle)
	return &wire.Ret{}, nil
}

func (w *wrapper) answer(tag string, data *wire.RequestData, status uint32) {
	text := []byte(strings.ToUpper(string(data.Data)))
	result := &wire.ResponseData{Key: "result", Type: dataText, Status: status, Data: text, Len: uint64(len(text))}
	w.results <- &wire.Response{Tag: tag, List: []*wire.ResponseData{result}}
}

type wrapperPlugin struct {
	plugin.NetRPCUnsupportedPlugin
}

func (wrapperPlugin) GRPCServer(_ *plugin.GRPCBroker, server *grpc.Server) error {
	wire.RegisterWrapperServiceServer(server, &wrapper{results: make(chan *wire.Response, 64)})
	return nil
}

func (wrapperPlugin) GRPCClient(context.Context, *plugin.GRPCBroker, *grpc.ClientConn) (any, error) {
	return nil, fmt.Errorf("this program is a plugin, not a host")
}

func main() {
	// go-plugin puts its own files here while it serves.
	stderr := os.Stderr
	plugin.Serve(&plugin.ServeConfig{
		HandshakeConfig: plugin.HandshakeConfig{
			ProtocolVersion:  1,
			MagicCookieKey:   "BASIC_PLUGIN",
			MagicCookieValue: "hello",
		},
		Plugins: map[string]plugin.Plugin{"wrapper": wrapperPlugin{}},
		GRPCServer: func(options []grpc.ServerOption) *grpc.Server {
			return grpc.NewServer(append(options, grpc.MaxRecvMsgSize(messageLimit))...)
		},
	})
	// Stands for the time that giving back a model takes.
	time.Sleep(200 * time.Millisecond)
	// Reached when the controller was asked to shut down, not when a signal ended the process.
	fmt.Fprintln(stderr, "the Go plugin ended in order")
}
