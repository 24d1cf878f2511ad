// Exact couplings: the pieces are parts of populations, each coupled by one rank.
#pragma once

#include <string>
#include <vector>

#include "methods/populations/CouplingPieces.hpp"
#include "weir/ensemble/RowExchange.hpp"
#include "weir/transport/Plan.hpp"

namespace weir {

/// Part p of a population cut into `parts`: rows [first(p), first(p + 1)).
struct PopulationCut {
  Index rows, parts;
  Index first(Index p) const { return p * rows / parts; }
  Index size(Index p) const { return first(p + 1) - first(p); }
  Index part_of(Index row) const {
    Index p = ((row + 1) * parts - 1) / rows;
    while (first(p) > row) --p;
    while (first(p + 1) <= row) ++p;
    return p;
  }
};

/// One coupling problem: part `part` of populations k and k + 1, solved by rank `rank`.
struct CouplingJob {
  Index k, part;
  int rank;
  PopulationCut x, y;
  std::vector<Real> x_values, y_values;  // on that rank only
};

class ExactCouplings : public CouplingPieces {
 public:
  /// Throws what coupling_parts throws.
  ExactCouplings(const CouplingOptions& options, const std::vector<Ensemble>& populations, CoupledAt at,
                 CouplingKeeps keeps);
  void advance(Real seconds) override;
  void finish() override;

 private:
  ExactCouplings(const CouplingOptions& options, const std::vector<Ensemble>& populations, CoupledAt at,
                 CouplingKeeps keeps, std::vector<CouplingJob> jobs);
  /// Couples job j here, and sends the results to the particles' owners; to `plans` the entries of the plan.
  void couple(std::size_t j, RowExchange& exchange, RowExchange& plans);
  void send_plan(const CouplingJob& job, const Plan& plan, RowExchange& plans) const;

  std::string method_;
  std::vector<CouplingJob> jobs_;
  bool collected_ = false;
};

}  // namespace weir
