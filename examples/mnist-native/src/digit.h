#pragma once

#include <array>

#include "picture.h"

/** Width and height of the network's input in pixels (MNIST). */
constexpr int SIDE = 28;

/** Rows from the top, 0 background to 1 ink. */
using Digit = std::array<float, SIDE * SIDE>;

/**
 * Finds the digit in a picture, scales it into 20 × 20 and centres its mass in 28 × 28, as MNIST does. The same steps as
 * in digit_picture.py of the example in Python, which the network was trained with.
 * @throws BlankPicture
 */
Digit findDigit(const Picture &picture);
