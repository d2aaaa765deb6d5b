/*
 * The ABI of a native wrapper: the functions that `libwrapper.so` exports. C11 and C++17.
 *
 * A library exports all fifteen; one that lacks some is refused. Those that an engine has no use for may be as short as
 * `return 0`, or return an error code of the engine's own.
 *
 * CODES. 0 is success. Any other code ends the request, and the client gets it with the text of wrapperError.
 *
 * ORDER. wrapperSetCtrl (once per type), wrapperInit, wrapperVersion, then requests, sessions and resources, then
 * wrapperFini, after which the process ends. wrapperFini is called when nothing is in flight any more; a process that has
 * to end before, or that crashes, ends without it.
 *
 * THREADS. The host calls from many threads, each with 8 MiB of stack; no call blocks another. What may be called at the
 * same time:
 *   - wrapperExec, wrapperExecFree and wrapperExecAsync with themselves and everything else, for different requests, as
 *     many as `[aiges] concurrency` says;
 *   - the functions of different sessions. Those of one session follow each other: create, write and read in turn,
 *     debug info, destroy, perhaps each on another thread;
 *   - wrapperLoadRes and wrapperUnloadRes with requests, but with neither of the two. No request that is in flight
 *     names a resource that is being unloaded.
 *   - wrapperError and wrapperVersion with everything.
 * wrapperSetCtrl, wrapperInit and wrapperFini run alone.
 *
 * MEMORY. Whoever made memory frees it.
 *   - The host's lists, texts and data are valid until the function returns; in wrapperExecAsync and wrapperCreate until
 *     the last callback or wrapperDestroy. usrTag may be kept without a copy until then, and its memory is still valid
 *     some time later. The engine does not change or free any of it.
 *   - The engine's results are valid until wrapperExecFree (of wrapperExec), until wrapperDestroy (of wrapperRead), while
 *     the callback runs (handed to a callback).
 *   - Texts that are returned are the engine's and stay valid: constants, or as long as the session for wrapperDebugInfo.
 *
 * C++: no exception may leave a function.
 */
#ifndef AIGES_WRAPPER_H
#define AIGES_WRAPPER_H

#include "type.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * The host's callbacks. All may be called from any thread, also from within a call of the host, but not after wrapperFini
 * has returned. The engine's thread waits until the host has copied what it was given: hold no lock that another call
 * needs.
 */

/*
 * Takes a result of wrapperExecAsync or of a session. `respData` may be NULL, `ret` is 0 or an error code, which ends the
 * request. The last result is the one that has a piece with status DataEnd or DataOnce, or of a
 * wrapperExecAsync one without pieces; what follows it is dropped.
 * Returns 0, or another number when nobody waits for it: the request has ended, and work on it may stop.
 */
typedef int (*wrapperCallback)(const void *usrTag, pDataList respData, int ret);

/* CTMeterCustom: counts `count` of something that is charged for. */
typedef int (*wrapperMeterCustom)(const void *usrTag, const char *key, int count);

/* CTMetricsLog and CTTraceLog: a metric, a line for the log. */
typedef int (*wrapperTraceLog)(const char *usrTag, const char *key, const char *value);

/* Hands over a callback of the type that `type` names, before wrapperInit. A code other than 0 is logged, no more. */
WrapperAPI int wrapperSetCtrl(CtrlType type, void *func);

/*
 * Starts the engine. `cfg` is the section [wrapper] of aiges.toml, nested keys as "section.key". It may take as long as
 * `[aiges] startTimeoutMs`. A code other than 0 keeps the service from starting.
 */
WrapperAPI int wrapperInit(pConfig cfg);

/* Stops the engine: gives back what it holds, joins its threads. */
WrapperAPI int wrapperFini(void);

/* The text for a code, for people; NULL or "" when there is none. */
WrapperAPI const char *wrapperError(int errNum);

/* The engine's version. */
WrapperAPI const char *wrapperVersion(void);

/* Loads a resource; requests name it by `resId`. The engine copies what it wants to keep. */
WrapperAPI int wrapperLoadRes(pDataList perData, unsigned int resId);

/* Takes a resource back. */
WrapperAPI int wrapperUnloadRes(unsigned int resId);

/*
 * Opens a session. With `[aiges] asyncMode` results go to `cb`; without, `cb` is NULL and wrapperRead gives them.
 * `psrIds` are the `psrCnt` resources that it uses; NULL if there are none.
 * Returns the engine's handle. On failure it sets *errNum to a code other than 0.
 */
WrapperAPI const void *wrapperCreate(const char *usrTag, pParamList params, wrapperCallback cb, unsigned int psrIds[],
                                     int psrCnt, int *errNum);

/* Gives a session a frame. It may block: the client's next frame waits meanwhile. */
WrapperAPI int wrapperWrite(const void *handle, pDataList reqData);

/*
 * Asks a session without callback for what it has ready; *respData = NULL if nothing. The host calls it after each frame
 * with `[aiges] realTimeRlt`, and in any case after the last frame, every 50 ms, until the last result is there or the
 * request's time is over.
 */
WrapperAPI int wrapperRead(const void *handle, pDataList *respData);

/* Ends a session, whatever its state: finished or given up. No callback comes for it any more when this has returned. */
WrapperAPI int wrapperDestroy(const void *handle);

/* Computes a result while the caller waits. Used without `[aiges] asyncMode`. */
WrapperAPI int wrapperExec(const char *usrTag, pParamList params, pDataList reqData, pDataList *respData,
                           unsigned int psrIds[], int psrCnt);

/* Frees what wrapperExec gave. Called once for each wrapperExec that returned 0, also when *respData is NULL. */
WrapperAPI int wrapperExecFree(const char *usrTag, pDataList *respData);

/*
 * Begins a request and returns at once; `callback` takes its results. Used with `[aiges] asyncMode`. The engine gives an
 * error when `timeout` ms are over; 0 means no limit. After a code other than 0 no callback may come.
 */
WrapperAPI int wrapperExecAsync(const char *usrTag, pParamList params, pDataList reqData, wrapperCallback callback,
                                int timeout, unsigned int psrIds[], int psrCnt);

/* Something about a session for the log, asked for once before wrapperDestroy; NULL or "" for nothing. */
WrapperAPI const char *wrapperDebugInfo(const void *handle);

#ifdef __cplusplus
}
#endif

#endif
