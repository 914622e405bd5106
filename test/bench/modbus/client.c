/*
 * Reads 125 holding registers again and again with libmodbus, one request at a time, for so many
 * milliseconds after a warm-up. Prints the number of requests, and the CPU time and the time that they
 * took, in microseconds.
 *
 *     client PORT WARM_UP_MS MEASURE_MS
 */
#include <modbus.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

static double now_us(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1e6 + time.tv_nsec / 1e3;
}

static double cpu_us(void) {
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e6 + usage.ru_utime.tv_usec +
         usage.ru_stime.tv_usec;
}

static long run(modbus_t *link, double for_us) {
  uint16_t registers[125];
  long requests = 0;
  for (double end = now_us() + for_us; now_us() < end; requests++) {
    if (modbus_read_registers(link, 7, 125, registers) != 125 || registers[124] != 131) exit(1);
  }
  return requests;
}

int main(int count, char **args) {
  if (count != 4) return 2;
  modbus_t *link = modbus_new_tcp("127.0.0.1", atoi(args[1]));
  if (link == NULL || modbus_set_slave(link, 1) || modbus_connect(link)) return 1;
  run(link, atof(args[2]) * 1e3);
  double began = now_us(), used = cpu_us();
  long requests = run(link, atof(args[3]) * 1e3);
  printf("%ld %.0f %.0f\n", requests, cpu_us() - used, now_us() - began);
  return 0;
}
