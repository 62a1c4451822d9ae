// SPDX-License-Identifier: MIT
#include "original_program.h"

#include <fcntl.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <x86intrin.h>

struct message {
  unsigned long long stamp;
  unsigned long long data;
};

struct ring {
  volatile unsigned long producer __attribute__((aligned(64)));
  volatile unsigned long consumer __attribute__((aligned(64)));
  struct message messages[1024] __attribute__((aligned(64)));
};

static unsigned long long cycles(void) {
  _mm_mfence();
  return __rdtsc();
}

int original_ring(unsigned long long* latency, int samples) {
  syscall(548, 555);
  syscall(548, 123);
  int fd = open("/dev/hft", O_RDWR);
  if (fd < 0) return -1;
  struct ring* ring = (struct ring*)mmap(
      NULL, sizeof(struct ring), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (ring == MAP_FAILED) {
    close(fd);
    return -1;
  }
  int taken = 0;
  ring->consumer = ring->producer;
  while (taken < samples) {
    while (ring->consumer == ring->producer) _mm_pause();
    unsigned long long now = cycles();
    latency[taken++] = now - ring->messages[ring->consumer].stamp;
    ring->consumer = (ring->consumer + 1) & 1023;
  }
  munmap(ring, sizeof(struct ring));
  close(fd);
  return taken;
}

int original_read(unsigned long long* latency, int samples) {
  syscall(548, 555);
  syscall(548, 123);
  int fd = open("/dev/hft", O_RDONLY);
  if (fd < 0) return -1;
  int taken = 0;
  unsigned long long stamp;
  while (taken < samples && read(fd, &stamp, sizeof(stamp)) > 0)
    latency[taken++] = cycles() - stamp;
  close(fd);
  return taken;
}
