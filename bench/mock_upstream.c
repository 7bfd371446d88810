/* An OpenAI-compatible engine that costs next to nothing, so that the gateway before it is what a benchmark measures.
 *
 *   mock_upstream --port P --seconds S      P 0 takes a free port; the line "listening PORT" says which
 *
 * One thread, epoll, HTTP/1.1 with keep-alive on loopback. `max_tokens` of the request is the number of content events
 * and the model names the pace: "mock-burst" sends a stream in one write, "mock-50" sends 50 events a second, one write
 * each. Every content is the clock of its writing (see TIMESTAMP_DIGITS), so that the reader knows how old it is. */
#include "mock_answers.h"
#include "net.h"

#include <stdbool.h>
#include <stddef.h>
#include <strings.h>
#include <sys/timerfd.h>

#define CONNECTIONS_MAX 8192
#define REQUEST_BYTES_MAX 32768
#define BURST_TOKENS_MAX 1024
#define PACED_TOKENS_MAX 100000
#define RATE_MAX 10000
#define EVENTS_PER_WAIT 256

typedef struct {
    int fd;
    size_t received;
    char request[REQUEST_BYTES_MAX];
    char *unsent; /* What the socket did not take, from `unsent_at` to `unsent_end`; NULL until that happens. */
    size_t unsent_at, unsent_end;
    char model[MODEL_BYTES_MAX];
    bool include_usage;
    uint64_t tokens, tokens_left; /* A stream is running while tokens_left > 0, and then it sits in the heap. */
    uint64_t interval_ns, due_ns;
} Connection;

typedef struct {
    int epoll, listener, timer;
    size_t open;
    Answer answer;
    size_t waiting; /* heap[0 .. waiting-1]: the paced streams, the next one due first. */
    Connection *heap[CONNECTIONS_MAX];
} Mock;

static void sift_down(Mock *mock, size_t at) {
    Connection *moving = mock->heap[at];
    for (;;) {
        size_t child = 2 * at + 1;
        if (child >= mock->waiting) break;
        if (child + 1 < mock->waiting && mock->heap[child + 1]->due_ns < mock->heap[child]->due_ns) child++;
        if (mock->heap[child]->due_ns >= moving->due_ns) break;
        mock->heap[at] = mock->heap[child];
        at = child;
    }
    mock->heap[at] = moving;
}

