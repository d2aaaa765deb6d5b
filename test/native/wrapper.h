/* The ABI of AIGES wrappers as existing engines were compiled with it. Written for the tests alone and kept apart from the
 * header for authors of engines, so that the host is tested against the layout, not against itself. */
#ifndef TEST_WRAPPER_H
#define TEST_WRAPPER_H

typedef enum { CTMeterCustom = 0, CTMetricsLog = 1, CTTraceLog = 2 } CtrlType;
typedef enum { DataText = 0, DataAudio = 1, DataImage = 2, DataVideo = 3, DataPer = 4 } DataType;
typedef enum { DataBegin = 0, DataContinue = 1, DataEnd = 2, DataOnce = 3 } DataStatus;

typedef struct ParamList {
  char *key;
  char *value;
  unsigned int vlen;
  struct ParamList *next;
} *pParamList, *pConfig, *pDescList;

typedef struct DataList {
  char *key;
  void *data;
  unsigned int len;
  DataType type;
  DataStatus status;
  pDescList desc;
  struct DataList *next;
} *pDataList;

typedef int (*wrapperCallback)(const void *usrTag, pDataList respData, int ret);
typedef int (*wrapperMeterCustom)(const void *usrTag, const char *meterKey, int count);
typedef int (*wrapperTraceLog)(const char *usrTag, const char *key, const char *value);

int wrapperSetCtrl(CtrlType type, void *func);
int wrapperInit(pConfig cfg);
int wrapperFini(void);
const char *wrapperError(int code);
const char *wrapperVersion(void);
int wrapperLoadRes(pDataList data, unsigned int resId);
int wrapperUnloadRes(unsigned int resId);
const void *wrapperCreate(const char *usrTag, pParamList params, wrapperCallback cb, unsigned int psrIds[], int psrCnt,
                          int *errNum);
int wrapperWrite(const void *handle, pDataList data);
int wrapperRead(const void *handle, pDataList *out);
int wrapperDestroy(const void *handle);
int wrapperExec(const char *usrTag, pParamList params, pDataList in, pDataList *out, unsigned int psrIds[], int psrCnt);
int wrapperExecFree(const char *usrTag, pDataList *out);
int wrapperExecAsync(const char *usrTag, pParamList params, pDataList in, wrapperCallback cb, int timeoutMs,
                     unsigned int psrIds[], int psrCnt);
const char *wrapperDebugInfo(const void *handle);

#endif
