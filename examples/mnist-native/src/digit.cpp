#include "digit.h"

#include <algorithm>
#include <cmath>

#include "ink.h"
#include "statistics.h"

namespace {

/** The longer side of the digit; MNIST leaves a margin of four pixels. */
constexpr int BOX = 20;
/** Larger pictures are reduced to about this many pixels a side before the digit is searched. */
constexpr int WORKING_SIDE = 160;

/** From (left, top) to before (right, bottom). */
struct Bounds {
    int left, top, right, bottom;
};

Bounds boundsOf(const Ink &ink)
{
    Bounds bounds{ink.width, ink.height, 0, 0};
    for (int y = 0; y < ink.height; y++) {
        for (int x = 0; x < ink.width; x++) {
            if (ink.at(x, y) <= FAINT) continue;
            bounds = {std::min(bounds.left, x), std::min(bounds.top, y), std::max(bounds.right, x + 1),
                      std::max(bounds.bottom, y + 1)};
        }
    }
    return bounds;
}

/** Lines of `length` values become lines of `size`: bilinear, and an average where they shrink. */
std::vector<float> resizedLines(const std::vector<float> &lines, int length, int size)
{
    const double scale = double(length) / size;
    const double support = std::max(scale, 1.0);
    const std::size_t count = lines.size() / length;
    std::vector<float> result(count * size);
    for (int place = 0; place < size; place++) {
        const double centre = (place + 0.5) * scale;
        const int first = std::max(0, int(centre - support + 0.5));
        const int last = std::min(length, int(centre + support + 0.5));
        std::vector<double> weights;
        double total = 0;
        for (int x = first; x < last; x++) {
            weights.push_back(std::max(0.0, 1 - std::abs((x - centre + 0.5) / support)));
            total += weights.back();
        }
        for (std::size_t line = 0; line < count; line++) {
            double sum = 0;
            for (int x = first; x < last; x++) sum += lines[line * length + x] * weights[x - first] / total;
            result[line * size + place] = float(sum);
        }
    }
    return result;
}

std::vector<float> transposed(const std::vector<float> &values, int width)
{
    const std::size_t height = values.size() / width;
    std::vector<float> result(values.size());
    for (std::size_t y = 0; y < height; y++)
        for (int x = 0; x < width; x++) result[x * height + y] = values[y * width + x];
    return result;
}

/** Where `length` pixels begin so that their centre of mass is in the middle, as far as there is room. */
int offsetFor(double centre, int length)
{
    return std::min(std::max(rounded(SIDE / 2.0 - centre), 0), SIDE - length);
}

Digit fitted(const Ink &strokes, const Bounds &bounds)
{
    const int width = bounds.right - bounds.left;
    const int height = bounds.bottom - bounds.top;
    const double scale = double(BOX) / std::max(width, height);
    const int columns = std::max(1, rounded(width * scale));
    const int rows = std::max(1, rounded(height * scale));
    std::vector<float> crop;
    for (int y = bounds.top; y < bounds.bottom; y++)
        for (int x = bounds.left; x < bounds.right; x++) crop.push_back(strokes.at(x, y));
    const std::vector<float> narrow = width == columns ? crop : resizedLines(crop, width, columns);
    const std::vector<float> digit =
        height == rows ? narrow : transposed(resizedLines(transposed(narrow, columns), height, rows), rows);

    double mass = 0, across = 0, down = 0;
    for (int y = 0; y < rows; y++) {
        for (int x = 0; x < columns; x++) {
            const double value = digit[y * columns + x];
            mass += value;
            across += value * x;
            down += value * y;
        }
    }
    const int left = offsetFor(across / mass, columns);
    const int top = offsetFor(down / mass, rows);
    const float full = *std::max_element(digit.begin(), digit.end());
    Digit result{};
    for (int y = 0; y < rows; y++)
        for (int x = 0; x < columns; x++) result[(top + y) * SIDE + left + x] = digit[y * columns + x] / full;
    return result;
}

} // namespace

Digit findDigit(const Picture &picture)
{
    const int longer = std::max(picture.width, picture.height);
    const int reducedBy = (longer + WORKING_SIDE - 1) / WORKING_SIDE;
    const Ink strokes = keepDigit(separateInk(reducedBy > 1 ? reduced(picture, reducedBy) : picture));
    const Bounds bounds = boundsOf(strokes);
    const int extent = std::max(bounds.right - bounds.left, bounds.bottom - bounds.top);
    if (reducedBy > 1 && extent < 2 * BOX) {
        // A small digit in a large picture has lost its shape in the reduction: look at the place again, closer.
        const int margin = extent / 2 + 2;
        const int left = std::max(0, (bounds.left - margin) * reducedBy);
        const int top = std::max(0, (bounds.top - margin) * reducedBy);
        const int right = std::min(picture.width, (bounds.right + margin) * reducedBy);
        const int bottom = std::min(picture.height, (bounds.bottom + margin) * reducedBy);
        if (right - left != picture.width || bottom - top != picture.height) {
            return findDigit(cropped(picture, left, top, right, bottom));
        }
    }
    return fitted(strokes, bounds);
}
