// The binary forms of numbers in files.
#pragma once

#include "weir/base/Types.hpp"

namespace weir {

struct ElementType {
  char kind = 'f';  ///< as in numpy: b truth value, i integer, u unsigned integer, f floating point
  int size = 8;     ///< bytes
  bool big_endian = false;
};

/// Whether `decode` knows it.
bool is_known(const ElementType& type);

/// values[i * value_stride] = the number at raw + i * raw_stride (bytes), for i < count.
void decode(const ElementType& type, const char* raw, Index raw_stride, Index count, Real* values,
            Index value_stride);

}  // namespace weir
