/* fault: how the world may fail us (dial, TLS, disk, memory). A function that can fail for such a reason returns one;
 * 0 is success. A refusal of the trade is a reason (protocol/message/reason), a bug is a check. */
#pragma once

#define FAULTS(X)                                                                                                      \
    X(NONE, "no fault")                                                                                                \
    X(MEMORY, "out of memory")                                                                                         \
    X(SYSTEM, "system call failed")                                                                                    \
    X(DESCRIPTORS, "out of file descriptors")                                                                          \
    X(TIMEOUT, "deadline passed")                                                                                      \
    X(CONNECT, "connection failed")                                                                                    \
    X(TLS, "TLS handshake or certificate failed")                                                                      \
    X(NAME, "name not resolved")                                                                                       \
    X(ADDRESS, "address not allowed")                                                                                  \
    X(CLOSED, "peer closed the connection")                                                                            \
    X(RESET, "connection reset")                                                                                       \
    X(PROTOCOL, "malformed message")                                                                                   \
    X(TOO_LARGE, "over a size limit")                                                                                  \
    X(FULL, "queue or table full")                                                                                     \
    X(DISK, "disk write or flush failed")                                                                              \
    X(DISK_FULL, "disk or map full")                                                                                   \
    X(CORRUPT, "stored data damaged")                                                                                  \
    X(VERSION, "stored data of a newer version")                                                                       \
    X(IN_USE, "in use by another process")                                                                             \
    X(NOT_FOUND, "not found")                                                                                          \
    X(INPUT, "unusable input")                                                                                         \
    X(CANCELLED, "given up by the caller")                                                                             \
    X(TAKEN, "someone else was first")

enum fault {
#define X(name, text) FAULT_##name,
    FAULTS(X)
#undef X
};

#define MUST_USE __attribute__((warn_unused_result))

const char *fault_text(enum fault fault);
