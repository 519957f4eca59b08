//go:build !(386 || amd64 || arm || arm64 || loong64 || mips64le || mipsle || ppc64le || riscv64 || wasm)

package wire

// littleEndian is false on big-endian machines and on machines that are not known yet.
// There the portable loops are used: slower, but right.
const littleEndian = false
