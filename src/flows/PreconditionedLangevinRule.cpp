#include "flows/PreconditionedLangevinRule.hpp"

#include <algorithm>

#include "flows/NoiseKey.hpp"
#include "parallel/Normals.hpp"
#include "weir/base/Error.hpp"

namespace weir {

PreconditionedLangevinRule::PreconditionedLangevinRule(const PreconditionedLangevinOptions& options,
                                                       const RuleSite& site, const std::string& where)
    : options_(options),
      comm_(site.comm),
      components_(site.block.components),
      random_(noise_of(site, Stream::langevin_noise)),
      single_(site.single),
      squares_(site.comm, site.block.partition, components_),
      scales_("Weir::PreconditionedLangevinRule::scales", components_),
      host_scales_(Kokkos::create_mirror_view(scales_)) {
  const auto& given = options.diagonal;
  if (given.empty()) {
    scalars_.assign(std::size_t(components_ + 1), 0);
    return;
  }
  if (Index(given.size()) != components_)
    throw InputError(where, fmt::format("`diagonal` has {} scales, and block {} has {} components; give one "
                                        "for each",
                                        given.size(), site.block.name, components_));
  for (Index c = 0; c < components_; ++c) host_scales_(c) = given[std::size_t(c)];
  Kokkos::deep_copy(scales_, host_scales_);
}

void PreconditionedLangevinRule::update_estimate(const ActiveTiles& tiles, const MatrixRef<const Real>& v) {
  const Index d = components_;
  const auto& sums = squares_(
      "Weir::PreconditionedLangevinRule::squares", "the squared velocity", tiles,
      KOKKOS_LAMBDA(const Tile& tile, Real* sum) {
        for (Index i = tile.first; i < tile.first + tile.count; ++i)
          for (Index c = 0; c < d; ++c) sum[c] += v(c, i) * v(c, i);
      });
  const Index particles = comm_.sum(tiles.particles);
  if (particles == 0) return;
  const Real n = scalars_[0] += 1, share = std::max(0.05, 1 / n);
  for (Index c = 0; c < d; ++c) {
    Real& mean = scalars_[std::size_t(1 + c)];
    mean += share * (sums[std::size_t(c)] / Real(particles) - mean);
  }
}

void PreconditionedLangevinRule::advance(const Move& move, Evaluation& evaluation, const MatrixRef<Real>& x,
                                         const MatrixRef<Real>&) {
  if (options_.diagonal.empty() && move.moment.substep == 0) {
    update_estimate(move.tiles, evaluation.v);
    for (Index c = 0; c < components_; ++c) {
      const Real mean = scalars_[std::size_t(1 + c)];
      host_scales_(c) = mean > 0 ? 1 / mean : 1;
    }
    Kokkos::deep_copy(scales_, host_scales_);
  }
  single_ ? move_particles<float>(move, evaluation.v, x) : move_particles<double>(move, evaluation.v, x);
}

template <class T>
void PreconditionedLangevinRule::move_particles(const Move& move, const MatrixRef<const Real>& v,
                                                const MatrixRef<Real>& x) {
  const Index d = components_, tick = move.tick();
  const Real h = options_.step, variance = 2 * move.temperature * h;
  const Random random = random_;
  const auto scales = scales_;
  for_each_active_tile(
      "Weir::PreconditionedLangevinRule::move", move.tiles, KOKKOS_LAMBDA(const Tile& tile, Index) {
        draw_normals<T>(random, tile, d, tick, [&](Index c, Index i, T normal) {
          x(c, i) += h * scales(c) * v(c, i) + sqrt(variance * scales(c)) * Real(normal);
        });
      });
}

}  // namespace weir
