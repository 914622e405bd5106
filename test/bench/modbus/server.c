/*
 * Modbus TCP servers for benchmarks: one thread, epoll, function 3 only. Register r of every unit holds
 * r. Prints the port of each server, and ends when its standard input does.
 *
 *     server COUNT
 */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { request_length = 12, most_pending = 64 * request_length };

enum kind { standard_input, listener, peer };

struct end {
  enum kind kind;
  int fd;
  int length;
  uint8_t bytes[most_pending];
};

static int answer(const uint8_t *request, uint8_t *out) {
  int address = request[8] << 8 | request[9];
  int count = request[10] << 8 | request[11];
  memcpy(out, request, 4);
  out[4] = (3 + 2 * count) >> 8;
  out[5] = (3 + 2 * count) & 0xff;
  out[6] = request[6];
  out[7] = 3;
  out[8] = 2 * count;
  for (int i = 0; i < count; i++) {
    out[9 + 2 * i] = (address + i) >> 8 & 0xff;
    out[10 + 2 * i] = (address + i) & 0xff;
  }
  return 9 + 2 * count;
}

static int serve(struct end *peer) {
  static uint8_t out[64 * 260];
  int got = read(peer->fd, peer->bytes + peer->length, most_pending - peer->length);
  if (got <= 0) return -1;
  peer->length += got;
  int at = 0, length = 0;
  for (; peer->length - at >= request_length; at += request_length) {
    length += answer(peer->bytes + at, out + length);
  }
  memmove(peer->bytes, peer->bytes + at, peer->length -= at);
  for (int sent = 0; sent < length;) {
    int n = write(peer->fd, out + sent, length - sent);
    if (n <= 0) return -1;
    sent += n;
  }
  return 0;
}

static void add(int poll, enum kind kind, int fd) {
  struct end *end = calloc(1, sizeof *end);
  end->kind = kind;
  end->fd = fd;
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = end};
  epoll_ctl(poll, EPOLL_CTL_ADD, fd, &event);
}

static int listening(void) {
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t size = sizeof at;
  if (bind(fd, (struct sockaddr *)&at, sizeof at) || listen(fd, 64)) exit(1);
  getsockname(fd, (struct sockaddr *)&at, &size);
  printf("%d ", ntohs(at.sin_port));
  return fd;
}

int main(int arguments, char **argument) {
  int one = 1, poll = epoll_create1(0), servers = arguments > 1 ? atoi(argument[1]) : 1;
  for (int i = 0; i < servers; i++) add(poll, listener, listening());
  printf("\n");
  fflush(stdout);
  add(poll, standard_input, 0);
  for (;;) {
    struct epoll_event ready[256];
    int count = epoll_wait(poll, ready, 256, -1);
    for (int i = 0; i < count; i++) {
      struct end *end = ready[i].data.ptr;
      if (end->kind == standard_input) return 0;
      if (end->kind == listener) {
        int fd = accept(end->fd, NULL, NULL);
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        add(poll, peer, fd);
      } else if (serve(end)) {
        close(end->fd);
        free(end);
      }
    }
  }
}
