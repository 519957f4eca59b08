/**
 * The client of disrust: scores rows of floats on one or several servers.
 *
 * <p>{@link io.github.disrust.Client} is the entry. It speaks version 2 of the protocol.
 */
package io.github.disrust;
