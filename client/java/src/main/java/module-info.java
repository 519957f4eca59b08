/** The client of disrust, which needs the JDK alone. */
module io.github.disrust {
    exports io.github.disrust;
}
