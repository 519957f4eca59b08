package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/disrust/disrust/client/drive"
	"github.com/disrust/disrust/client/drive/sample"
	"github.com/disrust/disrust/client/tools/flags"
)

// verifications are the values of --verify, by drive.Verify.
var verifications = []flags.Option[drive.Verify]{
	{Name: "sum", Value: drive.BySum}, {Name: "replay", Value: drive.ByReplay}, {Name: "frame", Value: drive.ByFrame},
}

func (o *options) verifyName() string { return verifications[o.verify].Name }

// completeVerify fills in how the rows of a file are verified.
func (o *options) completeVerify(given map[string]bool) error {
	switch {
	case o.replay == "":
		return nil
	case given["verify"] && o.verify == drive.BySum:
		return errors.New("--verify sum knows the scores of generated rows; with --replay, replay or frame is allowed")
	case !given["verify"]:
		o.verify = drive.ByReplay
	}
	return nil
}

// otherVerifications ends a sentence about a server whose model is not sum.
const otherVerifications = "for any model, --verify replay compares with its scores before the run, and --verify frame checks only sizes"

// expect returns requests with the responses that --verify asks for. For replay it asks the
// server.
func (o *options) expect(ctx context.Context, requests *drive.Requests) (*drive.Requests, error) {
	switch o.verify {
	case drive.ByReplay:
		learnt, err := drive.Learn(ctx, o.load(requests))
		switch {
		case errors.Is(err, context.Canceled):
			return nil, reworded{"interrupted before the run", err}
		case err != nil:
			return nil, fmt.Errorf("before the run: %w", err)
		}
		return learnt, nil
	case drive.ByFrame:
		return requests.ByFrame(), nil
	}
	return requests, nil
}

// verified says what is known of the responses of a run that did not fail.
func (o *options) verified() string {
	switch o.verify {
	case drive.ByReplay:
		return "every response as before the run"
	case drive.ByFrame:
		return "every response of the right size, scores not verified"
	}
	return "every response right"
}

// drive runs the generator and adds the most likely cause to an error that came before the
// first response.
func (o *options) drive(ctx context.Context, cfg drive.Config) (sample.Total, error) {
	total, err := drive.Run(ctx, cfg)
	wrong, isWrong := errors.AsType[*drive.WrongScore](err)
	switch {
	case isWrong && wrong.Response == 1 && o.verify == drive.BySum && o.server.Model != "sum":
		err = fmt.Errorf("%w; %s; %s", err, o.notSum(), otherVerifications)
	case err != nil && !isWrong && o.protocol == 1 && total.Sent > 0 && total.Answered == 0:
		err = fmt.Errorf("%w (does the server have the same --dim and --max-vectors?)", err)
	}
	return total, err
}

func (o *options) notSum() string {
	if o.protocol == 1 {
		return fmt.Sprintf("the server does not serve sum, or not with --dim %d", o.format.Dim)
	}
	return fmt.Sprintf("the server does not serve sum but %q", o.server.Model)
}
