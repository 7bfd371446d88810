/* The load of a benchmark: so many connections, each asking for a chat completion again as soon as the last has ended.
 *
 *   load --to PORT|PATH --stream 0|1 --connections C --model M --tokens T --seconds S --requests R --stagger-ms G
 *        --key K --exact 0|1 --path /v1/chat/completions --fields '"store":false'
 *
 * It asks a port of loopback, or a unix socket where the word begins with a slash, at one path; the fields, if any, are
 * put into the body. New requests are sent for S seconds, at most R on each connection (0: any number), the first ones
 * spread over G ms. Running ones then have GRACE_S to end. With --exact 1 a stream whose usage is not its number of content events is an error. Prints one
 * JSON object; times are in microseconds. One thread, epoll. */
#include "histogram.h"
#include "net.h"
#include "response.h"

#include <stdbool.h>
#include <sys/un.h>

#define CONNECTIONS_MAX 4096
#define REQUEST_BYTES_MAX 4096
#define READ_BYTES_MAX 65536
#define EVENTS_PER_WAIT 256
#define RECONNECTS_MAX 3 /* In a row, before a connection that hangs up unasked counts as an error. */
#define GRACE_S 20

typedef enum { UNSTARTED, CONNECTING, ASKING, FINISHED } Phase;

typedef struct {
    Phase phase;
    int fd;
    uint64_t asked, reconnects;
    bool reused, heard; /* Answered on this socket before; any byte of this answer came. */
    uint64_t sent_ns, last_ns, now_ns;
    uint64_t tokens, usage_tokens;
    bool done, failed;
    Response response;
} Connection;

typedef struct {
    uint64_t connect, status, broken, incomplete, miscounted, late;
} Errors;

typedef struct {
    int epoll;
    struct sockaddr_storage to;
    socklen_t to_bytes;
    bool stream, exact;
    uint64_t connections, requests, stop_ns, end_ns;
    size_t request_bytes;
    char request[REQUEST_BYTES_MAX];
    uint64_t running, completed, tokens, events, usage_tokens, bytes, reconnected;
    Errors errors;
    Histogram latency, first, gap, delay;
    Connection *all;
} Load;

typedef struct {
    Load *load;
    Connection *connection;
} Reader;

static void connect_to(Load *load, Connection *connection);

/* A delta that is a clock reading (see TIMESTAMP_DIGITS) tells how long it took to come; any other is only counted. */
static void read_token(Load *load, Connection *connection, const char *content, const char *end) {
    uint64_t now = connection->now_ns;
    if (connection->tokens++ == 0) {
        record(&load->first, now - connection->sent_ns);
    } else {
        record(&load->gap, now - connection->last_ns);
    }
    connection->last_ns = now;
    load->tokens++;
    if (end - content <= TIMESTAMP_DIGITS || content[TIMESTAMP_DIGITS] != '"') return;
    uint64_t written = number(content, content + TIMESTAMP_DIGITS, 0);
    if (written > 0 && written <= now) record(&load->delay, now - written);
}

static void read_line(void *context, const char *line, const char *end) {
    Reader *reader = context;
    Connection *connection = reader->connection;
    if (reader->load->stream) {
        static const char data[] = "data:";
        if ((size_t)(end - line) < sizeof data || memcmp(line, data, sizeof data - 1) != 0) return;
        line += sizeof data - 1;
        while (line < end && *line == ' ') line++;
        reader->load->events++;
        if (end - line >= 6 && memcmp(line, "[DONE]", 6) == 0) {
            connection->done = true;
            return;
        }
        if (field(line, end, "error") != NULL) connection->failed = true;
        const char *content = field(line, end, "content");
        if (content != NULL && *content == '"' && content + 1 < end && content[1] != '"') {
            read_token(reader->load, connection, content + 1, end);
            return;
        }
    }
    uint64_t tokens = number(field(line, end, "completion_tokens"), end, 0);
    if (tokens > 0) connection->usage_tokens = tokens;
}

static void ask(Load *load, Connection *connection) {
    begin(&connection->response);
    connection->heard = connection->done = connection->failed = false;
    connection->tokens = connection->usage_tokens = 0;
    connection->phase = ASKING;
    connection->sent_ns = now_ns();
    ssize_t sent = send(connection->fd, load->request, load->request_bytes, MSG_NOSIGNAL);
    /* A request is far smaller than a socket's buffer. A socket that takes less has failed, and reading tells how. */
    (void)sent;
}

static void stop(Load *load, Connection *connection) {
    if (connection->fd >= 0) close(connection->fd);
    connection->fd = -1;
    connection->phase = FINISHED;
    load->running--;
}

