#include "weir/parallel/ExactSum.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <type_traits>

#include "weir/base/Error.hpp"
#include "weir/base/Pack.hpp"

namespace weir {

namespace {

constexpr int limb_bits = 34;
constexpr int limbs = 3;
constexpr Real largest_number = 1.7976931348623157e308;

constexpr bool on_host = std::is_same<MemorySpace, Kokkos::HostSpace>::value;
using Lanes = std::conditional_t<on_host, Pack<Real>, Real>;
constexpr Index width = Index(sizeof(Lanes) / sizeof(Real));

KOKKOS_FORCEINLINE_FUNCTION Real load(const Real* from, Real) {
  return *from;
}
KOKKOS_FORCEINLINE_FUNCTION Real load(const float* from, Real) {
  return *from;
}
Pack<Real> load(const Real* from, Pack<Real>) {
  return Pack<Real>::load(from);
}
Pack<Real> load(const float* from, Pack<Real>) {
  typedef float Half __attribute__((vector_size(detail::pack_bytes / 2)));
  Half half;
  std::memcpy(&half, from, sizeof half);
  return __builtin_convertvector(half, Pack<Real>::Native);
}

/// Adding 1.5 * 2^(52 - b) rounds to a multiple of 2^-b, which then stands in the sum's last bits.
template <class N, class Integers>
KOKKOS_FORCEINLINE_FUNCTION void cut(N& rest, Real magic, Integers& limb) {
  const N sum = rest + N(magic);
  limb += detail::bit_cast<Integers>(sum) - detail::bit_cast<Integers>(N(magic));
  rest = rest - (sum - N(magic));
}

/// Adds entries [c, c + lanes of N) of all columns to the limbs; false where one was not finite.
template <class N, class T>
KOKKOS_INLINE_FUNCTION bool add_lanes(const MatrixRef<const T>& partials, Index c, Real scale,
                                      std::int64_t* limb_sums) {
  using Integers = typename NumberTraits<N>::IntLanes;
  constexpr Real unit0 = Real(std::int64_t(1) << limb_bits), unit1 = unit0 * unit0, unit2 = unit1 * unit0;
  constexpr Real magic = 6755399441055744.0;  // 1.5 * 2^52
  const Index length = Index(partials.extent(0)), columns = Index(partials.extent(1));
  Integers limb[limbs];
  for (int l = 0; l < limbs; ++l) memcpy(&limb[l], limb_sums + l * length + c, sizeof limb[l]);
  N bad(Real(0));
  for (Index t = 0; t < columns; ++t) {
    const N summand = load(&partials(c, t), N());
    const auto good = less_than(magnitude(summand), N(HUGE_VAL));
    bad = select(good, bad, N(Real(1)));
    N rest = select(good, summand * N(scale), N(Real(0)));
    cut(rest, magic / unit0, limb[0]);
    cut(rest, magic / unit1, limb[1]);
    cut(rest, magic / unit2, limb[2]);
  }
  for (int l = 0; l < limbs; ++l) memcpy(limb_sums + l * length + c, &limb[l], sizeof limb[l]);
  Real flags[sizeof(N) / sizeof(Real)], worst = 0;
  memcpy(flags, &bad, sizeof flags);
  for (const Real flag : flags) worst = flag > worst ? flag : worst;
  return worst == 0;
}

/// Largest magnitude in a column; a not-a-number is passed over here and found while adding.
template <class T>
KOKKOS_INLINE_FUNCTION Real largest_of(const T* column, Index length) {
  using N = std::conditional_t<on_host, Pack<T>, T>;
  constexpr Index lanes = Index(sizeof(N) / sizeof(T));
  T most = 0;
  const auto take = [&most](T a) { most = fabs(a) > most ? T(fabs(a)) : most; };
  Index c = 0;
  if constexpr (lanes > 1) {
    N largest(T(0));
    for (; c + lanes <= length; c += lanes) {
      const N size = magnitude(N::load(column + c));
      largest = select(less_than(largest, size), size, largest);
    }
    for (int lane = 0; lane < lanes; ++lane) take(largest.native[lane]);
  }
  for (; c < length; ++c) take(column[c]);
  return Real(most);
}

/// total = 2^exponent (l0 2^-34 + l1 2^-68 + l2 2^-102), rounded once (to nearest, ties to even).
Real compose(std::int64_t l0, std::int64_t l1, std::int64_t l2, int exponent) {
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

/// The same for all lanes of N, while |l0| < 2^52: three numbers that do not overlap, added so that only the
/// last addition rounds (what the one before loses is kept as an odd last bit). False where l0 is too large.
/// Source: Boldo, Melquiond, "Emulation of a FMA and correctly rounded sums: proved algorithms using rounding
/// to odd", IEEE Trans. Computers 57 (2008).
template <class N>
bool compose_lanes(const std::int64_t* sums, Index length, int exponent, Real* totals) {
  using Integers = typename NumberTraits<N>::IntLanes;
  constexpr Real unit = Real(std::int64_t(1) << limb_bits);
  constexpr std::int64_t low_digits = (std::int64_t(1) << limb_bits) - 1;
  Integers l0, l1, l2;
  std::memcpy(&l0, sums, sizeof l0);
  std::memcpy(&l1, sums + length, sizeof l1);
  std::memcpy(&l2, sums + 2 * length, sizeof l2);
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
  const int half = exponent / 2;
  const N total = (sum + odd) * N(std::ldexp(Real(1), -limbs * limb_bits)) * N(std::ldexp(Real(1), half)) *
                  N(std::ldexp(Real(1), exponent - half));
  Real numbers[sizeof(N) / sizeof(Real)], most = 0;
  std::memcpy(numbers, &l0, sizeof numbers);
  for (const Real& number : numbers) {
    std::int64_t integer;
    std::memcpy(&integer, &number, sizeof integer);
    most = std::max(most, std::fabs(Real(integer)));
  }
  std::memcpy(totals, &total, sizeof total);
  return most < 0x1p52;
}

}  // namespace

ExactAccumulator::ExactAccumulator(const Communicator& comm, Index length)
    : comm_(comm),
      length_(length),
      limbs_("Weir::ExactSum::limbs", limbs * length + 1),
      host_limbs_("Weir::ExactSum::host_limbs", limbs * length + 1) {}

void ExactAccumulator::start(Real bound) {
  WEIR_CHECK(!(bound < 0), "bound {}", bound);
  // A bound that is not finite only comes of summands that are not: they are found out while adding.
  const Real largest = comm_.max(std::isfinite(bound) ? bound : largest_number);
  empty_ = largest == 0;
  exponent_ = empty_ ? 0 : std::max(std::ilogb(largest) + 1, -1000);
  Kokkos::deep_copy(limbs_, 0);
}

namespace {

template <class T>
void add_to_limbs(const MatrixRef<const T>& partials, int exponent,
                  const Kokkos::View<std::int64_t*, MemorySpace>& limb_sums) {
  const Index length = Index(partials.extent(0));
  const Real scale = std::ldexp(Real(1), -exponent);
  const auto sums = limb_sums;
  const MatrixRef<const T> from = partials;
  Kokkos::parallel_for(
      "Weir::ExactSum::split",
      Kokkos::RangePolicy<ExecutionSpace, Kokkos::IndexType<Index>>(0, (length + width - 1) / width),
      KOKKOS_LAMBDA(Index strip) {
        const Index first = strip * width;
        bool finite = true;
        if (first + width <= length) {
          finite = add_lanes<Lanes>(from, first, scale, &sums(0));
        } else {
          for (Index c = first; c < length; ++c) finite = add_lanes<Real>(from, c, scale, &sums(0)) && finite;
        }
        if (!finite) sums(limbs * length) = 1;
      });
}

template <class T>
Real largest_magnitude(const MatrixRef<const T>& partials) {
  const Index length = Index(partials.extent(0)), columns = Index(partials.extent(1));
  const MatrixRef<const T> from = partials;
  Real largest = 0;
  Kokkos::parallel_reduce(
      "Weir::ExactSum::largest", Kokkos::RangePolicy<ExecutionSpace, Kokkos::IndexType<Index>>(0, columns),
      KOKKOS_LAMBDA(Index t, Real & most) {
        const Real here = length > 0 ? largest_of(&from(0, t), length) : 0;
        most = here > most ? here : most;
      },
      Kokkos::Max<Real>(largest));
  return std::max(largest, Real(0));
}

}  // namespace

void ExactAccumulator::add(const MatrixRef<const Real>& partials) {
  WEIR_CHECK(Index(partials.extent(0)) == length_, "{} sums of {}", partials.extent(0), length_);
  add_to_limbs(partials, exponent_, limbs_);
}
void ExactAccumulator::add(const MatrixRef<const float>& partials) {
  WEIR_CHECK(Index(partials.extent(0)) == length_, "{} sums of {}", partials.extent(0), length_);
  add_to_limbs(partials, exponent_, limbs_);
}

void ExactAccumulator::finish(Real* totals, const std::string& what) {
  Kokkos::deep_copy(host_limbs_, limbs_);
  comm_.sum(host_limbs_.data(), limbs * length_ + 1);
  if (host_limbs_(limbs * length_) > 0) throw RunError(fmt::format("{} is not finite", what));
  const std::int64_t* sums = host_limbs_.data();
  for (Index c = 0; c < length_;) {
    constexpr Index lanes = pack_width<Real>;
    if (empty_) {
      totals[c++] = 0;
    } else if (c + lanes <= length_ && compose_lanes<Pack<Real>>(sums + c, length_, exponent_, totals + c)) {
      c += lanes;
    } else {
      for (const Index end = std::min(c + lanes, length_); c < end; ++c)
        totals[c] = compose(sums[c], sums[length_ + c], sums[2 * length_ + c], exponent_);
    }
  }
}

void ExactSum::operator()(const MatrixRef<const Real>& partials, Real* totals, const std::string& what) {
  accumulator_.start(largest_magnitude(partials));
  accumulator_.add(partials);
  accumulator_.finish(totals, what);
}
void ExactSum::operator()(const MatrixRef<const float>& partials, Real* totals, const std::string& what) {
  accumulator_.start(largest_magnitude(partials));
  accumulator_.add(partials);
  accumulator_.finish(totals, what);
}

Real ExactSum::operator()(const Real* partials, Index count, const std::string& what) {
  HostMatrix<Real> copy("Weir::ExactSum::partials", 1, count);
  std::copy_n(partials, count, copy.data());
  Real total = 0;
  (*this)(Kokkos::create_mirror_view_and_copy(MemorySpace(), copy), &total, what);
  return total;
}

}  // namespace weir
