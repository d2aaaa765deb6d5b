/* The test engine's sessions. */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine.h"

typedef struct Session {
  const char *usrTag;
  pParamList params;
  wrapperCallback cb;
  char *resources;
  /* What was written and not read yet, and what was read and has to stay until the end. */
  pDataList written, read;
  int frames, finished, pauses;
  pthread_t worker;
  atomic_int stop;
  char debugInfo[64];
} Session;

/* Calls back until it is told to stop, for a destroy that joins the thread. */
static void *chatter(void *argument) {
  Session *session = argument;
  while (!session->stop) {
    pDataList list = textOutput("result", ".", DataContinue);
    callBack(session->cb, session->usrTag, list, 0);
    freeOutputs(list);
    sleepMs(1);
  }
  return NULL;
}

const void *wrapperCreate(const char *usrTag, pParamList params, wrapperCallback cb, unsigned int psrIds[], int psrCnt,
                          int *errNum) {
  sleepMs(number(params, "sleep", 0));
  *errNum = asked(params, "create-code") ? 7001 : 0;
  if (*errNum != 0 || asked(params, "create-null")) return NULL;
  Session *session = calloc(1, sizeof *session);
  session->usrTag = usrTag;
  session->params = params;
  session->cb = cb;
  session->resources = describeResources(psrIds, psrCnt);
  session->pauses = number(params, "pauses", 0);
  if (asked(params, "chatter")) pthread_create(&session->worker, NULL, chatter, session);
  counts.creates += 1;
  return session;
}

static void append(pDataList *list, pDataList more) {
  while (*list) list = &(*list)->next;
  *list = more;
}

struct Answer {
  const char *usrTag;
  wrapperCallback cb;
  pDataList list;
  int delay;
};

static void *answerLater(void *argument) {
  struct Answer *answer = argument;
  sleepMs(answer->delay);
  callBack(answer->cb, answer->usrTag, answer->list, 0);
  freeOutputs(answer->list);
  free(answer);
  return NULL;
}

static pthread_t answerFrom(Session *session, pDataList list, int delay) {
  struct Answer *answer = malloc(sizeof *answer);
  *answer = (struct Answer){session->usrTag, session->cb, list, delay};
  pthread_t thread;
  pthread_create(&thread, NULL, answerLater, answer);
  return thread;
}

static int isLast(pDataList list) {
  for (; list; list = list->next) {
    if (list->status == DataEnd || list->status == DataOnce) return 1;
  }
  return 0;
}

int wrapperWrite(const void *handle, pDataList data) {
  Session *session = (Session *)handle;
  session->frames += 1;
  sleepMs(number(session->params, "writeSleep", 0));
  if (asked(session->params, "write-code")) return 7001;
  if (asked(session->params, "segfault")) *(volatile int *)NULL = 1;
  int last = isLast(data);
  session->finished |= last;
  if (asked(session->params, "chatter")) return 0;
  if (asked(session->params, "resources")) {
    append(&session->written, textOutput("result", session->resources, last ? DataEnd : DataContinue));
  } else if (!asked(session->params, "silent")) {
    append(&session->written, echo(data, -1));
  }
  if (!session->cb) return 0;
  if (session->written) pthread_join(answerFrom(session, session->written, 0), NULL);
  session->written = NULL;
  return 0;
}

int wrapperRead(const void *handle, pDataList *out) {
  Session *session = (Session *)handle;
  if (asked(session->params, "read-code")) return 7001;
  if (session->finished && session->pauses > 0) {
    session->pauses -= 1;
    return 0;
  }
  *out = session->written;
  append(&session->read, session->written);
  session->written = NULL;
  return 0;
}

const char *wrapperDebugInfo(const void *handle) {
  Session *session = (Session *)handle;
  counts.debugInfos += 1;
  snprintf(session->debugInfo, sizeof session->debugInfo, "frames=%d", session->frames);
  return session->debugInfo;
}

int wrapperDestroy(const void *handle) {
  Session *session = (Session *)handle;
  if (asked(session->params, "chatter")) {
    session->stop = 1;
    pthread_join(session->worker, NULL);
  }
  if (asked(session->params, "after-destroy")) {
    pthread_detach(answerFrom(session, textOutput("result", "too late", DataContinue), 1000));
  }
  int code = asked(session->params, "destroy-code") ? 7001 : 0;
  freeOutputs(session->written);
  freeOutputs(session->read);
  free(session->resources);
  free(session);
  counts.destroys += 1;
  return code;
}
