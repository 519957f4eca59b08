//go:build linux

package main

import (
	"fmt"
	"io/fs"
	"log/slog"
	"net/netip"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/disrust/disrust/batcher/forest"
	"github.com/disrust/disrust/client/tools/flags"
	"github.com/disrust/disrust/server"
	"github.com/disrust/disrust/server/cmd/disrust/internal/modelflag"
	"github.com/disrust/disrust/server/cmd/disrust/internal/notify"
	"github.com/disrust/disrust/server/cmd/disrust/internal/reload"
	"github.com/disrust/disrust/server/internal/listen"
)

// options are what the command line sets.
type options struct {
	cfg        server.Config
	model      string            // what --model says
	file       forest.Options    // for a model from a file
	fileFlags  []string          // flags that were given and are for such a model only
	hostOrPort bool              // --host or --port was given
	admin      string            // address of the admin port; empty: there is none
	oipHTTP    string            // where to serve the Open Inference Protocol over HTTP; empty: nowhere
	oipGRPC    string            // and over gRPC
	given      map[string]string // the value of each flag, for people
	watch      bool
	loaded     *reload.Model // what loadModel made of the file; nil: the model is built in
	plan       bool
	jsonLog    bool         // the log is JSON
	level      slog.Level   // of the lines that are logged, at least
	log        *slog.Logger // of the daemon itself: what somebody else can cause is bounded
	metrics    bool
	untilEOF   bool
	interval   time.Duration // between two lines of metrics
	manager    *notify.Manager
}

func defaults() *options {
	return &options{cfg: server.DefaultConfig(), model: builtIn, interval: 10 * time.Second}
}

