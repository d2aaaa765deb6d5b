#include "picture.h"

#include <png.h>

#include <algorithm>
#include <csetjmp>
#include <cstring>
#include <string>

#include "statistics.h"

namespace {

constexpr std::uint64_t MAX_PIXELS = 50'000'000;
constexpr std::size_t SIGNATURE = 8;

struct Source {
    const std::uint8_t *data;
    std::size_t left;
};

void readBytes(png_structp png, png_bytep target, std::size_t length)
{
    auto *source = static_cast<Source *>(png_get_io_ptr(png));
    if (length > source->left) png_error(png, "the file is cut off");
    std::memcpy(target, source->data, length);
    source->data += length;
    source->left -= length;
}

/** libpng is C: an error leaves by longjmp, which passes over destructors, so what they clean up is made by the caller. */
void onError(png_structp png, png_const_charp message)
{
    *static_cast<std::string *>(png_get_error_ptr(png)) = message;
    png_longjmp(png, 1);
}

void onWarning(png_structp, png_const_charp) {}

/** What libpng and readPng share; channels: 1 grey, 2 grey and alpha, 3 colour, 4 colour and alpha. */
struct Decoding {
    Source source;
    std::string failure;
    Picture picture;
    std::vector<png_bytep> rows;
};

/** @returns false when it failed */
bool decode(png_structp png, png_infop info, Decoding &decoding)
{
    if (setjmp(png_jmpbuf(png))) return false;
    png_set_read_fn(png, &decoding.source, readBytes);
    png_read_info(png, info);
    auto &[width, height, channels, pixels] = decoding.picture;
    width = static_cast<int>(png_get_image_width(png, info));
    height = static_cast<int>(png_get_image_height(png, info));
    if (static_cast<std::uint64_t>(width) * height > MAX_PIXELS) png_error(png, "too many pixels");
    // Palettes become colours, few bits become eight, a transparent colour becomes alpha, sixteen bits become eight.
    png_set_expand(png);
    png_set_strip_16(png);
    png_set_interlace_handling(png);
    png_read_update_info(png, info);
    channels = png_get_channels(png, info);
    const std::size_t rowBytes = png_get_rowbytes(png, info);
    pixels.resize(rowBytes * height);
    for (int y = 0; y < height; y++) decoding.rows.push_back(&pixels[rowBytes * y]);
    png_read_image(png, decoding.rows.data());
    png_read_end(png, nullptr);
    return true;
}

/** Brightness as in ITU-R 601, rounded. */
std::uint8_t grey(const std::uint8_t *pixel, int channels)
{
    if (channels < 3) return pixel[0];
    return static_cast<std::uint8_t>((19595 * pixel[0] + 38470 * pixel[1] + 7471 * pixel[2] + 0x8000) >> 16);
}

/**
 * Which grey to put a transparent picture on. If what is opaque is a plate with something on it, the plate's own grey;
 * otherwise the opaque part is the digit itself, and the ground is its opposite.
 */
int groundFor(const Picture &picture)
{
    const int colours = picture.channels - 1;
    std::vector<float> inside;
    int left = picture.width, right = -1, top = picture.height, bottom = -1;
    double sum = 0;
    for (int y = 0; y < picture.height; y++) {
        for (int x = 0; x < picture.width; x++) {
            const std::uint8_t *pixel = picture.at(x, y);
            if (pixel[colours] <= 127) continue;
            inside.push_back(grey(pixel, colours));
            sum += inside.back();
            left = std::min(left, x);
            right = std::max(right, x);
            top = std::min(top, y);
            bottom = std::max(bottom, y);
        }
    }
    if (inside.empty()) throw BlankPicture("the picture is wholly transparent");
    std::sort(inside.begin(), inside.end());
    const double filled = inside.size() / (double(right - left + 1) * (bottom - top + 1));
    const bool isPlate = filled > 0.75 && quantile(inside, 0.98) - quantile(inside, 0.02) > 64;
    if (isPlate) return static_cast<int>(quantile(inside, 0.5));
    return sum / inside.size() > 127 ? 0 : 255;
}

Picture withoutAlpha(const Picture &picture)
{
    const int colours = picture.channels - 1;
    const std::size_t count = static_cast<std::size_t>(picture.width) * picture.height;
    bool opaque = true;
    for (std::size_t i = 0; i < count; i++) opaque = opaque && picture.pixels[i * picture.channels + colours] == 255;
    const int ground = opaque ? 0 : groundFor(picture);
    Picture flat{picture.width, picture.height, colours, std::vector<std::uint8_t>(count * colours)};
    for (std::size_t i = 0; i < count; i++) {
        const std::uint8_t *pixel = &picture.pixels[i * picture.channels];
        const int alpha = pixel[colours];
        if (alpha == 255) {
            std::copy_n(pixel, colours, &flat.pixels[i * colours]);
            continue;
        }
        for (int c = 0; c < colours; c++) {
            const int mixed = pixel[c] * alpha + ground * (255 - alpha);
            flat.pixels[i * colours + c] = static_cast<std::uint8_t>((mixed + 127) / 255);
        }
    }
    return flat;
}

} // namespace

Picture readPng(const std::uint8_t *data, std::size_t length)
{
    if (length < SIGNATURE || png_sig_cmp(data, 0, SIGNATURE) != 0) throw NotAPicture("no PNG file");
    Decoding decoding{{data, length}, {}, {}, {}};
    png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &decoding.failure, onError, onWarning);
    png_infop info = png == nullptr ? nullptr : png_create_info_struct(png);
    if (info == nullptr) {
        png_destroy_read_struct(&png, nullptr, nullptr);
        throw std::bad_alloc();
    }
    const bool complete = decode(png, info, decoding);
    png_destroy_read_struct(&png, &info, nullptr);
    if (!complete) throw NotAPicture(decoding.failure);
    return decoding.picture.channels % 2 == 1 ? std::move(decoding.picture) : withoutAlpha(decoding.picture);
}

Picture reduced(const Picture &picture, int factor)
{
    const int width = (picture.width + factor - 1) / factor;
    const int height = (picture.height + factor - 1) / factor;
    const int channels = picture.channels;
    Picture small{width, height, channels, {}};
    small.pixels.reserve(static_cast<std::size_t>(width) * height * channels);
    for (int y = 0; y < height; y++) {
        const int bottom = std::min((y + 1) * factor, picture.height);
        for (int x = 0; x < width; x++) {
            const int right = std::min((x + 1) * factor, picture.width);
            const int count = (right - x * factor) * (bottom - y * factor);
            for (int c = 0; c < channels; c++) {
                long sum = count / 2;
                for (int v = y * factor; v < bottom; v++)
                    for (int u = x * factor; u < right; u++) sum += picture.at(u, v)[c];
                small.pixels.push_back(static_cast<std::uint8_t>(sum / count));
            }
        }
    }
    return small;
}

Picture cropped(const Picture &picture, int left, int top, int right, int bottom)
{
    Picture part{right - left, bottom - top, picture.channels, {}};
    for (int y = top; y < bottom; y++) {
        const std::uint8_t *row = picture.at(left, y);
        part.pixels.insert(part.pixels.end(), row, row + static_cast<std::size_t>(part.width) * part.channels);
    }
    return part;
}
