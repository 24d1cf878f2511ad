// Chains that sample a trained energy: of all of (x, z), or of some of it while the rest is given.
//
//     y = (w, z),   x = o_i + B w:   d y = -grad_y E(o_i + B w, z) dt + sqrt(2) dW
//
// B: an orthonormal basis of the directions in which x is free (all of them: the identity), o_i: what is
// given to chain i. Where all of x or all of z is given, that part is left out. Source: arXiv 2510.15447,
// section on conditional sampling.
#pragma once

#include <memory>
#include <numeric>
#include <optional>
#include <vector>

#include "methods/latent_ebm/LatentEnergy.hpp"
#include "methods/latent_ebm/PoolRestart.hpp"
#include "weir/flows/Flow.hpp"

namespace weir {

/// What is free in the chains, and what is given.
struct SampledParts {
  Index free_data = 0;       ///< columns of B
  std::vector<Real> basis;   ///< B, column-major (components of x) x free_data; empty: the identity
  bool free_latents = true;  ///< else z is given
  std::optional<Ensemble>
      given;  ///< (o_i, z_i) of each chain; z_i is looked at where it is not free. None: 0
};

/// A trained energy, its parameters in the precision of the run.
template <class T>
struct FixedEnergy {
  FixedEnergy(const LatentEnergyOptions& options, const EnergyShape& shape, Index most_columns,
              const std::vector<Real>& parameters);
  std::unique_ptr<LatentEnergy<T>> energy;
  Vector<T> theta;
  VectorRef<const T> parameters() const { return VectorRef<const T>(theta.data(), theta.extent(0)); }
};

struct SamplingOptions {
  RuleOptions rule;
  Real restart_share = 0.2;  ///< of the chains, at every `restart_every`-th move
  Index restart_every = 10;
  Index moves = 1;  ///< of a step; `restart_every` is a multiple of it
};

/// Moves that a step of chains takes, of so many in all: the more, the fewer evaluations, as one that was
/// made serves the next.
inline Index moves_of_step(Index moves) {
  return std::gcd(moves, SamplingOptions().restart_every);
}

class SamplingFlow : public Flow {
 public:
  /// y of chains that stand at (x, z): B'(x - o), and z.
  virtual Matrix<Real> coordinates(const Ensemble& v) const = 0;
  /// Collective: (x, z) of every chain as they stand, components of both.
  virtual Ensemble assemble(const MatrixRef<const Real>& y) = 0;
  /// The same where each x is moved by -variance_c grad_x E: the mean of what it was before noise of these
  /// variances was added.
  virtual Ensemble denoise(const Ensemble& v, const std::vector<Real>& variances) = 0;
};

/// `law`: of restarts; none is used where it is null or where something is given.
std::unique_ptr<SamplingFlow> make_sampling_flow(const LatentEnergyOptions& energy, const EnergyShape& shape,
                                                 const std::vector<Real>& parameters,
                                                 const SampledParts& parts, const SamplingOptions& options,
                                                 const RestartLaw* law, const Communicator& comm,
                                                 Index chains, const RunOptions& run, int stage);

}  // namespace weir
