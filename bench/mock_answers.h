/* The texts of the mock engine, HTTP framing included, written into one bounded buffer. Shapes and sizes are those of
 * real engines: about 700 bytes for a completion, about 210 for an event. Model names never need escaping here. */
#ifndef BENCH_MOCK_ANSWERS_H
#define BENCH_MOCK_ANSWERS_H

#include "net.h"

#include <stdarg.h>
#include <stdbool.h>

#define ANSWER_BYTES_MAX (1 << 19)
#define EVENT_BYTES_MAX 1024
#define MODEL_BYTES_MAX 64
#define PROMPT_TOKENS 32

typedef struct {
    char *bytes; /* ANSWER_BYTES_MAX of them. */
    size_t size;
} Answer;

static void add(Answer *answer, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void add(Answer *answer, const char *format, ...) {
    size_t room = ANSWER_BYTES_MAX - answer->size;
    va_list values;
    va_start(values, format);
    int written = vsnprintf(answer->bytes + answer->size, room, format, values);
    va_end(values);
    if (written < 0 || (size_t)written >= room) {
        fprintf(stderr, "an answer is larger than its buffer\n");
        exit(1);
    }
    answer->size += (size_t)written;
}

static void add_json(Answer *answer, const char *status, const char *json) {
    add(answer, "HTTP/1.1 %s\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s", status,
        strlen(json), json);
}

static void add_completion(Answer *answer, const char *model, uint64_t tokens) {
    char json[EVENT_BYTES_MAX];
    snprintf(json, sizeof json,
             "{\"id\":\"chatcmpl-0123456789abcdef0123456789abcdef\",\"object\":\"chat.completion\","
             "\"created\":1700000000,\"model\":\"%s\",\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\","
             "\"content\":\"A gateway stands between the programs that ask and the engines that answer. It knows who "
             "is asking, which engine serves the model they named, and how much each may use; it passes the question "
             "on, brings the answer back as it is written, and keeps the account. All that a reader sees of the best "
             "of them is the time that they did not take.\"},\"logprobs\":null,\"finish_reason\":\"stop\"}],"
             "\"usage\":{\"prompt_tokens\":%d,\"completion_tokens\":%llu,\"total_tokens\":%llu}}",
             model, PROMPT_TOKENS, (unsigned long long)tokens, (unsigned long long)tokens + PROMPT_TOKENS);
    add_json(answer, "200 OK", json);
}

static void add_stream_head(Answer *answer) {
    add(answer, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\nCache-Control: no-cache\r\n"
                "Transfer-Encoding: chunked\r\n\r\n");
}

/* One SSE event as one HTTP chunk, as real engines send it. */
static void add_event(Answer *answer, const char *data) {
    add(answer, "%zx\r\ndata: %s\n\n\r\n", strlen(data) + strlen("data: \n\n"), data);
}

static void add_delta(Answer *answer, const char *model, const char *delta, const char *finish_reason) {
    char json[EVENT_BYTES_MAX];
    snprintf(json, sizeof json,
             "{\"id\":\"chatcmpl-0123456789abcdef\",\"object\":\"chat.completion.chunk\",\"created\":1700000000,"
             "\"model\":\"%s\",\"choices\":[{\"index\":0,\"delta\":%s,\"logprobs\":null,\"finish_reason\":%s}]}",
             model, delta, finish_reason);
    add_event(answer, json);
}

static void add_token(Answer *answer, const char *model, bool first, uint64_t sent_ns) {
    char delta[EVENT_BYTES_MAX / 2];
    snprintf(delta, sizeof delta, "{%s\"content\":\"%0*llu\"}", first ? "\"role\":\"assistant\"," : "",
             TIMESTAMP_DIGITS, (unsigned long long)sent_ns);
    add_delta(answer, model, delta, "null");
}

static void add_end(Answer *answer, const char *model, uint64_t tokens, bool include_usage) {
    add_delta(answer, model, "{}", "\"length\"");
    if (include_usage) {
        char json[EVENT_BYTES_MAX];
        snprintf(json, sizeof json,
                 "{\"id\":\"chatcmpl-0123456789abcdef\",\"object\":\"chat.completion.chunk\",\"created\":1700000000,"
                 "\"model\":\"%s\",\"choices\":[],\"usage\":{\"prompt_tokens\":%d,\"completion_tokens\":%llu,"
                 "\"total_tokens\":%llu}}",
                 model, PROMPT_TOKENS, (unsigned long long)tokens, (unsigned long long)tokens + PROMPT_TOKENS);
        add_event(answer, json);
    }
    add_event(answer, "[DONE]");
    add(answer, "0\r\n\r\n");
}

#endif