static void sift_up(Mock *mock, size_t at) {
    Connection *moving = mock->heap[at];
    while (at > 0 && mock->heap[(at - 1) / 2]->due_ns > moving->due_ns) {
        mock->heap[at] = mock->heap[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    mock->heap[at] = moving;
}

static void schedule(Mock *mock, Connection *connection) {
    mock->heap[mock->waiting] = connection; /* There are as many seats as connections. */
    sift_up(mock, mock->waiting++);
}

static void unschedule(Mock *mock, size_t at) {
    Connection *last = mock->heap[--mock->waiting];
    if (at == mock->waiting) return;
    mock->heap[at] = last;
    sift_down(mock, at);
    sift_up(mock, at);
}

static void hang_up(Mock *mock, Connection *connection) {
    for (size_t at = 0; connection->tokens_left > 0 && at < mock->waiting; at++) {
        if (mock->heap[at] == connection) {
            unschedule(mock, at);
            break;
        }
    }
    close(connection->fd);
    free(connection->unsent);
    free(connection);
    mock->open--;
}

/* Sends all, or keeps the rest for when the socket is writable. False when the connection cannot go on. */
static bool send_answer(Mock *mock, Connection *connection) {
    Answer *answer = &mock->answer;
    size_t at = 0;
    if (connection->unsent == NULL) {
        ssize_t sent = send(connection->fd, answer->bytes, answer->size, MSG_NOSIGNAL);
        if (sent < 0 && errno != EAGAIN && errno != EWOULDBLOCK) return false;
        at = sent < 0 ? 0 : (size_t)sent;
        if (at == answer->size) return true;
        connection->unsent = malloc(ANSWER_BYTES_MAX);
        if (connection->unsent == NULL) die("malloc");
        connection->unsent_at = connection->unsent_end = 0;
        watch(mock->epoll, EPOLL_CTL_MOD, connection->fd, EPOLLIN | EPOLLOUT, connection);
    }
    size_t rest = answer->size - at;
    if (rest > ANSWER_BYTES_MAX - connection->unsent_end) return false; /* The reader is far too slow. */
    memcpy(connection->unsent + connection->unsent_end, answer->bytes + at, rest);
    connection->unsent_end += rest;
    return true;
}

static bool send_unsent(Mock *mock, Connection *connection) {
    size_t rest = connection->unsent_end - connection->unsent_at;
    ssize_t sent = send(connection->fd, connection->unsent + connection->unsent_at, rest, MSG_NOSIGNAL);
    if (sent < 0) return errno == EAGAIN || errno == EWOULDBLOCK;
    connection->unsent_at += (size_t)sent;
    if (connection->unsent_at < connection->unsent_end) return true;
    free(connection->unsent);
    connection->unsent = NULL;
    watch(mock->epoll, EPOLL_CTL_MOD, connection->fd, EPOLLIN, connection);
    return true;
}

/* One write's worth of a running stream: one token where it is paced, everything where it is not. */
static void add_some(Mock *mock, Connection *connection) {
    do {
        bool first = connection->tokens_left == connection->tokens;
        add_token(&mock->answer, connection->model, first, now_ns());
        connection->tokens_left--;
    } while (connection->interval_ns == 0 && connection->tokens_left > 0);
    if (connection->tokens_left == 0) {
        add_end(&mock->answer, connection->model, connection->tokens, connection->include_usage);
    }
}

static bool true_at(const char *at, const char *end) {
    return at != NULL && end - at >= 4 && memcmp(at, "true", 4) == 0;
}

/* Reads the model and its pace. Names made of other characters are refused, so nothing needs escaping in answers. */
static bool read_model(Connection *connection, const char *body, const char *end) {
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./:";
    const char *at = field(body, end, "model");
    if (at == NULL || *at++ != '"') return false;
    size_t size = 0;
    while (at + size < end && size < MODEL_BYTES_MAX - 1 && at[size] != '\0' && strchr(allowed, at[size]) != NULL) {
        size++;
    }
    if (at + size >= end || at[size] != '"') return false;
    memcpy(connection->model, at, size);
    connection->model[size] = '\0';
    const char *pace = strstr(connection->model, "mock-");
    if (pace == NULL) return false;
    uint64_t rate = number(pace + 5, connection->model + size, 0);
    if (rate > RATE_MAX) return false;
    connection->interval_ns = rate == 0 ? 0 : NS_PER_S / rate;
    return true;
}

static void answer_completion(Mock *mock, Connection *connection, const char *body, const char *end) {
    if (!read_model(connection, body, end)) {
        add_json(&mock->answer, "404 Not Found", "{\"error\":{\"message\":\"no such model\",\"code\":404}}");
        return;
    }
    const char *tokens = field(body, end, "max_tokens");
    if (tokens == NULL) tokens = field(body, end, "max_completion_tokens");
    uint64_t most = connection->interval_ns == 0 ? BURST_TOKENS_MAX : PACED_TOKENS_MAX;
    connection->tokens = number(tokens, end, 64);
    if (connection->tokens == 0 || connection->tokens > most) connection->tokens = most;
    if (!true_at(field(body, end, "stream"), end)) {
        add_completion(&mock->answer, connection->model, connection->tokens);
        return;
    }
    connection->include_usage = true_at(field(body, end, "include_usage"), end);
    connection->tokens_left = connection->tokens;
    add_stream_head(&mock->answer);
    add_some(mock, connection);
    if (connection->tokens_left == 0) return;
    connection->due_ns = now_ns() + connection->interval_ns;
    schedule(mock, connection);
}

/* Routers ask a new engine what it is: the plain paths of vLLM and SGLang are answered, all else is 404. */
static void answer_probe(Mock *mock, const char *path, size_t size) {
    static const char *const answers[][2] = {
        {"/health", "{}"},
        {"/v1/models", "{\"object\":\"list\",\"data\":["
                       "{\"id\":\"mock-burst\",\"object\":\"model\",\"created\":1700000000,\"owned_by\":\"mock\","
                       "\"max_model_len\":131072},"
                       "{\"id\":\"mock-50\",\"object\":\"model\",\"created\":1700000000,\"owned_by\":\"mock\","
                       "\"max_model_len\":131072},"
                       "{\"id\":\"mock-10\",\"object\":\"model\",\"created\":1700000000,\"owned_by\":\"mock\","
                       "\"max_model_len\":131072}]}"},
        {"/get_model_info", "{\"model_path\":\"mock-burst\",\"tokenizer_path\":\"\",\"is_generation\":true}"},
        {"/get_server_info", "{\"model_path\":\"mock-burst\",\"version\":\"0\"}"},
    };
    for (size_t at = 0; at < sizeof answers / sizeof answers[0]; at++) {
        if (strlen(answers[at][0]) == size && memcmp(answers[at][0], path, size) == 0) {
            add_json(&mock->answer, "200 OK", answers[at][1]);
            return;
        }
    }
    add_json(&mock->answer, "404 Not Found", "{\"error\":{\"message\":\"no such path\",\"code\":404}}");
}

/* The value of one header, or NULL. Only the few headers that matter are ever looked for. */
static const char *header(const char *head, const char *end, const char *name) {
    size_t size = strlen(name);
    for (const char *line = head; line != NULL && end - line > (ptrdiff_t)size;) {
        if (strncasecmp(line, name, size) == 0 && line[size] == ':') {
            const char *at = line + size + 1;
            while (at < end && *at == ' ') at++;
            return at;
        }
        line = memchr(line, '\n', (size_t)(end - line));
        if (line != NULL) line++;
    }
    return NULL;
}

/* Answers one request if it is complete. Returns its size, 0 while more bytes are needed, -1 to hang up. */
static ptrdiff_t answer_request(Mock *mock, Connection *connection) {
    const char *request = connection->request, *received = request + connection->received;
    const char *blank = memmem(request, connection->received, "\r\n\r\n", 4);
    if (blank == NULL) return connection->received == REQUEST_BYTES_MAX ? -1 : 0;
    const char *body = blank + 4;
    if (header(request, blank, "transfer-encoding") != NULL) return -1; /* No gateway here sends its bodies so. */
    uint64_t size = number(header(request, blank, "content-length"), blank, 0);
    if (size > REQUEST_BYTES_MAX - (size_t)(body - request)) return -1;
    if ((size_t)(received - body) < size) return 0;
    const char *path = memchr(request, ' ', (size_t)(blank - request));
    const char *path_end = path == NULL ? NULL : memchr(path + 1, ' ', (size_t)(blank - path - 1));
    if (path_end == NULL) return -1;
    path++;
    mock->answer.size = 0;
    static const char completions[] = "/v1/chat/completions";
    if ((size_t)(path_end - path) == strlen(completions) && memcmp(path, completions, strlen(completions)) == 0) {
        answer_completion(mock, connection, body, body + size);
    } else {
        answer_probe(mock, path, (size_t)(path_end - path));
    }
    if (!send_answer(mock, connection)) return -1;
    return (ptrdiff_t)((size_t)(body - request) + size);
}

/* Reads what came and answers every complete request in it. False when the connection must be closed. */
static bool serve(Mock *mock, Connection *connection) {
    size_t room = REQUEST_BYTES_MAX - connection->received;
    if (room == 0) return false; /* A client that keeps writing while its stream runs. */
    ssize_t got = recv(connection->fd, connection->request + connection->received, room, 0);
    if (got < 0) return errno == EAGAIN || errno == EWOULDBLOCK;
    if (got == 0) return false;
    connection->received += (size_t)got;
    while (connection->received > 0 && connection->tokens_left == 0) {
        ptrdiff_t used = answer_request(mock, connection);
        if (used < 0) return false;
        if (used == 0) return true;
        connection->received -= (size_t)used;
        memmove(connection->request, connection->request + used, connection->received);
    }
    return true;
}

static void take_connections(Mock *mock) {
    for (;;) {
        int fd = accept4(mock->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0) return;
        Connection *connection = mock->open < CONNECTIONS_MAX ? calloc(1, sizeof *connection) : NULL;
        if (connection == NULL) {
            close(fd);
            continue;
        }
        connection->fd = fd;
        mock->open++;
        no_delay(fd);
        watch(mock->epoll, EPOLL_CTL_ADD, fd, EPOLLIN, connection);
    }
}

/* Runs after the sockets' events, never among them: it may free a connection that the same batch still names. */
static void send_due(Mock *mock) {
    uint64_t now = now_ns();
    while (mock->waiting > 0 && mock->heap[0]->due_ns <= now) {
        Connection *connection = mock->heap[0];
        mock->answer.size = 0;
        add_some(mock, connection);
        if (connection->tokens_left == 0) {
            unschedule(mock, 0);
        } else {
            connection->due_ns += connection->interval_ns;
            sift_down(mock, 0);
        }
        if (!send_answer(mock, connection)) hang_up(mock, connection);
    }
    struct itimerspec next = {{0, 0}, {0, 0}};
    if (mock->waiting > 0) {
        next.it_value.tv_sec = (time_t)(mock->heap[0]->due_ns / NS_PER_S);
        next.it_value.tv_nsec = (long)(mock->heap[0]->due_ns % NS_PER_S);
    }
    if (timerfd_settime(mock->timer, TFD_TIMER_ABSTIME, &next, NULL) != 0) die("timerfd_settime");
}

static void handle(Mock *mock, const struct epoll_event *event) {
    if (event->data.ptr == &mock->timer) return; /* Edge-triggered and only there to wake the loop. */
    if (event->data.ptr == &mock->listener) {
        take_connections(mock);
        return;
    }
    Connection *connection = event->data.ptr;
    bool goes_on = true;
    if (event->events & EPOLLOUT) goes_on = send_unsent(mock, connection);
    if (goes_on && (event->events & (EPOLLIN | EPOLLHUP | EPOLLERR))) goes_on = serve(mock, connection);
    if (!goes_on) hang_up(mock, connection);
}

static void listen_on(Mock *mock, uint16_t port) {
    struct sockaddr_in address = loopback(port);
    socklen_t size = sizeof address;
    int on = 1;
    mock->listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (mock->listener < 0) die("socket");
    if (setsockopt(mock->listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0) die("SO_REUSEADDR");
    if (bind(mock->listener, (struct sockaddr *)&address, size) != 0) die("bind");
    if (listen(mock->listener, 4096) != 0) die("listen");
    if (getsockname(mock->listener, (struct sockaddr *)&address, &size) != 0) die("getsockname");
    printf("listening %u\n", (unsigned)ntohs(address.sin_port));
    fflush(stdout);
}

int main(int count, char **words) {
    if (count != 5 || strcmp(words[1], "--port") != 0 || strcmp(words[3], "--seconds") != 0) {
        fprintf(stderr, "usage: mock_upstream --port P --seconds S\n");
        return 2;
    }
    uint16_t port = (uint16_t)argument(words[2], "--port", 0, 65535);
    uint64_t end_ns = now_ns() + (uint64_t)argument(words[4], "--seconds", 1, 86400) * NS_PER_S;
    Mock *mock = calloc(1, sizeof *mock);
    if (mock == NULL) die("calloc");
    mock->answer.bytes = malloc(ANSWER_BYTES_MAX);
    if (mock->answer.bytes == NULL) die("malloc");
    mock->epoll = epoll_create1(EPOLL_CLOEXEC);
    mock->timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    if (mock->epoll < 0 || mock->timer < 0) die("epoll or timerfd");
    listen_on(mock, port);
    watch(mock->epoll, EPOLL_CTL_ADD, mock->listener, EPOLLIN, &mock->listener);
    watch(mock->epoll, EPOLL_CTL_ADD, mock->timer, EPOLLIN | EPOLLET, &mock->timer);
    while (now_ns() < end_ns) {
        struct epoll_event events[EVENTS_PER_WAIT];
        int ready = epoll_wait(mock->epoll, events, EVENTS_PER_WAIT, 1000);
        if (ready < 0 && errno != EINTR) die("epoll_wait");
        for (int at = 0; at < ready; at++) handle(mock, &events[at]);
        send_due(mock);
    }
    free(mock->answer.bytes);
    free(mock);
    return 0;
}
