// Linear feature bases phi_1 .. phi_K for learned energies, V = sum_k theta_k phi_k.
//
//     monomials             x^e = prod_c x_c^{e_c}, without the constant: `tensor` (every exponent up to the
//     degree)
//                           or `total` (sum of exponents up to the degree); optionally sin and cos of each
//     radial functions      exp(-|x - c|^2 / l^2) p(|x - c| / l), p one of: constant 1, linear r, cubic r^3,
//                           thin_plate r^2 log r, multiquadric sqrt(1 + r^2), inverse_multiquadric 1 / sqrt(1
//                           + r^2)
//
// Source: Terpin, Lanzetti, Gadea, Doerfler, NeurIPS 2024 (arXiv 2406.12616), section 3.3 and appendix.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "weir/base/Types.hpp"
#include "weir/base/VectorMath.hpp"
#include "weir/input/Section.hpp"

namespace weir {

struct PolynomialOptions {
  Index degree = 4;
  std::string kind = "auto";  ///< tensor up to three dimensions, total above
  bool trigonometric = false;
};
struct GridCentres {
  static constexpr const char* key = "grid";
  static constexpr const char* shorthand = "number";
  static constexpr const char* doc = "centres on a regular grid of so many points a dimension";
  Index number = 10;
};
struct DataCentres {
  static constexpr const char* key = "data";
  static constexpr const char* shorthand = "number";
  static constexpr const char* doc = "so many training points, spread by k-means++";
  Index number = 100;
};
struct CentresOptions {
  std::variant<GridCentres, DataCentres> at;
  VectorValue low = Real(-4), high = Real(4);
};
struct RadialOptions {
  CentresOptions centres;
  Real length = 0.70710678118654752440;
  std::string profile = "constant";
};
struct FeatureOptions {
  std::optional<PolynomialOptions> polynomial = PolynomialOptions{};
  std::optional<RadialOptions> radial;
  Index max_features = 5000;
  std::string where;
};
void describe(Section& section, PolynomialOptions& options);
void describe(Section& section, GridCentres& options);
void describe(Section& section, DataCentres& options);
void describe(Section& section, CentresOptions& options);
void describe(Section& section, RadialOptions& options);
void describe(Section& section, FeatureOptions& options);

/// The basis in a form that kernels can capture: views and numbers.
struct FeatureBasis {
  enum Profile : int { constant, linear, cubic, thin_plate, multiquadric, inverse_multiquadric };

  int dimension = 0;
  bool trigonometric = false;
  Kokkos::View<int**, Kokkos::LayoutLeft, MemorySpace> exponents;  // d x monomials
  Matrix<Real> centres;                                            // d x radial functions
  Real length = 1;
  Profile profile = constant;

  KOKKOS_INLINE_FUNCTION int monomials() const { return int(exponents.extent(1)); }
  KOKKOS_INLINE_FUNCTION int polynomials() const { return monomials() * (trigonometric ? 3 : 1); }
  KOKKOS_INLINE_FUNCTION int size() const { return polynomials() + int(centres.extent(1)); }

  /// phi_k(x) for one number type N and grad phi_k in g[0 .. d).
  template <class N>
  KOKKOS_INLINE_FUNCTION N value_and_gradient(int k, const N* x, N* g) const {
    return k < polynomials() ? polynomial(k, x, g) : radial(k - polynomials(), x, g);
  }

 private:
  template <class N>
  KOKKOS_INLINE_FUNCTION N polynomial(int k, const N* x, N* g) const;
  template <class N>
  KOKKOS_INLINE_FUNCTION N radial(int k, const N* x, N* g) const;
};

/// Names of the features in order: "x0^2 x1", "sin(x0)", "radial 3" of the radial function about centre 3,
/// counted from 0.
std::vector<std::string> feature_names(const FeatureBasis& basis);

/// The number of features that options ask for in this dimension, without building them; throws InputError
/// beyond max_features, and where bounds of a grid do not fit the dimension.
Index count_features(const FeatureOptions& options, Index dimension);

/// `data_centres`: what DataCentres asks for, d x number (ignored otherwise).
FeatureBasis make_features(const FeatureOptions& options, Index dimension,
                           const HostMatrix<Real>& data_centres);

// ------------------------------------------------------------------------------------------------------------------

namespace detail {
template <class N>
KOKKOS_FORCEINLINE_FUNCTION N integer_power(N x, int exponent) {
  using T = typename NumberTraits<N>::Scalar;
  N result = N(T(1));
  for (int e = 0; e < exponent; ++e) result = result * x;
  return result;
}
}  // namespace detail

template <class N>
KOKKOS_INLINE_FUNCTION N FeatureBasis::polynomial(int k, const N* x, N* g) const {
  using T = typename NumberTraits<N>::Scalar;
  const int d = dimension, m = k % monomials(), outer = k / monomials();
  N value = N(T(1));
  for (int c = 0; c < d; ++c) value = value * detail::integer_power(x[c], exponents(c, m));
  for (int c = 0; c < d; ++c) {
    const int e = exponents(c, m);
    if (e == 0) {
      g[c] = N(T(0));
      continue;
    }
    N slope = N(T(e)) * detail::integer_power(x[c], e - 1);
    for (int b = 0; b < d; ++b)
      if (b != c) slope = slope * detail::integer_power(x[b], exponents(b, m));
    g[c] = slope;
  }
  if (outer == 0) return value;
  N s, cosine;
  fast_sincos(value, s, cosine);
  const N factor = outer == 1 ? cosine : -s;
  for (int c = 0; c < d; ++c) g[c] = g[c] * factor;
  return outer == 1 ? s : cosine;
}

template <class N>
KOKKOS_INLINE_FUNCTION N FeatureBasis::radial(int k, const N* x, N* g) const {
  using T = typename NumberTraits<N>::Scalar;
  const int d = dimension;
  const N inverse = N(T(1 / length));
  N s = N(T(0));  // |x - c|^2 / l^2
  for (int c = 0; c < d; ++c) {
    g[c] = (x[c] - N(T(centres(c, k)))) * inverse;
    s = s + g[c] * g[c];
  }
  const N gauss = fast_exp(-s);
  // p(r) and p'(r)/r as functions of s = r^2; the gradient is e^-s (p'/r - 2 p) (x - c) / l^2.
  N p = N(T(1)), slope = N(T(0));
  if (profile != constant) {
    const auto apart = less_than(N(T(1e-30)), s);
    const N safe = select(apart, s, N(T(1)));
    const N r = square_root(safe);
    if (profile == linear) {
      p = select(apart, r, N(T(0)));
      slope = select(apart, N(T(1)) / r, N(T(0)));
    } else if (profile == cubic) {
      p = select(apart, safe * r, N(T(0)));
      slope = select(apart, N(T(3)) * r, N(T(0)));
    } else if (profile == thin_plate) {
      const N log_r = N(T(0.5)) * fast_log(safe);
      p = select(apart, safe * log_r, N(T(0)));
      slope = select(apart, N(T(2)) * log_r + N(T(1)), N(T(0)));
    } else {
      const N root = square_root(N(T(1)) + s);
      p = profile == multiquadric ? root : N(T(1)) / root;
      slope = profile == multiquadric ? N(T(1)) / root : -N(T(1)) / (root * root * root);
    }
  }
  const N factor = gauss * (slope - N(T(2)) * p) * inverse;
  for (int c = 0; c < d; ++c) g[c] = g[c] * factor;
  return gauss * p;
}

}  // namespace weir
