// The fifteen named functionals f(v) of the JKOnet* benchmark, dimension-free, with exact gradients.
//
// Each is a small struct: `value(d, v)`, and `add_gradient(d, v, factor, g)`, which does g += factor grad
// f(v); those with `in_packs` take any number type. z1 and z2 are the means of the first floor(d/2) and of
// the remaining coordinates; functionals that use them need d >= 2. At kinks the gradient is the subgradient
// 0. Source: Terpin, Lanzetti, Gadea, Doerfler, NeurIPS 2024 (arXiv 2406.12616), appendix.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "weir/base/Types.hpp"
#include "weir/base/VectorMath.hpp"

namespace weir {
namespace functionals {

constexpr Real pi = 3.14159265358979323846;

KOKKOS_INLINE_FUNCTION Real sign(Real a) {
  return Real(a > 0) - Real(a < 0);
}
KOKKOS_INLINE_FUNCTION Real square(Real a) {
  return a * a;
}
template <class N>
KOKKOS_FORCEINLINE_FUNCTION N constant(Real a) {
  return N(typename NumberTraits<N>::Scalar(a));
}

/// Coefficients of 1, v, .., v^4.
using Powers = std::array<Real, 5>;

/// A sum over coordinates: Term gives value(v_i) and slope(v_i), for any number type (Pack.hpp). Functionals
/// whose term is a polynomial name its coefficients too: `static constexpr Powers powers`.
template <class Term>
struct Separable {
  static constexpr int least_dimension = 1;
  static constexpr bool in_packs = true;
  template <class N>
  KOKKOS_INLINE_FUNCTION N value(int d, const N* v) const {
    N sum = Term::value(v[0]);
    for (int i = 1; i < d; ++i) sum = sum + Term::value(v[i]);
    return sum;
  }
  template <class N>
  KOKKOS_INLINE_FUNCTION void add_gradient(int d, const N* v, Real factor, N* g) const {
    for (int i = 0; i < d; ++i) g[i] = g[i] + constant<N>(factor) * Term::slope(v[i]);
  }
};

/// A sum over neighbouring coordinates: Term gives value(v_i, v_{i+1}) and its two slopes.
template <class Term>
struct Chained {
  static constexpr int least_dimension = 2;
  static constexpr bool in_packs = false;
  KOKKOS_INLINE_FUNCTION Real value(int d, const Real* v) const {
    Real sum = 0;
    for (int i = 0; i + 1 < d; ++i) sum += Term::value(v[i], v[i + 1]);
    return sum;
  }
  KOKKOS_INLINE_FUNCTION void add_gradient(int d, const Real* v, Real factor, Real* g) const {
    for (int i = 0; i + 1 < d; ++i) {
      Real here, next;
      Term::slopes(v[i], v[i + 1], here, next);
      g[i] += factor * here;
      g[i + 1] += factor * next;
    }
  }
};

struct HalfMeans {
  int first;  // coordinates in the first half
  Real z1 = 0, z2 = 0;
  KOKKOS_INLINE_FUNCTION HalfMeans(int d, const Real* v) : first(d / 2) {
    for (int i = 0; i < d; ++i) (i < first ? z1 : z2) += v[i];
    z1 /= first;
    z2 /= d - first;
  }
  KOKKOS_INLINE_FUNCTION void add_gradient(int d, Real slope1, Real slope2, Real* g) const {
    for (int i = 0; i < d; ++i) g[i] += i < first ? slope1 / first : slope2 / (d - first);
  }
};

/// A function of z1 and z2: Term gives value(z1, z2) and its two slopes.
template <class Term>
struct OfHalfMeans {
  static constexpr int least_dimension = 2;
  static constexpr bool in_packs = false;
  KOKKOS_INLINE_FUNCTION Real value(int d, const Real* v) const {
    const HalfMeans z(d, v);
    return Term::value(z.z1, z.z2);
  }
  KOKKOS_INLINE_FUNCTION void add_gradient(int d, const Real* v, Real factor, Real* g) const {
    const HalfMeans z(d, v);
    Real slope1, slope2;
    Term::slopes(z.z1, z.z2, slope1, slope2);
    z.add_gradient(d, factor * slope1, factor * slope2, g);
  }
};

struct StyblinskiTangTerm {
  template <class N>
  static KOKKOS_INLINE_FUNCTION N value(N v) {
    const N s = v * v;
    return constant<N>(0.5) * (s * s - constant<N>(16) * s + constant<N>(5) * v);
  }
  template <class N>
  static KOKKOS_INLINE_FUNCTION N slope(N v) {
    return constant<N>(2) * v * v * v - constant<N>(16) * v + constant<N>(2.5);
  }
};
struct StyblinskiTang : Separable<StyblinskiTangTerm> {
  static constexpr const char* name = "styblinski_tang";
  static constexpr Powers powers{0, 2.5, -8, 0, 0.5};
};

struct FlowersTerm {
  /// |v|^(1/5), 0 at 0
  template <class N>
  static KOKKOS_INLINE_FUNCTION N fifth_root(N size) {
    const auto positive = less_than(constant<N>(1e-30), size);
    return select(positive, fast_exp(constant<N>(0.2) * fast_log(select(positive, size, constant<N>(1)))),
                  constant<N>(0));
  }
  template <class N>
  static KOKKOS_INLINE_FUNCTION N value(N v) {
    const N size = magnitude(v);
    return v + constant<N>(2) * fast_sin(size * fifth_root(size));
  }
  template <class N>
  static KOKKOS_INLINE_FUNCTION N slope(N v) {
    const N size = magnitude(v), root = fifth_root(size);
    const N wave = constant<N>(2.4) * fast_cos(size * root) * root;
    return constant<N>(1) + select(less_than(v, constant<N>(0)), -wave, wave);
  }
};
struct Flowers : Separable<FlowersTerm> {
  static constexpr const char* name = "flowers";
};

struct OakleyOHaganTerm {
  template <class N>
  static KOKKOS_INLINE_FUNCTION N value(N v) {
    N sine, cosine;
    fast_sincos(v, sine, cosine);
    return constant<N>(5) * (sine + cosine + v * v + v);
  }
  template <class N>
  static KOKKOS_INLINE_FUNCTION N slope(N v) {
    N sine, cosine;
    fast_sincos(v, sine, cosine);
    return constant<N>(5) * (cosine - sine + constant<N>(2) * v + constant<N>(1));
  }
};
struct OakleyOHagan : Separable<OakleyOHaganTerm> {
  static constexpr const char* name = "oakley_ohagan";
};

struct WavyPlateauTerm {
  template <class N>
  static KOKKOS_INLINE_FUNCTION N value(N v) {
    const N s = v * v;
    return fast_cos(constant<N>(pi) * v) + constant<N>(0.5) * s * s - constant<N>(3) * s + constant<N>(1);
  }
  template <class N>
  static KOKKOS_INLINE_FUNCTION N slope(N v) {
    return constant<N>(2) * v * v * v - constant<N>(pi) * fast_sin(constant<N>(pi) * v) - constant<N>(6) * v;
  }
};
struct WavyPlateau : Separable<WavyPlateauTerm> {
  static constexpr const char* name = "wavy_plateau";
};

struct ReluTerm {
  template <class N>
  static KOKKOS_INLINE_FUNCTION N value(N v) {
    return select(less_than(constant<N>(0), v), constant<N>(-50) * v, constant<N>(0));
  }
  template <class N>
  static KOKKOS_INLINE_FUNCTION N slope(N v) {
    return select(less_than(constant<N>(0), v), constant<N>(-50), constant<N>(0));
  }
};
struct Relu : Separable<ReluTerm> {
  static constexpr const char* name = "relu";
};

struct SphereTerm {
  template <class N>
  static KOKKOS_INLINE_FUNCTION N value(N v) {
    return constant<N>(-10) * v * v;
  }
  template <class N>
  static KOKKOS_INLINE_FUNCTION N slope(N v) {
    return constant<N>(-20) * v;
  }
};
struct Sphere : Separable<SphereTerm> {
  static constexpr const char* name = "sphere";
  static constexpr Powers powers{0, 0, -10, 0, 0};
};

struct FlatTerm {
  template <class N>
  static KOKKOS_INLINE_FUNCTION N value(N) {
    return constant<N>(0);
  }
  template <class N>
  static KOKKOS_INLINE_FUNCTION N slope(N) {
    return constant<N>(0);
  }
};
struct Flat : Separable<FlatTerm> {
  static constexpr const char* name = "flat";
  static constexpr Powers powers{0, 0, 0, 0, 0};
};

struct WatershedTerm {
  static KOKKOS_INLINE_FUNCTION Real value(Real a, Real b) { return 0.1 * (a + a * a * (b + 4)); }
  static KOKKOS_INLINE_FUNCTION void slopes(Real a, Real b, Real& here, Real& next) {
    here = 0.1 * (1 + 2 * a * (b + 4));
    next = 0.1 * a * a;
  }
};
struct Watershed : Chained<WatershedTerm> {
  static constexpr const char* name = "watershed";
};

struct ZigzagRidgeTerm {
  static KOKKOS_INLINE_FUNCTION Real value(Real a, Real b) {
    return square(a - b) + cos(a) * (a + b) + a * a * b;
  }
  static KOKKOS_INLINE_FUNCTION void slopes(Real a, Real b, Real& here, Real& next) {
    here = 2 * (a - b) - sin(a) * (a + b) + cos(a) + 2 * a * b;
    next = -2 * (a - b) + cos(a) + a * a;
  }
};
struct ZigzagRidge : Chained<ZigzagRidgeTerm> {
  static constexpr const char* name = "zigzag_ridge";
};

struct IshigamiTerm {
  static KOKKOS_INLINE_FUNCTION Real value(Real a, Real b) {
    return sin(a) + 7 * square(sin(b)) + 0.1 * square(square((a + b) / 2)) * sin(a);
  }
  static KOKKOS_INLINE_FUNCTION void slopes(Real a, Real b, Real& first, Real& second) {
    const Real middle = (a + b) / 2, fourth = square(square(middle));
    const Real common = 0.2 * middle * middle * middle * sin(a);  // of the fourth power; d middle = 1/2
    first = cos(a) + 0.1 * fourth * cos(a) + common;
    second = 14 * sin(b) * cos(b) + common;
  }
};
struct Ishigami : OfHalfMeans<IshigamiTerm> {
  static constexpr const char* name = "ishigami";
};

// With u = 2 (v - 7): a is the mean of u's first half, b half the mean of its second.
struct FriedmanTerm {
  static KOKKOS_INLINE_FUNCTION Real value(Real z1, Real z2) {
    const Real a = 2 * (z1 - 7), b = z2 - 7;
    return (10 * sin(pi * a * b) + 20 * square(a * sin(b) - 0.5) + 10 * square(a * cos(b) - 1) +
            0.1 * b * sin(a)) /
           100;
  }
  static KOKKOS_INLINE_FUNCTION void slopes(Real z1, Real z2, Real& first, Real& second) {
    const Real a = 2 * (z1 - 7), b = z2 - 7;
    const Real p = a * sin(b) - 0.5, q = a * cos(b) - 1;
    const Real by_a = 10 * pi * b * cos(pi * a * b) + 40 * p * sin(b) + 20 * q * cos(b) + 0.1 * b * cos(a);
    const Real by_b =
        10 * pi * a * cos(pi * a * b) + 40 * p * a * cos(b) - 20 * q * a * sin(b) + 0.1 * sin(a);
    first = 2 * by_a / 100;
    second = by_b / 100;
  }
};
struct Friedman : OfHalfMeans<FriedmanTerm> {
  static constexpr const char* name = "friedman";
};

struct BohachevskyTerm {
  static KOKKOS_INLINE_FUNCTION Real value(Real a, Real b) {
    return 10 * (a * a + 2 * b * b - 0.3 * cos(3 * pi * a) - 0.4 * cos(4 * pi * b));
  }
  static KOKKOS_INLINE_FUNCTION void slopes(Real a, Real b, Real& first, Real& second) {
    first = 10 * (2 * a + 0.9 * pi * sin(3 * pi * a));
    second = 10 * (4 * b + 1.6 * pi * sin(4 * pi * b));
  }
};
struct Bohachevsky : OfHalfMeans<BohachevskyTerm> {
  static constexpr const char* name = "bohachevsky";
};

struct RotationalTerm {
  static KOKKOS_INLINE_FUNCTION Real value(Real a, Real b) {
    return -500 * (atan2(b + 5, a + 5) + pi);
  }  // never negative
  static KOKKOS_INLINE_FUNCTION void slopes(Real a, Real b, Real& first, Real& second) {
    const Real square_radius = square(a + 5) + square(b + 5);
    first = square_radius > 0 ? 500 * (b + 5) / square_radius : 0;
    second = square_radius > 0 ? -500 * (a + 5) / square_radius : 0;
  }
};
struct Rotational : OfHalfMeans<RotationalTerm> {
  static constexpr const char* name = "rotational";
};

struct HolderTable {
  static constexpr const char* name = "holder_table";
  static constexpr int least_dimension = 2;
  static constexpr bool in_packs = false;
  KOKKOS_INLINE_FUNCTION Real norm(int d, const Real* v) const {
    Real sum = 0;
    for (int i = 0; i < d; ++i) sum += v[i] * v[i];
    return sqrt(sum);
  }
  KOKKOS_INLINE_FUNCTION Real value(int d, const Real* v) const {
    const HalfMeans z(d, v);
    return 10 * fabs(sin(z.z1) * cos(z.z2) * exp(fabs(1 - norm(d, v) / pi)));
  }
  KOKKOS_INLINE_FUNCTION void add_gradient(int d, const Real* v, Real factor, Real* g) const {
    const HalfMeans z(d, v);
    const Real r = norm(d, v), wave = sin(z.z1) * cos(z.z2);
    const Real scale = 10 * exp(fabs(1 - r / pi));
    z.add_gradient(d, factor * scale * sign(wave) * cos(z.z1) * cos(z.z2),
                   -factor * scale * sign(wave) * sin(z.z1) * sin(z.z2), g);
    if (r > 0)
      for (int i = 0; i < d; ++i) g[i] -= factor * scale * fabs(wave) * sign(1 - r / pi) / pi * v[i] / r;
  }
};

struct DoubleExp {
  static constexpr const char* name = "double_exp";
  static constexpr int least_dimension = 1;
  static constexpr bool in_packs = false;
  KOKKOS_INLINE_FUNCTION Real bump(int d, const Real* v, Real centre) const {
    Real sum = 0;
    for (int i = 0; i < d; ++i) sum += square(v[i] - centre);
    return 200 * exp(-sum / 20);
  }
  KOKKOS_INLINE_FUNCTION Real value(int d, const Real* v) const { return bump(d, v, 3) + bump(d, v, -3); }
  KOKKOS_INLINE_FUNCTION void add_gradient(int d, const Real* v, Real factor, Real* g) const {
    const Real right = bump(d, v, 3), left = bump(d, v, -3);
    for (int i = 0; i < d; ++i) g[i] -= factor * (right * (v[i] - 3) + left * (v[i] + 3)) / 10;
  }
};

using All = std::tuple<StyblinskiTang, HolderTable, Flowers, OakleyOHagan, Watershed, Ishigami, Friedman,
                       Sphere, Bohachevsky, WavyPlateau, ZigzagRidge, DoubleExp, Relu, Rotational, Flat>;

/// The names that decks may use, in the order of the paper's table.
std::vector<std::string> names();

/// The polynomial of a functional that is the sum of one over coordinates; nothing where it is not.
std::optional<Powers> powers_of(const std::string& name);

/// Calls `visit(functional)` with the functional of that name; false where there is none.
template <class Visit>
bool with_name(const std::string& name, Visit visit) {
  return std::apply(
      [&](auto... functional) {
        return ((name == decltype(functional)::name ? (visit(functional), true) : false) || ...);
      },
      All());
}

}  // namespace functionals
}  // namespace weir
