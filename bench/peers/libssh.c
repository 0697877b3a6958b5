/*
 * The server of libssh for the benchmark, doing what ours.mjs does, but for direct-tcpip. A thread
 * for each connection; libssh calls back from the thread's event loop.
 */

#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <libssh/callbacks.h>
#include <libssh/libssh.h>
#include <libssh/server.h>

#define CHUNK (256 * 1024)
#define NAME "bench"

enum command { NONE, SINK, SOURCE, ECHO };

struct channel {
    struct connection *connection;
    ssh_channel channel;
    struct ssh_channel_callbacks_struct callbacks;
    enum command command;
    uint64_t left;
    uint64_t bytes;
    unsigned char last;
    int finished;
    struct channel *next;
};

struct connection {
    ssh_session session;
    struct ssh_server_callbacks_struct callbacks;
    struct channel *channels;
    int sources;
};

static unsigned char chunk[CHUNK];

static void finish(struct channel *channel, int status)
{
    channel->finished = 1;
    ssh_channel_request_send_exit_status(channel->channel, status);
    ssh_channel_send_eof(channel->channel);
    ssh_channel_close(channel->channel);
}

static int on_exec(ssh_session session, ssh_channel channel, const char *command, void *data)
{
    struct channel *self = data;
    (void)session;
    (void)channel;
    if (strcmp(command, "sink") == 0) {
        self->command = SINK;
    } else if (strcmp(command, "echo") == 0) {
        self->command = ECHO;
    } else if (strncmp(command, "source ", 7) == 0) {
        self->command = SOURCE;
        self->left = strtoull(command + 7, NULL, 10);
        self->connection->sources++;
    } else {
        /* The reply goes first: the end is sent from the loop. */
        self->finished = strcmp(command, "true") == 0 ? -1 : -128;
        self->connection->sources++;
    }
    return SSH_OK;
}

static int on_env(ssh_session session, ssh_channel channel, const char *name, const char *value,
                  void *data)
{
    (void)session;
    (void)channel;
    (void)name;
    (void)value;
    (void)data;
    return 0;
}

static int on_data(ssh_session session, ssh_channel channel, void *bytes, uint32_t len,
                   int is_stderr, void *data)
{
    struct channel *self = data;
    (void)session;
    (void)is_stderr;
    if (self->command == SINK && len > 0) {
        self->bytes += len;
        self->last = ((unsigned char *)bytes)[len - 1];
    } else if (self->command == ECHO) {
        ssh_channel_write(channel, bytes, len);
    }
    return (int)len;
}

static void on_eof(ssh_session session, ssh_channel channel, void *data)
{
    struct channel *self = data;
    (void)session;
    (void)channel;
    if (self->command == SINK || self->command == ECHO)
        finish(self, 0);
}

static ssh_channel on_open(ssh_session session, void *data)
{
    struct connection *connection = data;
    struct channel *self = calloc(1, sizeof *self);
    if (self == NULL)
        return NULL;
    self->connection = connection;
    self->channel = ssh_channel_new(session);
    self->callbacks.userdata = self;
    self->callbacks.channel_exec_request_function = on_exec;
    self->callbacks.channel_env_request_function = on_env;
    self->callbacks.channel_data_function = on_data;
    self->callbacks.channel_eof_function = on_eof;
    ssh_callbacks_init(&self->callbacks);
    ssh_set_channel_callbacks(self->channel, &self->callbacks);
    self->next = connection->channels;
    connection->channels = self;
    return self->channel;
}

static int on_password(ssh_session session, const char *user, const char *password, void *data)
{
    (void)session;
    (void)data;
    return strcmp(user, NAME) == 0 && strcmp(password, NAME) == 0 ? SSH_AUTH_SUCCESS
                                                                  : SSH_AUTH_DENIED;
}

/* The library checks the signature; any key may log in. */
static int on_key(ssh_session session, const char *user, struct ssh_key_struct *key, char state,
                  void *data)
{
    (void)session;
    (void)key;
    (void)data;
    if (strcmp(user, NAME) != 0)
        return SSH_AUTH_DENIED;
    return state == SSH_PUBLICKEY_STATE_NONE || state == SSH_PUBLICKEY_STATE_VALID
               ? SSH_AUTH_SUCCESS
               : SSH_AUTH_DENIED;
}

