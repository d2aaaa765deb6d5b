#include "ink.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "statistics.h"

namespace {

/** Distance in RGB (0 to 441) between ink and background below which a picture counts as blank. */
constexpr double MIN_CONTRAST = 30;
/** Share of the full contrast from which on a pixel surely belongs to a stroke. */
constexpr float STROKE = 0.35F;
/** Levels (of 255) that the border may vary by and still be one even colour. */
constexpr float EVEN = 12;

using Colour = std::array<double, 3>;

/** A colour for every place: slope across, slope down (both per picture), and the colour at the top left. */
using Plane = std::array<Colour, 3>;

struct Sample {
    /** Across, down, and 1. */
    std::array<double, 3> place;
    std::array<float, 3> colour;
    /** From the median, in the channel where it is largest. */
    float deviation;
};

/** The channels that count: one where all three are alike, for speed. */
int channelsOf(const Picture &picture)
{
    if (picture.channels == 1) return 1;
    for (std::size_t i = 0; i < picture.pixels.size(); i += 3) {
        if (picture.pixels[i] != picture.pixels[i + 1] || picture.pixels[i] != picture.pixels[i + 2]) return 3;
    }
    return 1;
}

std::vector<Sample> borderOf(const Picture &picture, int channels)
{
    const auto [width, height] = std::pair{picture.width, picture.height};
    const int edge = std::max(1, rounded(0.04 * std::min(height, width)));
    std::vector<Sample> border;
    for (int y = 0; y < height; y++) {
        for (int x = 0; x < width; x++) {
            if (y >= edge && y < height - edge && x >= edge && x < width - edge) continue;
            Sample sample{{double(x) / width, double(y) / height, 1}, {}, 0};
            std::copy_n(picture.at(x, y), channels, sample.colour.begin());
            border.push_back(sample);
        }
    }
    return border;
}

float medianOf(const std::vector<Sample> &samples, float (*value)(const Sample &, int), int channel)
{
    std::vector<float> values;
    values.reserve(samples.size());
    for (const Sample &sample : samples) values.push_back(value(sample, channel));
    std::sort(values.begin(), values.end());
    return quantile(values, 0.5);
}

/** Solves the 3 × 3 equations of a least-squares fit; a direction in which nothing varies gets no slope. */
std::array<double, 3> solved(std::array<std::array<double, 4>, 3> m)
{
    for (int column = 0; column < 3; column++) {
        int pivot = column;
        for (int row = column + 1; row < 3; row++)
            if (std::abs(m[row][column]) > std::abs(m[pivot][column])) pivot = row;
        std::swap(m[column], m[pivot]);
        if (std::abs(m[column][column]) < 1e-9) {
            m[column] = {};
            m[column][column] = 1;
        }
        for (int row = 0; row < 3; row++) {
            if (row == column) continue;
            const double factor = m[row][column] / m[column][column];
            for (int k = column; k < 4; k++) m[row][k] -= factor * m[column][k];
        }
    }
    return {m[0][3] / m[0][0], m[1][3] / m[1][1], m[2][3] / m[2][2]};
}

Plane fitted(const std::vector<Sample> &samples, int channels, float limit)
{
    Plane plane{};
    for (int c = 0; c < channels; c++) {
        std::array<std::array<double, 4>, 3> equations{};
        for (const Sample &sample : samples) {
            if (sample.deviation > limit) continue;
            for (int i = 0; i < 3; i++) {
                for (int j = 0; j < 3; j++) equations[i][j] += sample.place[i] * sample.place[j];
                equations[i][3] += sample.place[i] * sample.colour[c];
            }
        }
        const auto solution = solved(equations);
        for (int i = 0; i < 3; i++) plane[i][c] = solution[i];
    }
    return plane;
}

Plane backgroundOf(const Picture &picture, int channels)
{
    std::vector<Sample> border = borderOf(picture, channels);
    Plane even{};
    for (int c = 0; c < channels; c++) {
        even[2][c] = medianOf(border, [](const Sample &sample, int channel) { return sample.colour[channel]; }, c);
    }
    for (Sample &sample : border)
        for (int c = 0; c < channels; c++)
            sample.deviation = std::max(sample.deviation, std::abs(sample.colour[c] - float(even[2][c])));
    const float usual = medianOf(border, [](const Sample &sample, int) { return sample.deviation; }, 0);
    const float limit = std::max(EVEN, 3 * usual);
    const bool isEven = std::all_of(border.begin(), border.end(), [limit](const Sample &sample) {
        return sample.deviation > limit || sample.deviation <= EVEN;
    });
    return isEven ? even : fitted(border, channels, limit);
}

/** What is left when the background is taken off, channel by channel. */
std::vector<float> differenceOf(const Picture &picture, int channels)
{
    const Plane plane = backgroundOf(picture, channels);
    std::vector<float> difference;
    difference.reserve(static_cast<std::size_t>(picture.width) * picture.height * channels);
    for (int y = 0; y < picture.height; y++) {
        const double down = double(y) / picture.height;
        for (int x = 0; x < picture.width; x++) {
            const double across = double(x) / picture.width;
            for (int c = 0; c < channels; c++) {
                const double ground = across * plane[0][c] + down * plane[1][c] + plane[2][c];
                difference.push_back(float(picture.at(x, y)[c] - std::clamp(ground, 0.0, 255.0)));
            }
        }
    }
    return difference;
}

/** Eight-connected pixels of strokes. */
struct Shape {
    std::vector<std::pair<int, int>> pixels;
    bool touchesEdge = false;
};

Shape shapeFrom(int startX, int startY, const Ink &ink, std::vector<bool> &open)
{
    Shape shape{{{startX, startY}}, false};
    open[static_cast<std::size_t>(startY) * ink.width + startX] = false;
    for (std::size_t next = 0; next < shape.pixels.size(); next++) {
        const auto [x, y] = shape.pixels[next];
        if (x == 0 || y == 0 || x == ink.width - 1 || y == ink.height - 1) shape.touchesEdge = true;
        for (int v = std::max(0, y - 1); v <= std::min(ink.height - 1, y + 1); v++) {
            for (int u = std::max(0, x - 1); u <= std::min(ink.width - 1, x + 1); u++) {
                const std::size_t at = static_cast<std::size_t>(v) * ink.width + u;
                if (!open[at]) continue;
                open[at] = false;
                shape.pixels.emplace_back(u, v);
            }
        }
    }
    return shape;
}

std::vector<Shape> shapesOf(const Ink &ink)
{
    std::vector<bool> open(ink.values.size());
    for (std::size_t i = 0; i < open.size(); i++) open[i] = ink.values[i] > STROKE;
    std::vector<Shape> shapes;
    for (int y = 0; y < ink.height; y++)
        for (int x = 0; x < ink.width; x++)
            if (open[static_cast<std::size_t>(y) * ink.width + x]) shapes.push_back(shapeFrom(x, y, ink, open));
    return shapes;
}

} // namespace

