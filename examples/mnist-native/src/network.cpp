#include "network.h"

#include <algorithm>
#include <vector>

/** See weights.S; the order is that of LAYOUT in export_weights.py. */
extern "C" const float mnist_weights[];

namespace {

constexpr int DIGITS = 10;

/** Square planes of `side` × `side` values, one after the other. */
struct Planes {
    int side;
    std::vector<float> values;
};

/** One plane with a rim of zeros, which the 3 × 3 windows at its edge see. */
std::vector<float> padded(const float *plane, int side)
{
    std::vector<float> result(static_cast<std::size_t>(side + 2) * (side + 2));
    for (int y = 0; y < side; y++) std::copy_n(plane + y * side, side, &result[(y + 1) * (side + 2) + 1]);
    return result;
}

/** Adds the 3 × 3 convolution of one plane to another one. */
void addConvolution(const std::vector<float> &rimmed, const float *k, int side, float *__restrict target)
{
    for (int y = 0; y < side; y++) {
        float *row = target + y * side;
        const float *a = &rimmed[y * (side + 2)];
        const float *b = a + side + 2;
        const float *c = b + side + 2;
        // All nine terms in one pass over the row: the compiler makes vector instructions of it.
        for (int x = 0; x < side; x++) {
            row[x] += k[0] * a[x] + k[1] * a[x + 1] + k[2] * a[x + 2] + k[3] * b[x] + k[4] * b[x + 1] +
                      k[5] * b[x + 2] + k[6] * c[x] + k[7] * c[x + 1] + k[8] * c[x + 2];
        }
    }
}

/** Convolution with bias, negative values cut off. Moves `weights` behind what it used. */
Planes convolved(const Planes &input, int outputs, const float *&weights)
{
    const int area = input.side * input.side;
    const int inputs = static_cast<int>(input.values.size()) / area;
    const float *bias = weights + outputs * inputs * 9;
    Planes result{input.side, std::vector<float>(static_cast<std::size_t>(outputs) * area)};
    for (int out = 0; out < outputs; out++) std::fill_n(&result.values[out * area], area, bias[out]);
    for (int in = 0; in < inputs; in++) {
        const std::vector<float> rimmed = padded(&input.values[in * area], input.side);
        for (int out = 0; out < outputs; out++) {
            addConvolution(rimmed, weights + (out * inputs + in) * 9, input.side, &result.values[out * area]);
        }
    }
    for (float &value : result.values) value = std::max(value, 0.0F);
    weights = bias + outputs;
    return result;
}

/** The largest of each 2 × 2 values. */
Planes pooled(const Planes &input)
{
    const int side = input.side / 2;
    Planes result{side, {}};
    const std::size_t area = static_cast<std::size_t>(input.side) * input.side;
    for (std::size_t plane = 0; plane < input.values.size(); plane += area) {
        for (int y = 0; y < side; y++) {
            for (int x = 0; x < side; x++) {
                const float *at = &input.values[plane + 2 * y * input.side + 2 * x];
                result.values.push_back(std::max({at[0], at[1], at[input.side], at[input.side + 1]}));
            }
        }
    }
    return result;
}

} // namespace

int classify(const Digit &digit)
{
    const float *weights = mnist_weights;
    Planes planes{SIDE, {digit.begin(), digit.end()}};
    for (const int outputs : {16, 32}) {
        planes = convolved(planes, outputs, weights);
        planes = pooled(convolved(planes, outputs, weights));
    }
    const float *bias = weights + planes.values.size() * DIGITS;
    std::vector<float> scores(bias, bias + DIGITS);
    for (const float value : planes.values) {
        for (int number = 0; number < DIGITS; number++) scores[number] += value * weights[number];
        weights += DIGITS;
    }
    return static_cast<int>(std::max_element(scores.begin(), scores.end()) - scores.begin());
}
