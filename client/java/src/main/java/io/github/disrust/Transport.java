package io.github.disrust;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.nio.channels.ClosedSelectorException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;

/**
 * The socket of a link. No method waits but {@link #await}, which one thread at a time may call, without
 * the lock of the client.
 */
final class Transport {
    final Link link;
    private final SocketChannel channel;
    private final Selector selector;
    private final SelectionKey key;
    private boolean halfClosed;
    String broken; // why nothing more can be sent; null: it can
    boolean full; // the kernel has taken only a part of what was to be sent
    long heard; // when the server last sent something, or began to owe an answer

    /** Opens a socket and begins to connect it. */
    Transport(Link link, SocketAddress place) throws IOException {
        this.link = link;
        channel = place instanceof InetSocketAddress ? SocketChannel.open() : SocketChannel.open(StandardProtocolFamily.UNIX);
        Selector opened = null;
        try {
            if (place instanceof InetSocketAddress) {
                channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
            }
            channel.configureBlocking(false);
            opened = Selector.open();
            key = channel.register(opened, channel.connect(place) ? SelectionKey.OP_READ : SelectionKey.OP_CONNECT);
        } catch (IOException | RuntimeException e) {
            channel.close();
            if (opened != null) {
                opened.close();
            }
            throw e;
        }
        selector = opened;
    }

    /** Returns whether the socket is connected by now. */
    boolean connected() throws IOException {
        if (!channel.finishConnect()) {
            return false;
        }
        key.interestOps(SelectionKey.OP_READ);
        return true;
    }

    /** Waits until the socket is ready, another thread calls {@link #wakeUp} or {@link #close}, or the time has come. */
    void await(long until) throws IOException {
        try {
            long nanos = until == Clock.NEVER ? 0 : until - Clock.now();
            if (until == Clock.NEVER) {
                selector.select(k -> {});
            } else if (nanos <= 0) {
                selector.selectNow(k -> {});
            } else {
                selector.select(k -> {}, (nanos - 1) / 1_000_000 + 1);
            }
        } catch (ClosedSelectorException e) {
            throw new IOException("closed", e);
        }
    }

    void wakeUp() {
        selector.wakeup();
    }

    /** Receives into the link what is there, and returns how many bytes that is, or -1 after the last. */
    int receive() throws IOException {
        return channel.read(link.in);
    }

    /** Sends what the kernel takes of what waits. Returns whether it took something. */
    boolean send() {
        try {
            int taken = channel.write(link.unsent());
            link.sent();
            watchForRoom(link.unsent().hasRemaining());
            return taken > 0;
        } catch (IOException e) { // what the server sent before may still be there: receive finds it, and then the end
            broken = e.getMessage();
            watchForRoom(false);
            return false;
        }
    }

    private void watchForRoom(boolean wanted) {
        if (full != wanted) {
            full = wanted;
            key.interestOps(wanted ? SelectionKey.OP_READ | SelectionKey.OP_WRITE : SelectionKey.OP_READ);
            if (wanted) {
                selector.wakeup(); // so that a thread that waits waits for this, too
            }
        }
    }

    /** Tells the server that nothing more comes. */
    void halfClose() {
        if (!halfClosed) {
            halfClosed = true;
            try {
                channel.shutdownOutput();
            } catch (IOException e) { // the connection has ended, and receive will say how
                broken = e.getMessage();
            }
        }
    }

    void close() {
        try {
            channel.close();
            selector.close();
        } catch (IOException e) { // nothing can be done about it
            broken = e.getMessage();
        }
    }
}
