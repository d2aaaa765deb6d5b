"""Numbers of the wrapper interface. Wrappers import them with `from aiges.core.types import *`."""

STRING = 0
AUDIO = 1
IMAGE = 2
VIDEO = 3

DataText = 0
DataAudio = 1
DataImage = 2
DataVideo = 3
DataOther = 4

Types = {0: "text", 1: "audio", 2: "image", 3: "video", 4: "other"}
"""Name of each payload type."""

DataBegin = 0
DataContinue = 1
DataEnd = 2
DataOnce = 3

Once = DataOnce

Status = {0: "begin", 1: "continue", 2: "end", 3: "once"}
"""Name of each payload status."""

THREAD_MODE = "thread"
"""A session has a thread of this process. The only mode."""

PROCESS_MODE = "process"
"""Accepted for old wrappers; served by threads as well."""
