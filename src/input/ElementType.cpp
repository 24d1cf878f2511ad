#include "input/ElementType.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "weir/base/Error.hpp"

namespace weir {

namespace {

struct Half {
  std::uint16_t bits;
};

Real to_real(Half half) {
  const int exponent = half.bits >> 10 & 31, fraction = half.bits & 1023;
  const Real sign = half.bits >> 15 ? -1 : 1;
  if (exponent == 31)
    return fraction ? std::numeric_limits<Real>::quiet_NaN() : sign * std::numeric_limits<Real>::infinity();
  return sign * (exponent == 0 ? std::ldexp(fraction, -24) : std::ldexp(1024 + fraction, exponent - 25));
}
template <class T>
Real to_real(T value) {
  return Real(value);
}

using Decoder = void (*)(const char*, Index, Index, Real*, Index);

// Files are little- or big-endian; every machine Weir runs on is little-endian.
template <class T, bool swapped>
void decode_as(const char* raw, Index raw_stride, Index count, Real* values, Index value_stride) {
  for (Index i = 0; i < count; ++i) {
    char bytes[sizeof(T)];
    std::memcpy(bytes, raw + i * raw_stride, sizeof(T));
    if (swapped) std::reverse(bytes, bytes + sizeof(T));
    T value;
    std::memcpy(&value, bytes, sizeof(T));
    values[i * value_stride] = to_real(value);
  }
}

template <class T>
Decoder decoder_of(bool swapped) {
  return swapped ? decode_as<T, true> : decode_as<T, false>;
}

Decoder find_decoder(const ElementType& type) {
  const bool swapped = type.big_endian;
  switch (type.kind * 100 + type.size) {
    case 'b' * 100 + 1:
    case 'u' * 100 + 1:
      return decoder_of<std::uint8_t>(swapped);
    case 'u' * 100 + 2:
      return decoder_of<std::uint16_t>(swapped);
    case 'u' * 100 + 4:
      return decoder_of<std::uint32_t>(swapped);
    case 'u' * 100 + 8:
      return decoder_of<std::uint64_t>(swapped);
    case 'i' * 100 + 1:
      return decoder_of<std::int8_t>(swapped);
    case 'i' * 100 + 2:
      return decoder_of<std::int16_t>(swapped);
    case 'i' * 100 + 4:
      return decoder_of<std::int32_t>(swapped);
    case 'i' * 100 + 8:
      return decoder_of<std::int64_t>(swapped);
    case 'f' * 100 + 2:
      return decoder_of<Half>(swapped);
    case 'f' * 100 + 4:
      return decoder_of<float>(swapped);
    case 'f' * 100 + 8:
      return decoder_of<double>(swapped);
  }
  return nullptr;
}

}  // namespace

bool is_known(const ElementType& type) {
  return find_decoder(type) != nullptr;
}

void decode(const ElementType& type, const char* raw, Index raw_stride, Index count, Real* values,
            Index value_stride) {
  const Decoder decoder = find_decoder(type);
  WEIR_CHECK(decoder, "type {}{}", type.kind, type.size);
  decoder(raw, raw_stride, count, values, value_stride);
}

}  // namespace weir
