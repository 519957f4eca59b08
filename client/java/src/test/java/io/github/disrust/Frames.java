package io.github.disrust;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/** Writes what a server sends. */
final class Frames {
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

    private ByteBuffer room(int size) {
        return ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
    }

    Frames welcome(int status, int dim, int outputs, int maxVectors, String name, String sentence) {
        byte[] n = name.getBytes(StandardCharsets.UTF_8);
        byte[] s = sentence.getBytes(StandardCharsets.UTF_8);
        int size = (55 + n.length + s.length + 3) & ~3;
        ByteBuffer b = room(8 + size).put("DIS2".getBytes(StandardCharsets.US_ASCII)).putShort((short) 2).putShort((short) size);
        b.putShort((short) status).putShort((short) 0).putInt(dim).putInt(outputs).putInt(1).putInt(maxVectors).put(new byte[32]);
        b.put((byte) n.length).put(n).putShort((short) s.length).put(s);
        bytes.writeBytes(b.array());
        return this;
    }

    Frames words(int... words) {
        ByteBuffer b = room(4 * words.length);
        for (int word : words) {
            b.putInt(word);
        }
        bytes.writeBytes(b.array());
        return this;
    }

    Frames notice(int type, byte[] payload) {
        words(Wire.NOTICE | type, payload.length);
        bytes.writeBytes(payload);
        return this;
    }

    byte[] bytes() {
        return bytes.toByteArray();
    }
}
