//go:build !amd64

package kernel

// lacks says what k needs and this processor lacks; "": nothing.
func lacks(k Kind) string {
	if k >= AVX2 {
		return "amd64"
	}
	return ""
}