// list returns all flags of the daemon. The parser, the checks, --help, the table in the
// README and the names in the server's errors come from this one list.
func (o *options) list() flags.List {
	c, allowed := &o.cfg, &server.Allowed
	return slices.Concat(flags.List{
		flags.New("host", flags.Text(&c.Host, "HOST"), "address or name to listen on; whether a network can reach it is your decision"),
		flags.New("port", whole(&c.Port, allowed.Port), "TCP port; 0: any free one"),
		flags.New("listen", addresses(&c.Listen), "where to listen instead of --host and --port; may be given again"),
		flags.New("unix-mode", permissions(&c.UnixMode), "permissions of the files of Unix sockets: who may write to the file may connect"),
		flags.New("share-port", flags.Toggle(&c.SharePort), "serve addresses that another disrust serves, beside it or in its place: a restart without a gap"),
		flags.New("allow", prefixes(&c.Allow), "TCP addresses that are served; the server closes connections from others on arrival; may be given again"),
		flags.New("proxy-protocol", prefixes(&c.ProxyProtocol), "addresses of balancers: each TCP connection from there must begin with a PROXY protocol header, which says who the peer is; may be given again"),

		flags.New("io", flags.Choice(&c.IO, "auto",
			option("auto", server.IOAuto), option("uring", server.IOUring), option("epoll", server.IOEpoll)),
			"how the threads reach the kernel; auto: by io_uring, or by epoll where io_uring is forbidden, absent or too old"),
		flags.New("io-threads", whole(&c.IOThreads, allowed.IOThreads), "threads that own connections; 0: half of the CPUs, or all but one for a costly model scored inline"),
		flags.New("batch-threads", flags.Choice(&c.BatchThreads, "auto",
			option("auto", server.Auto), option("0", server.Inline), option("1", server.Dedicated)),
			"threads that only score; 0: each I/O thread scores its own requests; auto: 1 for a costly model beside a single I/O thread"),
		flags.New("wait", flags.Choice(&c.Wait, "auto",
			option("auto", server.WaitAuto), option("spin", server.WaitSpin), option("yield", server.WaitYield), option("block", server.WaitBlock)),
			"how threads wait for work; auto: they poll for as long as that has paid off lately, then sleep"),
		flags.New("pin", flags.Toggle(&c.Pin), "bind each thread to a CPU; more threads than CPUs share them in turn"),

		flags.New("model", flags.Custom(&o.model, builtIn+"|FILE|NAME=FILE", "the built-in model "+builtIn+", or a model's file as FILE or NAME=FILE", namesFile, same),
			"the model to serve: built in, or from a file of LightGBM, XGBoost, CatBoost or ONNX; NAME, or the file's name without its extension, is what clients may ask for"),
		flags.New("dim", whole(&c.Dim, allowed.Dim), "features per vector; 0: the model's, or 128 if the model takes any"),
	}, modelflag.Flags(&o.file), flags.List{
		flags.New("watch", flags.Toggle(&o.watch), "reload the model's file when it changes, or when a symbolic link on the way to it does"),
		flags.New("max-vectors", whole(&c.MaxVectors, allowed.MaxVectors), "vectors per request, at most"),

		flags.New("pool-mib", flags.Scaled(&c.PoolBytes, 1<<20, (allowed.PoolBytes.Low+1<<20-1)>>20, allowed.PoolBytes.High>>20), "MiB of vectors in flight, per I/O thread"),
		flags.New("request-ring", flags.PowerOfTwo(&c.RequestRing, allowed.RequestRing.Low, allowed.RequestRing.High), "requests in flight, over all I/O threads"),
		flags.New("response-ring", flags.PowerOfTwo(&c.ResponseRing, allowed.ResponseRing.Low, allowed.ResponseRing.High), "requests in flight, per I/O thread"),
		flags.New("max-conns", whole(&c.MaxConns, allowed.MaxConns), "connections at once; the server closes more of them on arrival"),

		flags.New("request-timeout", period(&c.RequestTimeout, allowed.RequestTimeout), "how long a peer may take to finish a request or hello that it has begun to send, and a balancer to send its PROXY header; 0: for ever"),
		flags.New("idle-timeout", period(&c.IdleTimeout, allowed.IdleTimeout), "how long a peer that has all its answers may send nothing; 0: for ever"),
		flags.New("max-conn-age", period(&c.MaxConnAge, allowed.MaxConnAge), "how old a connection may be, a tenth more or less, before the server ends it as in a drain; 0: any age"),
		flags.New("drain-delay", period(&c.DrainDelay, allowed.DrainDelay), "how long to serve and accept after SIGTERM, no longer ready, before the drain begins"),
		flags.New("drain-spread", period(&c.DrainSpread, allowed.DrainSpread), "how long a drain takes to tell all connections, evenly, so that clients do not all connect elsewhere at once"),
		flags.New("drain-timeout", period(&c.DrainTimeout, allowed.DrainTimeout), "how long a drain may take, after --drain-delay and --drain-spread, before the server closes what is left"),

		flags.New("admin", address(&o.admin), "where to serve health, metrics, status and profiles over HTTP, to whoever can reach it; nowhere unless given"),
		flags.New("oip-http", address(&o.oipHTTP), "where to serve the Open Inference Protocol over HTTP, for tools that speak it; nowhere unless given"),
		flags.New("oip-grpc", address(&o.oipGRPC), "where to serve the Open Inference Protocol over gRPC; nowhere unless given"),
		flags.New("metrics", flags.Toggle(&o.metrics), "print a line of metrics on standard output regularly"),
		flags.New("metrics-interval", flags.Duration(&o.interval, time.Millisecond, maxInterval), "time between two lines of metrics"),
		flags.New("log-format", flags.Choice(&o.jsonLog, "text", option("text", false), option("json", true)),
			"what a line on standard error is; json: an object with time, level and msg, for a program"),
		flags.New("log-level", flags.Choice(&o.level, "info",
			option("debug", slog.LevelDebug), option("info", slog.LevelInfo), option("warn", slog.LevelWarn), option("error", slog.LevelError)),
			"which lines are logged: those of this level and above; the ready line is of info"),
		flags.New("until-eof", flags.Toggle(&o.untilEOF), "drain and end when standard input ends: with the program that holds the other end of a pipe, however that program ends"),
		flags.New("plan", flags.Toggle(&o.plan), "print the memory that these flags take, as disrust plan does, and end"),
	})
}

