package io.github.disrust;

import java.io.IOException;
import java.net.SocketAddress;
import java.util.List;

/** Connects to an address and exchanges hello and welcome. */
final class Dial {
    private static final String CLOSED_EARLY =
            "closed before its welcome: a version 1 server, a full one, or an address not allowed";

    private final Address addr;
    private final Config config;
    private final List<Call> done;
    private long end; // when the attempt has failed

    private Dial(Address addr, Config config, List<Call> done) {
        this.addr = addr;
        this.config = config;
        this.done = done;
    }

    /**
     * Returns a connection whose server has welcomed the client.
     *
     * @throws IOException that names the address, if it cannot be reached
     */
    static Transport dial(Address addr, Config config, List<Call> done) throws IOException {
        Dial d = new Dial(addr, config, done);
        return d.greet(d.connect());
    }

    private Transport connect() throws IOException {
        IOException failed = null;
        try {
            List<SocketAddress> places = addr.places();
            end = Clock.in(config.dialNanos);
            for (int left = places.size(); left > 0; left--) {
                try {
                    return connect(places.get(places.size() - left), (end - Clock.now()) / left);
                } catch (IOException e) {
                    failed = e;
                } catch (UnsupportedOperationException e) { // there are no Unix sockets on this system
                    failed = new IOException(e.getMessage(), e);
                }
            }
        } catch (IOException e) {
            failed = e;
        }
        throw new IOException(addr.text() + ": " + failed.getMessage(), failed);
    }

    private Transport connect(SocketAddress place, long nanos) throws IOException {
        long until = Clock.in(nanos);
        Transport t = new Transport(new Link(addr, config.expected(), done), place);
        try {
            while (!t.connected()) {
                if (Clock.now() >= until) {
                    throw new IOException("not connected in time");
                }
                t.await(until);
            }
            return t;
        } catch (IOException e) {
            t.close();
            throw e;
        }
    }

    private Transport greet(Transport t) {
        boolean welcome = false;
        try {
            t.send(); // the socket's buffer is empty, and has room for a hello
            while (t.link.model == null) {
                receive(t);
            }
            welcome = true;
            return t;
        } catch (IOException e) {
            throw new DisrustException.NoWelcome(addr.text(), CLOSED_EARLY + " (" + e.getMessage() + ")");
        } catch (Ended e) { // directly behind the welcome
            throw new DisrustException.NoWelcome(addr.text(), e.getMessage());
        } finally {
            if (!welcome) {
                t.close();
            }
        }
    }

    private void receive(Transport t) throws IOException, Ended {
        if (Clock.now() >= end) {
            throw new DisrustException.NoWelcome(addr.text(), "sent no welcome in time");
        }
        t.await(end);
        if (t.receive() < 0) {
            throw new DisrustException.NoWelcome(addr.text(), CLOSED_EARLY);
        }
        t.link.received();
    }
}
