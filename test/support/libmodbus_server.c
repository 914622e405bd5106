/*
 * A Modbus server by libmodbus, steered by JSON lines on its standard input.
 *
 *     libmodbus_server tcp | rtu TTY
 *
 * Prints {"ready": PORT} when it serves, and answers each line with one that has the same id:
 *     {"id":1,"do":"put holding 5 17 18"}  ->  {"id":1}
 *     {"id":2,"do":"take holding 5 2"}     ->  {"id":2,"words":[17,18]}
 * Words are registers or bits, kept in libmodbus' own mapping. Ends when its standard input does.
 */
#include <arpa/inet.h>
#include <modbus.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <unistd.h>

enum { size = 1000 };

static modbus_mapping_t *map;

static int read_word(const char *table, int at) {
  if (!strcmp(table, "coil")) return map->tab_bits[at];
  if (!strcmp(table, "discrete")) return map->tab_input_bits[at];
  return !strcmp(table, "holding") ? map->tab_registers[at] : map->tab_input_registers[at];
}

static void write_word(const char *table, int at, int word) {
  if (!strcmp(table, "coil")) map->tab_bits[at] = word;
  else if (!strcmp(table, "discrete")) map->tab_input_bits[at] = word;
  else if (!strcmp(table, "holding")) map->tab_registers[at] = word;
  else map->tab_input_registers[at] = word;
}

static void obey(const char *line) {
  char table[16] = "", verb[8] = "";
  const char *id = strstr(line, "\"id\":"), *order = strstr(line, "\"do\":\"");
  int address = 0, used = 0;
  if (!id || !order) return;
  order += 6;
  if (sscanf(order, "%7s %15s %d%n", verb, table, &address, &used) != 3) return;
  order += used;
  printf("{\"id\":%d", atoi(id + 5));
  if (!strcmp(verb, "put")) {
    for (int word, length; sscanf(order, "%d%n", &word, &length) == 1; order += length) {
      if (address < size) write_word(table, address++, word);
    }
  } else {
    int count = atoi(order);
    printf(",\"words\":[");
    for (int i = 0; i < count && address + i < size; i++) {
      printf(i ? ",%d" : "%d", read_word(table, address + i));
    }
    printf("]");
  }
  printf("}\n");
  fflush(stdout);
}

int main(int count, char **args) {
  int tcp = count == 2 && !strcmp(args[1], "tcp"), listener = -1, peer = -1, port = 0;
  if (!tcp && !(count == 3 && !strcmp(args[1], "rtu"))) return 2;
  modbus_t *link = tcp ? modbus_new_tcp("127.0.0.1", 0) : modbus_new_rtu(args[2], 115200, 'N', 8, 1);
  map = modbus_mapping_new(size, size, size, size);
  if (!link || !map || modbus_set_slave(link, 1)) return 1;
  if (tcp) {
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof at;
    listener = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(listener, (struct sockaddr *)&at, sizeof at) || listen(listener, 4)) return 1;
    getsockname(listener, (struct sockaddr *)&at, &length);
    port = ntohs(at.sin_port);
  } else {
    if (modbus_connect(link)) return 1;
    peer = modbus_get_socket(link);
  }
  printf("{\"ready\":%d}\n", port);
  fflush(stdout);
  for (char text[65536]; ;) {
    static int length = 0;
    fd_set ready;
    FD_ZERO(&ready);
    FD_SET(0, &ready);
    if (listener != -1) FD_SET(listener, &ready);
    if (peer != -1) FD_SET(peer, &ready);
    if (select((listener > peer ? listener : peer) + 1, &ready, NULL, NULL, NULL) < 0) return 1;
    if (FD_ISSET(0, &ready)) {
      int got = read(0, text + length, sizeof text - 1 - length);
      if (got <= 0) return 0;
      text[length += got] = 0;
      for (char *end; (end = strchr(text, '\n')); memmove(text, end + 1, length + 1)) {
        *end = 0;
        obey(text);
        length -= end + 1 - text;
      }
    }
    if (listener != -1 && FD_ISSET(listener, &ready)) {
      if (peer != -1) close(peer);
      peer = modbus_tcp_accept(link, &listener);
    } else if (peer != -1 && FD_ISSET(peer, &ready)) {
      uint8_t query[MODBUS_TCP_MAX_ADU_LENGTH];
      int got = modbus_receive(link, query);
      if (got > 0) modbus_reply(link, query, got, map);
      if (got == -1 && tcp) {
        close(peer);
        peer = -1;
      }
    }
  }
}
