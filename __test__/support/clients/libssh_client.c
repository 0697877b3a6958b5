/* Runs libssh for the interop run: reads jobs, one a line, as names and values between tabs, and
 * answers each with `ok` or with what went wrong; `version` asks for the library's. Every job is one
 * connection that forces the algorithms it names, asks for new keys after `rekeyBytes`, sends one
 * file through the command `exchange` and expects the other. */

#include <libssh/libssh.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char problem[512];

static const char *value(char **fields, const char *name) {
  for (int i = 0; fields[i] && fields[i + 1]; i += 2)
    if (strcmp(fields[i], name) == 0) return fields[i + 1];
  return NULL;
}

static int fail(ssh_session session, const char *what) {
  snprintf(problem, sizeof problem, "%s: %s", what, ssh_get_error(session));
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
static int exchange(ssh_session session, const char *upload, size_t len, const char *download,
                    size_t wanted) {
  ssh_channel channel = ssh_channel_new(session);
  if (ssh_channel_open_session(channel) != SSH_OK) return fail(session, "open");
  if (ssh_channel_request_exec(channel, "exchange") != SSH_OK) return fail(session, "exec");
  size_t sent = 0, received = 0, room = wanted + 64;
  char *buffer = malloc(room);
  int ended = 0, n = 0;
  while (n != SSH_EOF && received < room) {
    if (sent < len) {
      size_t part = len - sent < 30000 ? len - sent : 30000;
      n = ssh_channel_write(channel, upload + sent, (unsigned)part);
      if (n < 0) return fail(session, "write");
      sent += (size_t)n;
    } else if (!ended) {
      if (ssh_channel_send_eof(channel) != SSH_OK) return fail(session, "eof");
      ended = 1;
    }
    n = ssh_channel_read_timeout(channel, buffer + received, (unsigned)(room - received), 0,
                                 ended ? -1 : 0);
    if (n == SSH_ERROR) return fail(session, "read");
    if (n > 0) received += (size_t)n;
    if (n == 0 && ended && ssh_channel_is_eof(channel)) break;
  }
  int status = ssh_channel_get_exit_status(channel);
  ssh_channel_close(channel);
  ssh_channel_free(channel);
  int same = received == wanted && memcmp(buffer, download, wanted) == 0;
  free(buffer);
  if (status != 0 || !same) {
    snprintf(problem, sizeof problem, "status %d, %zu bytes came", status, received);
    return 0;
  }
  return 1;
}

static int log_in(ssh_session session, const char *file, const char *certificate,
                  const char *method) {
  if (method) {
    int result = ssh_userauth_none(session, NULL);
    if (result != SSH_AUTH_SUCCESS) result = ssh_userauth_gssapi(session);
    return result == SSH_AUTH_SUCCESS || fail(session, method);
  }
  if (!file) {
    return ssh_userauth_password(session, NULL, "x") == SSH_AUTH_SUCCESS ||
           fail(session, "password");
  }
  ssh_key key = NULL;
  if (ssh_pki_import_privkey_file(file, NULL, NULL, NULL, &key) != SSH_OK)
    return fail(session, "key file");
  ssh_key signed_key = NULL;
  if (certificate && (ssh_pki_import_cert_file(certificate, &signed_key) != SSH_OK ||
                      ssh_pki_copy_cert_to_privkey(signed_key, key) != SSH_OK ||
                      ssh_userauth_try_publickey(session, NULL, signed_key) != SSH_AUTH_SUCCESS))
    return fail(session, "certificate");
  int result = ssh_userauth_publickey(session, NULL, key);
  ssh_key_free(signed_key);
  ssh_key_free(key);
  return result == SSH_AUTH_SUCCESS || fail(session, "public key");
}

static int force(ssh_session session, enum ssh_options_e option, const char *name) {
  return !name || ssh_options_set(session, option, name) == SSH_OK || fail(session, "option");
}

static int run(char **fields) {
  ssh_session session = ssh_new();
  unsigned port = (unsigned)atoi(value(fields, "port"));
  const char *cipher = value(fields, "cipher"), *mac = value(fields, "mac");
  const char *compression = value(fields, "compression");
  uint64_t rekey = (uint64_t)atol(value(fields, "rekeyBytes"));
  size_t len = 0, wanted = 0;
  char *upload = content(value(fields, "upload"), &len);
  char *download = content(value(fields, "download"), &wanted);
  if (!upload || !download) return fail(session, "the files");
  int no = 0;
  ssh_options_set(session, SSH_OPTIONS_PROCESS_CONFIG, &no);
  const char *host = value(fields, "host");
  ssh_options_set(session, SSH_OPTIONS_HOST, host ? host : "127.0.0.1");
  if (host) ssh_options_set(session, SSH_OPTIONS_GSSAPI_SERVER_IDENTITY, host);
  ssh_options_set(session, SSH_OPTIONS_PORT, &port);
  ssh_options_set(session, SSH_OPTIONS_REKEY_DATA, &rekey);
  int ok = force(session, SSH_OPTIONS_USER, value(fields, "user")) &&
           force(session, SSH_OPTIONS_KEY_EXCHANGE, value(fields, "kex")) &&
           force(session, SSH_OPTIONS_HOSTKEYS, value(fields, "hostKey")) &&
           force(session, SSH_OPTIONS_CIPHERS_C_S, cipher) &&
           force(session, SSH_OPTIONS_CIPHERS_S_C, cipher) &&
           force(session, SSH_OPTIONS_HMAC_C_S, mac) &&
           force(session, SSH_OPTIONS_HMAC_S_C, mac) &&
           force(session, SSH_OPTIONS_COMPRESSION_C_S, compression) &&
           force(session, SSH_OPTIONS_COMPRESSION_S_C, compression) &&
           force(session, SSH_OPTIONS_PUBLICKEY_ACCEPTED_TYPES, value(fields, "userKey")) &&
           (ssh_connect(session) == SSH_OK || fail(session, "connect")) &&
           log_in(session, value(fields, "keyFile"), value(fields, "certificate"),
                  value(fields, "method")) &&
           exchange(session, upload, len, download, wanted);
  ssh_disconnect(session);
  ssh_free(session);
  free(upload);
  free(download);
  return ok;
}

int main(void) {
  static char line[8192];
  ssh_init();
  while (fgets(line, sizeof line, stdin)) {
    char *fields[64] = {0};
    int count = 0;
    line[strcspn(line, "\n")] = 0;
    for (char *field = strtok(line, "\t"); field && count < 62; field = strtok(NULL, "\t"))
      fields[count++] = field;
    if (count == 1 && strcmp(fields[0], "version") == 0) puts(ssh_version(0));
    else puts(run(fields) ? "ok" : problem);
    fflush(stdout);
  }
  return 0;
}
