/* Reads one HTTP/1.1 response as it arrives and hands its body on line by line, wherever reads and chunks were cut.
 * Every buffer is bounded: a head, a line or a chunk size that does not fit makes the response broken. */
#ifndef BENCH_RESPONSE_H
#define BENCH_RESPONSE_H

#include "net.h"

#include <stdbool.h>
#include <stddef.h>
#include <strings.h>

#define LINE_BYTES_MAX 65536
#define SIZE_BYTES_MAX 64

typedef enum { HEAD, SIZED, CHUNK_SIZE, CHUNK, CHUNK_END, TRAILER, UNTIL_CLOSE, COMPLETE, BROKEN } Part;

typedef struct {
    Part part;
    int status;
    bool closes; /* The server will hang up after this response. */
    uint64_t left;
    size_t size_bytes, line_bytes;
    char size[SIZE_BYTES_MAX]; /* A chunk's size line, or a line of the trailer, so far. */
    char line[LINE_BYTES_MAX]; /* The head, later a line of the body, so far. */
} Response;

typedef void (*LineReader)(void *context, const char *line, const char *end);

static void begin(Response *response) {
    response->part = HEAD;
    response->status = 0;
    response->closes = false;
    response->left = 0;
    response->size_bytes = response->line_bytes = 0;
}

static bool keep(Response *response, const char *bytes, size_t size) {
    if (size > LINE_BYTES_MAX - response->line_bytes) return false;
    memcpy(response->line + response->line_bytes, bytes, size);
    response->line_bytes += size;
    return true;
}

/* Lines that lie whole in what was read are handed on where they are; only cut ones are copied. */
static bool take_body(Response *response, const char *bytes, size_t size, LineReader read_line, void *context) {
    const char *end = bytes + size;
    while (bytes < end) {
        const char *newline = memchr(bytes, '\n', (size_t)(end - bytes));
        if (newline == NULL) return keep(response, bytes, (size_t)(end - bytes));
        if (response->line_bytes == 0) {
            read_line(context, bytes, newline);
        } else {
            if (!keep(response, bytes, (size_t)(newline - bytes))) return false;
            read_line(context, response->line, response->line + response->line_bytes);
            response->line_bytes = 0;
        }
        bytes = newline + 1;
    }
    return true;
}

static void complete(Response *response, LineReader read_line, void *context) {
    if (response->line_bytes > 0) read_line(context, response->line, response->line + response->line_bytes);
    response->line_bytes = 0;
    response->part = COMPLETE;
}

static void read_header(Response *response, const char *line, size_t size) {
    static const char length[] = "content-length:", coding[] = "transfer-encoding:", connection[] = "connection:";
    if (size > sizeof length - 1 && strncasecmp(line, length, sizeof length - 1) == 0) {
        const char *at = line + sizeof length - 1;
        while (at < line + size && *at == ' ') at++;
        response->left = number(at, line + size, 0);
        if (response->part == UNTIL_CLOSE) response->part = SIZED;
    } else if (size > sizeof coding - 1 && strncasecmp(line, coding, sizeof coding - 1) == 0) {
        if (memmem(line, size, "chunked", 7) != NULL) response->part = CHUNK_SIZE;
    } else if (size > sizeof connection - 1 && strncasecmp(line, connection, sizeof connection - 1) == 0) {
        if (memmem(line, size, "close", 5) != NULL) response->closes = true;
    }
}

/* The head lies complete in `line`, `size` bytes with its blank line. */
static void read_head(Response *response, size_t size) {
    const char *head = response->line, *end = head + size;
    response->part = BROKEN;
    if (size < 12 || memcmp(head, "HTTP/1.", 7) != 0) return;
    response->status = (int)number(head + 9, head + 12, 0);
    response->part = UNTIL_CLOSE;
    while (head < end) {
        const char *newline = memchr(head, '\n', (size_t)(end - head));
        if (newline == NULL) break;
        read_header(response, head, (size_t)(newline - head));
        head = newline + 1;
    }
    if (response->part == UNTIL_CLOSE) response->closes = true;
}

/* Adds to the head until its blank line. Returns how many of the bytes belonged to it. */
static size_t take_head(Response *response, const char *bytes, size_t size) {
    size_t had = response->line_bytes;
    if (!keep(response, bytes, size)) {
        response->part = BROKEN;
        return size;
    }
    const char *blank = memmem(response->line, response->line_bytes, "\r\n\r\n", 4);
    if (blank == NULL) return size;
    size_t head_bytes = (size_t)(blank - response->line) + 4;
    read_head(response, head_bytes);
    response->line_bytes = 0;
    return head_bytes - had;
}

/* Takes one line of the chunked framing: a size, or the trailer's. Returns how many bytes belonged to it. */
static size_t take_framing(Response *response, const char *bytes, size_t size) {
    const char *newline = memchr(bytes, '\n', size);
    size_t used = newline == NULL ? size : (size_t)(newline - bytes) + 1;
    if (used > SIZE_BYTES_MAX - 1 - response->size_bytes) {
        response->part = BROKEN;
        return used;
    }
    memcpy(response->size + response->size_bytes, bytes, used);
    response->size_bytes += used;
    if (newline == NULL) return used;
    response->size[response->size_bytes] = '\0';
    bool blank = response->size[0] == '\r' || response->size[0] == '\n';
    response->size_bytes = 0;
    if (response->part == CHUNK_END) {
        response->part = blank ? CHUNK_SIZE : BROKEN;
    } else if (response->part == CHUNK_SIZE) {
        char *end = NULL;
        errno = 0;
        response->left = strtoull(response->size, &end, 16);
        bool valid = end != response->size && errno == 0 && response->left <= UINT32_MAX;
        response->part = !valid ? BROKEN : response->left == 0 ? TRAILER : CHUNK;
    } else if (blank) {
        response->part = COMPLETE;
    }
    return used;
}

/* Takes in what was read. Afterwards `part` says whether the response is complete, broken or goes on. */
static void take(Response *response, const char *bytes, size_t size, LineReader read_line, void *context) {
    while (size > 0 && response->part != COMPLETE && response->part != BROKEN) {
        size_t used = size;
        if (response->part == HEAD) {
            used = take_head(response, bytes, size);
        } else if (response->part == UNTIL_CLOSE) {
            if (!take_body(response, bytes, size, read_line, context)) response->part = BROKEN;
        } else if (response->part == SIZED || response->part == CHUNK) {
            if (used > response->left) used = (size_t)response->left;
            response->left -= used;
            if (!take_body(response, bytes, used, read_line, context)) response->part = BROKEN;
            if (response->part == CHUNK && response->left == 0) response->part = CHUNK_END;
        } else {
            used = take_framing(response, bytes, size);
        }
        bytes += used;
        size -= used;
        bool ended = response->part == COMPLETE || (response->part == SIZED && response->left == 0);
        if (ended) complete(response, read_line, context);
    }
    if (size > 0) response->part = BROKEN; /* More than was asked for: no request was pipelined. */
}

/* The server hung up: the end of a response that has no other, and a broken one otherwise. */
static void hung_up(Response *response, LineReader read_line, void *context) {
    if (response->part == UNTIL_CLOSE) complete(response, read_line, context);
    if (response->part != COMPLETE) response->part = BROKEN;
}

#endif
