// What the texts of labels stand for: numbers, times with units, or names alone.
#pragma once

#include <string>
#include <vector>

#include "weir/base/Types.hpp"

namespace weir {

/// a < b, where runs of digits compare as numbers: day2 before day10.
bool natural_less(const std::string& a, const std::string& b);

/// Numbers stand for themselves ("7"); a text with one number in it for that number ("day2", "8h", "E8.5").
/// One word must go with all of them, or units of time, which are brought to the smallest in use ("8h", "3d":
/// 8 h, 72 h). Texts that say no time, or not clearly, are numbered in natural order.
struct LabelMeaning {
  std::vector<std::string> texts;  ///< by ascending values
  std::vector<Real> values;
  bool plain = false;     ///< all texts are numbers
  std::string unit;       ///< of the values, where the texts give one that is known
  std::string ambiguity;  ///< why the values are no times; empty: they are
};
LabelMeaning understand_labels(std::vector<std::string> texts);

}  // namespace weir
