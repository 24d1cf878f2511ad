// The arithmetic of exact sums, for as many numbers side by side as a register holds.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>

#include "weir/base/Pack.hpp"
#include "weir/parallel/ExactSum.hpp"

namespace weir::exact_lanes {

constexpr int limb_bits = 34;
constexpr int most_limbs = 3;
constexpr Index most_exact_columns = Index(1) << 17;  // 2^17 pieces below 2^34 are below 2^52
constexpr Real largest_number = 1.7976931348623157e308;

using Lanes = HostLanes<Real>;
constexpr Index width = Index(sizeof(Lanes) / sizeof(Real));

/// Numbers in single precision are added up in double.
template <class N>
KOKKOS_FORCEINLINE_FUNCTION N load_wide(const Real* from, N) {
  return load(from, N());
}
KOKKOS_FORCEINLINE_FUNCTION Real load_wide(const float* from, Real) {
  return *from;
}
inline Pack<Real> load_wide(const float* from, Pack<Real>) {
  typedef float Half __attribute__((vector_size(detail::pack_bytes / 2)));
  Half half;
  std::memcpy(&half, from, sizeof half);
  return __builtin_convertvector(half, Pack<Real>::Native);
}

template <class N>
struct Unsigned {
  using Integers = std::uint64_t;
};
template <>
struct Unsigned<Pack<Real>> {
  typedef std::uint64_t Integers __attribute__((vector_size(detail::pack_bytes)));
};

/// 1.5 * 2^(52 - b): added to a number it rounds that to a multiple of 2^-b, whose factor then stands in the
/// sum's last bits.
constexpr Real magic(int limb) {
  Real value = 6755399441055744.0;
  for (int bit = 0; bit < (limb + 1) * limb_bits; ++bit) value /= 2;
  return value;
}

/// Adds entries [c, c + lanes of N) of a share of all columns to the limbs, or sets them where these are
/// `fresh`; false where one was not finite.
template <int limbs, class N, class T>
KOKKOS_INLINE_FUNCTION bool add_lanes(const MatrixRef<const T>& partials,
                                      const ExactAccumulator::Share& share, Index c, Real scale, bool fresh,
                                      std::int64_t* all_sums) {
  using Integers = typename Unsigned<N>::Integers;
  constexpr Real magics[most_limbs] = {magic(0), magic(1), magic(2)};
  const Index length = share.length, columns = Index(partials.extent(1));
  std::int64_t* const sums = all_sums + share.place;
  Integers limb[limbs] = {};  // unsigned: what is added too much wraps round and is taken off at the end
  N bad(Real(0));
  for (Index t = 0; t < columns; ++t) {
    const N summand = load_wide(&partials(share.first + c, t), N());
    const auto good = less_than(magnitude(summand), N(HUGE_VAL));
    bad = select(good, bad, N(Real(1)));
    N rest = select(good, summand * N(scale), N(Real(0)));
#pragma GCC unroll 3
    for (int l = 0; l < limbs; ++l) {
      const N sum = rest + N(magics[l]);
      limb[l] += detail::bit_cast<Integers>(sum);
      rest = rest - (sum - N(magics[l]));
    }
  }
  for (int l = 0; l < limbs; ++l) {
    const Integers excess = detail::bit_cast<Integers>(N(magics[l])) * std::uint64_t(columns);
    Integers before = {};
    if (!fresh) memcpy(&before, sums + l * length + c, sizeof before);
    before += limb[l] - excess;
    memcpy(sums + l * length + c, &before, sizeof before);
  }
  Real flags[sizeof(N) / sizeof(Real)], worst = 0;
  memcpy(flags, &bad, sizeof flags);
  for (const Real flag : flags) worst = flag > worst ? flag : worst;
  return worst == 0;
}

/// Largest magnitude in a column; infinite where a number is not finite.
template <class T>
KOKKOS_INLINE_FUNCTION Real largest_of(const T* column, Index length) {
  using N = HostLanes<T>;
  constexpr Index lanes = Index(sizeof(N) / sizeof(T));
  constexpr T infinite = std::numeric_limits<T>::infinity();
  T most = 0;
  const auto take = [&most](T a) {
    const T size = fabs(a) < infinite ? T(fabs(a)) : infinite;
    most = size > most ? size : most;
  };
  Index c = 0;
  if constexpr (lanes > 1) {
    constexpr Index side_by_side = 4;  // one after the other they would wait for each other
    N largest[side_by_side] = {N(T(0)), N(T(0)), N(T(0)), N(T(0))};
    N lost[side_by_side] = {N(T(0)), N(T(0)), N(T(0)), N(T(0))};  // infinite once a number is not finite
    for (; c + side_by_side * lanes <= length; c += side_by_side * lanes)
      for (Index k = 0; k < side_by_side; ++k) {
        const N size = magnitude(N::load(column + c + k * lanes));
        largest[k] = select(less_than(largest[k], size), size, largest[k]);
        lost[k] = select(less_than(size, N(infinite)), lost[k], N(infinite));
      }
    for (Index k = 0; k < side_by_side; ++k)
      for (int lane = 0; lane < lanes; ++lane) {
        take(largest[k].native[lane]);
        take(lost[k].native[lane]);
      }
  }
  for (; c < length; ++c) take(column[c]);
  return Real(most);
}

/// total = 2^exponent (l0 2^-34 + l1 2^-68 + l2 2^-102), rounded once (to nearest, ties to even).
inline Real compose(std::int64_t l0, std::int64_t l1, std::int64_t l2, int exponent) {
  using Wide = __int128;
  // Carries bring the lower limbs into [0, 2^34), where they are plain binary digits.
  constexpr std::int64_t base = std::int64_t(1) << limb_bits;
  const auto carry = [](std::int64_t& low, std::int64_t& high) {
    const std::int64_t q = low >> limb_bits;  // floor
    low -= q * base;
    high += q;
  };
  carry(l2, l1);
  carry(l1, l0);
  // 63 + 34 bits and 29 of the last limb's 34; the rest only matters as a sticky bit for the rounding.
  constexpr int room = 29;
  Wide digits = (Wide(l0) * base + l1) * (Wide(1) << room) + (l2 >> (limb_bits - room));
  if (l2 & ((std::int64_t(1) << (limb_bits - room)) - 1)) digits |= 1;
  return std::ldexp(Real(digits), exponent - 2 * limb_bits - room);
}

/// To numbers below 1 and back, which one power of two cannot do for all of them.
struct Scaling {
  Real down, up, up_again;
  Scaling(int exponent, Real sign)
      : down(std::ldexp(Real(1), -exponent)),
        up(sign * std::ldexp(Real(1), exponent / 2)),
        up_again(std::ldexp(Real(1), exponent - exponent / 2)) {}
};

/// The same for all lanes of N, where |l0| < 2^52: three numbers that do not overlap, added so that only the
/// last addition rounds (what the one before loses is kept as an odd last bit).
/// Source: Boldo, Melquiond, "Emulation of a FMA and correctly rounded sums: proved algorithms using rounding
/// to odd", IEEE Trans. Computers 57 (2008).
template <class N>
void compose_lanes(const std::int64_t* sums, Index length, int limbs, const Scaling& scaling, Real* totals) {
  using Integers = typename NumberTraits<N>::IntLanes;
  constexpr Real unit = Real(std::int64_t(1) << limb_bits);
  constexpr std::int64_t low_digits = (std::int64_t(1) << limb_bits) - 1;
  Integers l0, l1, l2 = {};
  std::memcpy(&l0, sums, sizeof l0);
  std::memcpy(&l1, sums + length, sizeof l1);
  if (limbs > 2) std::memcpy(&l2, sums + 2 * length, sizeof l2);
  l1 += l2 >> limb_bits;
  l0 += l1 >> limb_bits;
  const N high = to_number<N>(l0) * N(unit * unit),
          middle = to_number<N>(Integers(l1 & low_digits)) * N(unit),
          low = to_number<N>(Integers(l2 & low_digits));
  const N sum = high + middle, left = middle - (sum - high);
  const N rest = left + low, lost = low - (rest - left);
  const N zero(Real(0));
  const auto even = (detail::bit_cast<Integers>(rest) & 1) == 0;
  const auto inexact = less_than(zero, magnitude(lost));
  // One unit towards what was lost: away from zero where it has the sign of the rest.
  const auto outward = less_than(zero, rest * lost);
  const Integers bits = detail::bit_cast<Integers>(rest);
  const N up = detail::bit_cast<N>(Integers(bits + 1)), down = detail::bit_cast<N>(Integers(bits - 1));
  const N odd = select(even & inexact, select(outward, up, down), rest);
  constexpr Real unit_of_sums = 1 / (unit * unit * unit);  // 2^-102
  const N total = (sum + odd) * N(unit_of_sums) * N(scaling.up) * N(scaling.up_again);
  std::memcpy(totals, &total, sizeof total);
}

/// Sums of two pieces without the limbs: the pieces add up exactly as numbers too, each a multiple of a power
/// of two and below 2^53 of them, so that only their own sum rounds. `bad`: 1 where one was not finite.
template <class N>
KOKKOS_FORCEINLINE_FUNCTION void sum_lanes(const MatrixRef<const float>& partials, Index c,
                                           const Scaling& scaling, Real* totals, N& bad) {
  const N scale(scaling.down), magic_high(magic(0)), magic_low(magic(1));
  N high(Real(0)), low(Real(0));
  for (Index t = 0; t < Index(partials.extent(1)); ++t) {
    const N summand = load_wide(&partials(c, t), N());
    const auto good = less_than(magnitude(summand), N(HUGE_VAL));
    bad = select(good, bad, N(Real(1)));
    const N scaled = select(good, summand * scale, N(Real(0)));
    const N piece = (scaled + magic_high) - magic_high;
    high = high + piece;
    low = low + (((scaled - piece) + magic_low) - magic_low);
  }
  const N total = (high + low) * N(scaling.up) * N(scaling.up_again);
  std::memcpy(totals + c, &total, sizeof total);
}

/// The sum of a single column: itself.
template <class N>
KOKKOS_FORCEINLINE_FUNCTION void copy_lanes(const MatrixRef<const float>& partials, Index c, Real sign,
                                            Real* totals, N& bad) {
  const N only = load_wide(&partials(c, 0), N()), total = only * N(sign);
  std::memcpy(totals + c, &total, sizeof total);
  bad = select(less_than(magnitude(only), N(HUGE_VAL)), bad, N(Real(1)));
}

/// Whether a lane is not 0.
template <class N>
KOKKOS_INLINE_FUNCTION bool any_of_lanes(const N& lanes) {
  Real flags[sizeof(N) / sizeof(Real)], worst = 0;
  memcpy(flags, &lanes, sizeof flags);
  for (const Real flag : flags) worst = flag > worst ? flag : worst;
  return worst > 0;
}

/// Components [first, end) of the totals; false where a summand was not finite.
template <class Work>
KOKKOS_INLINE_FUNCTION bool for_all_lanes(Index first, Index end, Work work) {
  Lanes bad(Real(0));
  Real bad_rest = 0;
  Index c = first;
  for (; c + width <= end; c += width) work(c, bad);
  for (; c < end; ++c) work(c, bad_rest);
  return !any_of_lanes(bad) && bad_rest == 0;
}

}  // namespace weir::exact_lanes
