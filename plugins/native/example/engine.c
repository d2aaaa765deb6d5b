/* The shortest useful engine: it answers every text in capitals. Once requests only, no sessions, no resources. */
#include <aiges/wrapper.h>
#include <ctype.h>
#include <stdlib.h>

enum { NO_DATA = 1, NO_MEMORY = 2, ONCE_ONLY = 3 };

int wrapperSetCtrl(CtrlType type, void *func)
{
    (void)type;
    (void)func;
    return 0;
}

int wrapperInit(pConfig cfg)
{
    (void)cfg;
    return 0;
}

int wrapperFini(void)
{
    return 0;
}

const char *wrapperVersion(void)
{
    return "1.0";
}

const char *wrapperError(int code)
{
    switch (code) {
    case NO_DATA: return "the request has no data";
    case NO_MEMORY: return "out of memory";
    case ONCE_ONLY: return "this engine takes whole requests only";
    default: return "";
    }
}

int wrapperExec(const char *usrTag, pParamList params, pDataList in, pDataList *out, unsigned int psrIds[], int psrCnt)
{
    (void)usrTag;
    (void)params;
    (void)psrIds;
    (void)psrCnt;
    if (in == NULL || in->len == 0) return NO_DATA;
    /* The list and its text in one piece, so that one free is enough. */
    struct DataList *result = calloc(1, sizeof *result + in->len);
    if (result == NULL) return NO_MEMORY;
    char *text = (char *)(result + 1);
    for (unsigned int at = 0; at < in->len; at++) text[at] = (char)toupper(((const unsigned char *)in->data)[at]);
    result->key = "result";
    result->data = text;
    result->len = in->len;
    result->type = DataText;
    result->status = DataOnce;
    *out = result;
    return 0;
}

int wrapperExecFree(const char *usrTag, pDataList *out)
{
    (void)usrTag;
    free(*out);
    *out = NULL;
    return 0;
}

int wrapperExecAsync(const char *usrTag, pParamList params, pDataList in, wrapperCallback callback, int timeout,
                     unsigned int psrIds[], int psrCnt)
{
    (void)timeout;
    struct DataList *out = NULL;
    int code = wrapperExec(usrTag, params, in, &out, psrIds, psrCnt);
    if (code != 0) return code;
    callback(usrTag, out, 0);
    return wrapperExecFree(usrTag, &out);
}

const void *wrapperCreate(const char *usrTag, pParamList params, wrapperCallback cb, unsigned int psrIds[], int psrCnt,
                          int *code)
{
    (void)usrTag;
    (void)params;
    (void)cb;
    (void)psrIds;
    (void)psrCnt;
    *code = ONCE_ONLY;
    return NULL;
}

int wrapperWrite(const void *handle, pDataList in)
{
    (void)handle;
    (void)in;
    return ONCE_ONLY;
}

int wrapperRead(const void *handle, pDataList *out)
{
    (void)handle;
    (void)out;
    return ONCE_ONLY;
}

int wrapperDestroy(const void *handle)
{
    (void)handle;
    return 0;
}

const char *wrapperDebugInfo(const void *handle)
{
    (void)handle;
    return "";
}

int wrapperLoadRes(pDataList data, unsigned int resId)
{
    (void)data;
    (void)resId;
    return ONCE_ONLY;
}

int wrapperUnloadRes(unsigned int resId)
{
    (void)resId;
    return ONCE_ONLY;
}
