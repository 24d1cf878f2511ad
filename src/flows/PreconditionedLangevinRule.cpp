#include "flows/PreconditionedLangevinRule.hpp"

#include <algorithm>

#include "flows/NoiseKey.hpp"
#include "parallel/Normals.hpp"
#include "weir/base/Error.hpp"
#include "weir/base/Lapack.hpp"

namespace weir {

namespace {

/// Numbers of the estimate for d components.
Index estimated(const PreconditionedLangevinOptions& options, Index d) {
  return options.metric == "fisher" ? d * (d + 1) / 2 : d;
}

}  // namespace

PreconditionedLangevinRule::PreconditionedLangevinRule(const PreconditionedLangevinOptions& options,
                                                       const RuleSite& site, const std::string& where)
    : options_(options),
      comm_(site.comm),
      components_(site.block.components),
      random_(noise_of(site, Stream::langevin_noise)),
      single_(site.single),
      products_(site.comm, site.block.partition, estimated(options, components_)),
      scales_("Weir::PreconditionedLangevinRule::scales", components_),
      host_scales_(Kokkos::create_mirror_view(scales_)) {
  const auto& given = options.diagonal;
  if (by_matrix() && components_ > PreconditionedLangevinOptions::most_components)
    throw InputError(
        where, fmt::format("`metric: fisher` is a matrix of at most {} rows, and block {} has {} "
                           "components; choose `metric: diagonal`",
                           PreconditionedLangevinOptions::most_components, site.block.name, components_));
  if (by_matrix()) {
    inverse_ = Matrix<Real>("Weir::PreconditionedLangevinRule::inverse", components_, components_);
    root_ = Matrix<Real>("Weir::PreconditionedLangevinRule::root", components_, components_);
  }
  if (given.empty()) {
    scalars_.assign(std::size_t(estimated(options, components_) + 1), 0);
    return;
  }
  if (Index(given.size()) != components_)
    throw InputError(where, fmt::format("`diagonal` has {} scales, and block {} has {} components; give one "
                                        "for each",
                                        given.size(), site.block.name, components_));
  for (Index c = 0; c < components_; ++c) host_scales_(c) = given[std::size_t(c)];
  Kokkos::deep_copy(scales_, host_scales_);
}

const std::vector<Real>& PreconditionedLangevinRule::sum_squares(const ActiveTiles& tiles,
                                                                 const MatrixRef<const Real>& v) {
  const Index d = components_;
  return products_(
      "Weir::PreconditionedLangevinRule::squares", "the squared velocity", tiles,
      KOKKOS_LAMBDA(const Tile& tile, Real* sum) {
        for (Index i = tile.first; i < tile.first + tile.count; ++i)
          for (Index c = 0; c < d; ++c) sum[c] += v(c, i) * v(c, i);
      });
}

const std::vector<Real>& PreconditionedLangevinRule::sum_products(const ActiveTiles& tiles,
                                                                  const MatrixRef<const Real>& v) {
  const Index d = components_;
  return products_(
      "Weir::PreconditionedLangevinRule::products", "the squared velocity", tiles,
      KOKKOS_LAMBDA(const Tile& tile, Real* sum) {
        for (Index i = tile.first; i < tile.first + tile.count; ++i)
          for (Index row = 0; row < d; ++row)
            for (Index c = 0; c <= row; ++c) sum[row * (row + 1) / 2 + c] += v(row, i) * v(c, i);
      });
}

void PreconditionedLangevinRule::update_estimate(const ActiveTiles& tiles, const MatrixRef<const Real>& v) {
  const auto& sums = by_matrix() ? sum_products(tiles, v) : sum_squares(tiles, v);
  const Index particles = comm_.sum(tiles.particles);
  if (particles == 0) return;
  const Real n = scalars_[0] += 1, share = std::max(0.05, 1 / n);
  for (std::size_t k = 0; k < sums.size(); ++k) {
    Real& mean = scalars_[1 + k];
    mean += share * (sums[k] / Real(particles) - mean);
  }
}

void PreconditionedLangevinRule::find_scales() {
  for (Index c = 0; c < components_; ++c) {
    const Real mean = scalars_[std::size_t(1 + c)];
    host_scales_(c) = mean > 0 ? 1 / mean : 1;
  }
  Kokkos::deep_copy(scales_, host_scales_);
}

/// Every rank has the same numbers and computes the same; column k of R is that of L'^-1.
void PreconditionedLangevinRule::find_matrices() {
  const Index d = components_;
  std::vector<Real> m(std::size_t(d * d));
  Real trace = 0;
  for (Index row = 0; row < d; ++row)
    for (Index c = 0; c <= row; ++c) {
      const Real value = scalars_[std::size_t(1 + row * (row + 1) / 2 + c)];
      m[std::size_t(row * d + c)] = m[std::size_t(c * d + row)] = value;
      if (row == c) trace += value;
    }
  for (Index c = 0; c < d; ++c) m[std::size_t(c * d + c)] += trace > 0 ? 1e-6 * trace / Real(d) : 1;
  auto factor = cholesky(m, d);
  if (factor.empty()) {
    factor.assign(std::size_t(d * d), 0);
    for (Index c = 0; c < d; ++c) factor[std::size_t(c * d + c)] = 1;
  }
  const auto inverse = Kokkos::create_mirror_view(inverse_), root = Kokkos::create_mirror_view(root_);
  // L' r_k = e_k from the last row up; r_k has zeros below row k.
  for (Index k = 0; k < d; ++k)
    for (Index row = d - 1; row >= 0; --row) {
      Real value = row == k ? 1 : 0;
      for (Index c = row + 1; c <= k; ++c) value -= factor[std::size_t(c * d + row)] * root(c, k);
      root(row, k) = row <= k ? value / factor[std::size_t(row * d + row)] : 0;
    }
  for (Index row = 0; row < d; ++row)
    for (Index c = 0; c <= row; ++c) {
      Real value = 0;
      for (Index k = row; k < d; ++k) value += root(row, k) * root(c, k);
      inverse(row, c) = inverse(c, row) = value;
    }
  Kokkos::deep_copy(inverse_, inverse);
  Kokkos::deep_copy(root_, root);
}

void PreconditionedLangevinRule::advance(const Move& move, Evaluation& evaluation, const MatrixRef<Real>& x,
                                         const MatrixRef<Real>&) {
  if (options_.diagonal.empty() && move.moment.substep == 0) {
    update_estimate(move.tiles, evaluation.v);
    by_matrix() ? find_matrices() : find_scales();
  }
  if (by_matrix())
    single_ ? move_by_matrix<float>(move, evaluation.v, x) : move_by_matrix<double>(move, evaluation.v, x);
  else
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

/// Component c of a particle's noise and velocity goes to all of x through column c of R and of P.
template <class T>
void PreconditionedLangevinRule::move_by_matrix(const Move& move, const MatrixRef<const Real>& v,
                                                const MatrixRef<Real>& x) {
  const Index d = components_, tick = move.tick();
  const Real h = options_.step, amplitude = sqrt(2 * move.temperature * h);
  const Random random = random_;
  const auto inverse = inverse_, root = root_;
  for_each_active_tile(
      "Weir::PreconditionedLangevinRule::move_by_matrix", move.tiles, KOKKOS_LAMBDA(const Tile& tile, Index) {
        draw_normals<T>(random, tile, d, tick, [&](Index c, Index i, T normal) {
          const Real drift = h * v(c, i), noise = amplitude * Real(normal);
          for (Index row = 0; row < d; ++row) x(row, i) += drift * inverse(row, c) + noise * root(row, c);
        });
      });
}

}  // namespace weir
