/* What the mock upstream and the load generator share: the clock, non-blocking sockets on loopback, and a bounded
 * search for one field of a JSON text that this harness itself wrote. Not a JSON parser. */
#ifndef BENCH_NET_H
#define BENCH_NET_H

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_S 1000000000ULL
#define TIMESTAMP_DIGITS 20 /* A content delta is the sender's clock in nanoseconds, so that any reader can age it. */

static inline uint64_t now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * NS_PER_S + (uint64_t)t.tv_nsec;
}

static inline void die(const char *what) {
    fprintf(stderr, "%s: %s\n", what, strerror(errno));
    exit(1);
}

static inline long argument(const char *text, const char *name, long low, long high) {
    char *end = NULL;
    errno = 0;
    long value = strtol(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0' || value < low || value > high) {
        fprintf(stderr, "%s must be a whole number from %ld to %ld\n", name, low, high);
        exit(2);
    }
    return value;
}

static inline struct sockaddr_in loopback(uint16_t port) {
    struct sockaddr_in address;
    memset(&address, 0, sizeof address);
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

/* Tokens are small writes: without this the kernel would hold them back to join them. */
static inline void no_delay(int fd) {
    int on = 1;
    if (setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0) die("TCP_NODELAY");
}

static inline void watch(int epoll, int operation, int fd, uint32_t events, void *owner) {
    struct epoll_event event = {.events = events, .data.ptr = owner};
    if (epoll_ctl(epoll, operation, fd, &event) != 0) die("epoll_ctl");
}

/* The text after `"name":` and any blanks, or NULL. `end` is one past the last byte that may be read. */
static inline const char *field(const char *text, const char *end, const char *name) {
    size_t size = strlen(name);
    while (text < end) {
        const char *hit = memmem(text, (size_t)(end - text), name, size);
        if (hit == NULL) return NULL;
        const char *at = hit + size;
        while (at < end && *at == ' ') at++;
        if (hit > text && hit[-1] == '"' && end - at >= 2 && at[0] == '"' && at[1] == ':') {
            at += 2;
            while (at < end && *at == ' ') at++;
            return at < end ? at : NULL;
        }
        text = hit + size;
    }
    return NULL;
}

/* The unsigned number at `at`, or `missing` where there is none. Stops at `end` and before any overflow. */
static inline uint64_t number(const char *at, const char *end, uint64_t missing) {
    if (at == NULL || at >= end || *at < '0' || *at > '9') return missing;
    uint64_t value = 0;
    for (; at < end && *at >= '0' && *at <= '9'; at++) {
        if (value > (UINT64_MAX - 9) / 10) return missing;
        value = value * 10 + (uint64_t)(*at - '0');
    }
    return value;
}

#endif
