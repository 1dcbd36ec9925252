/*
 * What the kernel alone costs for a replicated write: an NBD export on a unix socket whose writes go
 * over TCP on loopback to a second process and into a file in each, one request at a time. No marks,
 * no checks, no recovery: nothing but the system calls. Other requests are answered and not carried
 * out. Ends with its client's or its peer's connection.
 *
 *   floor SOCKET FIRST-FILE SECOND-FILE BYTES
 */
#include <arpa/inet.h>
#include <endian.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#define PAYLOAD_MAX (2 << 20)
#define PACKED __attribute__((packed))

struct frame { uint64_t offset; uint32_t length; char rest[20]; } PACKED;
struct request { uint32_t magic; uint16_t flags, command; uint64_t cookie, offset; uint32_t length; } PACKED;
struct reply { uint32_t magic, error; uint64_t cookie; } PACKED;

static char payload[PAYLOAD_MAX];
static char ahead[128 << 10];
static size_t have;

static void must(int ok, const char *what) {
  if (!ok) {
    perror(what);
    exit(1);
  }
}

static void send_all(int fd, const void *from, size_t n) {
  for (const char *p = from; n > 0;) {
    ssize_t sent = write(fd, p, n);
    must(sent > 0, "write");
    p += sent;
    n -= sent;
  }
}

static void receive_all(int fd, void *into, size_t n) {
  for (char *p = into; n > 0;) {
    ssize_t got = read(fd, p, n);
    if (got <= 0) exit(0);
    p += got;
    n -= got;
  }
}

/* A header, reading ahead of small payloads; 0 at the end of the stream. */
static int receive_header(int fd, void *header, size_t n) {
  while (have < n) {
    ssize_t got = read(fd, ahead + have, sizeof ahead - have);
    if (got <= 0) return 0;
    have += got;
  }
  memcpy(header, ahead, n);
  have -= n;
  memmove(ahead, ahead + n, have);
  return 1;
}

static void receive_payload(int fd, size_t n) {
  must(n <= PAYLOAD_MAX, "payload");
  size_t here = have < n ? have : n;
  memcpy(payload, ahead, here);
  have -= here;
  memmove(ahead, ahead + here, have);
  receive_all(fd, payload + here, n - here);
}

static void second_node(int listener, const char *path) {
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  int peer = accept(listener, NULL, NULL), one = 1, file = open(path, O_RDWR);
  must(peer >= 0 && file >= 0, path);
  setsockopt(peer, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  struct frame frame;
  while (receive_header(peer, &frame, sizeof frame)) {
    receive_payload(peer, frame.length);
    must(pwrite(file, payload, frame.length, frame.offset) == (ssize_t)frame.length, "pwrite");
    send_all(peer, &frame, sizeof frame);
  }
  exit(0);
}

/* Fixed newstyle; 0 when the client went away or asked for something else. */
static int handshake(int client, uint64_t size) {
  struct { uint64_t magic, option_magic; uint16_t flags; } PACKED hello = {
      htobe64(0x4e42444d41474943), htobe64(0x49484156454f5054), htobe16(3)};
  struct { uint64_t magic; uint32_t option, length; } PACKED asked;
  struct { uint16_t type; uint64_t size; uint16_t flags; } PACKED info = {0, htobe64(size), htobe16(1)};
  uint32_t flags;
  send_all(client, &hello, sizeof hello);
  receive_all(client, &flags, sizeof flags);
  for (;;) {
    if (read(client, &asked, sizeof asked) != sizeof asked) return 0;
    uint32_t option = be32toh(asked.option);
    must(be32toh(asked.length) <= PAYLOAD_MAX, "option");
    receive_all(client, payload, be32toh(asked.length));
    struct { uint64_t magic; uint32_t option, type, length; } PACKED answer = {
        htobe64(0x3e889045565a9), asked.option, htobe32(0x80000001), 0};
    if (option == 7) { /* GO */
      answer.type = htobe32(3);
      answer.length = htobe32(sizeof info);
      send_all(client, &answer, sizeof answer);
      send_all(client, &info, sizeof info);
      answer.length = 0;
    }
    if (option == 7 || option == 2) answer.type = htobe32(1);
    send_all(client, &answer, sizeof answer);
    if (option == 7) return 1;
    if (option == 2) return 0; /* ABORT */
  }
}

static void serve(int client, int peer, int file) {
  struct request request;
  have = 0;
  while (receive_header(client, &request, sizeof request) && be16toh(request.command) != 2) {
    if (be16toh(request.command) == 1) {
      struct frame frame = {be64toh(request.offset), be32toh(request.length), {0}};
      receive_payload(client, frame.length);
      struct iovec both[2] = {{&frame, sizeof frame}, {payload, frame.length}};
      ssize_t sent = writev(peer, both, 2);
      must(sent >= (ssize_t)sizeof frame, "writev");
      send_all(peer, payload + (sent - sizeof frame), frame.length - (sent - sizeof frame));
      must(pwrite(file, payload, frame.length, frame.offset) == (ssize_t)frame.length, "pwrite");
      receive_all(peer, &frame, sizeof frame);
    }
    struct reply reply = {htobe32(0x67446698), 0, request.cookie};
    send_all(client, &reply, sizeof reply);
  }
}

int main(int argc, char **argv) {
  must(argc == 5, "usage: floor SOCKET FIRST-FILE SECOND-FILE BYTES");
  struct sockaddr_in at = {.sin_family = AF_INET};
  socklen_t length = sizeof at;
  inet_pton(AF_INET, "127.0.0.2", &at.sin_addr);
  int listener = socket(AF_INET, SOCK_STREAM, 0), peer = socket(AF_INET, SOCK_STREAM, 0), one = 1;
  must(bind(listener, (void *)&at, sizeof at) == 0 && listen(listener, 1) == 0, "listen");
  must(getsockname(listener, (void *)&at, &length) == 0, "getsockname");
  pid_t second = fork();
  must(second >= 0, "fork");
  if (second == 0) second_node(listener, argv[3]);
  must(connect(peer, (void *)&at, sizeof at) == 0, "connect");
  setsockopt(peer, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  int file = open(argv[2], O_RDWR), clients = socket(AF_UNIX, SOCK_STREAM, 0);
  must(file >= 0, argv[2]);
  struct sockaddr_un path = {.sun_family = AF_UNIX};
  snprintf(path.sun_path, sizeof path.sun_path, "%s", argv[1]);
  must(bind(clients, (void *)&path, sizeof path) == 0 && listen(clients, 8) == 0, argv[1]);
  for (;;) {
    int client = accept(clients, NULL, NULL);
    must(client >= 0, "accept");
    if (handshake(client, strtoull(argv[4], NULL, 10))) serve(client, peer, file);
    close(client);
  }
}
