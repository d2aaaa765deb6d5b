#pragma once

#include "digit.h"

/** The trained network's opinion: 0 to 9. */
int classify(const Digit &digit);
