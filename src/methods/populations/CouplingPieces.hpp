// What all ways of coupling share: the results, and what is known of every piece, the same on all ranks.
#pragma once

#include <vector>

#include "methods/populations/Coupling.hpp"
#include "methods/populations/Partners.hpp"

namespace weir {

class CouplingPieces {
 public:
  /// So many pieces, none of them done. `populations` outlives the object.
  /// `partners`: one law for each pair of populations, or none.
  CouplingPieces(const std::vector<Ensemble>& populations, CoupledAt at, Index count,
                 std::vector<std::unique_ptr<PartnerLaw>> partners);
  virtual ~CouplingPieces() = default;
  /// Collective. Works for about so many seconds, a piece at least.
  virtual void advance(Real seconds) = 0;
  /// Once everything is done: what is known of whole couplings.
  virtual void finish() = 0;

  Index done() const;
  bool all_done() const { return done() == Index(known_.size()); }
  const std::vector<CoupledEnsemble>& coupled() const { return coupled_; }
  PartnerLaw& partners(std::size_t k);

  /// Collective: see Couplings.
  void save(Hdf5File& file) const;
  void restore(const Hdf5File& file);

  /// Numbers that are known of a piece.
  struct Known {
    Real done = 0, cost = 0, gap = 0, marginal_error = 0, iterations = 0;
  };
  static constexpr Index known_numbers = sizeof(Known) / sizeof(Real);

 protected:
  /// The population that transition k's results belong to.
  const Ensemble& ensemble_of(std::size_t k) const { return populations_[k + (next_ ? 1 : 0)]; }

  /// Room for the results of a transition: displacement, mass and variance of a particle are a row of the
  /// file.
  Matrix<Real> table(std::size_t k) const;

  const std::vector<Ensemble>& populations_;
  const Communicator& comm_;
  Index components_;
  bool next_;
  std::vector<Known> known_;
  std::vector<CoupledEnsemble> coupled_;
  std::vector<std::unique_ptr<PartnerLaw>> partners_;  // of each transition; empty: not kept
};

}  // namespace weir
