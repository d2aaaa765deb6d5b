#pragma once

#include <cstddef>
#include <vector>

#include "picture.h"

/** Share of the full contrast below which a pixel is background: noise, artefacts, paper. */
constexpr float FAINT = 0.12F;

/** How much ink each pixel has, 0 background to 1 full contrast. */
struct Ink {
    int width = 0;
    int height = 0;
    std::vector<float> values;

    float at(int x, int y) const { return values[static_cast<std::size_t>(y) * width + x]; }
};

/**
 * How far each pixel lies on the way from the background's colour to the ink's. The border tells the background, as a
 * plane, which takes out light that falls from one side. The ink is what differs most from it, so light on dark, dark on
 * light and colour on colour are all the same case.
 * @throws BlankPicture
 */
Ink separateInk(const Picture &picture);

/** Blanks out what is not the digit: faint noise, specks, and frames that touch the picture's edge. */
Ink keepDigit(const Ink &ink);
