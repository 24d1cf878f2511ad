// rho(x) = sum_c w_c N(x; m_c, S_c), fitted by expectation maximisation.
//
//     E   r_ic = w_c N(x_i; m_c, S_c) / rho(x_i)
//     M   w_c = mean r_ic,  m_c = sum_i r_ic x_i / (N w_c),  S_c = sum_i r_ic (x_i - m_c)(x_i - m_c)' / (N
//     w_c) + floor I
//
// The floor is 1e-6 of the ensemble's mean variance, so it scales with the data. Sums over particles are
// exact, the M step is rank 0's and broadcast.
#pragma once

#include "weir/densities/Density.hpp"
#include "weir/parallel/TileSum.hpp"

namespace weir {

/// What kernels need of a mixture; component c's rows of `whitening` hold A with A S_c A' = I, lower
/// triangular.
struct MixtureParameters {
  static constexpr int most_components = 64;
  int components = 0, dimension = 0;
  Matrix<Real> means;          // d x components
  Matrix<Real> whitening;      // d x (d components): column c d + a is row a of A_c
  Vector<Real> log_constants;  // log w_c + log det A_c - d/2 log 2 pi

  /// log(w_c N(x; m_c, S_c)) for all c, and the log of their sum.
  KOKKOS_INLINE_FUNCTION Real log_terms(const Real* x, Real* terms) const;
  /// g += factor * grad log N(x; m_c, S_c)
  KOKKOS_INLINE_FUNCTION void add_score(int c, const Real* x, Real factor, Real* g) const;
};

class GaussianMixture : public Density {
 public:
  static constexpr int most_components = MixtureParameters::most_components;
  /// Collective. Throws RunError where the ensemble has no spread.
  GaussianMixture(const GaussianMixtureOptions& options, const Ensemble& ensemble, Index seed, int stage);

  void score(const Partition& partition, const MatrixRef<const Real>& x,
             const MatrixRef<Real>& scores) override;
  void log_density(const Partition& partition, const MatrixRef<const Real>& x,
                   const VectorRef<Real>& values) override;
  std::vector<std::string> remarks() const override { return remarks_; }
  const MixtureParameters& parameters() const { return parameters_; }

  // Kernels, which nvcc takes in public functions only.
  /// Sums of one sweep over the particles; `hard`: each belongs to the nearest mean. Returns the mean
  /// log-likelihood.
  Real expectation(const Ensemble& ensemble, TileSum& sums, bool hard, std::vector<Real>& totals);

 private:
  void seed_centres(const Ensemble& ensemble, Index seed, int stage);
  void maximisation(const Ensemble& ensemble, const std::vector<Real>& totals, Real floor);

  Communicator comm_;
  MixtureParameters parameters_;
  std::vector<std::string> remarks_;
};

}  // namespace weir
