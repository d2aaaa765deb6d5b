/* What the parts of the test engine share. */
#ifndef TEST_ENGINE_H
#define TEST_ENGINE_H

#include <stdatomic.h>
#include <stddef.h>

#include "wrapper.h"

/* The value of a parameter; `otherwise` when it is absent. */
const char *param(pParamList params, const char *key, const char *otherwise);
int number(pParamList params, const char *key, int otherwise);
/* Whether the parameter `do` asks for this. */
int asked(pParamList params, const char *what);
void sleepMs(int ms);

/* A piece of output with copies of everything. */
pDataList output(const char *key, const void *data, size_t len, int type, int status);
pDataList textOutput(const char *key, const char *text, int status);
/* Copies of a list of inputs, each with this status; a negative one keeps theirs. */
pDataList echo(pDataList in, int status);
void freeOutputs(pDataList list);

/* What a request that answers once gives: by its parameter `do`, an echo if there is none. NULL gives nothing. */
pDataList answerOf(const char *usrTag, pParamList params, pDataList in, unsigned int *psrIds, int psrCnt);
/* The text of the resources with these ids. Freed by the caller. */
char *describeResources(const unsigned int *ids, int count);

/* How often functions were called, as a test may ask for with `do=counts`. */
extern struct Counts {
  atomic_int execs, frees, creates, destroys, debugInfos, unknownTags;
} counts;

/* Runs a function on one of a few threads that are kept. */
void runOnWorker(void *(*run)(void *), void *argument);

/* Calls back, and counts when the host does not know the tag. */
void callBack(wrapperCallback cb, const char *usrTag, pDataList list, int ret);

#endif
