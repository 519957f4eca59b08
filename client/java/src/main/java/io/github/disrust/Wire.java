package io.github.disrust;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;

/** The bytes of the protocol. wire/README.md of the repository is its specification. */
final class Wire {
    static final int PREAMBLE_BYTES = 8;
    static final int FAILURE = 0x8000_0000;
    static final int NOTICE = 0xC000_0000;
    static final int LOW_BITS = 0x3FFF_FFFF;
    static final int MODEL_ERROR = 1;
    static final int MODEL_PANIC = 2;
    static final int COUNT_DENIED = 3;
    static final int GOING_AWAY = 1;
    static final int ANOTHER_MODEL = 2;
    static final int IDENTITY_BYTES = 32;
    static final int LARGEST_NOTICE = 65_532;
    static final int LONGEST_NAME = 255;
    private static final int MAGIC = 0x3253_4944; // "DIS2"
    private static final int VERSION = 2;
    private static final int HELLO_BYTES = 17; // without the name
    private static final int WELCOME_BYTES = 53; // up to the size of the name

    private Wire() {}

    /** What a client states in its hello. 0 and "" state nothing. */
    record Expected(int dim, int outputs, int kind, int maxVectors, String model) {
        /** Returns the first message of a connection. */
        ByteBuffer hello() {
            byte[] name = model.getBytes(StandardCharsets.UTF_8);
            int size = (HELLO_BYTES + name.length + 3) & ~3;
            ByteBuffer b = ByteBuffer.allocate(PREAMBLE_BYTES + size).order(ByteOrder.LITTLE_ENDIAN);
            b.putInt(MAGIC).putShort((short) VERSION).putShort((short) size);
            b.putInt(dim).putInt(outputs).putInt(kind).putInt(maxVectors).put((byte) name.length).put(name);
            return b.rewind();
        }

        /** Says whether a welcome of this model may answer the hello. */
        boolean agrees(Model m) {
            return (dim == 0 || dim == m.dim()) && (outputs == 0 || outputs == m.outputs())
                    && (kind == 0 || kind == m.kind()) && maxVectors <= m.maxVectors();
        }
    }

    /** What a server answers to a hello. */
    record Welcome(int status, String sentence, Model model) {}

    /** Returns the size of the body of the welcome that begins at index {@code at}, or -1 if none does. */
    static int bodyBytes(ByteBuffer b, int at) {
        int size = Short.toUnsignedInt(b.getShort(at + 6));
        return b.getInt(at) == MAGIC && size % 4 == 0 && size > 0 ? size : -1;
    }

    /** Reads the body of a welcome, from the position of b to its limit. Returns null if it is malformed. */
    static Welcome welcome(ByteBuffer b) {
        if (b.remaining() < WELCOME_BYTES) {
            return null;
        }
        int status = Short.toUnsignedInt(b.getShort());
        b.getShort(); // flags
        int dim = b.getInt();
        int outputs = b.getInt();
        int kind = b.getInt();
        int maxVectors = b.getInt();
        String identity = identity(b);
        int nameBytes = Byte.toUnsignedInt(b.get());
        if (b.remaining() < nameBytes + 2) {
            return null;
        }
        String name = text(b, nameBytes);
        int sentenceBytes = Short.toUnsignedInt(b.getShort());
        if (b.remaining() < sentenceBytes) {
            return null;
        }
        String sentence = text(b, sentenceBytes);
        return new Welcome(status, sentence, new Model(name, dim, outputs, kind, maxVectors, identity));
    }

    /** Reads the identity of a model. */
    static String identity(ByteBuffer b) {
        byte[] identity = new byte[IDENTITY_BYTES];
        b.get(identity);
        return HexFormat.of().formatHex(identity);
    }

    /** Reads a text from another machine: what is not UTF-8 is replaced, and control characters are escaped. */
    private static String text(ByteBuffer b, int size) {
        byte[] bytes = new byte[size];
        b.get(bytes);
        StringBuilder clean = new StringBuilder();
        new String(bytes, StandardCharsets.UTF_8).codePoints().forEach(c -> {
            int type = Character.getType(c);
            if (type == Character.CONTROL || type == Character.FORMAT || type == Character.LINE_SEPARATOR
                    || type == Character.PARAGRAPH_SEPARATOR) {
                clean.append(String.format("\\x%02x", c));
            } else {
                clean.appendCodePoint(c);
            }
        });
        return clean.toString();
    }
}
