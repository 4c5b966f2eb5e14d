/* A disk whose syncs take longer, for one process: preloaded by benchmarks/slow_disk.py.

   Each sync is done as it is, and then waits for a flush of SLOW_SYNC_US microseconds. As with a
   journaling file system there is one flush at a time, and it serves all who were waiting when it
   began; who comes while it goes on waits for the next. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t over = PTHREAD_COND_INITIALIZER;
static unsigned long begun, ended; /* flushes */

static void flush(long microseconds)
{
    struct timespec left = {microseconds / 1000000, microseconds % 1000000 * 1000};
    while (clock_nanosleep(CLOCK_MONOTONIC, 0, &left, &left) == EINTR)
        ;
}

static void wait_for_a_flush(void)
{
    const char *asked = getenv("SLOW_SYNC_US");
    long microseconds = asked ? atol(asked) : 0;
    if (microseconds <= 0)
        return;
    pthread_mutex_lock(&lock);
    unsigned long mine = begun + 1;
    while (ended < mine) {
        if (begun > ended) {
            pthread_cond_wait(&over, &lock);
            continue;
        }
        begun++;
        pthread_mutex_unlock(&lock);
        flush(microseconds);
        pthread_mutex_lock(&lock);
        ended = begun;
        pthread_cond_broadcast(&over);
    }
    pthread_mutex_unlock(&lock);
}

static int slowly(const char *name, int descriptor)
{
    int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, name);
    int result = real(descriptor), error = errno;
    wait_for_a_flush();
    errno = error;
    return result;
}

int fsync(int descriptor) { return slowly("fsync", descriptor); }

int fdatasync(int descriptor) { return slowly("fdatasync", descriptor); }
