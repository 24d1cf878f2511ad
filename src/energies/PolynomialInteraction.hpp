// The interaction W(r) = sum_e theta_e r^e, a polynomial of the difference, through moments: with y = x -
// mean, M_f = E y^f and multi-indices e = g + f,
//
//     (1/N) sum_j W(x_i - x_j) = P(y_i),     P(y) = sum_g P_g y^g,
//     P_g = sum_f theta_{g+f} (g + f choose f) (-1)^|f| M_f
//     force on i: -grad P(y_i)               energy: (1/2) sum_g P_g M_g
//
// Source: the binomial theorem for (y_i - y_j)^e, in every component.
#pragma once

#include <vector>

#include "weir/energies/Functionals.hpp"
#include "weir/energies/Interaction.hpp"
#include "weir/parallel/TileSum.hpp"

namespace weir {

/// Sum of exponents that moments reach: beyond it expansions lose more digits than the sums over pairs.
constexpr int most_polynomial_degree = 12;

/// Its factors: components, ascending, as often as the exponent says. x0^2 x1 is {0, 0, 1}, the constant {}.
using Monomial = std::vector<int>;

struct Polynomial {
  std::vector<Monomial> monomials;
  std::vector<Real> theta;  ///< coefficients, one per monomial
};
/// The sum over `dimension` coordinates of a polynomial of each.
Polynomial separable_polynomial(const functionals::Powers& powers, Index dimension);

/// Lengths of the sums over particles that moments of these monomials take: the mean's, that of all M_f.
std::vector<Index> moment_sums(const std::vector<Monomial>& monomials, Index dimension);

class PolynomialInteraction : public MomentInteraction {
 public:
  /// Takes monomials up to most_polynomial_degree.
  PolynomialInteraction(const Communicator& comm, const Partition& partition, Index dimension,
                        const Polynomial& polynomial);
  /// From now on with these coefficients, one per monomial.
  void use(const std::vector<Real>& theta) { theta_ = theta; }

  void find_moments(const MatrixRef<const Real>& x, Real t) override;
  void add_gradient_of(const LocalTiles& tiles, const MatrixRef<const Real>& x, Real factor,
                       const MatrixRef<Real>& out) override;
  Real energy(const MatrixRef<const Real>& x, Real t) override;

 private:
  /// P_{power} gets weight theta_{whole} M_{moment}.
  struct Share {
    int whole, power, moment;
    Real weight;
  };
  Index particles_, components_;
  std::vector<Real> theta_;
  std::vector<Share> shares_;
  std::vector<Real> host_mean_, moments_, expansion_;             // M and P; entry 0 is the constant's
  Kokkos::View<int**, Kokkos::LayoutLeft, MemorySpace> factors_;  // degree x monomials but the constant
  Kokkos::View<int*, MemorySpace> degrees_;
  Vector<Real> mean_, coefficients_;  // coefficients: P without the constant
  TileSum first_, higher_;
};

}  // namespace weir
