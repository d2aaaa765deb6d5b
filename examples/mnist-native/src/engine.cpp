/* The functions that the host calls; what they promise each other is in aiges/wrapper.h. */
#include <aiges/wrapper.h>

#include <cstdio>
#include <cstring>
#include <new>
#include <string>

#include "network.h"
#include "picture.h"

namespace {

enum Code { DONE = 0, IMAGE_MISSING = 40002, NOT_A_PNG = 40003, BLANK = 40004, ONCE_ONLY = 40005, OUT_OF_MEMORY = 40006 };

char RESULT[] = "result";

/** A result and the memory that its list points to. */
struct Answer : DataList {
    std::string text;
};

const DataList *find(const DataList *list, const char *key)
{
    while (list != nullptr && (list->key == nullptr || std::strcmp(list->key, key) != 0)) list = list->next;
    return list;
}

/** The answer of the example in Python, to the letter. */
Answer *answerWith(int number)
{
    const std::string digit = std::to_string(number);
    auto *answer = new Answer{};
    answer->text = "{\"result\": " + digit + ", \"msg\": \"识别结果为数字: " + digit + "\"}";
    answer->key = RESULT;
    answer->data = answer->text.data();
    answer->len = static_cast<unsigned int>(answer->text.size());
    answer->type = DataText;
    answer->status = DataOnce;
    return answer;
}

/** @returns a code; with DONE, `out` is set */
int recognise(const DataList *payloads, pDataList *out)
{
    const DataList *image = find(payloads, "img");
    if (image == nullptr || image->len == 0) return IMAGE_MISSING;
    try {
        const Picture picture = readPng(static_cast<const std::uint8_t *>(image->data), image->len);
        *out = answerWith(classify(findDigit(picture)));
        return DONE;
    } catch (const NotAPicture &error) {
        std::fprintf(stderr, "WARNING img is no picture: %s\n", error.what());
        return NOT_A_PNG;
    } catch (const BlankPicture &) {
        return BLANK;
    } catch (const std::bad_alloc &) {
        return OUT_OF_MEMORY;
    }
}

} // namespace

int wrapperSetCtrl(CtrlType, void *)
{
    return DONE;
}

/** The weights are a part of the library: there is nothing to load. */
int wrapperInit(pConfig)
{
    return DONE;
}

int wrapperFini()
{
    return DONE;
}

const char *wrapperVersion()
{
    return "v1";
}

const char *wrapperError(int code)
{
    switch (code) {
    case IMAGE_MISSING:
        return "请求缺少图片数据 img: the request has no data under the key img";
    case NOT_A_PNG:
        return "无法识别的图片, 仅支持 PNG: img is not a complete PNG picture";
    case BLANK:
        return "图片中没有数字: nothing in the picture stands out from its background";
    case ONCE_ONLY:
        return "不支持会话与个性化资源: this engine has neither sessions nor resources";
    case OUT_OF_MEMORY:
        return "内存不足: out of memory";
    default:
        return "";
    }
}

int wrapperExec(const char *, pParamList, pDataList in, pDataList *out, unsigned int[], int)
{
    return recognise(in, out);
}

int wrapperExecFree(const char *, pDataList *out)
{
    delete static_cast<Answer *>(*out);
    *out = nullptr;
    return DONE;
}

/** The host calls this on a thread of its own, so that the work can be done right here. */
int wrapperExecAsync(const char *usrTag, pParamList, pDataList in, wrapperCallback callback, int, unsigned int[], int)
{
    pDataList out = nullptr;
    const int code = recognise(in, &out);
    if (code != DONE) return code;
    callback(usrTag, out, DONE);
    return wrapperExecFree(usrTag, &out);
}

const void *wrapperCreate(const char *, pParamList, wrapperCallback, unsigned int[], int, int *code)
{
    *code = ONCE_ONLY;
    return nullptr;
}

int wrapperWrite(const void *, pDataList)
{
    return ONCE_ONLY;
}

int wrapperRead(const void *, pDataList *)
{
    return ONCE_ONLY;
}

int wrapperDestroy(const void *)
{
    return DONE;
}

const char *wrapperDebugInfo(const void *)
{
    return "";
}

int wrapperLoadRes(pDataList, unsigned int)
{
    return ONCE_ONLY;
}

int wrapperUnloadRes(unsigned int)
{
    return ONCE_ONLY;
}
