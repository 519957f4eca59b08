//! Floats and their bytes. On a little-endian machine the compiler makes each loop one copy of memory.

/// Appends floats as the protocol has them.
pub(crate) fn append(out: &mut Vec<u8>, floats: &[f32]) {
    let begin = out.len();
    out.resize(begin + 4 * floats.len(), 0);
    for (bytes, float) in out[begin..].chunks_exact_mut(4).zip(floats) {
        bytes.copy_from_slice(&float.to_bits().to_le_bytes());
    }
}

/// Reads as many floats as there is room for. bytes holds them all.
pub(crate) fn read(floats: &mut [f32], bytes: &[u8]) {
    for (float, bytes) in floats.iter_mut().zip(bytes.chunks_exact(4)) {
        *float = f32::from_bits(u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]));
    }
}