static void next(Load *load, Connection *connection, bool reconnect) {
    bool enough = load->requests > 0 && connection->asked >= load->requests;
    if (enough || now_ns() >= load->stop_ns) {
        stop(load, connection);
        return;
    }
    connection->asked++;
    connection->reconnects = 0;
    if (reconnect) {
        connect_to(load, connection);
    } else {
        connection->reused = true;
        ask(load, connection);
    }
}

static void connect_to(Load *load, Connection *connection) {
    if (connection->fd >= 0) close(connection->fd);
    connection->reused = false;
    connection->phase = CONNECTING;
    connection->fd = socket(load->to.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (connection->fd < 0) die("socket");
    if (load->to.ss_family == AF_INET) no_delay(connection->fd);
    if (connect(connection->fd, (struct sockaddr *)&load->to, load->to_bytes) != 0 && errno != EINPROGRESS) {
        load->errors.connect++;
        stop(load, connection);
        return;
    }
    watch(load->epoll, EPOLL_CTL_ADD, connection->fd, EPOLLOUT, connection);
}

static void connected(Load *load, Connection *connection) {
    int error = 0;
    socklen_t size = sizeof error;
    if (getsockopt(connection->fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0 || error != 0) {
        load->errors.connect++;
        stop(load, connection);
        return;
    }
    watch(load->epoll, EPOLL_CTL_MOD, connection->fd, EPOLLIN, connection);
    ask(load, connection);
}

/* Judges a finished answer: every kind of failure is counted apart, and only a right answer gives a latency. */
static void judge(Load *load, Connection *connection) {
    bool ended = connection->usage_tokens > 0 && (!load->stream || connection->done) && !connection->failed;
    if (connection->response.part != COMPLETE) {
        load->errors.broken++;
    } else if (connection->response.status != 200) {
        load->errors.status++;
    } else if (!ended) {
        load->errors.incomplete++;
    } else if (load->stream && load->exact && connection->tokens != connection->usage_tokens) {
        load->errors.miscounted++;
    } else {
        load->completed++;
        load->usage_tokens += connection->usage_tokens;
        record(&load->latency, now_ns() - connection->sent_ns);
    }
}

static void readable(Load *load, Connection *connection) {
    static char bytes[READ_BYTES_MAX];
    Reader reader = {load, connection};
    ssize_t got = recv(connection->fd, bytes, sizeof bytes, 0);
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return;
    bool gone = got <= 0;
    if (gone && connection->reused && !connection->heard && connection->reconnects++ < RECONNECTS_MAX) {
        load->reconnected++; /* An idle connection may be closed just as a request is sent on it. */
        connect_to(load, connection);
        return;
    }
    if (gone) {
        hung_up(&connection->response, read_line, &reader);
    } else {
        connection->heard = true;
        connection->now_ns = now_ns();
        load->bytes += (uint64_t)got;
        take(&connection->response, bytes, (size_t)got, read_line, &reader);
        if (connection->response.part != COMPLETE && connection->response.part != BROKEN) return;
    }
    judge(load, connection);
    next(load, connection, gone || connection->response.closes || connection->response.part == BROKEN);
}

static void run(Load *load, uint64_t stagger_ns) {
    uint64_t begin_ns = now_ns(), started = 0;
    load->running = load->connections;
    while (load->running > 0) {
        uint64_t now = now_ns();
        while (started < load->connections && now >= begin_ns + stagger_ns * started / load->connections) {
            next(load, &load->all[started++], true);
        }
        if (now >= load->end_ns) {
            load->errors.late += load->running;
            return;
        }
        struct epoll_event events[EVENTS_PER_WAIT];
        int ready = epoll_wait(load->epoll, events, EVENTS_PER_WAIT, started < load->connections ? 1 : 100);
        if (ready < 0 && errno != EINTR) die("epoll_wait");
        for (int at = 0; at < ready; at++) {
            Connection *connection = events[at].data.ptr;
            if (connection->phase == CONNECTING) {
                connected(load, connection);
            } else if (connection->phase == ASKING) {
                readable(load, connection);
            }
        }
    }
}

static const char *word(int count, char **words, const char *name) {
    for (int at = 1; at + 1 < count; at += 2) {
        if (strcmp(words[at], name) == 0) return words[at + 1];
    }
    fprintf(stderr, "%s is missing\n", name);
    exit(2);
}

static void build_request(Load *load, int count, char **words) {
    const char *path = word(count, words, "--path"), *key = word(count, words, "--key");
    const char *fields = word(count, words, "--fields");
    long tokens = argument(word(count, words, "--tokens"), "--tokens", 1, 100000);
    char body[REQUEST_BYTES_MAX / 2];
    int size = snprintf(
        body, sizeof body,
        "{\"model\":\"%s\",\"messages\":[{\"role\":\"system\",\"content\":\"You are a patient storyteller. You never "
        "stop early and you never repeat yourself.\"},{\"role\":\"user\",\"content\":\"Write a long story about the "
        "keeper of a lighthouse who finds, on the morning after the worst storm in living memory, that the lamp burns "
        "with a colour that no ship's chart explains. Begin at once.\"}],\"max_tokens\":%ld,\"temperature\":0%s%s%s}",
        word(count, words, "--model"), tokens, fields[0] == '\0' ? "" : ",", fields, load->stream ? ",\"stream\":true,\"stream_options\":{\"include_usage\":true}" : "");
    int whole = snprintf(load->request, sizeof load->request,
                         "POST %s HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: antiphon-bench\r\n"
                         "Accept: application/json\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\n"
                         "Content-Length: %d\r\n\r\n%s",
                         path, key, size, body);
    if (size < 0 || (size_t)size >= sizeof body || whole < 0 || (size_t)whole >= sizeof load->request) {
        fprintf(stderr, "the path, the model's name, the key or the fields are too long\n");
        exit(2);
    }
    load->request_bytes = (size_t)whole;
}

static void print_times(const char *name, const Histogram *times) {
    printf(",\"%s\":{\"count\":%llu,\"p50\":%.1f,\"p99\":%.1f,\"max\":%.1f}", name, (unsigned long long)times->count,
           (double)quantile(times, 0.5) / 1e3, (double)quantile(times, 0.99) / 1e3, (double)times->highest / 1e3);
}

static void print_result(const Load *load, double elapsed_s) {
    const Errors *errors = &load->errors;
    printf("{\"elapsed_s\":%.4f,\"completed\":%llu,\"tokens\":%llu,\"usage_tokens\":%llu,\"events\":%llu,"
           "\"bytes\":%llu,\"reconnected\":%llu,\"errors\":{\"connect\":%llu,\"status\":%llu,\"broken\":%llu,"
           "\"incomplete\":%llu,\"miscounted\":%llu,\"late\":%llu}",
           elapsed_s, (unsigned long long)load->completed, (unsigned long long)load->tokens,
           (unsigned long long)load->usage_tokens, (unsigned long long)load->events, (unsigned long long)load->bytes,
           (unsigned long long)load->reconnected, (unsigned long long)errors->connect,
           (unsigned long long)errors->status, (unsigned long long)errors->broken,
           (unsigned long long)errors->incomplete, (unsigned long long)errors->miscounted,
           (unsigned long long)errors->late);
    print_times("latency_us", &load->latency);
    print_times("first_us", &load->first);
    print_times("gap_us", &load->gap);
    print_times("delay_us", &load->delay);
    printf("}\n");
}

static void set_address(Load *load, const char *to) {
    if (to[0] != '/') {
        struct sockaddr_in address = loopback((uint16_t)argument(to, "--to", 1, 65535));
        load->to_bytes = sizeof address;
        memcpy(&load->to, &address, sizeof address);
        return;
    }
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(to) >= sizeof address.sun_path) {
        fprintf(stderr, "--to is too long for a unix socket\n");
        exit(2);
    }
    memcpy(address.sun_path, to, strlen(to));
    load->to_bytes = sizeof address;
    memcpy(&load->to, &address, sizeof address);
}

int main(int count, char **words) {
    Load *load = calloc(1, sizeof *load);
    if (load == NULL) die("calloc");
    set_address(load, word(count, words, "--to"));
    load->stream = argument(word(count, words, "--stream"), "--stream", 0, 1) == 1;
    load->exact = argument(word(count, words, "--exact"), "--exact", 0, 1) == 1;
    load->connections = (uint64_t)argument(word(count, words, "--connections"), "--connections", 1, CONNECTIONS_MAX);
    load->requests = (uint64_t)argument(word(count, words, "--requests"), "--requests", 0, 1000000000);
    long seconds = argument(word(count, words, "--seconds"), "--seconds", 1, 3600);
    long stagger_ms = argument(word(count, words, "--stagger-ms"), "--stagger-ms", 0, 60000);
    build_request(load, count, words);
    load->all = calloc(load->connections, sizeof *load->all);
    load->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (load->all == NULL || load->epoll < 0) die("set-up");
    for (uint64_t at = 0; at < load->connections; at++) load->all[at].fd = -1;
    uint64_t begin_ns = now_ns();
    load->stop_ns = begin_ns + (uint64_t)seconds * NS_PER_S;
    load->end_ns = load->stop_ns + GRACE_S * NS_PER_S;
    run(load, (uint64_t)stagger_ms * 1000000ULL);
    print_result(load, (double)(now_ns() - begin_ns) / 1e9);
    free(load->all);
    free(load);
    return 0;
}
