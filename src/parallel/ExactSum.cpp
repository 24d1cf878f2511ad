#include "weir/parallel/ExactSum.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "weir/base/Error.hpp"

namespace weir {

namespace {

constexpr int limb_bits = 34;
constexpr int limbs = 3;
constexpr Real largest_number = 1.7976931348623157e308;

// Adding and subtracting 1.5 * 2^(52 - b) rounds to a multiple of 2^-b.
KOKKOS_FORCEINLINE_FUNCTION Real rounded_to(Real x, Real magic) {
  return (x + magic) - magic;
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

void ExactAccumulator::add(const Matrix<const Real>& partials) {
  const Index length = length_, tiles = Index(partials.extent(1));
  WEIR_CHECK(Index(partials.extent(0)) == length, "{} sums of {}", partials.extent(0), length);
  const auto limb_sums = limbs_;
  const Real scale = std::ldexp(Real(1), -exponent_);
  constexpr Index strip_length = 8;
  const auto policy = Kokkos::RangePolicy<ExecutionSpace, Kokkos::IndexType<Index>>(
      0, (length + strip_length - 1) / strip_length);
  Kokkos::parallel_for(
      "Weir::ExactSum::split", policy, KOKKOS_LAMBDA(Index strip) {
        const Index first = strip_length * strip,
                    last = first + strip_length < length ? first + strip_length : length;
        std::int64_t* l0 = &limb_sums(0);
        std::int64_t *l1 = l0 + length, *l2 = l1 + length;
        constexpr Real unit0 = Real(std::int64_t(1) << limb_bits), unit1 = unit0 * unit0,
                       unit2 = unit1 * unit0;
        constexpr Real magic = 6755399441055744.0;  // 1.5 * 2^52
        bool finite = true;
        for (Index t = 0; t < tiles; ++t)
          for (Index c = first; c < last; ++c) {
            const Real summand = partials(c, t);
            const bool good = fabs(summand) <= largest_number;
            finite = finite && good;
            const Real x = good ? summand * scale : 0;
            const Real a = rounded_to(x, magic / unit0);
            const Real b = rounded_to(x - a, magic / unit1);
            const Real d = rounded_to(x - a - b, magic / unit2);
            l0[c] += std::int64_t(a * unit0);
            l1[c] += std::int64_t(b * unit1);
            l2[c] += std::int64_t(d * unit2);
          }
        if (!finite) limb_sums(limbs * length) = 1;
      });
}

void ExactAccumulator::finish(Real* totals, const std::string& what) {
  Kokkos::deep_copy(host_limbs_, limbs_);
  comm_.sum(host_limbs_.data(), limbs * length_ + 1);
  if (host_limbs_(limbs * length_) > 0) throw RunError(fmt::format("{} is not finite", what));
  for (Index c = 0; c < length_; ++c)
    totals[c] =
        empty_ ? 0
               : compose(host_limbs_(c), host_limbs_(length_ + c), host_limbs_(2 * length_ + c), exponent_);
}

void ExactSum::operator()(const Matrix<const Real>& partials, Real* totals, const std::string& what) {
  const Index length = Index(partials.extent(0)), tiles = Index(partials.extent(1));
  Real largest = 0;
  Kokkos::parallel_reduce(
      "Weir::ExactSum::largest", Kokkos::RangePolicy<ExecutionSpace, Kokkos::IndexType<Index>>(0, tiles),
      KOKKOS_LAMBDA(Index t, Real & most) {
        for (Index c = 0; c < length; ++c) {
          const Real magnitude = fabs(partials(c, t));
          most = magnitude > most ? magnitude
                                  : most;  // a not-a-number is passed over here and found while adding
        }
      },
      Kokkos::Max<Real>(largest));
  accumulator_.start(std::max(largest, Real(0)));
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
