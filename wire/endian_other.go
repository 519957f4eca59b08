//go:build !(386 || amd64 || arm || arm64 || loong64 || mips64le || mipsle || ppc64le || riscv64 || wasm)

package wire

// littleEndian is false on big-endian machines and on those not known yet: the
// portable loops are slower there, never wrong.
const littleEndian = false