Ink separateInk(const Picture &picture)
{
    const int channels = channelsOf(picture);
    const std::vector<float> difference = differenceOf(picture, channels);
    const std::size_t count = difference.size() / channels;
    const double leastContrast = MIN_CONTRAST * MIN_CONTRAST * channels / 3;
    double total = 0, farthest = 0;
    Colour ink{};
    for (std::size_t i = 0; i < count; i++) {
        double distance = 0;
        for (int c = 0; c < channels; c++) distance += double(difference[i * channels + c]) * difference[i * channels + c];
        farthest = std::max(farthest, distance);
        total += distance * distance;
        for (int c = 0; c < channels; c++) ink[c] += distance * distance * difference[i * channels + c];
    }
    double contrast = 0;
    for (int c = 0; c < channels && total > 0; c++) contrast += ink[c] / total * (ink[c] / total);
    if (total == 0 || farthest < leastContrast || contrast < leastContrast) {
        throw BlankPicture("nothing stands out from the background");
    }
    Ink result{picture.width, picture.height, std::vector<float>(count)};
    for (std::size_t i = 0; i < count; i++) {
        double along = 0;
        for (int c = 0; c < channels; c++) along += difference[i * channels + c] * ink[c];
        result.values[i] = float(std::clamp(along / (total * contrast), 0.0, 1.0));
    }
    return result;
}

Ink keepDigit(const Ink &ink)
{
    std::vector<Shape> shapes = shapesOf(ink);
    std::size_t inner = 0, outer = 0;
    for (const Shape &shape : shapes) (shape.touchesEdge ? outer : inner) += shape.pixels.size();
    if (double(inner) > 0.2 * double(outer)) {
        const auto touches = [](const Shape &shape) { return shape.touchesEdge; };
        shapes.erase(std::remove_if(shapes.begin(), shapes.end(), touches), shapes.end());
    }
    std::size_t largest = 0;
    for (const Shape &shape : shapes) largest = std::max(largest, shape.pixels.size());
    Ink kept{ink.width, ink.height, std::vector<float>(ink.values.size())};
    for (const Shape &shape : shapes) {
        if (double(shape.pixels.size()) <= 0.05 * double(largest)) continue;
        for (const auto &[x, y] : shape.pixels) {
            // One pixel around a stroke is its soft rim.
            for (int v = std::max(0, y - 1); v <= std::min(ink.height - 1, y + 1); v++) {
                for (int u = std::max(0, x - 1); u <= std::min(ink.width - 1, x + 1); u++) {
                    const float value = ink.at(u, v);
                    if (value > FAINT) kept.values[static_cast<std::size_t>(v) * ink.width + u] = value;
                }
            }
        }
    }
    return kept;
}
