package io.github.disrust;

/** The calls whose threads are parked, longest first. */
final class Parked {
    private Call first;
    private Call last;

    void add(Call call) {
        call.previous = last;
        call.next = null;
        if (last == null) {
            first = call;
        } else {
            last.next = call;
        }
        last = call;
    }

    void remove(Call call) {
        if (call.previous == null) {
            first = call.next;
        } else {
            call.previous.next = call.next;
        }
        if (call.next == null) {
            last = call.previous;
        } else {
            call.next.previous = call.previous;
        }
        call.next = call.previous = null;
    }

    /** Returns a call that is not over, or null. */
    Call open() {
        Call call = first;
        while (call != null && call.over) {
            call = call.next;
        }
        return call;
    }
}