/* What is sent without being asked by data: sources, and commands that end at once. */
static void send_more(struct connection *connection)
{
    for (struct channel *c = connection->channels; c != NULL; c = c->next) {
        if (c->finished < 0) {
            int status = -c->finished - 1;
            connection->sources--;
            finish(c, status);
        } else if (c->command == SOURCE && !c->finished) {
            uint32_t len = c->left < CHUNK ? (uint32_t)c->left : CHUNK;
            int sent = len > 0 ? ssh_channel_write(c->channel, chunk, len) : 0;
            if (sent > 0)
                c->left -= (uint64_t)sent;
            if (c->left == 0 || sent < 0) {
                connection->sources--;
                finish(c, 0);
            }
        }
    }
}

static void free_closed(struct connection *connection)
{
    struct channel **at = &connection->channels;
    while (*at != NULL) {
        struct channel *c = *at;
        if (c->finished == 1 && ssh_channel_is_closed(c->channel)) {
            *at = c->next;
            ssh_remove_channel_callbacks(c->channel, &c->callbacks);
            ssh_channel_free(c->channel);
            free(c);
        } else {
            at = &c->next;
        }
    }
}

static void *serve(void *argument)
{
    struct connection connection = {.session = argument};
    int on = 1;
    setsockopt(ssh_get_fd(connection.session), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    connection.callbacks.userdata = &connection;
    connection.callbacks.auth_password_function = on_password;
    connection.callbacks.auth_pubkey_function = on_key;
    connection.callbacks.channel_open_request_session_function = on_open;
    ssh_callbacks_init(&connection.callbacks);
    ssh_set_server_callbacks(connection.session, &connection.callbacks);
    ssh_set_auth_methods(connection.session, SSH_AUTH_METHOD_PASSWORD | SSH_AUTH_METHOD_PUBLICKEY);
    ssh_event event = ssh_event_new();
    if (ssh_handle_key_exchange(connection.session) == SSH_OK &&
        ssh_event_add_session(event, connection.session) == SSH_OK) {
        while (ssh_event_dopoll(event, connection.sources > 0 ? 0 : -1) != SSH_ERROR) {
            if (connection.sources > 0)
                send_more(&connection);
            free_closed(&connection);
        }
        ssh_event_remove_session(event, connection.session);
    }
    ssh_event_free(event);
    ssh_disconnect(connection.session);
    while (connection.channels != NULL) {
        struct channel *c = connection.channels;
        connection.channels = c->next;
        free(c);
    }
    ssh_free(connection.session);
    return NULL;
}

static void *until_closed(void *unused)
{
    char byte;
    (void)unused;
    while (read(0, &byte, 1) > 0) {
    }
    _exit(0);
}

static void on_signal(int number)
{
    (void)number;
    _exit(0);
}

int main(int argc, char **argv)
{
    const char *host_key = NULL;
    int port = 0;
    for (int i = 1; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], "--host-key") == 0)
            host_key = argv[i + 1];
        else if (strcmp(argv[i], "--port") == 0)
            port = atoi(argv[i + 1]);
    }
    for (int i = 0; i < CHUNK; i++)
        chunk[i] = (unsigned char)(i % 251);
    signal(SIGTERM, on_signal);
    signal(SIGPIPE, SIG_IGN);
    ssh_init();

    /* A socket of its own: libssh's listens with a queue of 10, and does not tell its port. */
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    socklen_t len = sizeof address;
    int on = 1;
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    ssh_bind bind_to = ssh_bind_new();
    if (host_key == NULL || ssh_bind_options_set(bind_to, SSH_BIND_OPTIONS_HOSTKEY, host_key) ||
        bind(listener, (struct sockaddr *)&address, len) || listen(listener, 4096) ||
        getsockname(listener, (struct sockaddr *)&address, &len)) {
        fprintf(stderr, "cannot listen: %s\n", ssh_get_error(bind_to));
        return 1;
    }
    printf("{\"ready\":true,\"port\":%d,\"name\":\"libssh\",\"version\":\"%s\"}\n",
           ntohs(address.sin_port), ssh_version(0));
    fflush(stdout);

    pthread_t thread;
    pthread_attr_t small;
    pthread_attr_init(&small);
    pthread_attr_setdetachstate(&small, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&small, 256 * 1024);
    pthread_create(&thread, &small, until_closed, NULL);
    for (;;) {
        int socket_of_client = accept(listener, NULL, NULL);
        if (socket_of_client < 0)
            continue;
        ssh_session session = ssh_new();
        if (ssh_bind_accept_fd(bind_to, session, socket_of_client) != SSH_OK ||
            pthread_create(&thread, &small, serve, session) != 0) {
            ssh_free(session);
        }
    }
}
