#include "flows/MalaRule.hpp"

#include <algorithm>
#include <cmath>

#include "flows/NoiseKey.hpp"
#include "parallel/Normals.hpp"
#include "weir/base/Error.hpp"

namespace weir {

namespace {

using std::isfinite;
using std::isnan;

constexpr Real adaptation = 0.05, smallest_factor = 0.02, largest_factor = 10;

/// The step of every component, given one for all or one for each part.
std::vector<Real> steps_of(const MalaOptions& options, const Block& block, const std::string& where) {
  const auto& given = options.step.values;
  const std::vector<Index> parts = block.parts.empty() ? std::vector<Index>{block.components} : block.parts;
  if (given.size() != 1 && given.size() != parts.size())
    throw InputError(where,
                     fmt::format("`step` has {} entries, and block {} has {} part{}; give one step, or one "
                                 "for each part",
                                 given.size(), block.name, parts.size(), parts.size() == 1 ? "" : "s"));
  std::vector<Real> steps;
  for (std::size_t part = 0; part < parts.size(); ++part)
    steps.insert(steps.end(), std::size_t(parts[part]), given[given.size() == 1 ? 0 : part]);
  WEIR_CHECK(Index(steps.size()) == block.components, "parts of {} components in a block of {}", steps.size(),
             block.components);
  return steps;
}

}  // namespace

MalaRule::MalaRule(const MalaOptions& options, const RuleSite& site, const std::string& where)
    : comm_(site.comm),
      target_(options.target),
      noise_(noise_of(site, Stream::langevin_noise)),
      decision_(noise_of(site, Stream::acceptance)),
      single_(site.single),
      steps_("Weir::MalaRule::steps", site.block.components),
      proposal_("Weir::MalaRule::proposal", site.block.components, site.block.partition.local_particles()),
      proposal_v_("Weir::MalaRule::proposal_v", site.block.components,
                  site.block.partition.local_particles()),
      proposal_energies_("Weir::MalaRule::proposal_energies", site.block.partition.local_particles()) {
  const auto steps = steps_of(options, site.block, where);
  const auto host = Kokkos::create_mirror_view(steps_);
  std::copy(steps.begin(), steps.end(), host.data());
  Kokkos::deep_copy(steps_, host);
  scalars_ = {1, 0};
}

Metrics MalaRule::report() const {
  return {{"acceptance", scalars_[1]}, {"step_factor", scalars_[0]}};
}

void MalaRule::advance(const Move& move, Evaluation& evaluation, const MatrixRef<Real>& x,
                       const MatrixRef<Real>&) {
  WEIR_CHECK(move.temperature > 0, "mala at temperature {}", move.temperature);
  if (move.moment.substep == 0) accepted_ = proposed_ = 0;
  single_ ? propose<float>(move, evaluation.v, x) : propose<double>(move, evaluation.v, x);
  evaluation.at(proposal_, proposal_v_, proposal_energies_);
  accepted_ += accept(move, evaluation, x);
  proposed_ += move.tiles.particles;
  if (move.is_last()) adapt();
}

template <class T>
void MalaRule::propose(const Move& move, const MatrixRef<const Real>& v, const MatrixRef<const Real>& x) {
  const Index d = Index(x.extent(0)), tick = move.tick();
  const Real factor = scalars_[0], temperature = move.temperature;
  const Random random = noise_;
  const auto steps = steps_;
  const auto proposal = proposal_;
  for_each_active_tile(
      "Weir::MalaRule::propose", move.tiles, KOKKOS_LAMBDA(const Tile& tile, Index) {
        draw_normals<T>(random, tile, d, tick, [&](Index c, Index i, T normal) {
          const Real h = factor * steps(c);
          proposal(c, i) = x(c, i) + h * v(c, i) + sqrt(2 * temperature * h) * Real(normal);
        });
      });
  Kokkos::fence();
}

Index MalaRule::accept(const Move& move, Evaluation& evaluation, const MatrixRef<Real>& x) {
  const Index d = Index(x.extent(0)), tick = move.tick();
  const Real factor = scalars_[0], temperature = move.temperature;
  const Random random = decision_;
  const auto steps = steps_;
  const auto y = proposal_, y_v = proposal_v_;
  const auto y_energies = proposal_energies_;
  const auto v = evaluation.v;
  const auto energies = evaluation.energies;
  const ActiveTiles tiles = move.tiles;
  Index accepted = 0;
  Kokkos::parallel_reduce(
      "Weir::MalaRule::accept", Range(0, tiles.count),
      KOKKOS_LAMBDA(Index k, Index & count) {
        const Tile tile = tiles[k];
        for (Index i = tile.first; i < tile.first + tile.count; ++i) {
          if (!isfinite(y_energies(i))) continue;
          Real log_ratio = (energies(i) - y_energies(i)) / temperature;
          for (Index c = 0; c < d; ++c) {
            const Real h = factor * steps(c), there = y(c, i) - x(c, i) - h * v(c, i),
                       back = x(c, i) - y(c, i) - h * y_v(c, i);
            log_ratio += (there * there - back * back) / (4 * temperature * h);
          }
          const Real drawn = log(random.uniform(tile.global + i - tile.first, tick, 0));
          if (isnan(log_ratio) || log_ratio < drawn) continue;
          ++count;
          energies(i) = y_energies(i);
          for (Index c = 0; c < d; ++c) {
            x(c, i) = y(c, i);
            v(c, i) = y_v(c, i);
          }
        }
      },
      accepted);
  return accepted;
}

void MalaRule::adapt() {
  Index counts[2] = {accepted_, proposed_};
  comm_.sum(counts, 2);
  if (counts[1] == 0) return;
  const Real acceptance = Real(counts[0]) / Real(counts[1]);
  scalars_[1] = acceptance;
  if (!target_) return;
  scalars_[0] = std::clamp(scalars_[0] * std::exp(adaptation * (acceptance - *target_)), smallest_factor,
                           largest_factor);
}

}  // namespace weir
