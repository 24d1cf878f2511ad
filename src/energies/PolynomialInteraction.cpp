#include "energies/PolynomialInteraction.hpp"

#include <algorithm>
#include <map>

#include "weir/base/Error.hpp"

namespace weir {

namespace {

using HostVector = Kokkos::View<const Real*, Kokkos::HostSpace, Kokkos::MemoryTraits<Kokkos::Unmanaged>>;

/// A term of (y - Y)^e: weight y^power Y^moment.
struct Split {
  Monomial power, moment;
  Real weight;
};

std::vector<Split> splits_of(const Monomial& whole) {
  std::vector<Split> splits{{{}, {}, 1}};
  for (auto begin = whole.begin(); begin != whole.end();) {
    const int component = *begin;
    const auto end = std::upper_bound(begin, whole.end(), component);
    const int exponent = int(end - begin);
    std::vector<Split> longer;
    for (const Split& split : splits) {
      Real binomial = split.weight;  // (exponent choose k) (-1)^k
      for (int k = 0; k <= exponent; ++k) {
        Split next = split;
        next.power.insert(next.power.end(), exponent - k, component);
        next.moment.insert(next.moment.end(), k, component);
        next.weight = binomial;
        longer.push_back(std::move(next));
        binomial = -binomial * Real(exponent - k) / Real(k + 1);
      }
    }
    splits = std::move(longer);
    begin = end;
  }
  return splits;
}

/// What powers and moments need: all divisors of the monomials, numbered; the constant is number 0.
std::map<Monomial, int> divisors_of(const std::vector<Monomial>& monomials) {
  std::map<Monomial, int> divisors{{{}, 0}};
  for (const Monomial& whole : monomials)
    for (const Split& split : splits_of(whole)) divisors.emplace(split.power, 0);
  int number = 0;
  for (auto& divisor : divisors) divisor.second = number++;
  return divisors;
}

}  // namespace

Polynomial separable_polynomial(const functionals::Powers& powers, Index dimension) {
  Polynomial polynomial;
  for (int c = 0; c < int(dimension); ++c)
    for (std::size_t k = 0; k < powers.size(); ++k)
      if (powers[k] != 0) {
        polynomial.monomials.emplace_back(k, c);
        polynomial.theta.push_back(powers[k]);
      }
  return polynomial;
}

std::vector<Index> moment_sums(const std::vector<Monomial>& monomials, Index dimension) {
  const Index moments = Index(divisors_of(monomials).size()) - 1;
  return moments > 0 ? std::vector<Index>{dimension, moments} : std::vector<Index>{};
}

PolynomialInteraction::PolynomialInteraction(const Communicator& comm, const Partition& partition,
                                             Index dimension, const Polynomial& polynomial)
    : MomentInteraction(partition),
      particles_(partition.particles()),
      components_(dimension),
      theta_(polynomial.theta),
      host_mean_(dimension),
      mean_("Weir::PolynomialInteraction::mean", dimension),
      first_(comm, partition, dimension),
      higher_(comm, partition, Index(divisors_of(polynomial.monomials).size()) - 1) {
  const auto divisors = divisors_of(polynomial.monomials);
  for (std::size_t whole = 0; whole < polynomial.monomials.size(); ++whole)
    for (const Split& split : splits_of(polynomial.monomials[whole]))
      shares_.push_back({int(whole), divisors.at(split.power), divisors.at(split.moment), split.weight});
  moments_.assign(divisors.size(), 1);
  expansion_.assign(divisors.size(), 0);

  const std::size_t count = divisors.size() - 1;
  std::size_t degree = 0;
  for (const auto& divisor : divisors) degree = std::max(degree, divisor.first.size());
  WEIR_CHECK(int(degree) <= most_polynomial_degree, "degree {}", degree);
  factors_ = decltype(factors_)("Weir::PolynomialInteraction::factors", degree, count);
  degrees_ = decltype(degrees_)("Weir::PolynomialInteraction::degrees", count);
  coefficients_ = Vector<Real>("Weir::PolynomialInteraction::coefficients", count);
  const auto factors = Kokkos::create_mirror_view(factors_);
  const auto degrees = Kokkos::create_mirror_view(degrees_);
  for (const auto& [monomial, number] : divisors) {
    if (number == 0) continue;
    degrees(number - 1) = int(monomial.size());
    for (std::size_t j = 0; j < monomial.size(); ++j) factors(j, number - 1) = monomial[j];
  }
  Kokkos::deep_copy(factors_, factors);
  Kokkos::deep_copy(degrees_, degrees);
}

void PolynomialInteraction::find_moments(const MatrixRef<const Real>& x, Real) {
  const Index d = components_, n = Index(degrees_.extent(0));
  if (n > 0) {
    const auto& totals = first_(
        "Weir::PolynomialInteraction::mean", "the ensemble's mean",
        KOKKOS_LAMBDA(const Tile& tile, Real* partial) {
          for (Index i = tile.first; i < tile.first + tile.count; ++i)
            for (Index c = 0; c < d; ++c) partial[c] += x(c, i);
        });
    for (Index c = 0; c < d; ++c) host_mean_[c] = totals[c] / Real(particles_);
    Kokkos::deep_copy(mean_, HostVector(host_mean_.data(), d));
    const auto mean = mean_;
    const auto factors = factors_;
    const auto degrees = degrees_;
    const auto& sums = higher_(
        "Weir::PolynomialInteraction::moments", "the ensemble's moments",
        KOKKOS_LAMBDA(const Tile& tile, Real* partial) {
          for (Index i = tile.first; i < tile.first + tile.count; ++i)
            for (Index k = 0; k < n; ++k) {
              Real product = 1;
              for (int j = 0; j < degrees(k); ++j) product *= x(factors(j, k), i) - mean(factors(j, k));
              partial[k] += product;
            }
        });
    for (Index k = 0; k < n; ++k) moments_[k + 1] = sums[k] / Real(particles_);
  }
  std::fill(expansion_.begin(), expansion_.end(), 0);
  for (const Share& share : shares_)
    expansion_[share.power] += share.weight * theta_[share.whole] * moments_[share.moment];
}

void PolynomialInteraction::add_gradient_of(const LocalTiles& tiles, const MatrixRef<const Real>& x,
                                            Real factor, const MatrixRef<Real>& out) {
  const Index n = Index(degrees_.extent(0));
  if (n == 0) return;
  Kokkos::deep_copy(coefficients_, HostVector(expansion_.data() + 1, n));
  const auto mean = mean_, coefficients = coefficients_;
  const auto factors = factors_;
  const auto degrees = degrees_;
  for_each_tile(
      "Weir::PolynomialInteraction::gradient", tiles, KOKKOS_LAMBDA(const Tile& tile) {
        for (Index i = tile.first; i < tile.first + tile.count; ++i)
          for (Index k = 0; k < n; ++k) {
            // The slope along a factor is the product of those before and after it; a factor that stands
            // twice gives its slope twice.
            Real before[most_polynomial_degree], product = factor * coefficients(k);
            for (int j = 0; j < degrees(k); ++j) {
              before[j] = product;
              product *= x(factors(j, k), i) - mean(factors(j, k));
            }
            Real after = 1;
            for (int j = degrees(k) - 1; j >= 0; --j) {
              const int c = factors(j, k);
              out(c, i) += before[j] * after;
              after *= x(c, i) - mean(c);
            }
          }
      });
}

Real PolynomialInteraction::energy(const MatrixRef<const Real>& x, Real t) {
  find_moments(x, t);
  Real sum = 0;
  for (std::size_t g = 0; g < moments_.size(); ++g) sum += expansion_[g] * moments_[g];
  return 0.5 * sum;
}

}  // namespace weir
