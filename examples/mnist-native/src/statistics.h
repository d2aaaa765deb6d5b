#pragma once

#include <cmath>
#include <cstddef>
#include <vector>

/** The value that `share` of all values lie below, linear between neighbours; 0.5 is the median. */
inline float quantile(const std::vector<float> &sorted, double share)
{
    const double place = share * (sorted.size() - 1);
    const auto below = static_cast<std::size_t>(place);
    const auto above = below + 1 < sorted.size() ? below + 1 : below;
    return static_cast<float>(sorted[below] + (place - below) * (double(sorted[above]) - sorted[below]));
}

/** The nearest whole number, the even one of two that are equally near, as in Python. */
inline int rounded(double value)
{
    return static_cast<int>(std::nearbyint(value));
}
