#include "methods/populations/Coupling.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "methods/populations/EntropicCouplings.hpp"
#include "methods/populations/ExactCouplings.hpp"
#include "weir/base/Error.hpp"
#include "weir/parallel/Counters.hpp"
#include "weir/parallel/TileSum.hpp"

namespace weir {

std::vector<CouplingPart> coupling_parts(const CouplingOptions& options, const std::vector<Index>& sizes) {
  std::vector<CouplingPart> all;
  for (std::size_t k = 0; k + 1 < sizes.size(); ++k) {
    const Index n = sizes[k], m = sizes[k + 1];
    const Index batch = options.batch.is_word() ? std::max(n, m) : options.batch.number;
    const Index parts = std::min({(std::max(n, m) + batch - 1) / batch, n, m});
    const PopulationCut x{n, parts}, y{m, parts};
    for (Index p = 0; p < parts; ++p) {
      const Index largest = std::max(x.size(p), y.size(p));
      if (largest > options.exact_limit)
        throw InputError(
            options.where + ".batch",
            fmt::format("couples {} particles at a time, more than exact_limit = {}; choose a "
                        "smaller batch, `method: sinkhorn`, or raise exact_limit (time grows as the square)",
                        largest, options.exact_limit));
      if (options.method == "assignment" && x.size(p) != y.size(p))
        throw InputError(
            options.where + ".method",
            fmt::format(
                "assignment needs parts of equal size; populations {} and {} have {} and {} particles: use "
                "network_simplex",
                k, k + 1, n, m));
      all.push_back({Index(k), p, parts, x.size(p), y.size(p)});
    }
  }
  return all;
}

std::vector<Index> sizes_of(const std::vector<Ensemble>& populations) {
  std::vector<Index> sizes;
  for (const Ensemble& population : populations) sizes.push_back(population.particles());
  return sizes;
}

void check_couplings(const CouplingOptions& options, const std::vector<Index>& sizes) {
  if (!options.entropic()) coupling_parts(options, sizes);
}

Couplings::Couplings(const CouplingOptions& options, const std::vector<Ensemble>& populations, CoupledAt at,
                     bool single, CouplingKeeps keeps) {
  if (options.entropic())
    pieces_ = std::make_unique<EntropicCouplings>(options, populations, at, single, keeps);
  else
    pieces_ = std::make_unique<ExactCouplings>(options, populations, at, keeps);
}

Couplings::~Couplings() = default;

bool Couplings::advance_for(Real seconds) {
  const Phase phase("coupling");
  if (all_done()) return true;
  pieces_->advance(seconds);
  if (all_done()) pieces_->finish();
  return all_done();
}

void Couplings::advance() {
  const Real seconds_between_questions = 5;
  advance_for(seconds_between_questions);
}

bool Couplings::all_done() const {
  return pieces_->all_done();
}

Index Couplings::done() const {
  return pieces_->done();
}

const std::vector<CoupledEnsemble>& Couplings::result() const {
  return pieces_->coupled();
}

PartnerLaw& Couplings::partners(std::size_t k) {
  return pieces_->partners(k);
}

void Couplings::save(Hdf5File& file) const {
  pieces_->save(file);
}

void Couplings::restore(const Hdf5File& file) {
  if (!file.has("coupling/pieces")) return;
  pieces_->restore(file);
  if (all_done()) pieces_->finish();
}

std::vector<CoupledEnsemble> couple_populations(const CouplingOptions& options,
                                                const std::vector<Ensemble>& populations, CoupledAt at,
                                                bool single) {
  Couplings couplings(options, populations, at, single);
  while (!couplings.advance_for(std::numeric_limits<Real>::infinity())) {
  }
  return couplings.result();
}

Real growth_spread(const Ensemble& at, const CoupledEnsemble& coupled) {
  const auto mass = coupled.mass;
  const Real n = Real(at.particles());
  TileSum sum(at.comm, at.partition, 1);
  const Real square = sum(
      "Weir::growth_spread", "the masses of a coupling", KOKKOS_LAMBDA(const Tile& tile, Real* partial) {
        for (Index i = tile.first; i < tile.first + tile.count; ++i)
          partial[0] += (n * mass(i) - 1) * (n * mass(i) - 1);
      })[0];
  return std::sqrt(square / n);
}

}  // namespace weir
