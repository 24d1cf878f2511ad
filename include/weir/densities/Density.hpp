// The density of an ensemble and its score, estimated from the particles.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "weir/ensemble/Ensemble.hpp"
#include "weir/input/Section.hpp"

namespace weir {

struct GaussianMixtureOptions {
  static constexpr const char* key = "gaussian_mixture";
  static constexpr const char* doc = "Gaussian mixture fitted by expectation maximisation";
  Index components = 10;
  Index iterations = 200;
  Real tolerance = 1e-4;  ///< of the mean log-likelihood, per iteration
};
struct KernelDensityOptions {
  static constexpr const char* key = "kernel";
  static constexpr const char* doc = "kernel density with a Gaussian kernel";
  std::optional<Real> bandwidth;  ///< absent: Silverman's rule
};
struct DensityOptions {
  std::variant<GaussianMixtureOptions, KernelDensityOptions> kind;
};
void describe(Section& section, GaussianMixtureOptions& options);
void describe(Section& section, KernelDensityOptions& options);
void describe(Section& section, DensityOptions& options);

/// A density rho on R^d. Methods are collective; x: components x local particles of `partition`.
class Density {
 public:
  virtual ~Density() = default;
  /// scores(:, i) = grad log rho(x_i), overwritten
  virtual void score(const Partition& partition, const MatrixRef<const Real>& x,
                     const MatrixRef<Real>& scores) = 0;
  /// values(i) = log rho(x_i), overwritten
  virtual void log_density(const Partition& partition, const MatrixRef<const Real>& x,
                           const VectorRef<Real>& values) = 0;
  /// What the user should know of the fit: reduced components, iterations, likelihood. One line each.
  virtual std::vector<std::string> remarks() const = 0;
};

/// Collective: fits the density of `ensemble`; `stage` numbers the fits of a run. The ensemble is kept by
/// reference where the density needs it (kernel). Throws RunError where the ensemble has no spread.
std::unique_ptr<Density> fit_density(const DensityOptions& options, const Ensemble& ensemble, Index seed,
                                     int stage);

}  // namespace weir
