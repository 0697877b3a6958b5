/* Runs libssh2 for the interop tests: reads jobs, one a line, as names and values between tabs, and
 * answers each with `ok` or with what went wrong. Every job is one connection that forces the
 * algorithms it names, says something through `say` and sends bytes through `cat`. */

#include <arpa/inet.h>
#include <libssh2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static char problem[512];

static const char *value(char **fields, const char *name) {
  for (int i = 0; fields[i] && fields[i + 1]; i += 2)
    if (strcmp(fields[i], name) == 0) return fields[i + 1];
  return NULL;
}

static int fail(LIBSSH2_SESSION *session, const char *what) {
  char *message = "";
  if (session) libssh2_session_last_error(session, &message, NULL, 0);
  snprintf(problem, sizeof problem, "%s: %s", what, message);
  return 0;
}

/* Sends and receives at the same time: the server sends back while it is still sent to. */
static int command(LIBSSH2_SESSION *session, const char *text, const char *data, size_t len,
                   const char *expected) {
  libssh2_session_set_blocking(session, 1);
  LIBSSH2_CHANNEL *channel = libssh2_channel_open_session(session);
  if (!channel) return fail(session, "open");
  if (libssh2_channel_exec(channel, text)) return fail(session, "exec");
  size_t sent = 0, received = 0, room = len + 64;
  int ended = 0;
  char *buffer = malloc(room);
  libssh2_session_set_blocking(session, 0);
  while (!libssh2_channel_eof(channel)) {
    if (sent < len) {
      size_t part = len - sent < 30000 ? len - sent : 30000;
      ssize_t n = libssh2_channel_write(channel, data + sent, part);
      if (n < 0 && n != LIBSSH2_ERROR_EAGAIN) return fail(session, "write");
      if (n > 0) sent += (size_t)n;
    } else if (!ended) {
      int n = libssh2_channel_send_eof(channel);
      if (n && n != LIBSSH2_ERROR_EAGAIN) return fail(session, "eof");
      ended = n == 0;
    }
    ssize_t n = libssh2_channel_read(channel, buffer + received, room - received);
    if (n < 0 && n != LIBSSH2_ERROR_EAGAIN) return fail(session, "read");
    if (n > 0) received += (size_t)n;
    if (n == LIBSSH2_ERROR_EAGAIN) usleep(200);
    if (received == room) return fail(NULL, "more than was sent");
  }
  libssh2_session_set_blocking(session, 1);
  if (libssh2_channel_close(channel)) return fail(session, "close");
  int status = libssh2_channel_get_exit_status(channel);
  libssh2_channel_free(channel);
  size_t wanted = expected ? strlen(expected) : len;
  int same = received == wanted && memcmp(buffer, expected ? expected : data, wanted) == 0;
  free(buffer);
  if (status != 0 || !same) {
    snprintf(problem, sizeof problem, "%s: status %d, %zu bytes", text, status, received);
    return 0;
  }
  return 1;
}

static int force(LIBSSH2_SESSION *session, int method, const char *name) {
  return !name || libssh2_session_method_pref(session, method, name) == 0 ||
         fail(session, "method_pref");
}

static int run(char **fields) {
  struct sockaddr_in address = {.sin_family = AF_INET};
  address.sin_port = htons((unsigned short)atoi(value(fields, "port")));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  int sock = socket(AF_INET, SOCK_STREAM, 0);
  if (connect(sock, (struct sockaddr *)&address, sizeof address)) return fail(NULL, "connect");
  LIBSSH2_SESSION *session = libssh2_session_init();
  const char *cipher = value(fields, "cipher"), *mac = value(fields, "mac");
  const char *compression = value(fields, "compression"), *user = value(fields, "user");
  size_t len = (size_t)atol(value(fields, "bytes"));
  char *data = malloc(len);
  for (size_t i = 0; i < len; i++) data[i] = (char)rand();
  if (compression && strcmp(compression, "none")) {
    libssh2_session_flag(session, LIBSSH2_FLAG_COMPRESS, 1);
  }
  int ok = force(session, LIBSSH2_METHOD_KEX, value(fields, "kex")) &&
           force(session, LIBSSH2_METHOD_HOSTKEY, value(fields, "hostKey")) &&
           force(session, LIBSSH2_METHOD_CRYPT_CS, cipher) &&
           force(session, LIBSSH2_METHOD_CRYPT_SC, cipher) &&
           force(session, LIBSSH2_METHOD_MAC_CS, mac) &&
           force(session, LIBSSH2_METHOD_MAC_SC, mac) &&
           force(session, LIBSSH2_METHOD_COMP_CS, compression) &&
           force(session, LIBSSH2_METHOD_COMP_SC, compression) &&
           (libssh2_session_handshake(session, sock) == 0 || fail(session, "handshake")) &&
           (libssh2_userauth_password(session, user, "x") == 0 || fail(session, "password")) &&
           command(session, "say hello", "", 0, "hello") &&
           command(session, "cat", data, len, NULL);
  libssh2_session_disconnect(session, "");
  libssh2_session_free(session);
  free(data);
  close(sock);
  return ok;
}

int main(void) {
  static char line[8192];
  libssh2_init(0);
  while (fgets(line, sizeof line, stdin)) {
    char *fields[64] = {0};
    int count = 0;
    line[strcspn(line, "\n")] = 0;
    for (char *field = strtok(line, "\t"); field && count < 62; field = strtok(NULL, "\t"))
      fields[count++] = field;
    puts(run(fields) ? "ok" : problem);
    fflush(stdout);
  }
  return 0;
}