func whole(to *int, allowed server.Range[int]) flags.Value {
	return flags.Int(to, allowed.Low, allowed.High)
}

func period(to *time.Duration, allowed server.Range[time.Duration]) flags.Value {
	return flags.Duration(to, allowed.Low, allowed.High)
}

const maxInterval = 1000 * time.Hour

func option[T any](name string, value T) flags.Option[T] {
	return flags.Option[T]{Name: name, Value: value}
}

// prefixes is the value of a flag that appends ranges of addresses each time it is given.
func prefixes(to *[]netip.Prefix) flags.Value {
	const allowed = "addresses and ranges of them with commas between, such as 192.168.1.7,10.0.0.0/8"
	return flags.Custom(to, "CIDR,...", allowed, func(s string) ([]netip.Prefix, error) {
		all := *to
		for each := range strings.SplitSeq(s, ",") {
			prefix, err := netip.ParsePrefix(each)
			if addr, e := netip.ParseAddr(each); e == nil && addr.Zone() == "" {
				prefix, err = netip.PrefixFrom(addr.Unmap(), addr.Unmap().BitLen()), nil
			}
			if err != nil {
				return nil, flags.ErrNotAllowed
			}
			all = append(all, prefix)
		}
		return all, nil
	}, func(all []netip.Prefix) string { return list(all, netip.Prefix.String) })
}

// addresses is the value of a flag that appends one address to listen on each time it is
// given.
func addresses(to *[]string) flags.Value {
	return flags.Custom(to, "ADDR", allowedAddresses, func(s string) ([]string, error) {
		if err := listen.Check(s); err != nil {
			return nil, err
		}
		return append(*to, s), nil
	}, func(all []string) string { return list(all, same) })
}

// list writes values with commas between.
func list[T any](all []T, write func(T) string) string {
	var words []string
	for _, v := range all {
		words = append(words, write(v))
	}
	return strings.Join(words, ",")
}

// address is the value of a flag for one address to listen on.
func address(to *string) flags.Value {
	return flags.Custom(to, "ADDR", allowedAddresses, func(s string) (string, error) { return s, listen.Check(s) }, same)
}

const allowedAddresses = "host:port or unix:PATH"

func namesFile(s string) (string, error) {
	if _, file := modelflag.Split(s); file == "" {
		return "", flags.ErrNotAllowed
	}
	return s, nil
}

func same(s string) string { return s }

// permissions is the value of a flag for a file's mode.
func permissions(to *fs.FileMode) flags.Value {
	return flags.Custom(to, "MODE", "octal digits from 0 to 0777, such as 0660", func(s string) (fs.FileMode, error) {
		mode, err := strconv.ParseUint(s, 8, 32)
		if err != nil || mode > uint64(fs.ModePerm) {
			return 0, flags.ErrNotAllowed
		}
		return fs.FileMode(mode), nil
	}, func(mode fs.FileMode) string { return fmt.Sprintf("%04o", uint32(mode)) })
}

// flagOf returns the flag that sets a field of the Config, or nil. A flag sets the field
// that its value points to.
func (o *options) flagOf(field string) *flags.Flag {
	f := reflect.ValueOf(&o.cfg).Elem().FieldByName(field)
	if !f.IsValid() {
		return nil
	}
	list := o.list()
	for i := range list {
		if list[i].Value.Target() == f.Addr().Interface() {
			return &list[i]
		}
	}
	return nil
}

// inFlags returns the flag that sets a field of the Config, and a value of that field as the
// flag writes it.
func (o *options) inFlags(field string, value any) (name, text string) {
	if field == "Model" || field == "ModelName" {
		return "--model", o.model
	}
	for _, p := range o.besides() {
		if field == p.field {
			return "--" + p.flag, p.addr
		}
	}
	f := o.flagOf(field)
	if f == nil {
		return field, fmt.Sprint(value)
	}
	return "--" + f.Name, f.Value.Format(value)
}
