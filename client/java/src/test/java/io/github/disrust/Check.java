package io.github.disrust;

import java.util.Objects;

/** What tests demand. */
final class Check {
    private Check() {}

    static void that(boolean holds, String what) {
        if (!holds) {
            throw new AssertionError(what);
        }
    }

    static void same(Object want, Object got, String what) {
        that(Objects.equals(want, got), what + ": got " + got + ", want " + want);
    }
}
