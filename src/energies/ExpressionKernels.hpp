// Pair kernels of a formula W(r), r = x - y, that does not depend on t.
//
// Where r = 0, as for a particle with itself, a value or a gradient that is not finite counts as 0: W =
// log(norm) acts between different points only, as the radial profiles do.
#pragma once

#include <cfenv>
#include <cmath>
#include <type_traits>

#include "weir/energies/Expression.hpp"
#include "weir/ensemble/PairSum.hpp"

namespace weir {

/// W(0) and grad W(0) after it.
inline Vector<Real> at_origin(const Expression& expression, Index dimension) {
  Vector<Real> origin("Weir::Expression::origin", dimension),
      found("Weir::Expression::at_origin", 1 + dimension);
  std::fenv_t environment;
  std::feholdexcept(&environment);  // 0 / 0 is no error here
  Kokkos::parallel_for(
      "Weir::Expression::at_origin", Range(0, 1), KOKKOS_LAMBDA(Index) {
        found(0) = expression.value(int(dimension), origin.data(), 0);
        expression.add_gradient(int(dimension), origin.data(), 0, 1, found.data() + 1);
      });
  Kokkos::fence();
  const auto host = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), found);
  bool finite = true;
  for (Index c = 0; c < dimension; ++c) finite = finite && std::isfinite(host(1 + c));
  for (Index c = 0; c < dimension && !finite; ++c) host(1 + c) = 0;
  if (!std::isfinite(host(0))) host(0) = 0;
  std::fesetenv(&environment);
  Kokkos::deep_copy(found, host);
  return found;
}

/// Calls `body(y, apart)` with r where it is not 0, and lanes `apart` that say where; other lanes of y repeat
/// one of those, so that nothing is evaluated at 0. Not called where all lanes are 0.
template <class N, class Dimension, class Body>
KOKKOS_FORCEINLINE_FUNCTION void where_apart(Dimension d, const N* r, const Body& body) {
  using T = typename NumberTraits<N>::Scalar;
  constexpr int most = std::is_same<Dimension, int>::value ? int(most_pair_components) : 4;
  N size = magnitude(r[0]);
  for (int c = 1; c < d; ++c) size = size + magnitude(r[c]);
  const auto apart = less_than(N(T(0)), size);
  if (all_lanes(apart)) return body(r, apart);
  constexpr int width = int(sizeof(N) / sizeof(T));
  T lanes[width];
  store(size, lanes);
  int some = -1;
  for (int lane = 0; lane < width; ++lane)
    if (lanes[lane] != 0) some = lane;
  if (some < 0) return;
  N y[most];
  for (int c = 0; c < d; ++c) {
    store(r[c], lanes);
    y[c] = select(apart, r[c], N(lanes[some]));
  }
  body(static_cast<const N*>(y), apart);
}

struct ExpressionValueKernel {
  static constexpr bool in_packs = true;
  Expression expression;
  Vector<Real> origin;
  template <class N, class Dimension>
  KOKKOS_INLINE_FUNCTION void operator()(Dimension d, const N* r, const N*, N* sums) const {
    N value = number<N>(origin(0));
    where_apart(d, r, [&](const N* y, const auto& apart) {
      value = select(apart, expression.value(int(d), y, 0), value);
    });
    sums[0] = sums[0] + value;
  }
};

struct ExpressionGradientKernel {
  static constexpr bool in_packs = true;
  Expression expression;
  Vector<Real> origin;
  template <class N, class Dimension>
  KOKKOS_INLINE_FUNCTION void operator()(Dimension d, const N* r, const N*, N* sums) const {
    constexpr int most = std::is_same<Dimension, int>::value ? int(most_pair_components) : 4;
    N slope[most];
    for (int c = 0; c < d; ++c) slope[c] = number<N>(origin(1 + c));
    where_apart(d, r, [&](const N* y, const auto& apart) {
      N found[most];
      for (int c = 0; c < d; ++c) found[c] = number<N>(0);
      expression.add_gradient(int(d), y, 0, 1, found);
      for (int c = 0; c < d; ++c) slope[c] = select(apart, found[c], slope[c]);
    });
    for (int c = 0; c < d; ++c) sums[c] = sums[c] + slope[c];
  }
};

}  // namespace weir
