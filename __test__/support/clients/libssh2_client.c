/* Runs libssh2 for the interop run: reads jobs, one a line, as names and values between tabs, and
 * answers each with `ok` or with what went wrong; `version` asks for the library's, `supports` and a
 * kind for the names it has. Every job is one connection that forces the algorithms it names, sends
 * one file through the command `exchange` and expects the other. */

#include <arpa/inet.h>
#include <libssh2.h>
#include <poll.h>
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

/* The content of a file, which is never empty. */
static char *content(const char *name, size_t *len) {
  FILE *file = fopen(name, "rb");
  if (!file || fseek(file, 0, SEEK_END)) return NULL;
  *len = (size_t)ftell(file);
  rewind(file);
  char *bytes = malloc(*len);
  if (!bytes || fread(bytes, 1, *len, file) != *len) return NULL;
  fclose(file);
  return bytes;
}

/* Sends and receives at the same time. */
static int exchange(LIBSSH2_SESSION *session, int sock, const char *upload, size_t len,
                    const char *download, size_t wanted) {
  LIBSSH2_CHANNEL *channel = libssh2_channel_open_session(session);
  if (!channel) return fail(session, "open");
  if (libssh2_channel_exec(channel, "exchange")) return fail(session, "exec");
  size_t sent = 0, received = 0, room = wanted + 64;
  int ended = 0;
  char *buffer = malloc(room);
  libssh2_session_set_blocking(session, 0);
  while (!libssh2_channel_eof(channel)) {
    int busy = 0;
    if (sent < len) {
      size_t part = len - sent < 30000 ? len - sent : 30000;
      ssize_t n = libssh2_channel_write(channel, upload + sent, part);
      if (n < 0 && n != LIBSSH2_ERROR_EAGAIN) return fail(session, "write");
      if (n > 0) sent += (size_t)n, busy = 1;
    } else if (!ended) {
      int n = libssh2_channel_send_eof(channel);
      if (n && n != LIBSSH2_ERROR_EAGAIN) return fail(session, "eof");
      ended = n == 0;
    }
    ssize_t n = libssh2_channel_read(channel, buffer + received, room - received);
    if (n < 0 && n != LIBSSH2_ERROR_EAGAIN) return fail(session, "read");
    if (n > 0) received += (size_t)n, busy = 1;
    if (received == room) return fail(NULL, "more came than was expected");
    if (!busy) {
      struct pollfd ready = {.fd = sock, .events = POLLIN};
      if (libssh2_session_block_directions(session) & LIBSSH2_SESSION_BLOCK_OUTBOUND)
        ready.events |= POLLOUT;
      poll(&ready, 1, 100);
    }
  }
  libssh2_session_set_blocking(session, 1);
  if (libssh2_channel_close(channel)) return fail(session, "close");
  int status = libssh2_channel_get_exit_status(channel);
  libssh2_channel_free(channel);
  int same = received == wanted && memcmp(buffer, download, wanted) == 0;
  free(buffer);
  if (status != 0 || !same) {
    snprintf(problem, sizeof problem, "status %d, %zu bytes came", status, received);
    return 0;
  }
  return 1;
}

static int log_in(LIBSSH2_SESSION *session, const char *user, const char *key) {
  int failed = key ? libssh2_userauth_publickey_fromfile(session, user, NULL, key, "")
                   : libssh2_userauth_password(session, user, "x");
  return !failed || fail(session, "login");
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
  size_t len = 0, wanted = 0;
  char *upload = content(value(fields, "upload"), &len);
  char *download = content(value(fields, "download"), &wanted);
  if (!upload || !download) return fail(NULL, "the files");
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
           log_in(session, user, value(fields, "keyFile")) &&
           exchange(session, sock, upload, len, download, wanted);
  libssh2_session_disconnect(session, "");
  libssh2_session_free(session);
  free(upload);
  free(download);
  close(sock);
  return ok;
}

/* What the library was built with, as names between commas. */
static void print_supported(const char *kind) {
  static const struct {
    const char *kind;
    int method;
  } kinds[] = {{"kex", LIBSSH2_METHOD_KEX},         {"hostKey", LIBSSH2_METHOD_HOSTKEY},
               {"cipher", LIBSSH2_METHOD_CRYPT_CS}, {"mac", LIBSSH2_METHOD_MAC_CS},
               {"compression", LIBSSH2_METHOD_COMP_CS}};
  LIBSSH2_SESSION *session = libssh2_session_init();
  const char **names = NULL;
  int count = 0;
  libssh2_session_flag(session, LIBSSH2_FLAG_COMPRESS, 1);
  for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
    if (strcmp(kinds[i].kind, kind) == 0)
      count = libssh2_session_supported_algs(session, kinds[i].method, &names);
  for (int i = 0; i < count; i++) printf(i ? ",%s" : "%s", names[i]);
  putchar('\n');
  if (names) libssh2_free(session, names);
  libssh2_session_free(session);
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
    if (count == 1 && strcmp(fields[0], "version") == 0) puts(libssh2_version(0));
    else if (count == 2 && strcmp(fields[0], "supports") == 0) print_supported(fields[1]);
    else puts(run(fields) ? "ok" : problem);
    fflush(stdout);
  }
  return 0;
}
