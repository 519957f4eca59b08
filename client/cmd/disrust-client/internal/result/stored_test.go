package result

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/disrust/disrust/client/drive/sample"
)

func stored(t testing.TB, r *Run) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := r.WriteJSON(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestJSON(t *testing.T) {
	for name, r := range map[string]*Run{"open": openLoop(t), "closed": closedLoop(t), "sweep": sweep(t), "restarted": restarted(t)} {
		got, err := ReadJSON(bytes.NewReader(stored(t, r)))
		if err != nil {
			t.Fatal(name, err)
		}
		r.Format = Format
		if !reflect.DeepEqual(got, r) {
			t.Errorf("%s: read back is\n%+v, not\n%+v", name, got, r)
		}
	}
}

// TestNames lists the names that other programs rely on.
func TestNames(t *testing.T) {
	var run struct {
		Format     int `json:"format_version"`
		Parameters map[string]any
		Intervals  []map[string]any
		Total      map[string]any
	}
	if err := json.Unmarshal(stored(t, openLoop(t)), &run); err != nil {
		t.Fatal(err)
	}
	if run.Format != 1 {
		t.Errorf("format_version is %d", run.Format)
	}
	want := map[string]map[string]any{
		"address conns window_requests mix dim rate_requests_per_second arrivals warmup_nanos duration_nanos": run.Parameters,
		"start_nanos length_nanos requests vectors rate_requests_per_second latency service lag":              run.Intervals[0],
		"start_nanos length_nanos requests vectors rate_requests_per_second latency service lag " +
			"busy_ratio generator_cpu_nanos valid": run.Total,
		"count p50_nanos p90_nanos p95_nanos p99_nanos p99_9_nanos p99_99_nanos p99_999_nanos max_nanos mean_nanos " +
			"histogram_hdr": run.Total["latency"].(map[string]any),
	}
	for names, object := range want {
		for _, name := range strings.Fields(names) {
			if _, found := object[name]; !found {
				t.Errorf("%s is missing", name)
			}
			delete(object, name)
		}
		if len(object) > 0 {
			t.Errorf("names not known here: %v", object)
		}
	}
}

func TestReadJSONRefuses(t *testing.T) {
	whole := string(stored(t, closedLoop(t)))
	steps := string(stored(t, sweep(t)))
	histogram := string(closedLoop(t).Total.Latency.Histogram)
	for name, c := range map[string]struct{ text, want string }{
		"nothing":       {"", "is no run of disrust-client: unexpected end of JSON input"},
		"other JSON":    {`{"a":1}`, "format_version is missing"},
		"newer":         {strings.Replace(whole, `"format_version": 1`, `"format_version": 2`, 1), "has format_version 2; this disrust-client reads 1"},
		"cut off":       {whole[:len(whole)/2], "is no run of disrust-client: unexpected end"},
		"two":           {whole + whole, "after top-level value"},
		"no total":      {`{"format_version": 1}`, "it needs either a total or a sweep"},
		"no latency":    {`{"format_version": 1, "total": {}}`, "total: latency is missing"},
		"no histogram":  {strings.ReplaceAll(whole, histogram, "AAAA"), "histogram_hdr is no HdrHistogram"},
		"wrong count":   {strings.ReplaceAll(whole, `"count": 1000`, `"count": 1001`), "count is 1001, but histogram_hdr holds 1000"},
		"knee too far":  {strings.Replace(steps, `"knee_step": 2`, `"knee_step": 4`, 1), "knee_step is 4 of 4 steps"},
		"other sweep":   {strings.Replace(steps, `"varied": "rate"`, `"varied": "dim"`, 1), `the sweep varied "dim", not rate or conns`},
		"wrong type":    {strings.Replace(whole, `"conns": 8`, `"conns": "8"`, 1), "is no run of disrust-client: json"},
		"step is wrong": {strings.Replace(steps, `"count": 1000`, `"count": 1`, 1), "step 0: count is 1"},
	} {
		if _, err := ReadJSON(strings.NewReader(c.text)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error is %v, want one with %q", name, err, c.want)
		}
	}
	newer := strings.Replace(whole, `"format_version"`, `"some_day": {"x": 1}, "format_version"`, 1)
	if _, err := ReadJSON(strings.NewReader(newer)); err != nil {
		t.Errorf("a name that came later is refused: %v", err)
	}
}

func TestCSV(t *testing.T) {
	for name, c := range map[string]struct {
		run   *Run
		lines int
	}{"open": {openLoop(t), 2}, "closed": {closedLoop(t), 1}, "sweep": {sweep(t), 4}} {
		var b bytes.Buffer
		if err := c.run.WriteCSV(&b); err != nil {
			t.Fatal(err)
		}
		rows, err := csv.NewReader(&b).ReadAll() // an error if lines differ in length
		if err != nil {
			t.Fatal(name, err)
		}
		if len(rows) != c.lines+1 {
			t.Fatalf("%s: %d lines after the names, want %d", name, len(rows)-1, c.lines)
		}
		first := map[string]string{}
		for i, column := range rows[0] {
			first[column] = rows[1][i]
		}
		want := map[string]string{"length_nanos": "1000000000", "requests": "1000", "latency_count": "1000"}
		switch name {
		case "open":
			want["start_nanos"], want["service_count"], want["lag_count"] = "0", "1000", "2"
		case "closed":
			want["service_count"], want["service_p99_9_nanos"], want["lag_max_nanos"] = "", "", ""
		case "sweep":
			want["start_nanos"], want["asked_rate_requests_per_second"], want["conns"], want["kept"] = "2000000000", "1000", "8", "true"
		}
		for column, value := range want {
			if got, found := first[column]; !found || got != value {
				t.Errorf("%s: %s is %q, want %q", name, column, got, value)
			}
		}
	}
}

func TestHDR(t *testing.T) {
	open, steps := openLoop(t), sweep(t)
	open.Command = "sustain\n#[BaseTime: 7"
	zero := open.Started.Add(time.Second)
	for name, c := range map[string]struct {
		run  *Run
		want []struct {
			tag  string
			from time.Time
		}
	}{
		"open": {open, []struct {
			tag  string
			from time.Time
		}{{"", zero}, {Uncorrected, zero}, {"", zero.Add(time.Second)}, {Uncorrected, zero.Add(time.Second)}}},
		"closed": {closedLoop(t), []struct {
			tag  string
			from time.Time
		}{{"", zero}}},
		"sweep": {steps, []struct {
			tag  string
			from time.Time
		}{
			{"", steps.Started.Add(2 * time.Second)}, {Uncorrected, steps.Started.Add(2 * time.Second)},
			{"", steps.Started.Add(4 * time.Second)}, {Uncorrected, steps.Started.Add(4 * time.Second)},
			{"", steps.Started.Add(6 * time.Second)}, {Uncorrected, steps.Started.Add(6 * time.Second)},
			{"", steps.Started.Add(8 * time.Second)}, {Uncorrected, steps.Started.Add(8 * time.Second)},
		}},
	} {
		var b bytes.Buffer
		if err := c.run.WriteHDR(&b); err != nil {
			t.Fatal(name, err)
		}
		reader := hdrhistogram.NewHistogramLogReader(&b)
		for i, want := range c.want {
			h, err := reader.NextIntervalHistogram()
			if err != nil || h == nil {
				t.Fatalf("%s: histogram %d: %v, %v", name, i, h, err)
			}
			if h.Tag() != want.tag || h.StartTimeMs() != want.from.UnixMilli() || h.EndTimeMs()-h.StartTimeMs() != 1000 {
				t.Errorf("%s: histogram %d is %q from %d to %d, want %q from %d for 1000",
					name, i, h.Tag(), h.StartTimeMs(), h.EndTimeMs(), want.tag, want.from.UnixMilli())
			}
			if h.TotalCount() != 1000 {
				t.Errorf("%s: histogram %d holds %d values", name, i, h.TotalCount())
			}
		}
		if h, err := reader.NextIntervalHistogram(); h != nil || err != nil {
			t.Errorf("%s: after the last comes %v, %v", name, h, err)
		}
	}
}

func TestCSVs(t *testing.T) {
	before, steps := openLoop(t), sweep(t)
	steps.Name = "steps"
	for name, c := range map[string]struct {
		runs []*Run
		want string
	}{
		"both":     {[]*Run{before, steps}, "before before steps steps steps steps"},
		"measured": {[]*Run{before}, "before before"},
	} {
		var b bytes.Buffer
		if err := WriteCSVs(&b, c.runs); err != nil {
			t.Fatal(err)
		}
		rows, err := csv.NewReader(&b).ReadAll()
		if err != nil {
			t.Fatal(name, err)
		}
		var names []string
		for _, row := range rows[1:] {
			names = append(names, row[len(row)-1])
		}
		if got := strings.Join(names, " "); got != c.want || rows[0][len(rows[0])-1] != "run" {
			t.Errorf("%s: runs are %q, want %q", name, got, c.want)
		}
	}
}

// TestErrorsInCSV: a run that reconnects has columns of errors, also beside runs that do not.
func TestErrorsInCSV(t *testing.T) {
	steps := sweep(t)
	for name, runs := range map[string][]*Run{"alone": {restarted(t)}, "mixed": {restarted(t), steps}} {
		var b bytes.Buffer
		err := WriteCSVs(&b, runs)
		rows, err2 := csv.NewReader(&b).ReadAll()
		if err != nil || err2 != nil {
			t.Fatal(name, err, err2)
		}
		for i, want := range []string{"0 0 0", "1512 8 7", "  "} {
			if 1+i == len(rows) {
				break
			}
			var got []string
			for at, column := range rows[0] {
				if slices.Contains([]string{"errors_requests", "errors_lost_connections", "errors_reconnects"}, column) {
					got = append(got, rows[1+i][at])
				}
			}
			if strings.Join(got, " ") != want {
				t.Errorf("%s: line %d has errors %q, want %q", name, i+1, got, want)
			}
		}
	}
}

// TestFailedIsStored: every stored form distinguishes a failed run from one that succeeded, also
// when nothing was measured.
func TestFailedIsStored(t *testing.T) {
	const says = "connection 3: closed after 12 of 76 responses,\n\"early\""
	failed, none, well := openLoop(t), openLoop(t), closedLoop(t)
	failed.Errors, none.Errors = []string{says}, []string{says}
	none.Intervals, none.Total = nil, NewTotal(sample.Total{Valid: true})
	for name, c := range map[string]struct {
		run   *Run
		lines int
	}{"failed": {failed, 2}, "none": {none, 0}} {
		read, err := ReadJSON(bytes.NewReader(stored(t, c.run)))
		if err != nil || len(read.Errors) != 1 || read.Errors[0] != says {
			t.Errorf("%s: JSON has %q, %v", name, read.Errors, err)
		}
		var log, table bytes.Buffer
		if err := c.run.WriteHDR(&log); err != nil || !strings.Contains(log.String(), "\n#[error: connection 3: closed after 12 of 76 responses,\\n\"early\"]\n") {
			t.Errorf("%s: the log is %q, %v", name, log.String(), err)
		}
		if err := WriteCSVs(&table, []*Run{c.run, well}); err != nil {
			t.Fatal(name, err)
		}
		rows, err := csv.NewReader(&table).ReadAll()
		if err != nil || len(rows) != 1+c.lines+1+1 {
			t.Fatalf("%s: %d lines of CSV, %v", name, len(rows), err)
		}
		for i, row := range rows[1:] {
			told := row[len(row)-2]
			if last := i == c.lines; last != (told == says) || !last && told != "" || last && strings.Join(row, "") != says+"before" {
				t.Errorf("%s: line %d is %q", name, i+1, row)
			}
		}
	}
}

type brokenWriter struct{}

var errBroken = errors.New("broken")

func (brokenWriter) Write([]byte) (int, error) { return 0, errBroken }

func TestWriteErrors(t *testing.T) {
	r := openLoop(t)
	for name, err := range map[string]error{
		"json": r.WriteJSON(brokenWriter{}), "csv": r.WriteCSV(brokenWriter{}),
		"hdr": r.WriteHDR(brokenWriter{}), "text": r.WriteText(brokenWriter{}),
	} {
		if !errors.Is(err, errBroken) {
			t.Errorf("%s: a write that fails gives %v", name, err)
		}
	}
}
