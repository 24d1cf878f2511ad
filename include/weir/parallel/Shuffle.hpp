// A random permutation of [0, N) that nobody has to store.
//
// A keyed Feistel network on the smallest domain of 2^(2h) >= N, walked until it falls below N: a bijection,
// the same on every rank, evaluated at one place at a time and inverted likewise. Source: Black and Rogaway,
// "Ciphers with arbitrary finite domains", CT-RSA 2002.
#pragma once

#include "weir/parallel/Random.hpp"

namespace weir {

class Shuffle {
 public:
  /// `tick` distinguishes shuffles of one stream (an epoch, a population).
  Shuffle(Index size, Index seed, Stream stream, Index tick = 0)
      : size_(size), tick_(tick), random_(seed, stream) {
    while ((Index(1) << (2 * half_bits_)) < size) ++half_bits_;
  }

  Index size() const { return size_; }

  /// Where place `i` goes: a bijection of [0, size).
  KOKKOS_INLINE_FUNCTION Index operator()(Index i) const {
    do {
      for (int round = 0; round < rounds; ++round) i = forward(i, round);
    } while (i >= size_);
    return i;
  }
  /// The place that goes to `j`.
  KOKKOS_INLINE_FUNCTION Index inverse(Index j) const {
    do {
      for (int round = rounds - 1; round >= 0; --round) j = backward(j, round);
    } while (j >= size_);
    return j;
  }

 private:
  static constexpr int rounds = 6;

  KOKKOS_INLINE_FUNCTION Index mask() const { return (Index(1) << half_bits_) - 1; }
  KOKKOS_INLINE_FUNCTION Index mixed(Index half, int round) const {
    return Index(random_.bits(half, tick_, round)[0]) & mask();
  }
  KOKKOS_INLINE_FUNCTION Index forward(Index i, int round) const {
    const Index left = i >> half_bits_, right = i & mask();
    return right << half_bits_ | (left ^ mixed(right, round));
  }
  KOKKOS_INLINE_FUNCTION Index backward(Index i, int round) const {
    const Index right = i >> half_bits_, mixed_left = i & mask();
    return (mixed_left ^ mixed(right, round)) << half_bits_ | right;
  }

  Index size_, tick_;
  int half_bits_ = 1;
  Random random_;
};

}  // namespace weir
