/* A wrapper that misbehaves on request: what a call does is chosen by its parameter `do`. Here: the life of the engine,
 * its resources, and once requests. */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine.h"

struct Counts counts;
static wrapperMeterCustom meter;
static wrapperTraceLog metric, trace;
static char configuration[4096];
/* Every request is answered with the number of its bytes: for the benchmark. */
static int onlyLengths;

int wrapperSetCtrl(CtrlType type, void *func) {
  if (type == CTMeterCustom) meter = (wrapperMeterCustom)func;
  if (type == CTMetricsLog) metric = (wrapperTraceLog)func;
  if (type == CTTraceLog) trace = (wrapperTraceLog)func;
  return 0;
}

int wrapperInit(pConfig cfg) {
  for (pConfig entry = cfg; entry; entry = entry->next) {
    size_t used = strlen(configuration);
    snprintf(configuration + used, sizeof configuration - used, "%s=%s;", entry->key, entry->value);
  }
  printf("the engine starts with %s\n", configuration);
  onlyLengths = number(cfg, "onlyLengths", 0);
  return number(cfg, "initCode", 0);
}

int wrapperFini(void) {
  printf("the engine ends: %d execs, %d frees, %d creates, %d destroys\n", counts.execs, counts.frees, counts.creates,
         counts.destroys);
  return 0;
}

const char *wrapperError(int code) {
  switch (code) {
  case 7001:
    return "the engine says no";
  case 7002:
    return "no such resource";
  case 7003:
    return NULL;
  default:
    return "engine error";
  }
}

const char *wrapperVersion(void) { return "4.5.6"; }

/* Resources. */

#define MOST_RESOURCES 16
static struct {
  unsigned int id;
  char *text;
} resources[MOST_RESOURCES];
static pthread_mutex_t resourceLock = PTHREAD_MUTEX_INITIALIZER;

int wrapperLoadRes(pDataList data, unsigned int resId) {
  if (data->len == 6 && memcmp(data->data, "refuse", 6) == 0) return 7001;
  pthread_mutex_lock(&resourceLock);
  int place = 0;
  while (place < MOST_RESOURCES && resources[place].text) place += 1;
  if (place < MOST_RESOURCES) {
    resources[place].id = resId;
    if (asprintf(&resources[place].text, "%s/%d/%d:%.*s", data->key, data->type, data->status, (int)data->len,
                 (char *)data->data) < 0)
      abort();
  }
  pthread_mutex_unlock(&resourceLock);
  return place < MOST_RESOURCES ? 0 : 7001;
}

int wrapperUnloadRes(unsigned int resId) {
  int code = 7002;
  pthread_mutex_lock(&resourceLock);
  for (int place = 0; place < MOST_RESOURCES; place += 1) {
    if (!resources[place].text || resources[place].id != resId) continue;
    free(resources[place].text);
    resources[place].text = NULL;
    code = 0;
  }
  pthread_mutex_unlock(&resourceLock);
  return code;
}

char *describeResources(const unsigned int *ids, int count) {
  char *text = strdup("");
  pthread_mutex_lock(&resourceLock);
  for (int index = 0; index < count; index += 1) {
    for (int place = 0; place < MOST_RESOURCES; place += 1) {
      if (!resources[place].text || resources[place].id != ids[index]) continue;
      char *longer;
      if (asprintf(&longer, "%s%s;", text, resources[place].text) < 0) abort();
      free(text);
      text = longer;
    }
  }
  pthread_mutex_unlock(&resourceLock);
  return text;
}

/* Answers. */

static pDataList countsOutput(void) {
  char text[256];
  snprintf(text, sizeof text, "execs=%d frees=%d creates=%d destroys=%d debugInfos=%d unknownTags=%d", counts.execs,
           counts.frees, counts.creates, counts.destroys, counts.debugInfos, counts.unknownTags);
  return textOutput("result", text, DataOnce);
}

static pDataList paramsOutput(const char *usrTag, pParamList params, pDataList in) {
  char text[4096];
  int used = snprintf(text, sizeof text, "tag=%s config=%s", usrTag, configuration);
  for (; params; params = params->next) {
    used += snprintf(text + used, sizeof text - used, " %s=%.*s", params->key, (int)params->vlen, params->value);
  }
  for (; in; in = in->next) {
    used += snprintf(text + used, sizeof text - used, " [%s %u bytes type %d status %d", in->key, in->len, in->type,
                     in->status);
    for (pDescList desc = in->desc; desc; desc = desc->next) {
      used += snprintf(text + used, sizeof text - used, " %s:%s", desc->key, desc->value);
    }
    used += snprintf(text + used, sizeof text - used, "]");
  }
  return textOutput("result", text, DataOnce);
}

