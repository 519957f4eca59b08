package readme

import "testing"

func TestReplace(t *testing.T) {
	const text = "a\n<!-- begin of x -->\nold\n<!-- end of x -->\nb\n"
	if got, err := replace(text, "x", "new\n"); err != nil || got != "a\n<!-- begin of x -->\nnew\n<!-- end of x -->\nb\n" {
		t.Errorf("%q, %v", got, err)
	}
	if got, err := replace(text, "x", "old\n"); err != nil || got != text {
		t.Errorf("what is right changes to %q, %v", got, err)
	}
	for _, broken := range []string{"", "<!-- begin of x -->\n", "<!-- end of x -->\n<!-- begin of x -->\n"} {
		if _, err := replace(broken, "x", ""); err == nil {
			t.Errorf("%q is accepted", broken)
		}
	}
}
