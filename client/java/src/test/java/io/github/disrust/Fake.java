package io.github.disrust;

import java.io.DataInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** A server of few lines, which does what a test says. */
final class Fake implements AutoCloseable {
    private final ServerSocket listener = new ServerSocket(0, 9, InetAddress.getLoopbackAddress());
    private final int dim;

    /** What it does on a connection after the welcome. */
    interface Script {
        void play(Socket socket, DataInputStream in) throws Exception;
    }

    Fake(int dim, Script script) throws IOException {
        this.dim = dim;
        Thread t = new Thread(() -> serve(script));
        t.setDaemon(true);
        t.start();
    }

    String addr() {
        return "127.0.0.1:" + listener.getLocalPort();
    }

    private void serve(Script script) {
        while (!listener.isClosed()) {
            try (Socket socket = listener.accept()) {
                DataInputStream in = new DataInputStream(socket.getInputStream());
                in.readNBytes(littleEndian(in.readNBytes(8)).getShort(6));
                socket.getOutputStream().write(new Frames().welcome(0, dim, 1, 64, "", "").bytes());
                script.play(socket, in);
            } catch (Exception e) { // the test sees what comes of it
                Thread.yield();
            }
        }
    }

    static ByteBuffer littleEndian(byte[] bytes) {
        return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    /** Reads requests until there are no more. Returns how many there were, one that is not whole included. */
    static int readRequests(DataInputStream in, int dim) throws IOException {
        int count = 0;
        for (byte[] word = in.readNBytes(4); word.length > 0; word = in.readNBytes(4)) {
            count++;
            in.readNBytes(word.length < 4 ? 0 : littleEndian(word).getInt() * dim * 4);
        }
        return count;
    }

    /** Answers requests with the sums of their rows until there are no more. */
    static void sum(Socket socket, DataInputStream in, int dim) throws IOException {
        for (byte[] word = in.readNBytes(4); word.length == 4; word = in.readNBytes(4)) {
            int[] answer = new int[1 + littleEndian(word).getInt()];
            answer[0] = answer.length - 1;
            for (int k = 1; k < answer.length; k++) {
                float sum = 0;
                for (ByteBuffer row = littleEndian(in.readNBytes(4 * dim)); row.hasRemaining();) {
                    sum += row.getFloat();
                }
                answer[k] = Float.floatToRawIntBits(sum);
            }
            socket.getOutputStream().write(new Frames().words(answer).bytes());
        }
    }

    @Override
    public void close() throws IOException {
        listener.close();
    }
}
