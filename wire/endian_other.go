//go:build !(386 || amd64 || arm || arm64 || loong64 || mips64le || mipsle || ppc64le || riscv64 || wasm)

package wire

// littleEndian is false on big-endian machines and on machines that the list above lacks.
// The portable loops that run there are slower, and right for either byte order.
const littleEndian = false