static pDataList lengthOutput(pDataList in) {
  char text[16];
  snprintf(text, sizeof text, "%u", in->len);
  return textOutput("result", text, DataOnce);
}

/* Reads a megabyte of its own stack. */
static int useStack(void) {
  volatile char buffer[1 << 20];
  memset((char *)buffer, 1, sizeof buffer);
  return buffer[12345];
}

static void closeStandard(void) {
  for (int descriptor = 0; descriptor < 3; descriptor += 1) close(descriptor);
}

static void report(const char *usrTag) {
  meter(usrTag, "seconds", 3);
  metric(usrTag, "load", "0.75");
  metric(usrTag, "phase", "warm");
  trace(usrTag, "step", "decoded");
}

pDataList answerOf(const char *usrTag, pParamList params, pDataList in, unsigned int *psrIds, int psrCnt) {
  sleepMs(number(params, "sleep", 0));
  if (asked(params, "segfault")) *(volatile int *)NULL = 1;
  if (asked(params, "exit")) exit(number(params, "status", 0));
  if (asked(params, "close")) closeStandard();
  if (asked(params, "hang")) sleepMs(3600 * 1000);
  if (asked(params, "stack")) useStack();
  if (asked(params, "report")) report(usrTag);
  if (asked(params, "null")) return NULL;
  if (asked(params, "counts")) return countsOutput();
  if (asked(params, "params")) return paramsOutput(usrTag, params, in);
  if (asked(params, "large")) return output("result", NULL, (size_t)number(params, "bytes", 0), DataPer, DataOnce);
  if (asked(params, "type")) return output("result", "x", 1, number(params, "type", 0), DataOnce);
  if (asked(params, "several")) {
    pDataList list = textOutput("first", "one", DataOnce);
    list->next = textOutput("second", "two", DataOnce);
    list->next->next = textOutput("third", "three", DataOnce);
    return list;
  }
  if (asked(params, "resources")) {
    char *text = describeResources(psrIds, psrCnt);
    pDataList list = textOutput("result", text, DataOnce);
    free(text);
    return list;
  }
  if (onlyLengths) return lengthOutput(in);
  pDataList list = echo(in, DataOnce);
  if (asked(params, "no-data")) {
    free(list->data);
    list->data = NULL;
  }
  if (asked(params, "loop")) list->next = list;
  return list;
}

int wrapperExec(const char *usrTag, pParamList params, pDataList in, pDataList *out, unsigned int psrIds[], int psrCnt) {
  if (asked(params, "code")) return number(params, "code", 0);
  *out = answerOf(usrTag, params, in, psrIds, psrCnt);
  counts.execs += 1;
  return 0;
}

int wrapperExecFree(const char *usrTag, pDataList *out) {
  (void)usrTag;
  freeOutputs(*out);
  *out = NULL;
  counts.frees += 1;
  return 0;
}

/* The same with an answer from another thread. Nothing is copied: neither the tag nor the input. */

void callBack(wrapperCallback cb, const char *usrTag, pDataList list, int ret) {
  if (cb(usrTag, list, ret) != 0) counts.unknownTags += 1;
}

struct Job {
  const char *usrTag;
  pParamList params;
  pDataList in;
  wrapperCallback cb;
  unsigned int *psrIds;
  int psrCnt;
};

static void *answerJob(void *argument) {
  struct Job *job = argument;
  pParamList params = job->params;
  // What is read after the last answer would be gone by then.
  int twice = asked(params, "twice"), late = asked(params, "late");
  for (int rest = number(params, "results", 1); rest > 1; rest -= 1) {
    pDataList part = echo(job->in, DataContinue);
    callBack(job->cb, job->usrTag, part, 0);
    freeOutputs(part);
  }
  int code = number(params, "callbackCode", 0);
  pDataList list = code == 0 ? answerOf(job->usrTag, params, job->in, job->psrIds, job->psrCnt) : NULL;
  callBack(job->cb, job->usrTag, list, code);
  if (late) sleepMs(1000);
  if (late || twice) callBack(job->cb, job->usrTag, list, code);
  freeOutputs(list);
  free(job);
  return NULL;
}

int wrapperExecAsync(const char *usrTag, pParamList params, pDataList in, wrapperCallback cb, int timeoutMs,
                     unsigned int psrIds[], int psrCnt) {
  (void)timeoutMs;
  if (asked(params, "code")) return number(params, "code", 0);
  struct Job *job = malloc(sizeof *job);
  *job = (struct Job){usrTag, params, in, cb, psrIds, psrCnt};
  counts.execs += 1;
  if (onlyLengths) {
    runOnWorker(answerJob, job);
    return 0;
  }
  pthread_t thread;
  pthread_create(&thread, NULL, answerJob, job);
  pthread_detach(thread);
  return 0;
}
