/*
 * Loaded into a process under test (LD_PRELOAD): its writes, its syncs or its reads at a given place, as SQLite's are,
 * fail with EIO as long as the file $NEMESIS_FAILING_DISK.writes, .syncs or .reads is there, or such a file with a dot and
 * its process id at the end. Where NEMESIS_SYNC_MS is set, each of its syncs takes so many milliseconds longer.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

static int fails(const char *what) {
  const char *prefix = getenv("NEMESIS_FAILING_DISK");
  char path[4096];
  if (!prefix) return 0;
  int length = snprintf(path, sizeof path, "%s.%s.%d", prefix, what, (int)getpid());
  if (length >= (int)sizeof path) return 0;
  int before = errno;
  int there = access(path, F_OK) == 0;
  *strrchr(path, '.') = 0;
  there = there || access(path, F_OK) == 0;
  errno = there ? EIO : before;
  return there;
}

/** The time passes after the sync: what is said to be on the disk is there. */
static int late(int result) {
  const char *ms = getenv("NEMESIS_SYNC_MS");
  long delay = ms ? atol(ms) : 0;
  int before = errno;
  struct timespec left = {delay / 1000, delay % 1000 * 1000000};
  while (nanosleep(&left, &left) != 0 && errno == EINTR) {}
  errno = before;
  return result;
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

int fsync(int fd) { return fails("syncs") ? -1 : late(REAL(fsync)(fd)); }
int fdatasync(int fd) { return fails("syncs") ? -1 : late(REAL(fdatasync)(fd)); }
ssize_t pwrite(int fd, const void *from, size_t size, off_t at) { return fails("writes") ? -1 : REAL(pwrite)(fd, from, size, at); }
ssize_t pwrite64(int fd, const void *from, size_t size, off64_t at) { return fails("writes") ? -1 : REAL(pwrite64)(fd, from, size, at); }
ssize_t pread(int fd, void *to, size_t size, off_t at) { return fails("reads") ? -1 : REAL(pread)(fd, to, size, at); }
ssize_t pread64(int fd, void *to, size_t size, off64_t at) { return fails("reads") ? -1 : REAL(pread64)(fd, to, size, at); }
