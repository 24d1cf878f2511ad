// Optimal couplings of consecutive populations, kept as barycentric maps.
//
// Exact couplings: populations are cut into the same number of nearly equal parts (`batch` particles, or one
// part: `whole`); part p of population k is coupled with part p of population k + 1 on one rank, for the
// squared distance. Entropic couplings (`sinkhorn`) are of whole populations, by all ranks together. Only the
// conditional moments of each particle's partner come back: O(N), never a plan.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "methods/populations/CoupledEnsemble.hpp"
#include "weir/base/Hdf5File.hpp"
#include "weir/input/Section.hpp"
#include "weir/output/Piecewise.hpp"

namespace weir {

/// Populations that grow and shrink from place to place: marginals may differ from the populations, at a
/// price.
struct GrowthOptions {
  Real rho = 3;  ///< in units of the mean squared distance of independent pairs
};
void describe(Section& section, GrowthOptions& options);

struct CouplingOptions {
  std::string method = "auto";
  IndexOrWord batch = 1000;
  Index exact_limit = 20000;
  Real epsilon = 0.01;  ///< of sinkhorn, in units of the mean squared distance of independent pairs
  Real tolerance = 1e-3;
  Index max_iterations = 2000;
  std::optional<GrowthOptions> growth;  ///< sinkhorn, unbalanced
  std::string where;

  bool entropic() const { return method == "sinkhorn" || growth; }
};
void describe(Section& section, CouplingOptions& options);

/// Which population the results are wanted at.
enum class CoupledAt { current, next };

/// One problem of an exact coupling: part `part` of populations k and k + 1, of x and y particles.
struct CouplingPart {
  Index k, part, parts, x, y;
};
/// All of them, for populations of these sizes. Throws InputError for what couple_populations would not take:
/// assignment of unequal sizes, a batch beyond exact_limit. Not collective.
std::vector<CouplingPart> coupling_parts(const CouplingOptions& options, const std::vector<Index>& sizes);

/// Throws the same InputErrors; sinkhorn takes everything. Not collective.
void check_couplings(const CouplingOptions& options, const std::vector<Index>& sizes);
/// The sizes of populations.
std::vector<Index> sizes_of(const std::vector<Ensemble>& populations);

/// What is kept of a coupling: the conditional moments of partners, or the law of partners as well, from
/// which some can be drawn.
enum class CouplingKeeps { moments, partners };

class CouplingPieces;
class PartnerLaw;

/// Couplings of population k with k + 1 for every k, made piece by piece, so that a run may stop in between
/// and go on later, on any number of ranks. All methods are collective.
class Couplings : public Piecewise {
 public:
  /// `populations` outlives the object.
  Couplings(const CouplingOptions& options, const std::vector<Ensemble>& populations, CoupledAt at,
            bool single = false, CouplingKeeps keeps = CouplingKeeps::moments);
  ~Couplings() override;

  /// Works for about so many seconds, a piece at least; returns whether everything is coupled.
  bool advance_for(Real seconds);
  void advance() override;
  bool all_done() const override;
  /// Pieces that are done.
  Index done() const;
  /// What is coupled: element k belongs to population k (current) or k + 1 (next).
  const std::vector<CoupledEnsemble>& result() const;
  /// The law of partners in populations k and k + 1, once everything is coupled, where it is kept.
  PartnerLaw& partners(std::size_t k);

  /// What is coupled by now, as tables /coupling/<k> (particles, components + 2) in global order; laws of
  /// partners in /partners/<k>.
  void save(Hdf5File& file) const override;
  void restore(const Hdf5File& file) override;

 private:
  std::unique_ptr<CouplingPieces> pieces_;
};

/// Collective: all of it at once.
std::vector<CoupledEnsemble> couple_populations(const CouplingOptions& options,
                                                const std::vector<Ensemble>& populations, CoupledAt at,
                                                bool single = false);

/// Collective: how unequally the particles of a coupling grow: the deviation of their masses from equal ones,
/// over these; 0 without growth.
Real growth_spread(const Ensemble& at, const CoupledEnsemble& coupled);

}  // namespace weir
