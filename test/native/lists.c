/* Parameters and outputs: the lists of the ABI. */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "engine.h"

const char *param(pParamList params, const char *key, const char *otherwise) {
  for (; params; params = params->next) {
    if (strcmp(params->key, key) == 0) return params->value;
  }
  return otherwise;
}

int number(pParamList params, const char *key, int otherwise) {
  const char *text = param(params, key, NULL);
  return text ? atoi(text) : otherwise;
}

int asked(pParamList params, const char *what) { return strcmp(param(params, "do", ""), what) == 0; }

void sleepMs(int ms) {
  struct timespec time = {ms / 1000, (ms % 1000) * 1000000L};
  nanosleep(&time, NULL);
}

static void *copyOf(const void *data, size_t len) {
  void *copy = malloc(len ? len : 1);
  if (len) memcpy(copy, data, len);
  return copy;
}

static pDescList copyDescription(pDescList desc) {
  if (!desc) return NULL;
  pDescList copy = calloc(1, sizeof *copy);
  copy->key = strdup(desc->key);
  copy->value = copyOf(desc->value, desc->vlen);
  copy->vlen = desc->vlen;
  copy->next = copyDescription(desc->next);
  return copy;
}

pDataList output(const char *key, const void *data, size_t len, int type, int status) {
  pDataList list = calloc(1, sizeof *list);
  list->key = strdup(key);
  list->data = data ? copyOf(data, len) : calloc(1, len);
  list->len = (unsigned int)len;
  list->type = (DataType)type;
  list->status = (DataStatus)status;
  return list;
}

pDataList textOutput(const char *key, const char *text, int status) {
  return output(key, text, strlen(text), DataText, status);
}

pDataList echo(pDataList in, int status) {
  if (!in) return NULL;
  pDataList list = output(in->key, in->data, in->len, in->type, status < 0 ? (int)in->status : status);
  list->desc = copyDescription(in->desc);
  list->next = echo(in->next, status);
  return list;
}

void freeOutputs(pDataList list) {
  while (list) {
    pDataList next = list->next == list ? NULL : list->next;
    while (list->desc) {
      pDescList desc = list->desc;
      list->desc = desc->next;
      free(desc->key);
      free(desc->value);
      free(desc);
    }
    free(list->key);
    free(list->data);
    free(list);
    list = next;
  }
}
