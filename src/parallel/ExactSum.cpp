#include "weir/parallel/ExactSum.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "weir/base/Error.hpp"

namespace weir {

namespace {

constexpr int limb_bits = 34;
constexpr int limbs = 3;

// Adding and subtracting 1.5 * 2^(52 - b) rounds to a multiple of 2^-b.
KOKKOS_FORCEINLINE_FUNCTION Real rounded_to(Real x, Real magic) { return (x + magic) - magic; }

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

ExactSum::ExactSum(const Communicator& comm, Index length)
    : comm_(comm), limbs_("Weir::ExactSum::limbs", length, limbs), host_limbs_("Weir::ExactSum::host_limbs", length, limbs) {}

void ExactSum::operator()(const Matrix<const Real>& partials, Real* totals, const std::string& what) {
  const Index length = Index(partials.extent(0)), tiles = Index(partials.extent(1));
  WEIR_CHECK(length <= Index(limbs_.extent(0)), "{} sums of {}", length, limbs_.extent(0));
  const auto policy = Kokkos::RangePolicy<ExecutionSpace, Kokkos::IndexType<Index>>(0, tiles);

  // Largest magnitude; infinity stands for anything that is not finite.
  Real largest = 0;
  Kokkos::parallel_reduce(
      "Weir::ExactSum::largest", policy,
      KOKKOS_LAMBDA(Index t, Real& most) {
        for (Index c = 0; c < length; ++c) {
          const Real magnitude = partials(c, t) < 0 ? -partials(c, t) : partials(c, t);
          const Real finite_or_infinite = magnitude <= 1.7976931348623157e308 ? magnitude : HUGE_VAL;
          most = finite_or_infinite > most ? finite_or_infinite : most;
        }
      },
      Kokkos::Max<Real>(largest));
  largest = comm_.max(std::max(largest, Real(0)));
  if (!std::isfinite(largest)) throw RunError(fmt::format("{} is not finite", what));
  if (largest == 0) {
    std::fill_n(totals, length, Real(0));
    return;
  }
  const int exponent = std::max(std::ilogb(largest) + 1, -1000);
  const Real scale = std::ldexp(Real(1), -exponent);

  const auto limb_sums = limbs_;
  Kokkos::parallel_for(
      "Weir::ExactSum::split", Kokkos::RangePolicy<ExecutionSpace, Kokkos::IndexType<Index>>(0, (length + 7) / 8),
      KOKKOS_LAMBDA(Index strip) {
        const Index first = 8 * strip, last = first + 8 < length ? first + 8 : length;
        for (Index c = first; c < last; ++c)
          for (int l = 0; l < limbs; ++l) limb_sums(c, l) = 0;
        constexpr Real unit0 = Real(std::int64_t(1) << limb_bits), unit1 = unit0 * unit0, unit2 = unit1 * unit0;
        constexpr Real magic = 6755399441055744.0;  // 1.5 * 2^52
        for (Index t = 0; t < tiles; ++t)
          for (Index c = first; c < last; ++c) {
            const Real x = partials(c, t) * scale;
            const Real a = rounded_to(x, magic / unit0);
            const Real b = rounded_to(x - a, magic / unit1);
            const Real d = rounded_to(x - a - b, magic / unit2);
            limb_sums(c, 0) += std::int64_t(a * unit0);
            limb_sums(c, 1) += std::int64_t(b * unit1);
            limb_sums(c, 2) += std::int64_t(d * unit2);
          }
      });
  const auto used = Kokkos::make_pair(Index(0), length);
  for (int l = 0; l < limbs; ++l)
    Kokkos::deep_copy(Kokkos::subview(host_limbs_, used, l), Kokkos::subview(limbs_, used, l));
  // One message where the sums fill the buffer, else limb by limb would cost latency: pack them.
  if (length == Index(limbs_.extent(0))) {
    comm_.sum(host_limbs_.data(), limbs * length);
  } else {
    for (int l = 1; l < limbs; ++l)
      std::copy_n(&host_limbs_(0, l), length, host_limbs_.data() + l * length);
    comm_.sum(host_limbs_.data(), limbs * length);
  }
  const std::int64_t* packed = host_limbs_.data();
  for (Index c = 0; c < length; ++c)
    totals[c] = compose(packed[c], packed[length + c], packed[2 * length + c], exponent);
}

Real ExactSum::operator()(const Real* partials, Index count, const std::string& what) {
  Kokkos::View<Real**, Kokkos::LayoutLeft, Kokkos::HostSpace> copy("Weir::ExactSum::partials", 1, count);
  std::copy_n(partials, count, copy.data());
  Matrix<Real> on_device = Kokkos::create_mirror_view_and_copy(MemorySpace(), copy);
  Real total = 0;
  (*this)(on_device, &total, what);
  return total;
}

}  // namespace weir
