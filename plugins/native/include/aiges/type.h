/*
 * Data types of the ABI between a host and a native wrapper: `libwrapper.so`, an engine in C or C++. See wrapper.h.
 *
 * Lists end with next == NULL; an empty list is NULL. Layouts are those of the platform's C compiler (x86-64, aarch64).
 */
#ifndef AIGES_TYPE_H
#define AIGES_TYPE_H

/* Marks what the library exports, so that the rest can be hidden: -fvisibility=hidden. */
#define WrapperAPI __attribute__((visibility("default")))

/* What a piece of data is. */
typedef enum {
    DataText = 0,
    DataAudio = 1,
    DataImage = 2,
    DataVideo = 3,
    /* A resource of a user's own, such as a list of hot words; anything else, too. */
    DataPer = 4
} DataType;

/* Where a piece of data stands in its stream. */
typedef enum {
    DataBegin = 0,
    DataContinue = 1,
    /* Nothing follows under this key. */
    DataEnd = 2,
    /* All of it: what wrapperExec takes and gives. */
    DataOnce = 3
} DataStatus;

/* Names and texts: configuration, parameters of a request, description of a piece of data. */
typedef struct ParamList {
    /* UTF-8, ends with a zero. */
    char *key;
    /* UTF-8, ends with a zero; all values are texts: "true", "16000". */
    char *value;
    /* Bytes of value, the zero not counted. A result may say 0 and leave the zero to end the text. */
    unsigned int vlen;
    struct ParamList *next;
} *pParamList, *pConfig, *pDescList;

/* Pieces of data: a request's payloads, an answer's outputs, a resource. */
typedef struct DataList {
    /* Name of the payload or output; ends with a zero. */
    char *key;
    /* The bytes: a text has no zero at its end that counts. NULL only if len is 0. */
    void *data;
    unsigned int len;
    DataType type;
    DataStatus status;
    /* Attributes such as encoding or sample rate; NULL for none. */
    pDescList desc;
    struct DataList *next;
} *pDataList;

/* What a callback of the host is for, see wrapperSetCtrl. */
typedef enum { CTMeterCustom = 0, CTMetricsLog = 1, CTTraceLog = 2 } CtrlType;

#if defined(__LP64__) && defined(__cplusplus)
static_assert(sizeof(ParamList) == 32 && sizeof(DataList) == 48, "the layout is fixed");
#elif defined(__LP64__)
_Static_assert(sizeof(struct ParamList) == 32 && sizeof(struct DataList) == 48, "the layout is fixed");
#endif

#endif
