// The fifteen named functionals f(v) of the JKOnet* benchmark, dimension-free, with exact gradients.
//
// Each is a small struct for any number type (Pack.hpp): `value(d, v)`, and `add_gradient(d, v, factor, g)`,
// which does g += factor grad f(v). z1 and z2 are the means of the first floor(d/2) and of the remaining
// coordinates; functionals that use them need d >= 2. At kinks the gradient is the subgradient 0. Source:
// Terpin, Lanzetti, Gadea, Doerfler, NeurIPS 2024 (arXiv 2406.12616), appendix.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <tuple>
#include <type_traits>
#include <vector>

#include "weir/base/SafeMath.hpp"
#include "weir/base/Types.hpp"
#include "weir/energies/FormulaMath.hpp"

namespace weir {
namespace functionals {

constexpr Real pi = 3.14159265358979323846;

template <class N>
KOKKOS_FORCEINLINE_FUNCTION N square(N a) {
  return a * a;
}

/// Coefficients of 1, v, .., v^4.
using Powers = std::array<Real, 5>;

// Terms of one coordinate take the functions of SafeMath.hpp for single numbers too; the others take the C
// library's there (FormulaMath.hpp).

/// A sum over coordinates: Term gives value(v_i) and slope(v_i). Functionals whose term is a polynomial name
/// its coefficients too: `static constexpr Powers powers`.
template <class Term>
struct Separable {
  static constexpr int least_dimension = 1;
  template <class N>
  KOKKOS_FORCEINLINE_FUNCTION N value(int d, const N* v) const {
    N sum = Term::value(v[0]);
    for (int i = 1; i < d; ++i) sum = sum + Term::value(v[i]);
    return sum;
  }
  template <class N>
  KOKKOS_FORCEINLINE_FUNCTION void add_gradient(int d, const N* v, Real factor, N* g) const {
    for (int i = 0; i < d; ++i) g[i] = g[i] + number<N>(factor) * Term::slope(v[i]);
  }
};

/// A sum over neighbouring coordinates: Term gives value(v_i, v_{i+1}) and its two slopes.
template <class Term>
struct Chained {
  static constexpr int least_dimension = 2;
  template <class N>
  KOKKOS_FORCEINLINE_FUNCTION N value(int d, const N* v) const {
    N sum = number<N>(0);
    for (int i = 0; i + 1 < d; ++i) sum = sum + Term::value(v[i], v[i + 1]);
    return sum;
  }
  template <class N>
  KOKKOS_FORCEINLINE_FUNCTION void add_gradient(int d, const N* v, Real factor, N* g) const {
    for (int i = 0; i + 1 < d; ++i) {
      N here, next;
      Term::slopes(v[i], v[i + 1], here, next);
      g[i] = g[i] + number<N>(factor) * here;
      g[i + 1] = g[i + 1] + number<N>(factor) * next;
    }
  }
};

template <class N>
struct HalfMeans {
  int first;  // coordinates in the first half
  N z1 = number<N>(0), z2 = number<N>(0);
  KOKKOS_FORCEINLINE_FUNCTION HalfMeans(int d, const N* v) : first(d / 2) {
    for (int i = 0; i < first; ++i) z1 = z1 + v[i];
    for (int i = first; i < d; ++i) z2 = z2 + v[i];
    z1 = z1 / number<N>(first);
    z2 = z2 / number<N>(d - first);
  }
  KOKKOS_FORCEINLINE_FUNCTION void add_gradient(int d, N slope1, N slope2, N* g) const {
    slope1 = slope1 / number<N>(first);
    slope2 = slope2 / number<N>(d - first);
    for (int i = 0; i < first; ++i) g[i] = g[i] + slope1;
    for (int i = first; i < d; ++i) g[i] = g[i] + slope2;
  }
};

/// A function of z1 and z2: Term gives value(z1, z2) and its two slopes.
template <class Term>
struct OfHalfMeans {
  static constexpr int least_dimension = 2;
  template <class N>
  KOKKOS_FORCEINLINE_FUNCTION N value(int d, const N* v) const {
    const HalfMeans<N> z(d, v);
    return Term::value(z.z1, z.z2);
  }
  template <class N>
  KOKKOS_FORCEINLINE_FUNCTION void add_gradient(int d, const N* v, Real factor, N* g) const {
    const HalfMeans<N> z(d, v);
    N slope1, slope2;
    Term::slopes(z.z1, z.z2, slope1, slope2);
    z.add_gradient(d, number<N>(factor) * slope1, number<N>(factor) * slope2, g);
  }
};

struct StyblinskiTangTerm {
  template <class N>
  static KOKKOS_FORCEINLINE_FUNCTION N value(N v) {
    const N s = v * v;
    return number<N>(0.5) * (s * s - number<N>(16) * s + number<N>(5) * v);
  }
  template <class N>
  static KOKKOS_FORCEINLINE_FUNCTION N slope(N v) {
    return number<N>(2) * v * v * v - number<N>(16) * v + number<N>(2.5);
  }
};
struct StyblinskiTang : Separable<StyblinskiTangTerm> {
  static constexpr const char* name = "styblinski_tang";
  static constexpr Powers powers{0, 2.5, -8, 0, 0.5};
};

struct FlowersTerm {
  /// |v|^(1/5), 0 at 0
  template <class N>
  static KOKKOS_FORCEINLINE_FUNCTION N fifth_root(N size) {
    const auto positive = less_than(number<N>(1e-30), size);
    return select(positive, fast_exp(number<N>(0.2) * fast_log(select(positive, size, number<N>(1)))),
                  number<N>(0));
  }
  template <class N>
  static KOKKOS_FORCEINLINE_FUNCTION N value(N v) {
    const N size = magnitude(v);
    return v + number<N>(2) * safe_sin(size * fifth_root(size));
  }
  template <class N>
  static KOKKOS_FORCEINLINE_FUNCTION N slope(N v) {
    const N size = magnitude(v), root = fifth_root(size);
    const N wave = number<N>(2.4) * safe_cos(size * root) * root;
    return number<N>(1) + select(less_than(v, number<N>(0)), -wave, wave);
  }
};
struct Flowers : Separable<FlowersTerm> {
  static constexpr const char* name = "flowers";
};

struct OakleyOHaganTerm {
  template <class N>
  static KOKKOS_FORCEINLINE_FUNCTION N value(N v) {
    N sine, cosine;
    safe_sincos(v, sine, cosine);
    return number<N>(5) * (sine + cosine + v * v + v);
  }
  template <class N>
  static KOKKOS_FORCEINLINE_FUNCTION N slope(N v) {
    N sine, cosine;
    safe_sincos(v, sine, cosine);
    return number<N>(5) * (cosine - sine + number<N>(2) * v + number<N>(1));
  }
};
struct OakleyOHagan : Separable<OakleyOHaganTerm> {
  static constexpr const char* name = "oakley_ohagan";
};

struct WavyPlateauTerm {
  template <class N>
  static KOKKOS_FORCEINLINE_FUNCTION N value(N v) {
    const N s = v * v;
    return safe_cos(number<N>(pi) * v) + number<N>(0.5) * s * s - number<N>(3) * s + number<N>(1);
  }
  template <class N>
  static KOKKOS_FORCEINLINE_FUNCTION N slope(N v) {
    return number<N>(2) * v * v * v - number<N>(pi) * safe_sin(number<N>(pi) * v) - number<N>(6) * v;
  }
};
struct WavyPlateau : Separable<WavyPlateauTerm> {
  static constexpr const char* name = "wavy_plateau";
};

struct ReluTerm {
  template <class N>
  static KOKKOS_FORCEINLINE_FUNCTION N value(N v) {
    return select(less_than(number<N>(0), v), number<N>(-50) * v, number<N>(0));
  }
  template <class N>
  static KOKKOS_FORCEINLINE_FUNCTION N slope(N v) {
    return select(less_than(number<N>(0), v), number<N>(-50), number<N>(0));
  }
};
struct Relu : Separable<ReluTerm> {
  static constexpr const char* name = "relu";
};

struct SphereTerm {
  template <class N>
  static KOKKOS_FORCEINLINE_FUNCTION N value(N v) {
    return number<N>(-10) * v * v;
  }
  template <class N>
  static KOKKOS_FORCEINLINE_FUNCTION N slope(N v) {
    return number<N>(-20) * v;
  }
};
struct Sphere : Separable<SphereTerm> {
  static constexpr const char* name = "sphere";
  static constexpr Powers powers{0, 0, -10, 0, 0};
};

struct FlatTerm {
  template <class N>
  static KOKKOS_FORCEINLINE_FUNCTION N value(N) {
    return number<N>(0);
  }
  template <class N>
  static KOKKOS_FORCEINLINE_FUNCTION N slope(N) {
    return number<N>(0);
  }
};
struct Flat : Separable<FlatTerm> {
  static constexpr const char* name = "flat";
  static constexpr Powers powers{0, 0, 0, 0, 0};
};

struct WatershedTerm {
  template <class N>
  static KOKKOS_FORCEINLINE_FUNCTION N value(N a, N b) {
    return number<N>(0.1) * (a + a * a * (b + number<N>(4)));
  }
  template <class N>
  static KOKKOS_FORCEINLINE_FUNCTION void slopes(N a, N b, N& here, N& next) {
    here = number<N>(0.1) * (number<N>(1) + number<N>(2) * a * (b + number<N>(4)));
    next = number<N>(0.1) * a * a;
  }
};
struct Watershed : Chained<WatershedTerm> {
  static constexpr const char* name = "watershed";
};

struct ZigzagRidgeTerm {
  template <class N>
  static KOKKOS_FORCEINLINE_FUNCTION N value(N a, N b) {
    return square(a - b) + formulas::cosine(a) * (a + b) + a * a * b;
  }
  template <class N>
  static KOKKOS_FORCEINLINE_FUNCTION void slopes(N a, N b, N& here, N& next) {
    N sine, cosine;
    formulas::sine_and_cosine(a, sine, cosine);
    const N two = number<N>(2);
    here = two * (a - b) - sine * (a + b) + cosine + two * a * b;
    next = two * (b - a) + cosine + a * a;
  }
};
struct ZigzagRidge : Chained<ZigzagRidgeTerm> {
  static constexpr const char* name = "zigzag_ridge";
};

struct IshigamiTerm {
  template <class N>
  static KOKKOS_FORCEINLINE_FUNCTION N value(N a, N b) {
    const N sine = formulas::sine(a), fourth = square(square(number<N>(0.5) * (a + b)));
    return sine + number<N>(7) * square(formulas::sine(b)) + number<N>(0.1) * fourth * sine;
  }
  template <class N>
  static KOKKOS_FORCEINLINE_FUNCTION void slopes(N a, N b, N& first, N& second) {
    N sin_a, cos_a, sin_b, cos_b;
    formulas::sine_and_cosine(a, sin_a, cos_a);
    formulas::sine_and_cosine(b, sin_b, cos_b);
    const N middle = number<N>(0.5) * (a + b), fourth = square(square(middle));
    const N common = number<N>(0.2) * middle * middle * middle * sin_a;  // of fourth; d middle = 1/2
    first = cos_a + number<N>(0.1) * fourth * cos_a + common;
    second = number<N>(14) * sin_b * cos_b + common;
  }
};
struct Ishigami : OfHalfMeans<IshigamiTerm> {
  static constexpr const char* name = "ishigami";
};

// With u = 2 (v - 7): a is the mean of u's first half, b half the mean of its second.
struct FriedmanTerm {
  template <class N>
  static KOKKOS_FORCEINLINE_FUNCTION N value(N z1, N z2) {
    const N a = number<N>(2) * (z1 - number<N>(7)), b = z2 - number<N>(7);
    N sine, cosine;
    formulas::sine_and_cosine(b, sine, cosine);
    const N p = a * sine - number<N>(0.5), q = a * cosine - number<N>(1);
    return number<N>(0.1) * formulas::sine(number<N>(pi) * a * b) + number<N>(0.2) * square(p) +
           number<N>(0.1) * square(q) + number<N>(0.001) * b * formulas::sine(a);
  }
  template <class N>
  static KOKKOS_FORCEINLINE_FUNCTION void slopes(N z1, N z2, N& first, N& second) {
    const N a = number<N>(2) * (z1 - number<N>(7)), b = z2 - number<N>(7);
    N sin_a, cos_a, sin_b, cos_b;
    formulas::sine_and_cosine(a, sin_a, cos_a);
    formulas::sine_and_cosine(b, sin_b, cos_b);
    const N wave = number<N>(0.1 * pi) * formulas::cosine(number<N>(pi) * a * b);  // d sin(pi a b) / 10 (a b)
    const N p = number<N>(0.4) * (a * sin_b - number<N>(0.5)),
            q = number<N>(0.2) * (a * cos_b - number<N>(1));
    first = number<N>(2) * (b * wave + p * sin_b + q * cos_b + number<N>(0.001) * b * cos_a);
    second = a * (wave + p * cos_b - q * sin_b) + number<N>(0.001) * sin_a;
  }
};
struct Friedman : OfHalfMeans<FriedmanTerm> {
  static constexpr const char* name = "friedman";
};

struct BohachevskyTerm {
  template <class N>
  static KOKKOS_FORCEINLINE_FUNCTION N value(N a, N b) {
    return number<N>(10) *
           (a * a + number<N>(2) * b * b - number<N>(0.3) * formulas::cosine(number<N>(3 * pi) * a) -
            number<N>(0.4) * formulas::cosine(number<N>(4 * pi) * b));
  }
  template <class N>
  static KOKKOS_FORCEINLINE_FUNCTION void slopes(N a, N b, N& first, N& second) {
    first = number<N>(20) * a + number<N>(9 * pi) * formulas::sine(number<N>(3 * pi) * a);
    second = number<N>(40) * b + number<N>(16 * pi) * formulas::sine(number<N>(4 * pi) * b);
  }
};
struct Bohachevsky : OfHalfMeans<BohachevskyTerm> {
  static constexpr const char* name = "bohachevsky";
};

struct RotationalTerm {
  template <class N>
  static KOKKOS_FORCEINLINE_FUNCTION N value(N a, N b) {  // never positive
    return number<N>(-500) * (formulas::angle(b + number<N>(5), a + number<N>(5)) + number<N>(pi));
  }
  template <class N>
  static KOKKOS_FORCEINLINE_FUNCTION void slopes(N a, N b, N& first, N& second) {
    const N x = a + number<N>(5), y = b + number<N>(5);
    const N scale = formulas::over_positive(number<N>(500), square(x) + square(y));
    first = scale * y;
    second = -scale * x;
  }
};
struct Rotational : OfHalfMeans<RotationalTerm> {
  static constexpr const char* name = "rotational";
};

struct HolderTable {
  static constexpr const char* name = "holder_table";
  static constexpr int least_dimension = 2;
  template <class N>
  KOKKOS_FORCEINLINE_FUNCTION N norm(int d, const N* v) const {
    N sum = number<N>(0);
    for (int i = 0; i < d; ++i) sum = sum + v[i] * v[i];
    return square_root(sum);
  }
  template <class N>
  KOKKOS_FORCEINLINE_FUNCTION N value(int d, const N* v) const {
    const HalfMeans<N> z(d, v);
    const N beyond = number<N>(1) - norm(d, v) * number<N>(1 / pi);
    return number<N>(10) * magnitude(formulas::sine(z.z1) * formulas::cosine(z.z2)) *
           fast_exp(magnitude(beyond));
  }
  template <class N>
  KOKKOS_FORCEINLINE_FUNCTION void add_gradient(int d, const N* v, Real factor, N* g) const {
    const HalfMeans<N> z(d, v);
    N sin1, cos1, sin2, cos2;
    formulas::sine_and_cosine(z.z1, sin1, cos1);
    formulas::sine_and_cosine(z.z2, sin2, cos2);
    const N r = norm(d, v), beyond = number<N>(1) - r * number<N>(1 / pi);
    const N wave = sin1 * cos2, scale = number<N>(10 * factor) * fast_exp(magnitude(beyond));
    const N signed_scale = scale * formulas::sign(wave);
    z.add_gradient(d, signed_scale * cos1 * cos2, -signed_scale * sin1 * sin2, g);
    const N radial =
        formulas::over_positive(scale * magnitude(wave) * formulas::sign(beyond) * number<N>(1 / pi), r);
    for (int i = 0; i < d; ++i) g[i] = g[i] - radial * v[i];
  }
};

struct DoubleExp {
  static constexpr const char* name = "double_exp";
  static constexpr int least_dimension = 1;
  template <class N>
  KOKKOS_FORCEINLINE_FUNCTION N bump(int d, const N* v, Real centre) const {
    N sum = number<N>(0);
    for (int i = 0; i < d; ++i) sum = sum + square(v[i] - number<N>(centre));
    return number<N>(200) * fast_decay(number<N>(-0.05) * sum);
  }
  template <class N>
  KOKKOS_FORCEINLINE_FUNCTION N value(int d, const N* v) const {
    return bump(d, v, 3) + bump(d, v, -3);
  }
  template <class N>
  KOKKOS_FORCEINLINE_FUNCTION void add_gradient(int d, const N* v, Real factor, N* g) const {
    const N scale = number<N>(0.1 * factor), right = scale * bump(d, v, 3), left = scale * bump(d, v, -3);
    for (int i = 0; i < d; ++i) g[i] = g[i] - (right * (v[i] - number<N>(3)) + left * (v[i] + number<N>(3)));
  }
};

using All = std::tuple<StyblinskiTang, HolderTable, Flowers, OakleyOHagan, Watershed, Ishigami, Friedman,
                       Sphere, Bohachevsky, WavyPlateau, ZigzagRidge, DoubleExp, Relu, Rotational, Flat>;

/// Whether a functional is the sum over coordinates of a polynomial.
template <class Functional, class = void>
constexpr bool has_powers = false;
template <class Functional>
constexpr bool has_powers<Functional, std::void_t<decltype(Functional::powers)>> = true;

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
