// Package result stores and shows load runs. It writes a Run as JSON and reads it back, and
// writes it as CSV, as an HdrHistogram log and as a table for people.
//
// # JSON
//
// WriteJSON writes one object and ReadJSON reads it. Names are snake_case with the unit last:
// _nanos, _bytes, _requests_per_second. Names are stable: within a format_version a name keeps
// its meaning. New names may be added, and ReadJSON skips names that it does not know. It
// refuses every other format_version.
//
// A measurement has intervals and a total. A sweep instead has steps, each with a total.
// Figures that were not measured are absent, with two exceptions: the figures of a
// distribution with a count of 0 are 0, and so are parameters that do not apply to a run.
//
// In an open loop, "latency" counts from the moment a request was due (corrected for
// coordinated omission), and "service" from the moment it was written (uncorrected). A closed
// loop has only "latency", from the moment a request was written. Each has the figures that
// people read, and histogram_hdr: the histogram of nanoseconds in HdrHistogram's standard
// text, which is base64 of the compressed V2 encoding. With any HdrHistogram library you can
// thus merge files and compare them at any percentile.
//
// A run that reconnects has errors in its intervals and its total: what went wrong without
// ending the run.
//
// A total names its lagged_figures: the generator's own lag is a large part of them. A step
// has slo_latency_lagged if its latency at the bound is such a figure. A run that failed has
// what was measured before, and its errors.
//
// # CSV
//
// WriteCSV writes a line of names, then a line for each interval or step. The names are those
// of JSON, joined by underscores: latency_p99_9_nanos. Cells hold plain numbers. A cell
// without a figure is empty. New columns may be added on the right.
//
//	start_nanos length_nanos requests vectors rate_requests_per_second
//	latency_count latency_p50_nanos ... latency_p99_999_nanos latency_max_nanos latency_mean_nanos
//	service_... and lag_... likewise
//
// A sweep's lines go on with asked_rate_requests_per_second conns slo_latency_nanos kept, and
// those of a run that reconnects with errors_requests errors_lost_connections errors_reconnects.
// The next column is error: a run that failed has a last line that holds nothing else. WriteCSVs
// adds a last column, run, with the run's name.
//
// # HdrHistogram log
//
// WriteHDR writes the interval log, format 1.3, which the tools of every HdrHistogram library
// read. Lines without a tag are the latency of JSON; lines with the tag "uncorrected" are an open
// loop's service. Comments at the head have the run's errors.
package result
