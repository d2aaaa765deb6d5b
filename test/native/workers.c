/* Threads that wait for work, as engines have them that answer through the callback. */
#include <pthread.h>
#include <stdlib.h>

#include "engine.h"

#define THREADS 4

typedef struct Work {
  void *(*run)(void *);
  void *argument;
  struct Work *next;
} Work;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t filled = PTHREAD_COND_INITIALIZER;
static Work *first, **end = &first;
static int started;

static void *work(void *argument) {
  (void)argument;
  for (;;) {
    pthread_mutex_lock(&lock);
    while (!first) pthread_cond_wait(&filled, &lock);
    Work *next = first;
    first = next->next;
    if (!first) end = &first;
    pthread_mutex_unlock(&lock);
    next->run(next->argument);
    free(next);
  }
  return NULL;
}

void runOnWorker(void *(*run)(void *), void *argument) {
  Work *next = malloc(sizeof *next);
  *next = (Work){run, argument, NULL};
  pthread_mutex_lock(&lock);
  for (; started < THREADS; started += 1) {
    pthread_t thread;
    pthread_create(&thread, NULL, work, NULL);
    pthread_detach(thread);
  }
  *end = next;
  end = &next->next;
  pthread_cond_signal(&filled);
  pthread_mutex_unlock(&lock);
}
