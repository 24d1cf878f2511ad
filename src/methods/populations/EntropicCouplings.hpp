// Entropic couplings: a piece is a pair of populations, coupled by all ranks together.
#pragma once

#include "methods/populations/CouplingPieces.hpp"

namespace weir {

class EntropicCouplings : public CouplingPieces {
 public:
  /// `single`: in single precision.
  EntropicCouplings(const CouplingOptions& options, const std::vector<Ensemble>& populations, CoupledAt at,
                    bool single, CouplingKeeps keeps);
  /// The next pair, whatever the time. Throws RunError where it does not converge.
  void advance(Real seconds) override;
  void finish() override;

 private:
  void couple(std::size_t k);

  CouplingOptions options_;
  bool single_;
};

}  // namespace weir
