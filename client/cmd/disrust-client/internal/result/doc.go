// Package result is a load run as it is kept and told: a Run goes to JSON and
// back, to CSV, to the HdrHistogram log and to a table for people.
//
// # JSON
//
// WriteJSON writes one object, ReadJSON reads it. Names are snake_case with the
// unit last: _nanos, _bytes, _requests_per_second. They are stable: a name is
// never given another meaning within a format_version, new ones may come, and
// those unknown are skipped. ReadJSON refuses every other format_version.
//
// A measurement has intervals and a total; a sweep has steps, each with a
// total, instead. Whatever was not measured is absent, but for the figures of
// what has a count of 0: those are 0, as are parameters that a run has not. In
// an open loop "latency" runs from the moment a request was due (corrected for coordinated
// omission) and "service" from the moment it was written (uncorrected); a
// closed loop has "latency" alone, from the moment a request was written. Each
// carries the figures people read and its histogram_hdr: HdrHistogram's
// standard text, base64 of the compressed V2 encoding, of nanoseconds. Files
// can so be merged and compared at any percentile, by any HdrHistogram library.
//
// A total names its lagged_figures, of which the generator's own lag is a large
// part; a step whose latency at the bound is one has slo_latency_lagged. A run
// that failed has what was measured until then and its errors.
//
// # CSV
//
// WriteCSV writes a line of names, then a line for each interval or step. The
// names are those of JSON, joined by underscores: latency_p99_9_nanos. Cells
// hold plain numbers; one without a figure is empty. Columns may be added at
// the right.
//
//	start_nanos length_nanos requests vectors rate_requests_per_second
//	latency_count latency_p50_nanos ... latency_p99_999_nanos latency_max_nanos latency_mean_nanos
//	service_... and lag_... likewise
//
// A sweep's lines go on with asked_rate_requests_per_second conns
// slo_latency_nanos kept. Next comes error: a run that failed has a last line
// which holds nothing else. WriteCSVs ends each line with its run's name, in the
// column run.
//
// # HdrHistogram log
//
// WriteHDR writes the interval log, format 1.3, that the tools of every
// HdrHistogram library read. Lines are tagged "corrected" or "uncorrected". What
// failed is in comments at the head.
package result
