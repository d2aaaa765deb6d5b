#pragma once

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <vector>

/** Decoded pixels: rows from the top, one byte a channel. */
struct Picture {
    int width = 0;
    int height = 0;
    /** 1 grey, 3 red, green and blue. */
    int channels = 1;
    std::vector<std::uint8_t> pixels;

    const std::uint8_t *at(int x, int y) const { return &pixels[(static_cast<std::size_t>(y) * width + x) * channels]; }
};

/** The bytes are no PNG, are cut off, or have too many pixels. */
struct NotAPicture : std::runtime_error {
    using std::runtime_error::runtime_error;
};

/** Nothing in the picture stands out from its background. */
struct BlankPicture : std::runtime_error {
    using std::runtime_error::runtime_error;
};

/**
 * Decodes a PNG file. One with transparency is put on a ground that its digit stands out from.
 * @throws NotAPicture, BlankPicture
 */
Picture readPng(const std::uint8_t *data, std::size_t length);

/** The average of each square of `factor` × `factor` pixels; what is left at the right and at the bottom counts, too. */
Picture reduced(const Picture &picture, int factor);

/** The part from (left, top) to before (right, bottom). */
Picture cropped(const Picture &picture, int left, int top, int right, int bottom);
